"""A look at a broker: who it is, what this user may do there, whether it takes what we send, and what its clock says.

It declares an exchange and three queues of its own for a moment, named as ours are, and takes them away again; it
touches nothing of anybody else's. What only the management API knows is in `management`.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

import msgspec
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.commands import Basic

from contractnet.telemetry.findings import Finding, Level, ok, problem, unseen, warning
from contractnet.transport.amqp.client import Client
from contractnet.transport.amqp.errors import WIRE_ERRORS, Trouble, at_call
from contractnet.transport.amqp.settings import AmqpSettings, Broker
from contractnet.transport.port import MAX_BODY_BYTES
from contractnet.transport.topology import BID_ARGUMENTS, DEAD_QUEUE

AREA: Final = "broker"
#: the oldest RabbitMQ with quorum queues, and the oldest that was tried
OLDEST, TRIED = (3, 8), (3, 10)
#: clocks that are further apart make logs of several machines hard to read, seconds
APART_S: Final = 5
#: what is left behind goes by itself after so long, milliseconds
EXPIRES_MS: Final = 60_000
#: the smallest frame that carries a list of five hundred receivers, bytes
LEAST_FRAME: Final = 65_536
ECHO_S: Final = 10.0
NOT_NEEDED: Final = (
    "the demo, and a market of one process (memory://), need none; a checkout brings one for trying: "
    "python3 run.py broker"
)


async def look(url: str, settings: AmqpSettings | None = None) -> list[Finding]:
    """Everything AMQP itself tells about the broker of that URL.

    Raises:
        DefinitionError: the URL cannot be used.
    """
    broker = Broker.of(url)
    began = time.monotonic()
    try:
        client = await Client.connect(broker, settings or AmqpSettings(), "contractnet doctor")
    except Trouble as trouble:
        return [problem(AREA, "connection", trouble.reason, "" if trouble.refused else NOT_NEEDED)]
    found = [version_of(client.server, broker, time.monotonic() - began), way_of(broker), _frame(client)]
    try:
        found += await _Visit(client).findings()
        if found[-1].level is Level.OK:
            found.append(await _dead(client))
    except Trouble as trouble:
        found.append(problem(AREA, "connection", trouble.reason))
    finally:
        await client.close()
    return found


# ---- what the greeting tells


def version_of(server: Mapping[str, Any], broker: Broker, took_s: float) -> Finding:
    product, version = (_text(server.get(name)) for name in ("product", "version"))
    who = f"{product} {version} at {broker.place}, virtual host {broker.vhost!r}, user {broker.user!r}"
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if product != "RabbitMQ" or len(number) < 2:
        return warning(AREA, "version", who, "contractnet is tried with RabbitMQ alone")
    if number < OLDEST:
        return problem(AREA, "version", who, "quorum queues came with 3.8: use a newer one")
    if number < TRIED:
        return warning(AREA, "version", who, "older than 3.10, which is the oldest that was tried: use a newer one")
    return ok(AREA, "version", f"{who}; connected in {took_s * 1000:.0f} ms")


def way_of(broker: Broker) -> Finding:
    """Whether others can read along."""
    host = broker.url.host or ""
    with suppress(ValueError):
        if ip_address(host).is_loopback:
            return ok(AREA, "way", "over loopback")
    if host == "localhost":
        return ok(AREA, "way", "over loopback")
    if broker.url.scheme == "amqps":
        return ok(AREA, "way", "over TLS")
    return warning(AREA, "way", f"password and messages go to {host} unencrypted", "use amqps://, or a tunnel")


def _frame(client: Client) -> Finding:
    most = client.frame_max
    text = f"frames of {most} bytes, a dead link is noticed after {client.silence_s:.0f} s"
    if most < LEAST_FRAME:
        return warning(AREA, "frames", text, f"set frame_max to its default of 131072, and to {LEAST_FRAME} at least")
    return ok(AREA, "frames", text)


async def _dead(client: Client) -> Finding:
    """How many messages lie in the dead-letter queue."""
    channel = await client.channel()
    try:
        there = await client.timed(channel.queue_declare(DEAD_QUEUE, passive=True))
    except ChannelNotFoundEntity:
        return ok(AREA, "dead letters", "no daemon and no manager was here yet")
    except WIRE_ERRORS as error:
        return unseen(AREA, "dead letters", at_call(error, client.broker, f"look at {DEAD_QUEUE}", 0).reason)
    await client.call(channel.close(), "close a channel")
    if there.message_count:
        text = f"{there.message_count} messages lie in the queue {DEAD_QUEUE}"
        return warning(AREA, "dead letters", text, "look at them: they were not readable, or came too often")
    return ok(AREA, "dead letters", "none")


# ---- what is tried


class _Visit:
    """Declares, publishes and consumes under names of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        token = secrets.token_hex(6)
        self._exchange = f"cn.doctor_{token}"
        self._bids, self._own, self._brief = (f"m.doctor_{token}.{name}" for name in ("bids", "presence", "work"))

    async def findings(self) -> list[Finding]:
        """Raises Trouble where the connection ends."""
        found: list[Finding] = []
        try:
            await self._declare()
            found.append(await self._there_and_back())
            found.append(await self._clock())
            found.append(await self._size())
            text = "this user may declare, write and read under our names; so may whoever has this URL (one owner)"
            found.insert(0, ok(AREA, "rights", text))
        except Trouble as trouble:
            found.append(problem(AREA, "rights" if trouble.refused else "queues", trouble.reason))
        finally:
            await self._clean_up()
        return found

    async def _declare(self) -> None:
        client, channel = self._client, await self._client.channel()
        work = channel.exchange_declare(self._exchange, exchange_type="topic", auto_delete=True)
        await client.call(work, f"declare the exchange {self._exchange}")
        bids: dict[str, Any] = {**BID_ARGUMENTS, "x-expires": EXPIRES_MS}
        quorum = channel.queue_declare(self._bids, durable=True, arguments=bids)
        await client.call(quorum, f"declare the quorum queue {self._bids}")
        own: dict[str, Any] = {"x-expires": EXPIRES_MS}
        await client.call(channel.queue_declare(self._own, exclusive=True, arguments=own), f"declare {self._own}")
        brief: dict[str, Any] = {
            "x-message-ttl": 0,
            "x-dead-letter-exchange": self._exchange,
            "x-dead-letter-routing-key": "own",
        }
        await client.call(channel.queue_declare(self._brief, exclusive=True, arguments=brief), f"declare {self._brief}")
        for queue, key in ((self._bids, "bids"), (self._own, "own"), (self._brief, "brief")):
            await client.call(channel.queue_bind(queue, self._exchange, key), f"bind the queue {queue}")
        await client.call(channel.close(), "close a channel")

    async def _there_and_back(self) -> Finding:
        """A message to a quorum queue and back: it is on disk when it is confirmed."""
        began = time.monotonic()
        await self._publish("bids", b"doctor", delivery_mode=2)
        confirmed = time.monotonic() - began
        await self._take(self._bids)
        text = f"work: a message is on disk after {confirmed * 1000:.0f} ms, and back after"
        return ok(AREA, "quorum queues", f"{text} {(time.monotonic() - began) * 1000:.0f} ms")

    async def _clock(self) -> Finding:
        """AMQP tells the broker's time in one place: when it puts a message aside. To the second."""
        before = time.time()
        await self._publish("brief", b"doctor")
        message = await self._take(self._own)
        after = time.time()
        at = _put_aside(message)
        if at is None:
            return unseen(AREA, "clock", "the broker does not tell its time")
        apart = apart_s(at, before, after)
        text = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} ours"
        if abs(apart) > APART_S:
            return warning(
                AREA, "clock", text, "no deadline depends on it, but logs do not line up: set the clocks (NTP)"
            )
        return ok(AREA, "clock", "agrees with ours, to the second" if apart == 0 else text)

    async def _size(self) -> Finding:
        """Whether the largest body that we send is taken."""
        try:
            await self._publish("own", bytes(MAX_BODY_BYTES))
            await self._take(self._own)
        except _TooLarge as error:
            todo = f"set max_message_size = {MAX_BODY_BYTES} in rabbitmq.conf"
            return problem(AREA, "message size", f"bodies of 1 MiB are refused ({error})", todo)
        return ok(AREA, "message size", "bodies of 1 MiB, the most that is sent, are taken")

    async def _publish(self, key: str, body: bytes, delivery_mode: int = 1) -> None:
        client, channel = self._client, await self._client.channel(confirms=True)
        properties = Basic.Properties(delivery_mode=delivery_mode, message_id=secrets.token_hex(8))
        try:
            await client.timed(
                channel.basic_publish(
                    body, exchange=self._exchange, routing_key=key, properties=properties, mandatory=True
                )
            )
        except ChannelPreconditionFailed as error:
            raise _TooLarge(str(error)) from error
        except TimeoutError as error:
            if await client.blocked():
                raise Trouble(
                    "the broker reads nothing that is published for now: it is short of memory or disk (an alarm). "
                    "Free some, then look at `rabbitmqctl status`"
                ) from error
            raise at_call(error, client.broker, "confirm a message", client.settings.call_timeout_s) from error
        except WIRE_ERRORS as error:
            doing = f"write to the exchange {self._exchange}"
            raise at_call(error, client.broker, doing, client.settings.call_timeout_s) from error
        await client.call(channel.close(), "close a channel")

    async def _take(self, queue: str) -> DeliveredMessage:
        """The next message of a queue, acked."""
        client, channel = self._client, await self._client.channel()
        came: asyncio.Future[DeliveredMessage] = asyncio.get_running_loop().create_future()

        async def take(message: DeliveredMessage) -> None:
            if not came.done():
                came.set_result(message)

        await client.call(channel.basic_consume(queue, take), f"read the queue {queue}")
        try:
            async with asyncio.timeout(ECHO_S):
                message = await came
        except TimeoutError:
            raise Trouble(f"the queue {queue} did not give back what was written to it within {ECHO_S:g} s") from None
        if message.delivery_tag is not None:
            await channel.basic_ack(message.delivery_tag, wait=False)
        await client.call(channel.close(), "close a channel")
        return message

    async def _clean_up(self) -> None:
        """Take away what was made, as far as the connection lives; the rest goes by itself."""
        with suppress(Trouble):
            channel = await self._client.channel()
            await self._client.call(channel.queue_delete(self._bids), f"delete {self._bids}")
            await self._client.call(channel.close(), "close a channel")


def apart_s(at: float, before: float, after: float) -> float:
    """How far a clock is ahead of ours at least, seconds; behind is negative, 0 where it may be the same.

    Args:
        at: what it showed, a whole second that had begun and was not over.
        before, after: by our clock, the instants between which it was read.
    """
    least, most = at - after, at + 1 - before
    return 0.0 if least <= 0 <= most else min(least, most, key=abs)


class _TooLarge(Exception):
    """The broker takes no body of that size."""


class _Death(msgspec.Struct):
    """What the broker notes of a message that it puts aside; there is more."""

    time: datetime  #: UTC, to the second


def _put_aside(message: DeliveredMessage) -> float | None:
    """When the broker dead-lettered the message, seconds since the epoch, floored."""
    try:
        deaths = msgspec.convert((message.header.properties.headers or {}).get("x-death"), list[_Death])
    except msgspec.ValidationError:
        return None
    return deaths[0].time.replace(tzinfo=UTC).timestamp() if deaths else None


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "something")
