"""Alarms: one timer a name on the event loop, set again or dropped at will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contractnet.clock import LoopClock

#: an alarm whose instant has passed rings after this, seconds, so that nothing spins
SOON_S = 0.01


class Alarms:
    """Rings callbacks at instants."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, name: str, instant: int, ring: Callable[[], None]) -> None:
        """Ring at the instant (milliseconds); the name's alarm before it, if any, is dropped."""
        self.drop(name)
        loop = asyncio.get_running_loop()
        at = max(self._clock.at(instant), loop.time() + SOON_S)
        self._handles[name] = loop.call_at(at, self._ring, name, ring)

    def drop(self, name: str) -> None:
        """Do not ring."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def clear(self) -> None:
        """Drop all."""
        for name in list(self._handles):
            self.drop(name)

    def _ring(self, name: str, ring: Callable[[], None]) -> None:
        self._handles.pop(name, None)
        ring()
