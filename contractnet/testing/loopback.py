"""Ports of the loopback interface."""

from __future__ import annotations

import random
import socket

#: Below those that Linux gives to outgoing connections, so that what stopped finds its own port free again.
PORTS = (20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Loopback ports that are free now, all different."""
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < count:
            one = socket.socket()
            try:
                one.bind(("127.0.0.1", random.randrange(*PORTS)))
            except OSError:
                one.close()
            else:
                sockets.append(one)
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def speaks_amqp(port: int) -> bool:
    """Whether an AMQP greeting is answered with a frame: an open port alone is too early."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as peer:
            peer.settimeout(2)
            peer.sendall(b"AMQP\x00\x00\x09\x01")
            return peer.recv(1) == b"\x01"
    except OSError:
        return False
