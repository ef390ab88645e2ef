"""One consumed queue: its channel, its deliveries, its acks."""

from __future__ import annotations

from collections.abc import Callable

import aiormq
from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from contractnet.transport.amqp.acks import Acks
from contractnet.transport.amqp.client import Client
from contractnet.transport.amqp.shim import MARK
from contractnet.transport.port import Lane
from contractnet.transport.topology import QueueSpec

#: RabbitMQ 3.10.8, seen: a quorum queue that was declared within a second or so before the node was killed
_NO_LEADER = (
    "If that stays so, the queue has no leader, as happens to one that was declared just before its node was killed: "
    "delete it, it is declared again"
)


class AmqpDelivery:
    """A body that came in over RabbitMQ."""

    __slots__ = ("_acks", "_tag", "body", "lane", "undecodable", "user_id")

    def __init__(self, lane: Lane, acks: Acks, message: DeliveredMessage) -> None:
        properties = message.header.properties
        self.lane = lane
        self.body = message.body
        self.user_id: str | None = properties.user_id
        self.undecodable = _mark(properties.headers)
        self._acks: Acks | None = acks
        self._tag = message.delivery_tag or 0

    def ack(self) -> None:
        acks, self._acks = self._acks, None
        if acks is not None:
            acks.ack(self._tag)

    def reject(self) -> None:
        acks, self._acks = self._acks, None
        if acks is not None:
            acks.reject(self._tag)


def _mark(headers: FieldTable | None) -> str | None:
    return str(headers[MARK]) if headers and MARK in headers else None


class Consumer:
    """Consumes one queue over a channel of its own, with acks by hand."""

    def __init__(self, queue: QueueSpec, channel: aiormq.Channel, took: Callable[[AmqpDelivery], None]) -> None:
        self.queue = queue
        self.channel = channel
        self.acks = Acks(channel)
        self._took = took
        self._tag: str | None = None

    async def start(self, client: Client) -> None:
        """Begin to consume.

        Raises:
            Trouble
        """
        prefetch = client.settings.prefetch
        await client.call(self.channel.basic_qos(prefetch_count=prefetch), "set the prefetch count")
        work = self.channel.basic_consume(self.queue.name, self._came)
        answer = await client.call(work, f"consume the queue {self.queue.name}", if_silent=_NO_LEADER)
        self._tag = answer.consumer_tag

    async def stop(self, client: Client) -> None:
        """Consume no more; afterwards nothing new comes, and acks still work.

        Raises:
            Trouble
        """
        if self._tag is not None:
            await client.call(self.channel.basic_cancel(self._tag), f"stop consuming the queue {self.queue.name}")
            self._tag = None

    async def _came(self, message: DeliveredMessage) -> None:
        self.acks.came()
        self._took(AmqpDelivery(self.queue.lane, self.acks, message))
