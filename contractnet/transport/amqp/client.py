"""One connection: dialled, used with timeouts, closed for certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, TypeVar, cast

import aiormq
import pamqp.frame
from aiormq.connection import FrameReceiver, TCPTransportFactory, TLSTransportFactory, exception_by_code
from aiormq.exceptions import ConnectionClosed, InvalidFrameError, ProbableAuthenticationError
from pamqp.base import Frame
from pamqp.commands import Connection
from pamqp.frame import FrameTypes
from yarl import URL

from contractnet.transport.amqp import shim
from contractnet.transport.amqp.errors import WIRE_ERRORS, at_call, at_connect
from contractnet.transport.amqp.settings import AmqpSettings, Broker

_T = TypeVar("_T")

#: the code with which a broker refuses a login
ACCESS_REFUSED = 403


class _Dial(aiormq.TransportFactory):
    """Opens the socket and keeps hold of it, so that it can be cut."""

    def __init__(self, scheme: str) -> None:
        self._inner = TLSTransportFactory() if scheme == "amqps" else TCPTransportFactory()
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, self._writer = await self._inner.create(url, **kwargs)
        return reader, self._writer

    def cut(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()


class _Connection(aiormq.Connection):
    """The client's connection, which keeps the broker's words when the broker ends the login.

    The client checks first whether an answer is one of those expected, and so forgets what a Connection.Close says (an
    unknown virtual host, a limit of connections).
    """

    @staticmethod
    async def _rpc(
        request: Frame, writer: asyncio.StreamWriter, frame_receiver: FrameReceiver, wait_response: bool = True
    ) -> FrameTypes | None:
        writer.write(pamqp.frame.marshal(request, 0))
        await writer.drain()
        if not wait_response:
            return None
        _, _, answer = await frame_receiver.get_frame()
        if isinstance(answer, Connection.Close):
            if answer.reply_code == ACCESS_REFUSED:
                raise ProbableAuthenticationError(answer.reply_text)
            raise exception_by_code(answer)
        if request.synchronous and answer.name not in request.valid_responses:
            raise InvalidFrameError(f"expected one of {request.valid_responses}, got {answer.name}")
        return answer


class Client:
    """A connection to the broker. Make it with `Client.connect`."""

    def __init__(self, connection: aiormq.Connection, dial: _Dial, broker: Broker, settings: AmqpSettings) -> None:
        self.broker = broker
        self.settings = settings
        self._connection = connection
        self._dial = dial

    @classmethod
    async def connect(cls, broker: Broker, settings: AmqpSettings, name: str) -> Client:
        """Dial and log in; `name` is what the broker's operator sees.

        Raises:
            Trouble
        """
        shim.install()
        _quiet()
        query = {"heartbeat": str(settings.heartbeat_s), **broker.url.query, "name": name}
        dial = _Dial(broker.url.scheme)
        connection = _Connection(broker.url.with_query(query), transport_factory=dial)
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await connection.connect()  # pyright: ignore[reportUnknownMemberType]
        except Exception as error:  # the client has no closed list: a broker at its limits looks like a broken frame
            dial.cut()
            raise at_connect(error, broker, settings.connect_timeout_s) from error
        except BaseException:
            dial.cut()
            raise
        return cls(connection, dial, broker, settings)

    @property
    def closing(self) -> asyncio.Future[object]:
        """Done when the connection is lost or closed."""
        return closing_of(self._connection)

    @property
    def frame_max(self) -> int:
        """The largest frame the broker takes, bytes."""
        return self._connection.connection_tune.frame_max or 131_072

    @property
    def server(self) -> Mapping[str, Any]:
        """What the broker says of itself: product, version, platform."""
        return self._connection.server_properties

    @property
    def silence_s(self) -> float:
        """After so long a silence the link counts as dead."""
        return 3.0 * (self._connection.heartbeat_timeout + 1)

    async def blocked(self) -> bool:
        """Whether the broker has said that it reads nothing that is published, until it says that it does again."""
        try:
            async with asyncio.timeout(0):
                await self._connection.ready()  # of a connection that works: at once, unless it is blocked
        except TimeoutError:
            return True
        return False

    async def channel(self, *, confirms: bool = False) -> aiormq.Channel:
        """A channel of this connection; with `confirms`, unroutable publishes raise.

        Raises:
            Trouble
        """
        work = self._connection.channel(publisher_confirms=confirms, on_return_raises=True)
        channel = await self.call(work, "open a channel")
        assert isinstance(channel, aiormq.Channel)
        return channel

    async def call(self, work: Awaitable[_T], doing: str, if_silent: str = "") -> _T:
        """Await the answer to one call, no longer than the settings say.

        Args:
            doing: what is called, such as "declare the queue d.ann.inbox".
            if_silent: what to do where no answer comes.
        Raises:
            Trouble
        """
        try:
            return await self.timed(work)
        except WIRE_ERRORS as error:
            raise at_call(error, self.broker, doing, self.settings.call_timeout_s, if_silent) from error

    async def timed(self, work: Awaitable[_T]) -> _T:
        """As `call`, with the client's own errors."""
        async with asyncio.timeout(self.settings.call_timeout_s):
            return await work

    async def close(self) -> None:
        """Close in order, or cut the socket; never raises."""
        with suppress(*WIRE_ERRORS):
            async with asyncio.timeout(self.settings.close_timeout_s):
                await self._connection.close(ConnectionClosed(200, "closed by us"))
        self._dial.cut()


def closing_of(thing: aiormq.Connection | aiormq.Channel) -> asyncio.Future[object]:
    """Done when it is lost or closed, with the reason."""
    # The client does not say what the future holds; it is looked at for its exception alone.
    return cast("asyncio.Future[object]", thing.closing)  # pyright: ignore[reportUnknownMemberType]


def _quiet() -> None:
    """Switch the client's own logs off, where nobody has set them.

    It logs, with tracebacks, what is translated here, and at debug level bodies and credentials.
    """
    for name in ("aiormq", "aio_pika", "pamqp"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
