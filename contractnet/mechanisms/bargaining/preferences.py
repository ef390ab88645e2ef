"""What a deal is worth to one side, and the least that it takes: private, and never part of a message.

Utilities are whole numbers. Of a price: micros gained against the reservation price. Of several issues: the sum of
what each value is worth, ppm of the best. A deal is rational if its utility is at least that of no deal; equal counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, Issue, Terms
from contractnet.messages.values import PPM

Side = Literal["buyer", "seller"]


class Private(Struct, frozen=True):
    """What is never printed, nor in a line of words of `contractnet log` (promise 8). The records of its owner hold it,
    since every number is derived from it again: as it is, it is in `log --json` and `export`.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(private)"


class PricePreferences(Private, frozen=True, tag="price"):
    """A side of a single price. Private."""

    side: Side
    limit: int  #: reservation price, micros: a buyer's budget, a seller's cost

    def utility(self, terms: Terms) -> int:
        """Micros gained against the reservation price."""
        return self.limit - terms[0] if self.side == "buyer" else terms[0] - self.limit

    @property
    def reservation(self) -> int:
        """Utility of no deal."""
        return 0

    def fitted(self, issue: Issue, price: int, *, nearest: bool = False) -> int | None:
        """The price on the grid, within the bounds, never past the reservation price; None where there is none such.

        Rounded towards the own side, buyer down and seller up, or to the nearest.
        """
        if self.side == "buyer":
            most = min(issue.down(self.limit), issue.high)
            fitted = min(issue.near(price) if nearest else issue.down(price), most)
            return None if most < issue.low else max(fitted, issue.low)
        least = max(issue.up(self.limit), issue.low)
        fitted = max(issue.near(price) if nearest else issue.up(price), least)
        return None if least > issue.high else min(fitted, issue.high)


class Additive(Private, frozen=True, tag="additive", cache_hash=True):
    """What each value of each issue is worth; a deal is worth their sum. Private.

    Source: Genius and ANAC domains, utility = sum of weight times evaluation over the largest evaluation of the issue.
    """

    agenda: Agenda
    scores: tuple[tuple[int, ...], ...]  #: [issue][place of the value], ppm; weights are inside
    reservation: int = 0  #: utility of no deal, ppm
    cap: int | None = None  #: a sum over it counts as it, ppm; for weights that sum to more than 1

    def utility(self, terms: Terms) -> int:
        """Ppm of the best."""
        total = 0
        for row, issue, value in zip(self.scores, self.agenda.issues, terms, strict=True):
            total += row[(value - issue.low) // issue.tick]
        return total if self.cap is None or total < self.cap else self.cap


Preferences = PricePreferences | Additive


class Mandate(Private, frozen=True, kw_only=True):
    """What one side may do in its principal's name. Private."""

    preferences: Preferences
    opening: int | None = None  #: price of the first offer, micros; None: the public bound on the own side
    margin: int = 50_000  #: ppm of the way from the opening to the reservation at which schedules end short of it
    closing: int | None = None  #: price at which schedules end instead, micros; never past the reservation

    def span(self, issue: Issue) -> tuple[int, int]:
        """Where schedules of a price begin and end, micros, on or off the grid. The end is never past the reservation.

        A schedule that ends at the reservation gives the whole room away to who waits longer; so it ends short of it.
        """
        mine = self.preferences
        if not isinstance(mine, PricePreferences):
            raise MechanismError("a price is spoken of, and the mandate is about several issues")
        if mine.side == "buyer":
            far = min(mine.limit, issue.high)
            opening = min(issue.low if self.opening is None else self.opening, far)
            if self.closing is not None:
                return opening, min(self.closing, far)
            return opening, far - (far - opening) * self.margin // PPM
        far = max(mine.limit, issue.low)
        opening = max(issue.high if self.opening is None else self.opening, far)
        if self.closing is not None:
            return opening, max(self.closing, far)
        return opening, far + (opening - far) * self.margin // PPM


def weighted(
    agenda: Agenda,
    weights: Sequence[int],
    evaluations: Sequence[Sequence[int]],
    reservation: int = 0,
    cap: int | None = None,
) -> Additive:
    """Additive preferences from weights and evaluations: weight * evaluation / largest evaluation of the issue.

    Args:
        weights: [issue], ppm, as written: they need not sum to 1,000,000.
        evaluations: [issue][place of the value], any unit, at least 0.
    Raises:
        MechanismError: the shapes are not those of the agenda, or a number is negative.
    """
    shape = [issue.size for issue in agenda.issues]
    if len(weights) != len(shape) or [len(row) for row in evaluations] != shape:
        raise MechanismError(f"preferences: one weight an issue and one evaluation a value are needed: {shape}")
    if min(weights) < 0 or min(min(row) for row in evaluations) < 0:
        raise MechanismError("preferences: a weight or an evaluation is negative")
    largest = [max(*row, 1) for row in evaluations]
    scores = tuple(
        tuple(weight * one // most for one in row)
        for weight, row, most in zip(weights, evaluations, largest, strict=True)
    )
    return Additive(agenda, scores, reservation, cap)


def line(issue: Issue, best: Literal["low", "high"]) -> tuple[int, ...]:
    """Evaluations of a number of which less (more) is better, in equal steps: 0 … PPM."""
    steps = max(issue.size - 1, 1)
    rising = tuple(place * PPM // steps for place in range(issue.size))
    return rising if best == "high" else rising[::-1]


@lru_cache(maxsize=256)
def ranked(preferences: Additive) -> tuple[tuple[int, Terms], ...]:
    """The own rational deals with their utilities, the best first; equal ones in the order of enumeration.

    Raises:
        TooLarge: there are more deals than are looked at one by one.
    """
    worth = ((preferences.utility(terms), terms) for terms in preferences.agenda.deals())
    rational = [one for one in worth if one[0] >= preferences.reservation]
    return tuple(sorted(rational, key=lambda one: -one[0]))
