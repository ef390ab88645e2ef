"""Keeps a link up: one generation after another, for as long as the link is open."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

from contractnet.errors import TransportRefused
from contractnet.transport.amqp.errors import Trouble
from contractnet.transport.amqp.generation import Generation
from contractnet.transport.amqp.settings import AmqpSettings

#: a generation that lived so long is a success: the next wait is short again
LASTING_S = 10.0


class Owner(Protocol):
    """Who is told what happens."""

    retired: bool  #: whether no further generation is wanted

    def rose(self, generation: Generation) -> None: ...
    def fell(self, reason: str) -> None: ...


class Supervisor:
    """The loop that a link runs as a task.

    Args:
        make: a new generation, not yet opened.
    """

    def __init__(self, settings: AmqpSettings, make: Callable[[], Generation], owner: Owner) -> None:
        self._settings = settings
        self._make = make
        self._owner = owner
        self._failures = 0
        self._failing_since: float | None = None
        self._refused_since: float | None = None

    async def run(self) -> None:
        """Bring the link up, again and again.

        Raises:
            TransportRefused: what an operator must mend was not mended in time, or the broker stayed away too long.
        """
        loop = asyncio.get_running_loop()
        while True:
            generation = self._make()
            up_since: float | None = None
            try:
                try:
                    await generation.open()
                    up_since = loop.time()
                    self._owner.rose(generation)
                    trouble = await asyncio.shield(generation.over)  # a cancelled wait leaves the future alone
                except Trouble as caught:
                    trouble = caught
                if self._owner.retired:
                    return
                self._owner.fell(trouble.reason)
            finally:
                await generation.close()
            self._count(trouble, loop.time(), up_since)
            await asyncio.sleep(self._wait_s())

    def _count(self, trouble: Trouble, now: float, up_since: float | None) -> None:
        if up_since is not None:
            self._failing_since = self._refused_since = None
            if now - up_since >= LASTING_S:
                self._failures = 0
        self._failures += 1
        self._failing_since = now if self._failing_since is None else self._failing_since
        if not trouble.refused:
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        give_up_s = self._settings.give_up_after_s
        if self._refused_since is not None and now - self._refused_since >= self._settings.refused_after_s:
            raise TransportRefused(trouble.reason)
        if give_up_s is not None and now - self._failing_since >= give_up_s:
            raise TransportRefused(f"gave up after {now - self._failing_since:.0f} s: {trouble.reason}")

    def _wait_s(self) -> float:
        doubled = self._settings.first_wait_s * (1 << min(self._failures - 1, 30))
        return min(doubled, self._settings.longest_wait_s) * random.uniform(0.5, 1)
