"""What could have been agreed on: the bargaining solutions of a case, and how far a deal is from them.

A side's share is its gain over no deal, of the largest gain that it has in a rational deal; 0 where that is 0.

Source: see `mechanisms.bargaining.solutions`; Pareto and Nash distance as the literature of automated negotiation has
them, in shares of both sides.
"""

from __future__ import annotations

from math import isqrt
from typing import Final

from msgspec import Struct

from contractnet.arena.bargaining.several.cases import Case
from contractnet.mechanisms.bargaining.fixed import nearest
from contractnet.mechanisms.bargaining.solutions import kalai_smorodinsky, nash, pareto, table, utilitarian
from contractnet.messages.values import PPM

#: as the table shows them, in its order
SOLUTIONS: Final = {"Nash": nash, "Kalai-Smorodinsky": kalai_smorodinsky, "utilitarian": utilitarian}

#: (buyer, seller)
Pair = tuple[int, int]


class Yardsticks(Struct, frozen=True, kw_only=True):
    """Of one case. Utilities and gains in ppm of the best deal."""

    feasible: bool  #: there is a deal that is worth at least no deal to both
    reservations: Pair
    ideals: Pair  #: the largest gain of each side in a rational deal
    joint: int  #: the largest sum of gains in a rational deal
    solutions: dict[str, Pair]  #: name -> gains; none where there is no rational deal
    front: frozenset[Pair]  #: utilities of the Pareto-optimal deals

    def gains(self, utilities: Pair) -> Pair:
        """Over no deal."""
        return utilities[0] - self.reservations[0], utilities[1] - self.reservations[1]

    def shares(self, gains: Pair) -> Pair:
        """Ppm of the ideals."""
        one, other = (nearest(gain * PPM, most) if most else 0 for gain, most in zip(gains, self.ideals, strict=True))
        return one, other

    def from_nash(self, gains: Pair) -> int:
        """How far a deal is from Nash's solution, ppm of an ideal: the distance of the shares."""
        here, there = self.shares(gains), self.shares(self.solutions["Nash"])
        return isqrt((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2)


def yardsticks(case: Case) -> Yardsticks:
    """Every deal looked at with both sides' eyes.

    Raises:
        TooLarge: there are more deals than are looked at one by one.
    """
    deals = table(case.agenda, case.sides)
    gained = [_pair(deals.gains(place)) for place in deals.rational]
    ideals = (max((one for one, _ in gained), default=0), max((other for _, other in gained), default=0))
    places = {name: solve(deals) for name, solve in SOLUTIONS.items()} if gained else {}
    return Yardsticks(
        feasible=bool(gained),
        reservations=_pair(deals.reservations),
        ideals=ideals,
        joint=max((one + other for one, other in gained), default=0),
        solutions={name: _pair(deals.gains(place)) for name, place in places.items() if place is not None},
        front=frozenset(_pair(deals.deals[place]) for place in pareto(deals)),
    )


def _pair(values: tuple[int, ...]) -> Pair:
    one, other = values
    return one, other
