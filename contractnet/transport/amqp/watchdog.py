"""Notices a queue that has mail and delivers none: the failure that nobody reports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from contractnet.transport.amqp.client import Client
from contractnet.transport.amqp.consumer import Consumer
from contractnet.transport.amqp.errors import Trouble


async def watch(client: Client, consumers: Sequence[Consumer], every_s: float) -> None:
    """Look into the queues now and then, for ever.

    A consumer is silent when it has room, got nothing since the last look, and its queue had mail then and has now.

    Raises:
        Trouble: one is silent, or the connection is gone.
    """
    channel = await client.channel()
    had_mail: dict[str, int] = {}  # queue -> deliveries at the last look, where there was mail
    while True:
        await asyncio.sleep(every_s)
        for consumer in consumers:
            name, acks = consumer.queue.name, consumer.acks
            answer = await client.call(channel.queue_declare(name, passive=True), f"look into the queue {name}")
            if not answer.message_count or acks.open >= client.settings.prefetch:
                had_mail.pop(name, None)
            elif had_mail.get(name) == acks.delivered:
                raise Trouble(
                    f"the queue {name} at the broker at {client.broker.place} has mail and delivers none; does another "
                    "program consume it?"
                )
            else:
                had_mail[name] = acks.delivered
