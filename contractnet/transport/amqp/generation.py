"""One life of a link: everything built from nothing, used until something breaks, closed as a whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import aiormq

from contractnet.transport.amqp.client import Client, closing_of
from contractnet.transport.amqp.consumer import AmqpDelivery, Consumer
from contractnet.transport.amqp.errors import Trouble, at_loss
from contractnet.transport.amqp.publisher import Publisher
from contractnet.transport.amqp.settings import AmqpSettings, Broker
from contractnet.transport.amqp.topology import declare, take_locks
from contractnet.transport.amqp.watchdog import watch
from contractnet.transport.port import DaemonParty, Lane, ManagerParty, Outcome, Parcel, Party
from contractnet.transport.topology import Route, queues_of


class Generation:
    """Two connections (one publishes, one consumes: a broker in need blocks only the first), and what lives on them.

    Args:
        took: told of each delivery.
        stands_by: told of the lock that another process holds.
    """

    def __init__(
        self,
        broker: Broker,
        settings: AmqpSettings,
        party: Party,
        took: Callable[[AmqpDelivery], None],
        stands_by: Callable[[str], None],
    ) -> None:
        self.over: asyncio.Future[Trouble] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._settings = settings
        self._party = party
        self._took = took
        self._stands_by = stands_by
        self._inward: Client | None = None
        self._outward: Client | None = None
        self._consumers: list[Consumer] = []
        self._publisher: Publisher | None = None
        self._watchdog: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, wait for the host locks, declare, publish and consume.

        Raises:
            Trouble
        """
        self._inward = inward = await self._connect("consumes")
        await self._take_locks(inward)
        queues = queues_of(self._party)
        await declare(inward, queues)
        self._outward = outward = await self._connect("publishes")
        sure, lossy = await outward.channel(confirms=True), await outward.channel(confirms=True)
        for channel in (sure, lossy):
            self._watch(closing_of(channel), "a publishing channel", outward)
        self._publisher = Publisher(
            sure,
            lossy,
            user=self._broker.user if self._broker.proves_user else None,
            frame_max=outward.frame_max,
            in_flight=self._settings.in_flight,
            blocked=outward.blocked,
        )
        for queue in queues:
            channel = await inward.channel()
            self._watch_consumed(channel, queue.name, inward)
            consumer = Consumer(queue, channel, self._came)
            self._consumers.append(consumer)
            await consumer.start(inward)
        if self.over.done():
            raise self.over.result()
        self._watchdog = asyncio.get_running_loop().create_task(self._watch_queues(inward))

    async def publish(self, parcel: Parcel, to: Route, timeout_s: float) -> Outcome:
        """See `Publisher.publish`."""
        assert self._publisher is not None
        return await self._publisher.publish(parcel, to, timeout_s)

    async def retire(self) -> None:
        """Delete a manager's queues, those with work in them excepted. Errors are left to the next start."""
        if not isinstance(self._party, ManagerParty) or self._inward is None:
            return
        await self._stop_watchdog()
        with suppress(Trouble):
            for consumer in self._consumers:
                await consumer.stop(self._inward)
            channel = await self._inward.channel()
            for consumer in self._consumers:
                if await self._is_done_with(consumer, channel):
                    name = consumer.queue.name
                    await self._inward.call(channel.queue_delete(name), f"delete the queue {name}")

    async def close(self) -> None:
        """End everything; never raises."""
        await self._stop_watchdog()
        if not self.over.done():
            self.over.set_result(Trouble("closed by us"))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.close_timeout_s):
                    await asyncio.gather(*(consumer.acks.close() for consumer in self._consumers))
        if self._publisher is not None:
            self._publisher.end()
        for consumer in self._consumers:
            consumer.acks.cut()
        clients = [client for client in (self._outward, self._inward) if client is not None]
        await asyncio.gather(*(client.close() for client in clients))

    async def _connect(self, what: str) -> Client:
        role = "daemon" if isinstance(self._party, DaemonParty) else "manager"
        client = await Client.connect(self._broker, self._settings, f"contractnet {role} {self._party.name} ({what})")
        self._watch(client.closing, "the connection", client)
        return client

    async def _take_locks(self, client: Client) -> None:
        while (taken := await take_locks(client, self._party)) is not None:
            self._stands_by(taken)
            await asyncio.wait([self.over], timeout=self._settings.standby_wait_s * random.uniform(0.5, 1))
            if self.over.done():
                raise self.over.result()

    async def _watch_queues(self, client: Client) -> None:
        try:
            await watch(client, self._consumers, self._settings.watch_s)
        except Trouble as trouble:
            self._end(trouble)

    async def _stop_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.wait([self._watchdog])

    async def _is_done_with(self, consumer: Consumer, channel: aiormq.Channel) -> bool:
        if consumer.queue.lane is Lane.PRESENCE:
            return True
        if consumer.acks.open:
            return False
        assert self._inward is not None
        name = consumer.queue.name
        # A quorum queue knows no "delete if empty".
        answer = await self._inward.call(channel.queue_declare(name, passive=True), f"look into the queue {name}")
        return not answer.message_count

    def _came(self, delivery: AmqpDelivery) -> None:
        if not self.over.done():
            self._took(delivery)

    def _watch_consumed(self, channel: aiormq.Channel, queue: str, client: Client) -> None:
        self._watch(closing_of(channel), f"the channel of the queue {queue}", client)

        def cancelled(_: object) -> None:
            self._end(Trouble(f"the queue {queue} at the broker at {self._broker.place} was deleted or moved"))

        channel.on_consumer_cancel_callbacks.add(cancelled)

    def _watch(self, closing: asyncio.Future[object], what: str, client: Client) -> None:
        def closed(future: asyncio.Future[object]) -> None:
            error = asyncio.CancelledError() if future.cancelled() else future.exception()
            self._end(at_loss(error, self._broker, what, client.silence_s))

        closing.add_done_callback(closed)

    def _end(self, why: Trouble) -> None:
        if not self.over.done():
            self.over.set_result(why)
