"""Bargaining solutions, as yardsticks: what two or more sides would agree on by each of the known principles.

Exact, by looking at every deal. Only rational deals count, those worth at least no deal to everybody; equal is enough.
Where several deals are as good, the first in the order of enumeration is it.

Source: Nash 1950; Kalai and Smorodinsky 1975; Kalai 1977 (egalitarian); Harsanyi 1955 (utilitarian).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from msgspec import Struct

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.issues import MOST_DEALS, Agenda, Issue
from contractnet.mechanisms.bargaining.preferences import Preferences

#: [side], of one deal; any unit, the same of one side throughout
Utilities = tuple[int, ...]


class Table(Struct, frozen=True):
    """All deals by what they are worth: place of the deal -> utilities; and what no deal is worth."""

    deals: tuple[Utilities, ...]  #: in the order of enumeration
    reservations: Utilities

    @property
    def rational(self) -> tuple[int, ...]:
        """The places of the deals that are worth at least no deal to every side."""
        least = self.reservations
        return tuple(
            place
            for place, deal in enumerate(self.deals)
            if all(worth >= floor for worth, floor in zip(deal, least, strict=True))
        )

    def gains(self, place: int) -> Utilities:
        """What a deal is worth over no deal."""
        return tuple(worth - floor for worth, floor in zip(self.deals[place], self.reservations, strict=True))


def table(agenda: Agenda, sides: Sequence[Preferences]) -> Table:
    """Every deal of an agenda, looked at with all sides' eyes; only a mediator or an experiment can.

    Raises:
        TooLarge: there are more deals than are looked at one by one.
    """
    deals = tuple(tuple(side.utility(terms) for side in sides) for terms in agenda.deals())
    return Table(deals, tuple(side.reservation for side in sides))


def nash(given: Table, weights: Sequence[int] | None = None) -> int | None:
    """The rational deal with the largest product of gains, each to the power of its side's weight; None: none is.

    Args:
        weights: [side], whole numbers; None: 1 each.
    """
    powers = weights or [1] * len(given.reservations)
    if len(powers) != len(given.reservations) or min(powers) < 0:
        raise MechanismError("nash: one weight a side, none negative")
    return max(
        given.rational,
        key=lambda place: prod(gain**power for gain, power in zip(given.gains(place), powers, strict=True)),
        default=None,
    )


def kalai_smorodinsky(given: Table) -> int | None:
    """The rational deal that gives everybody the most equal shares of the best it could get: leximin of the shares.

    A share is the gain over the largest gain of that side in a rational deal, 0 where that is 0.
    """
    rational = given.rational
    if not rational:
        return None
    ideals = [max(side) for side in zip(*map(given.gains, rational), strict=True)]
    common = prod(ideal for ideal in ideals if ideal)
    factors = [common // ideal if ideal else 0 for ideal in ideals]
    return max(
        rational,
        key=lambda place: sorted(gain * factor for gain, factor in zip(given.gains(place), factors, strict=True)),
    )


def egalitarian(given: Table) -> int | None:
    """The rational deal whose least gain is largest, then the second least, and so on: leximin of the gains."""
    return max(given.rational, key=lambda place: sorted(given.gains(place)), default=None)


def utilitarian(given: Table) -> int | None:
    """The deal with the largest sum of utilities, among all deals, rational or not; None: there is no deal."""
    return max(range(len(given.deals)), key=lambda place: sum(given.deals[place]), default=None)


def pareto(given: Table) -> tuple[int, ...]:
    """The places of the deals that no other deal beats: as good for all and better for one. Equal ones are all in.

    Raises:
        TooLarge: there are more deals than are looked at one by one.
    """
    if len(given.deals) > MOST_DEALS:
        raise TooLarge(f"pareto: {len(given.deals)} deals are more than {MOST_DEALS}")
    best = _front(sorted(set(given.deals), reverse=True))
    return tuple(place for place, deal in enumerate(given.deals) if deal in best)


def _front(points: list[Utilities]) -> set[Utilities]:
    """Of distinct points in falling order the undominated ones. Only an earlier point can dominate a later one."""
    if points and len(points[0]) == 2:
        front, most = set[Utilities](), points[0][1] - 1
        for point in points:
            if point[1] > most:
                front.add(point)
                most = point[1]
        return front
    kept: list[Utilities] = []
    for point in points:
        if not any(all(a >= b for a, b in zip(other, point, strict=True)) for other in kept):
            kept.append(point)
    return set(kept)


def midpoint(issue: Issue, cost: int, budget: int) -> int | None:
    """The price that Nash, Kalai-Smorodinsky and egalitarian agree on: halfway; None where there is no room.

    Rounded down to the grid, or to the only price of the grid between the two.
    """
    price = max(issue.down((cost + budget) // 2), issue.up(cost))
    return price if price <= min(budget, issue.high) and price >= issue.low else None
