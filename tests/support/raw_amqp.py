"""A publish by hand over a plain socket, byte by byte: for what no client would write."""

from __future__ import annotations

import socket
import struct
from urllib.parse import unquote, urlsplit

import pamqp.commands as c
import pamqp.frame
from pamqp.base import Frame

TIMEOUT_S = 10.0
HEADERS, MESSAGE_ID, TIMESTAMP = 1 << 13, 1 << 7, 1 << 6


def short(text: bytes) -> bytes:
    """An AMQP short string."""
    return bytes([len(text)]) + text


def table(*items: tuple[bytes, bytes]) -> bytes:
    """An AMQP table of (key, type and value)."""
    body = b"".join(short(key) + value for key, value in items)
    return struct.pack(">I", len(body)) + body


def nested(levels: int) -> bytes:
    inner = table((b"a", b"t\x01"))
    for _ in range(levels):
        inner = table((b"a", b"F" + inner))
    return inner


def bcc(key: bytes) -> bytes:
    """The value of a header BCC with one receiver."""
    item = b"S" + struct.pack(">I", len(key)) + key
    return b"A" + struct.pack(">I", len(item)) + item


#: (flags, property bytes) that a broker takes and the client's own decoder does not
UNDECODABLE: dict[str, tuple[int, bytes]] = {
    "timestamp 2**63-1": (TIMESTAMP, struct.pack(">Q", 2**63 - 1)),
    "message id no UTF-8": (MESSAGE_ID, short(b"\xff\xfe\xfa")),
    "header key no UTF-8": (HEADERS, table((b"\xff\xfe", b"t\x01"))),
    "header timestamp 2**63-1": (HEADERS, table((b"d", b"T" + struct.pack(">Q", 2**63 - 1)))),
    "3000 nested tables": (HEADERS, nested(3000)),
}


def publish(url: str, exchange: str, key: bytes, flags: int, properties: bytes, body: bytes) -> str:
    """Publish and return the broker's answer, such as `Basic.Ack`."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 5672), TIMEOUT_S) as peer:

        def exactly(size: int) -> bytes:
            data = b""
            while len(data) < size:
                more = peer.recv(size - len(data))
                assert more, "the broker closed the connection"
                data += more
            return data

        def answer() -> str:
            head = exactly(7)
            frame = pamqp.frame.unmarshal(head + exactly(struct.unpack(">BHI", head)[2] + 1))[2]
            return frame.name

        def send(frame: Frame, channel: int = 0) -> None:
            peer.sendall(pamqp.frame.marshal(frame, channel))

        def payload(kind: int, data: bytes) -> None:
            peer.sendall(struct.pack(">BHI", kind, 1, len(data)) + data + b"\xce")

        peer.sendall(b"AMQP\x00\x00\x09\x01")
        answer()
        send(c.Connection.StartOk({}, "PLAIN", f"\0{parts.username}\0{parts.password}", "en_US"))
        answer()
        send(c.Connection.TuneOk(10, 131_072, 0))
        send(c.Connection.Open(unquote(parts.path[1:])))
        answer()
        send(c.Channel.Open(), 1)
        answer()
        send(c.Confirm.Select(), 1)
        answer()
        payload(1, struct.pack(">HHH", 60, 40, 0) + short(exchange.encode()) + short(key) + b"\x01")
        payload(2, struct.pack(">HHQH", 60, 0, len(body), flags) + properties)
        payload(3, body)
        return answer()
