"""Calling what a user wrote: on the loop where it is a coroutine function, else in a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def call_user(function: Callable[[Any], Any], argument: Any, *, to_its_end: bool = False) -> Any:
    """Call the user's function: on the loop if it is a coroutine function, else in a thread.

    A thread cannot be stopped: a cancel is done when the thread has ended, and not before.

    Args:
        to_its_end: what a thread returned before the cancel could end it counts: it was done.
    """
    if inspect.iscoroutinefunction(function):
        return await function(argument)
    thread = asyncio.ensure_future(asyncio.to_thread(function, argument))
    try:
        answer = await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        failed = thread.cancelled() or thread.exception() is not None
        if failed or not to_its_end or inspect.isawaitable(thread.result()):
            raise
        return thread.result()
    return await answer if inspect.isawaitable(answer) else answer
