"""Isotonic regression: the rate of good outcomes as a step function that never falls as the stated confidence rises.

Pool adjacent violators over at most 100 bins, in exact integers; 30 lines of our own, since a library would bring
floats, whose last digits differ between machines, and hundreds of megabytes.

Source: Ayer, Brunk, Ewing, Reid, Silverman 1955; Zadrozny and Elkan 2002 for calibration.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM


class Point(Struct, frozen=True, kw_only=True):
    """A weighted mean at one place."""

    x: int
    total: int  #: sum of what was seen there
    weight: int  #: how much was seen, at least 1


class Steps(Struct, frozen=True, kw_only=True):
    """A step function that never falls."""

    starts: tuple[int, ...]  #: x from which each value holds, rising
    values: tuple[int, ...]  #: ppm, rising

    def at(self, x: int) -> int:
        """The value at x: that of the step at or below it; of the first step before it."""
        return self.values[max(0, bisect_right(self.starts, x) - 1)]


def pool_adjacent_violators(points: Iterable[Point]) -> tuple[tuple[Point, int], ...]:
    """Blocks of neighbouring points with rising means, each as (the sum of its points at the first x, how many).

    Args:
        points: any order, each x once.
    Raises:
        MechanismError: a weight is under 1, or an x stands twice.
    """
    blocks: list[tuple[Point, int]] = []
    for point in sorted(points, key=lambda point: point.x):
        if point.weight < 1 or (blocks and point.x <= blocks[-1][0].x):
            raise MechanismError(f"x = {point.x}: a weight is at least 1, and each x stands once")
        new, count = point, 1
        while blocks and blocks[-1][0].total * new.weight >= new.total * blocks[-1][0].weight:
            last, before = blocks.pop()
            new = Point(x=last.x, total=last.total + new.total, weight=last.weight + new.weight)
            count += before
        blocks.append((new, count))
    return tuple(blocks)


def fit(points: Sequence[Point]) -> Steps:
    """The step function nearest to the points by weighted squares; values are total / weight, ppm, floored.

    Raises:
        MechanismError: there is no point, a weight is under 1, or an x stands twice.
    """
    blocks = pool_adjacent_violators(points)
    if not blocks:
        raise MechanismError("there are no points to fit a curve to")
    return Steps(
        starts=tuple(block.x for block, _ in blocks),
        values=tuple(block.total * PPM // block.weight for block, _ in blocks),
    )
