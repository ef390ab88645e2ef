"""Sufficient statistics of outcomes: what was stated, what happened. Updated outcome by outcome, in constant time.

A tally keeps one bin for each percent of stated confidence, and exact integer sums, so that rates, curves and scores
of any number of outcomes cost the same.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM

#: bins of stated confidence: bin i holds i % up to, but not including, i + 1 %; the last holds 100 % too
BINS: Final = 100


class Bin(Struct, kw_only=True):
    """The outcomes whose stated confidence fell into one percent."""

    n: int = 0
    successes: int = 0
    stated: int = 0  #: sum of what was stated, ppm


class Tally(Struct, kw_only=True):
    """The outcomes of one group, such as those of an agent at a skill. Grows by `add`."""

    n: int = 0
    successes: int = 0
    stated: int = 0  #: sum of p, ppm
    squares: int = 0  #: sum of p squared, ppm squared
    hits: int = 0  #: sum of p over the successes, ppm
    bins: dict[int, Bin] = {}  #: index of the bin -> its outcomes; bins without any are missing

    def add(self, stated: int, ok: bool) -> None:
        """One more outcome: the confidence that was stated for it, ppm, and whether it was good."""
        one = self.bins.setdefault(bin_of(stated), Bin())
        good = int(ok)
        one.n += 1
        one.successes += good
        one.stated += stated
        self.n += 1
        self.successes += good
        self.stated += stated
        self.squares += stated * stated
        self.hits += stated * good

    def turn(self, stated: int, ok: bool) -> None:
        """An outcome that was added with the opposite turned out so: the tally is as if it had been added like this."""
        one, sign = self.bins[bin_of(stated)], 1 if ok else -1
        one.successes += sign
        self.successes += sign
        self.hits += sign * stated


def bin_of(stated: int) -> int:
    """The bin of a stated confidence, ppm.

    Raises:
        MechanismError: it is not within 0 and 1,000,000 ppm.
    """
    if not 0 <= stated <= PPM:
        raise MechanismError(f"confidence: {stated} is not within 0 and {PPM} ppm")
    return min(stated * BINS // PPM, BINS - 1)
