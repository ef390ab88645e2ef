"""What is bargained over: issues on an integer grid, and the terms that put one value to each.

A single price is an agenda of one issue. Values are whole numbers: micros for money, the place of an option for a
choice. Nothing between two ticks, nothing outside the public bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.fixed import nearest

#: deals up to which all of them are looked at
MOST_DEALS: Final = 1_000_000
MOST_ISSUES: Final = 16

#: one value for each issue of the agenda, in its order
Terms = tuple[int, ...]


class Issue(Struct, frozen=True, kw_only=True):
    """One thing that is bargained over: low, low + tick, low + 2 ticks … high. Known to both sides."""

    name: str
    low: int  #: least value, in `unit`; micros for money
    high: int  #: greatest value; low + a whole number of ticks
    tick: int = 1  #: least difference between two values
    unit: str = ""  #: what values are counted in, such as USD; empty for a choice
    options: tuple[str, ...] = ()  #: names of the values 0, 1, 2 … of a choice; empty for a number

    @property
    def size(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.tick + 1

    def holds(self, value: int) -> bool:
        """Whether the value is on the grid and in the bounds."""
        return self.low <= value <= self.high and not (value - self.low) % self.tick

    def down(self, value: int) -> int:
        """The greatest value of the grid that is not above; the grid goes on outside the bounds."""
        return value - (value - self.low) % self.tick

    def up(self, value: int) -> int:
        """The least value of the grid that is not below."""
        return value + (self.low - value) % self.tick

    def near(self, value: int) -> int:
        """The nearest value of the grid; of two the even tick."""
        return self.low + nearest(value - self.low, self.tick) * self.tick


def choice(name: str, *options: str) -> Issue:
    """An issue that is one of some options."""
    return Issue(name=name, low=0, high=len(options) - 1, options=options)


def price_issue(low: int, high: int, tick: int = 10_000, unit: str = "USD") -> Issue:
    """A price within public bounds, micros; one cent a tick unless told otherwise. The upper bound is rounded down."""
    return Issue(name="price", low=low, high=high - (high - low) % tick, tick=tick, unit=unit)


class Agenda(Struct, frozen=True, dict=True):
    """The issues of one bargaining. Known to both sides."""

    issues: tuple[Issue, ...]

    @cached_property
    def size(self) -> int:
        """How many deals there are."""
        size = 1
        for issue in self.issues:
            size *= issue.size
        return size

    @property
    def single(self) -> Issue | None:
        """The one issue, a number, of a bargaining over a price alone; None for any other."""
        one = self.issues[0]
        return one if len(self.issues) == 1 and not one.options else None

    def holds(self, terms: Terms) -> bool:
        """Whether there is a value for each issue, on its grid and in its bounds."""
        if len(terms) != len(self.issues):
            return False
        return all(issue.holds(value) for issue, value in zip(self.issues, terms, strict=True))

    def places(self, terms: Terms) -> tuple[int, ...]:
        """The places of the values among those of their issues, from 0."""
        return tuple((value - issue.low) // issue.tick for issue, value in zip(self.issues, terms, strict=True))

    def deals(self) -> Iterator[Terms]:
        """All deals, in the order in which ties are resolved: the last issue changes fastest.

        Raises:
            TooLarge: there are more than MOST_DEALS.
        """
        if self.size > MOST_DEALS:
            raise TooLarge(f"agenda: {self.size} deals are more than the {MOST_DEALS} that are looked at one by one")
        return product(*(range(issue.low, issue.high + 1, issue.tick) for issue in self.issues))


def agenda(*issues: Issue) -> Agenda:
    """The agenda of these issues.

    Raises:
        MechanismError: none or too many, two of one name, or a grid that is none; says which.
    """
    if not 1 <= len(issues) <= MOST_ISSUES:
        raise MechanismError(f"agenda: {len(issues)} issues; 1 to {MOST_ISSUES}")
    if len({issue.name for issue in issues}) < len(issues):
        raise MechanismError("agenda: two issues have one name")
    for one in issues:
        if one.tick < 1 or one.high < one.low or (one.high - one.low) % one.tick:
            raise MechanismError(
                f"issue {one.name!r}: {one.low} to {one.high} is no whole number of ticks of {one.tick}"
            )
        if one.options and (one.low, one.high, one.tick) != (0, len(one.options) - 1, 1):
            raise MechanismError(f"issue {one.name!r}: the values of {len(one.options)} options are 0, 1, 2 …")
    return Agenda(issues)
