"""Draws from a seed, the same on every machine and every Python.

Only `random.random()` of a seeded generator is used, whose sequence Python promises to keep; the rest is arithmetic on
it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """A stream of draws.

    Args:
        seed: of the run.
        of: what the stream is for: streams of other names are independent of it.
    """

    def __init__(self, seed: int, *of: object) -> None:
        self._next = random.Random("|".join(map(str, (seed, *of)))).random

    def below(self, bound: int) -> int:
        """An integer of 0 to bound - 1, each as likely as any other; bound up to 2**40."""
        return int(self._next() * bound)

    def between(self, low: int, high: int) -> int:
        """An integer of low to high, both included."""
        return low + self.below(high - low + 1)

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """So many different ones, in the order drawn."""
        pool = list(things)
        for place in range(count):
            other = place + self.below(len(pool) - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]
