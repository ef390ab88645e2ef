"""From numbers to pixels: the range of an axis, its ticks, and where a number lies on it. Exact up to the pixel."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from contractnet.arena.chart import Axis
from contractnet.arena.numbers import decimal

#: an axis of numbers has about so many ticks
_TICKS = 6


class Tick(Struct, frozen=True):
    """A mark on an axis."""

    pixel: int
    words: str


class Scale(Struct, frozen=True, kw_only=True):
    """One axis on the page."""

    low: Fraction
    high: Fraction
    begin: int  #: pixel of `low`
    end: int  #: pixel of `high`
    ticks: tuple[Tick, ...]

    def at(self, value: Fraction) -> int:
        """The pixel of a number; of one beyond the axis, that of its end."""
        within = min(max(value, self.low), self.high)
        return self.begin + round((self.end - self.begin) * (within - self.low) / (self.high - self.low))


def scaled(axis: Axis, values: Iterable[Fraction], begin: int, end: int) -> Scale:
    """The scale of an axis that shows these values between two pixels; whole steps unless the axis says its ends."""
    if axis.names:
        low, high = Fraction(-1, 2), len(axis.names) - Fraction(1, 2)
        places = [(Fraction(place), name) for place, name in enumerate(axis.names)]
    else:
        shown = list(values) or [Fraction(0)]
        low = min(shown) if axis.low is None else axis.low
        high = max(shown) if axis.high is None else axis.high
        if high <= low:
            high = low + 1
        step = _step((high - low) / _TICKS)
        low = low // step * step if axis.low is None else low
        high = -(-high // step) * step if axis.high is None else high
        first = -(-low // step)
        marks = [step * number for number in range(first, high // step + 1)]
        places = [(mark, decimal(mark * axis.scale, axis.places)) for mark in marks]
    bare = Scale(low=low, high=high, begin=begin, end=end, ticks=())
    return Scale(
        low=low, high=high, begin=begin, end=end, ticks=tuple(Tick(bare.at(value), words) for value, words in places)
    )


def _step(least: Fraction) -> Fraction:
    """The least of 1, 2, 5 times a power of ten that is not under `least`."""
    power = Fraction(1)
    while power > least:
        power /= 10
    while power * 10 <= least:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
