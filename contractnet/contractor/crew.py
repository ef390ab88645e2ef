"""The tasks in which user code runs. They stand outside the daemon's task group, which would wait for ever for one that
does not let itself be cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Final

from contractnet.contractor.ports import Agent

_LOGGER: Final = logging.getLogger("contractnet.contractor")


class Crew:
    """Owns its tasks until `dismiss`; an error of ours in one of them is given to `broken`.

    Args:
        agents: for whom it will work; they are told what they spent before.
        spent: of the journal: endpoint -> micros.
    """

    def __init__(self, broken: asyncio.Future[None], agents: Iterable[Agent], spent: Mapping[str, int]) -> None:
        for agent in agents:
            if agent.remind is not None:
                agent.remind(spent)
        self.dismissed = False  #: what still runs was left behind: nothing that it says counts
        self._broken = broken
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it in a task of its own."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def dismiss(self, within_s: float) -> None:
        """Cancel all; wait so long for their ends, then leave the others behind with a line in the log."""
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=within_s)
        finally:
            self.dismissed = True
        for task in self._tasks:
            if not task.done():
                _LOGGER.warning("%s does not end though it was cancelled: left behind", task.get_name())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._broken.done():
            self._broken.set_exception(error)


async def close_all(agents: Iterable[Agent]) -> None:
    """Let go of what the agents hold: their daemon has ended."""
    for agent in agents:
        if agent.close is not None:
            await agent.close()


async def until(done: Callable[[], bool]) -> None:
    """Look again and again, 50 times a second."""
    pause_s = 0.02
    while not done():
        await _pause(pause_s)


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)
