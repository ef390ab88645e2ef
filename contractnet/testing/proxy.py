"""A TCP proxy with faults, for tests that must break the wire between a client and a broker. No root needed.

    async with TcpProxy("127.0.0.1", port) as proxy:
        url = proxy.url("amqp://guest:guest@127.0.0.1:5672/market")
        proxy.cut()

| fault                  | what the client sees                                             |
|------------------------|------------------------------------------------------------------|
| `cut()`                | every open connection is reset                                   |
| `refuse = True`        | new connections are reset at once                                |
| `hold_down = True`     | bytes from the broker wait: confirms and deliveries are withheld |
| `hold_up = True`       | bytes to the broker wait: publishes and acks are withheld        |
| `hold_confirms = True` | confirms wait, and nothing else does; needs `frames=True`        |
| `black_hole = True`    | both ways are swallowed, closings too: a half-open link          |
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

_POLL_S = 0.01
_CHUNK_BYTES = 65_536
#: of a frame: its kind, its channel, the size of what follows; one more octet ends it
_FRAME_HEAD = struct.Struct(">BHL")
_METHOD = 1
#: a method frame's class and method: basic.ack and basic.nack
_CONFIRMS = (struct.pack(">HH", 60, 80), struct.pack(">HH", 60, 120))


class TcpProxy:
    """Listens on a free loopback port and passes everything on to `host:port`, until told otherwise.

    Args:
        frames: cut what the broker sends into AMQP frames, so that some of them can be told apart. Not with TLS.
    """

    def __init__(self, host: str, port: int, *, frames: bool = False) -> None:
        self.refuse = self.hold_down = self.hold_up = self.black_hole = self.hold_confirms = False
        self._frames = frames
        self.accepted = 0  #: connections so far, refused ones included
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where the proxy listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def url(self, url: str) -> str:
        """The same URL, through the proxy."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Reset every open connection, both ends."""
        for writer in self._open:
            _reset(writer)
        self._open.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        with suppress(asyncio.CancelledError):  # the stream server logs a cancelled task
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refuse:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            if self._frames:
                down = self._pump(_Sieve(far_reader, self), writer, down=True)
            else:
                down = self._pump(far_reader, writer, down=True)
            await asyncio.gather(self._pump(reader, far_writer, down=False), down)
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader | _Sieve, sink: asyncio.StreamWriter, *, down: bool) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK_BYTES):
                while self.hold_down if down else self.hold_up:  # noqa: ASYNC110  a test sets plain attributes
                    await asyncio.sleep(_POLL_S)
                if not self.black_hole:
                    sink.write(data)
                    await sink.drain()
        while self.black_hole:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        sink.close()


class _Sieve:
    """Reads whole frames from the broker, and keeps its confirms back while they are held."""

    def __init__(self, source: asyncio.StreamReader, proxy: TcpProxy) -> None:
        self._source = source
        self._proxy = proxy
        self._part = b""  #: the beginning of a frame
        self._kept = b""

    async def read(self, most: int) -> bytes:
        """What may go on; empty at the end."""
        while True:
            passed = b"" if self._proxy.hold_confirms else self._take_kept()
            if passed:
                return passed
            try:
                async with asyncio.timeout(_POLL_S):
                    data = await self._source.read(most)
            except TimeoutError:
                continue
            passed = self._sift(data)
            if passed or not data:
                return passed

    def _take_kept(self) -> bytes:
        kept, self._kept = self._kept, b""
        return kept

    def _sift(self, data: bytes) -> bytes:
        self._part += data
        passed = b""
        while len(self._part) >= _FRAME_HEAD.size:
            kind, _, size = _FRAME_HEAD.unpack_from(self._part)
            end = _FRAME_HEAD.size + size + 1
            if len(self._part) < end:
                break
            frame, self._part = self._part[:end], self._part[end:]
            if kind == _METHOD and frame[_FRAME_HEAD.size :].startswith(_CONFIRMS) and self._proxy.hold_confirms:
                self._kept += frame
            else:
                passed += frame
        return passed


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
