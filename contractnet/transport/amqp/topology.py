"""The `open` profile: a party declares the exchanges and its own queues at every connect, and takes its host locks.

Declaring again with equal arguments is harmless, also while another party consumes. A queue with other arguments is
refused by the broker (406) and never deleted here.
"""

from __future__ import annotations

import aiormq
from aiormq.exceptions import ChannelLockedResource, ChannelPreconditionFailed

from contractnet.transport.amqp.client import Client
from contractnet.transport.amqp.errors import WIRE_ERRORS, at_call, other_arguments
from contractnet.transport.port import Party
from contractnet.transport.topology import (
    DEAD_ARGUMENTS,
    DEAD_EXCHANGE,
    DEAD_QUEUE,
    OPEN_EXCHANGES,
    Arguments,
    QueueSpec,
    locks_of,
)


async def take_locks(client: Client, party: Party) -> str | None:
    """Take all host locks of a party, or none of them.

    Returns:
        None when all are held (until the connection ends); else the name of the first that another connection holds.
    Raises:
        Trouble
    """
    channel = await client.channel()
    held: list[str] = []
    for name in locks_of(party):
        try:
            await client.timed(channel.queue_declare(name, exclusive=True))
        except ChannelLockedResource:
            await _release(client, held)
            return name
        except WIRE_ERRORS as error:
            raise at_call(error, client.broker, f"take the lock {name}", client.settings.call_timeout_s) from error
        held.append(name)
    return None


async def _release(client: Client, names: list[str]) -> None:
    if not names:
        return
    channel = await client.channel()  # the refusal closed the other one
    for name in names:
        await client.call(channel.queue_delete(name), f"give back the lock {name}")
    await client.call(channel.close(), "close a channel")


async def declare(client: Client, queues: tuple[QueueSpec, ...]) -> None:
    """The exchanges, the dead-letter queue, and these queues with their bindings.

    Raises:
        Trouble: refused with the queue's name and the arguments wanted, where one exists with others.
    """
    channel = await client.channel()
    for name in (*OPEN_EXCHANGES, DEAD_EXCHANGE):
        work = channel.exchange_declare(name, exchange_type="topic", durable=True, internal=name == DEAD_EXCHANGE)
        await client.call(work, f"declare the exchange {name}")
    await _declare_queue(client, channel, DEAD_QUEUE, DEAD_ARGUMENTS)
    await client.call(channel.queue_bind(DEAD_QUEUE, DEAD_EXCHANGE, "#"), f"bind the queue {DEAD_QUEUE}")
    for queue in queues:
        await _declare_queue(client, channel, queue.name, queue.arguments)
        for exchange, key in sorted(queue.stale):
            await client.call(channel.queue_unbind(queue.name, exchange, key), f"unbind the queue {queue.name}")
        for exchange, key in sorted(queue.bindings):
            await client.call(channel.queue_bind(queue.name, exchange, key), f"bind the queue {queue.name}")
        if queue.purged:
            await client.call(channel.queue_purge(queue.name), f"purge the queue {queue.name}")
    await client.call(channel.close(), "close a channel")


async def _declare_queue(client: Client, channel: aiormq.Channel, name: str, arguments: Arguments) -> None:
    try:
        await client.timed(channel.queue_declare(name, durable=True, arguments=dict(arguments)))
    except ChannelPreconditionFailed as error:
        raise other_arguments(error, client.broker, name, arguments) from error
    except WIRE_ERRORS as error:
        raise at_call(error, client.broker, f"declare the queue {name}", client.settings.call_timeout_s) from error
