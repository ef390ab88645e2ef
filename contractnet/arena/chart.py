"""What a picture shows, as numbers: axes, and series of points with their intervals."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from msgspec import Struct

from contractnet.arena.estimates import Estimate

#: how a series is drawn: points with whiskers; points joined; a line without points, such as what theory says
Style = Literal["points", "joined", "line"]


class Axis(Struct, frozen=True, kw_only=True):
    """One side of a chart. Without names it is a scale of numbers."""

    title: str  #: with its unit
    names: tuple[str, ...] = ()  #: of places 0, 1, 2 … where the axis is none of numbers
    low: Fraction | None = None  #: where the scale begins; None: at the least that is shown
    high: Fraction | None = None
    places: int = 2  #: decimals of its numbers
    scale: int = 1  #: numbers are multiplied by it to be written


class Point(Struct, frozen=True):
    """A place of a series."""

    x: Fraction
    y: Fraction
    low: Fraction | None = None  #: its interval; None: it has none
    high: Fraction | None = None


class Series(Struct, frozen=True, kw_only=True):
    """Points that belong together."""

    name: str
    style: Style
    points: tuple[Point, ...]
    like: str = ""  #: the series whose colour it shares, such as the measured one of a theory


class Chart(Struct, frozen=True, kw_only=True):
    """One pair of axes."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]


def measured(x: Fraction | int, estimate: Estimate) -> Point:
    """The point of an estimate."""
    return Point(Fraction(x), estimate.value, estimate.low, estimate.high)
