"""A TCP proxy with faults, for tests that must break the wire between a client and a broker. No root needed.

    async with TcpProxy("127.0.0.1", port) as proxy:
        url = proxy.url("amqp://guest:guest@127.0.0.1:5672/market")
        proxy.cut()

| fault                | what the client sees                                              |
|----------------------|-------------------------------------------------------------------|
| `cut()`              | every open connection is reset                                    |
| `refuse = True`      | new connections are reset at once                                 |
| `hold_down = True`   | bytes from the broker wait: confirms and deliveries are withheld  |
| `hold_up = True`     | bytes to the broker wait: publishes and acks are withheld         |
| `black_hole = True`  | both ways are swallowed, closings too: a half-open link           |
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


class TcpProxy:
    """Listens on a free loopback port and passes everything on to `host:port`, until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.refuse = self.hold_down = self.hold_up = self.black_hole = False
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
            await asyncio.gather(self._pump(reader, far_writer, down=False), self._pump(far_reader, writer, down=True))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, down: bool) -> None:
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


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
