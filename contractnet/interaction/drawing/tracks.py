"""The gap between two layers: on which height each wire runs across, such that wires cross rarely and never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

#: two lines nearer than this are taken for one
_NEAR: Final = 10
_OVERLAP: Final = 100


class Run(NamedTuple):
    """A wire in a gap: where it comes in above, where it goes out below."""

    tops: tuple[int, ...]  #: of the line that leads the way first
    bottoms: tuple[int, ...]

    @property
    def left(self) -> int:
        """Of its way across."""
        return min(*self.tops, *self.bottoms)

    @property
    def right(self) -> int:
        """Of its way across."""
        return max(*self.tops, *self.bottoms)

    @property
    def straight(self) -> bool:
        """Whether it goes straight down."""
        return self.left == self.right

    def joints(self) -> list[int]:
        """Where lines of it meet, on its way across."""
        found: list[int] = []
        for x in sorted({*self.tops, *self.bottoms}):
            ways = (x in self.tops) + (x in self.bottoms) + (self.left < x) + (x < self.right)
            if ways > 2:
                found.append(x)
        return found

    def joined(self, top: int) -> int:
        """Where a line that comes in there meets the others: on the way of the first one, or where the next is."""
        first, bottom = self.tops[0], self.bottoms[0]
        if min(first, bottom) <= top <= max(first, bottom):
            return top
        between = [x for x in (*self.tops, bottom) if min(top, bottom) <= x <= max(top, bottom) and x != top]
        return min(between, key=lambda x: abs(x - top))


def tracks(runs: Sequence[Run]) -> list[int]:
    """The track of each run, from 0 at the top; -1 where it goes straight down."""
    across = [number for number, run in enumerate(runs) if not run.straight]
    across.sort(key=lambda number: (runs[number].left, runs[number].right))
    settled: list[int] = []
    for number in across:
        settled = min(
            ([*settled[:at], number, *settled[at:]] for at in range(len(settled) + 1)),
            key=lambda listed: _cost(runs, listed),
        )
    settled = _improved(runs, settled)
    track = [-1] * len(runs)
    for at, number in enumerate(settled):
        over = [track[other] for other in settled[:at] if _meet(runs[other], runs[number])]
        track[number] = max(over, default=-1) + 1
    return track


def _improved(runs: Sequence[Run], listed: list[int]) -> list[int]:
    """Move single runs as long as that saves crossings."""
    least = _cost(runs, listed)
    better = True
    while better:
        better = False
        for number in list(listed):
            rest = [one for one in listed if one != number]
            for at in range(len(listed)):
                other = [*rest[:at], number, *rest[at:]]
                if (cost := _cost(runs, other)) < least:
                    listed, least, better = other, cost, True
    return listed


def _cost(runs: Sequence[Run], listed: Sequence[int]) -> int:
    return sum(_pair(runs[upper], runs[lower]) for at, upper in enumerate(listed) for lower in listed[at + 1 :])


def _pair(upper: Run, lower: Run) -> int:
    """What it costs to have one above the other: crossings, and lines that would lie on one another."""
    crossings = sum(lower.left < x < lower.right for x in upper.bottoms)
    crossings += sum(upper.left < x < upper.right for x in lower.tops)
    overlaps = sum(abs(x - y) < _NEAR for x in upper.bottoms for y in lower.tops)
    return crossings + _OVERLAP * overlaps


def _meet(one: Run, other: Run) -> bool:
    """Whether they may not be on the same height."""
    return one.left < other.right + _NEAR and other.left < one.right + _NEAR
