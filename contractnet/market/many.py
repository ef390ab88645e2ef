"""Many tenders at once: begun in order, handed on in the order of their ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

from contractnet.market.contract import Contract

T = TypeVar("T")


async def as_they_end(
    begin: Callable[[T], Awaitable[Contract]], items: Iterable[T], ahead: int
) -> AsyncIterator[tuple[T, Contract]]:
    """Begin a tender for each item, and yield the item and its contract when that has ended.

    Args:
        ahead: how many have begun at most and not ended.
    Raises:
        what `begin` raises, or the manager; what runs is left running.
    """
    ended: asyncio.Queue[asyncio.Task[tuple[T, Contract]]] = asyncio.Queue()
    running: set[asyncio.Task[tuple[T, Contract]]] = set()

    async def one(item: T) -> tuple[T, Contract]:
        contract = await begin(item)
        await contract.ended()
        return item, contract

    source = iter(items)
    try:
        while True:
            for item in islice(source, ahead - len(running)):
                task = asyncio.create_task(one(item))
                running.add(task)
                task.add_done_callback(ended.put_nowait)
            if not running:
                return
            task = await ended.get()
            running.discard(task)
            yield task.result()
    finally:
        for left in running:
            left.cancel()
        await asyncio.gather(*running, return_exceptions=True)
