"""Looks into a broker with another client than ours."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pika
import pika.exceptions

WAIT_S = 10.0


class Message(NamedTuple):
    """A message as another client sees it."""

    body: bytes
    routing_key: str
    properties: pika.BasicProperties


def messages_in(url: str, queue: str, number: int) -> list[Message]:
    """Consume so many messages of a queue, and ack them.

    A queue's count is not asked: it reads zero for a while after a restart.
    """
    found: list[Message] = []
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        for method, properties, body in channel.consume(queue, inactivity_timeout=WAIT_S):
            assert method is not None, f"only {len(found)} of {number} messages in {queue} within {WAIT_S:g} s"
            found.append(Message(body, method.routing_key, properties))
            channel.basic_ack(method.delivery_tag)
            if len(found) == number:
                return found
    finally:
        connection.close()
    return found


def depth(url: str, queue: str) -> int | None:
    """How many messages are ready in a queue; None where there is no such queue. Not to be trusted after a restart."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        ready: int = connection.channel().queue_declare(queue, passive=True).method.message_count
        return ready
    except pika.exceptions.ChannelClosedByBroker:
        return None
    finally:
        connection.close()


async def until_depth(url: str, queue: str, number: int) -> None:
    """Wait until so many messages are ready in a queue."""
    async with asyncio.timeout(WAIT_S):
        while (found := await asyncio.to_thread(depth, url, queue)) != number:
            assert found is not None, f"no queue {queue}"
            await asyncio.sleep(0.05)
