"""Time as a parameter: instants in milliseconds since the Unix epoch, taken from one place.

Inside a process time only goes forward: wall time is read once, at the start, and the monotonic clock of the event loop
is added. A step of the machine's clock moves no deadline of a running process; under virtual time (looptime) the loop's
clock is virtual, and so is this one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol, TypeVar

import msgspec

_S = TypeVar("_S", bound=msgspec.Struct)

#: an alarm whose instant has passed rings after this, seconds, so that nothing spins
SOON_S: Final = 0.01


class Clock(Protocol):
    """Where a driver reads time."""

    def now(self) -> int:
        """The present instant, milliseconds since the Unix epoch, UTC; never goes back."""
        ...


class LoopClock:
    """Wall time at construction plus the running event loop's monotonic time. Make it inside the loop that uses it.

    Args:
        least_ms: an instant that has been already, such as that of a ledger's last entry: a wall clock that was set
            back meanwhile does not delay every deadline until it has caught up.
    """

    def __init__(self, least_ms: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero_ms = max(least_ms, time.time_ns() // 1_000_000) - int(self._loop.time() * 1000)

    def now(self) -> int:
        return self._zero_ms + int(self._loop.time() * 1000)

    def at(self, instant_ms: int) -> float:
        """The loop time (seconds) of an instant, for `loop.call_at`."""
        return (instant_ms - self._zero_ms) / 1000


class ManualClock:
    """A clock that a test moves by hand."""

    def __init__(self, start_ms: int = 1_800_000_000_000) -> None:
        self._now = start_ms

    def now(self) -> int:
        return self._now

    def advance(self, ms: int) -> None:
        """Move forward by `ms` milliseconds."""
        self._now += ms


class Alarms:
    """Rings callbacks at instants: one timer a name on the event loop, set again or dropped at will."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self._handles: dict[Hashable, asyncio.TimerHandle] = {}

    def set(self, name: Hashable, instant: int, ring: Callable[[], None]) -> None:
        """Ring at the instant (milliseconds); the name's alarm before it, if any, is dropped."""
        self.drop(name)
        loop = asyncio.get_running_loop()
        at = max(self._clock.at(instant), loop.time() + SOON_S)
        self._handles[name] = loop.call_at(at, self._ring, name, ring)

    def drop(self, name: Hashable) -> None:
        """Do not ring."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def clear(self) -> None:
        """Drop all."""
        for name in list(self._handles):
            self.drop(name)

    def _ring(self, name: Hashable, ring: Callable[[], None]) -> None:
        self._handles.pop(name, None)
        ring()


def scaled(settings: _S, factor: float) -> _S:
    """A copy of the settings with every duration (`*_ms`, also of settings within) multiplied, at least 1 ms.

    For tests and campaigns: 0.1 makes a lease of 15 s one of 1.5 s. Counts and shares stay as they are.
    """
    changes: dict[str, Any] = {}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, msgspec.Struct):
            changes[name] = scaled(value, factor)
        elif name.endswith("_ms") and isinstance(value, int):
            changes[name] = max(1, round(value * factor))
    return msgspec.structs.replace(settings, **changes)
