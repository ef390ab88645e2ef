"""What one process may ask of one endpoint: requests and tokens a minute, requests at once, money in all.

Rules:

1. A place in time is reserved when a request asks for it; where it lies behind the time left, nothing is reserved and
   the request ends at once: waiting would be in vain.
2. Tokens and money are reserved at their worst, then settled at what they came to.
3. Where the endpoint itself says "not before", all wait until then. What it says is left of its own limits counts until
   the time at which it says they are whole again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from contractnet.errors import ModelLimited
from contractnet.llm.chat import Room
from contractnet.llm.endpoint import Limits

_MINUTE_S: Final = 60.0


class Bucket:
    """A token bucket that fills by `per_min` a minute, and holds a minute's worth. Times are seconds, given."""

    def __init__(self, per_min: int) -> None:
        self._rate = per_min / _MINUTE_S
        self._most = float(per_min)
        self._level = self._most
        self._seen: float | None = None

    def wait_s(self, amount: int, now: float) -> float:
        """How long until that much could be taken."""
        self._fill(now)
        return max(0.0, (amount - self._level) / self._rate)

    def take(self, amount: int, now: float) -> None:
        """Take it, at the place in time that `wait_s` told; less than none gives back."""
        self._fill(now)
        self._level = min(self._most, self._level - amount)

    def _fill(self, now: float) -> None:
        if self._seen is not None:
            self._level = min(self._most, self._level + (now - self._seen) * self._rate)
        self._seen = now


class Permit:
    """One request's share of the limits: reserved at its worst, settled once."""

    __slots__ = ("cost", "settled", "tokens")

    def __init__(self, tokens: int, cost: int) -> None:
        self.tokens = tokens
        self.cost = cost  #: micros
        self.settled = False


class Limiter:
    """The limits of one endpoint, shared by all agents of the process."""

    def __init__(self, limits: Limits, spent: int = 0) -> None:
        self.spent = spent  #: micros
        self._limits = limits
        self._held = 0
        self._requests = None if limits.requests_per_min is None else Bucket(limits.requests_per_min)
        self._tokens = None if limits.tokens_per_min is None else Bucket(limits.tokens_per_min)
        self._places = asyncio.Semaphore(limits.concurrency)
        self._not_before = 0.0
        self._told: dict[str, tuple[int, float]] = {}  # requests, tokens -> what the endpoint says is left, until when

    def hold_until(self, instant: float) -> None:
        """The endpoint wants nothing before this time of the loop."""
        self._not_before = max(self._not_before, instant)

    def told(self, room: Room, now: float) -> None:
        """What the endpoint says of its own limits, at this time of the loop."""
        for name, left in (("requests", room.requests), ("tokens", room.tokens)):
            if left is not None:
                self._told[name] = (left.amount, now + left.reset_s)

    @asynccontextmanager
    async def enter(self, tokens: int, cost: int, left_s: float) -> AsyncGenerator[Permit]:
        """Wait for a place, at most `left_s`.

        Args:
            tokens, cost: the most that the request may come to; cost in micros.
        Raises:
            ModelLimited: there is none in that time, or the money is spent.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + left_s
        permit = Permit(tokens, cost)
        ready = self._reserve(permit, loop.time(), left_s)
        try:
            await asyncio.sleep(max(0.0, ready - loop.time()))
            await self._acquire(end)
            try:
                yield permit
            finally:
                self._places.release()
        finally:
            self.settle(permit, 0, 0)  # what nobody settled was not used

    def settle(self, permit: Permit, tokens: int, cost: int) -> None:
        """What it came to: the rest of what was reserved is given back. Later calls change nothing."""
        if permit.settled:
            return
        permit.settled = True
        if self._tokens is not None:
            self._tokens.take(tokens - permit.tokens, asyncio.get_running_loop().time())
        self._held -= permit.cost
        self.spent += cost

    def _reserve(self, permit: Permit, now: float, left_s: float) -> float:
        """Reserve, and return the time at which the request may be sent."""
        budget = self._limits.budget
        if budget is not None and self.spent + self._held + permit.cost > budget:
            raise ModelLimited("the budget of the model's endpoint leaves no room for another request", "budget")
        wanted = ((self._requests, 1), (self._tokens, permit.tokens))
        buckets = [(bucket, amount) for bucket, amount in wanted if bucket is not None]
        waits = [bucket.wait_s(amount, now) for bucket, amount in buckets]
        wait_s = max([0.0, self._not_before - now, *waits, *self._full(permit, now)])
        if wait_s > left_s:
            raise ModelLimited(f"the limits of the model's endpoint leave no room for {wait_s:.1f} s", "limit")
        for bucket, amount in buckets:
            bucket.take(amount, now)
        self._held += permit.cost
        for name, amount in (("requests", 1), ("tokens", permit.tokens)):
            if name in self._told:
                left, until = self._told[name]
                self._told[name] = (max(0, left - amount), until)
        return now + wait_s

    def _full(self, permit: Permit, now: float) -> Iterator[float]:
        """How long until those limits of the endpoint are whole that leave no room for this request."""
        for name, amount in (("requests", 1), ("tokens", permit.tokens)):
            left, until = self._told.get(name, (amount, now))
            if left < amount and until > now:
                yield until - now

    async def _acquire(self, end: float) -> None:
        try:
            async with asyncio.timeout_at(end):
                await self._places.acquire()
        except TimeoutError:
            raise ModelLimited("too many requests at once: no place at the model's endpoint in time", "limit") from None
