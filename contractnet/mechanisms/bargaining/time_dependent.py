"""Generators that look at the clock of rounds alone: OG schedules, and polynomial and exponential concession.

Rules:

1. A price is rounded towards the own side (buyer down, seller up) unless the nearest is asked for, and never passes the
   reservation price.
2. Of several issues the generator concedes in own utility: it offers the deal that is worth least to itself among
   those worth the target at least, so it gives most; `logrolling` chooses better among them.
3. They end at the mandate's margin, short of the reservation, unless that margin is 0.

Source: OG-Narrator (2402.15813); Faratin, Sierra and Jennings 1998.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, PricePreferences, ranked
from contractnet.mechanisms.bargaining.schedules import (
    OG_END,
    OG_START,
    Curve,
    OgSchedule,
    concession,
    og_factor,
)
from contractnet.mechanisms.bargaining.shape import Rules, View, price_of
from contractnet.messages.values import PPM


class Og(Struct, frozen=True, kw_only=True):
    """A share of the budget that grows by a schedule; the model beside it only narrates.

    Published for a buyer. A seller's offer is ours: as far above its end as the buyer's would be below. With margin 0
    the last offer of `linear` is the reservation itself: who moves last against it gets nearly all the room.
    """

    schedule: OgSchedule = "linear"
    start: int = OG_START  #: ppm of the end point
    end: int = OG_END  #: ppm
    nearest: bool = False  #: to the nearest tick, as published; else towards the own side

    @property
    def name(self) -> str:
        return f"og-{self.schedule}"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        price_of(mandate, rules, self.name)
        og_factor(self.schedule, 0, 1, self.start, self.end)

    def propose(self, view: View) -> Terms | None:
        mine = price_of(view.mandate, view.rules, self.name)
        issue = view.rules.agenda.issues[0]
        _, end = view.mandate.span(issue)
        factor = og_factor(self.schedule, view.round, view.rounds, self.start, self.end)
        if mine.side == "seller":
            factor = 2 * ONE - factor
        exact = factor * end
        price = exact // ONE if mine.side == "buyer" else -(-exact // ONE)
        fitted = mine.fitted(issue, price, nearest=self.nearest)
        return None if fitted is None else (fitted,)


class TimeDependent(Struct, frozen=True, kw_only=True):
    """Concedes from the opening to the end of the mandate by a curve over relative time."""

    curve: Curve = "polynomial"
    beta: int = PPM  #: ppm; under 1,000,000 Boulware (late), over it conceder (early)
    k: int = 0  #: ppm of the way that is gone in the first round
    nearest: bool = False  #: to the nearest tick; else towards the own side

    @property
    def name(self) -> str:
        return self.curve

    def check(self, rules: Rules, mandate: Mandate) -> None:
        concession(self.curve, self.beta, self.k, 0, 2)
        if isinstance(mandate.preferences, PricePreferences):
            price_of(mandate, rules, self.name)
        else:
            ranked(mandate.preferences)

    def propose(self, view: View) -> Terms | None:
        gone = concession(self.curve, self.beta, self.k, view.round, view.rounds)
        mine = view.mandate.preferences
        if isinstance(mine, Additive):
            return least_above(mine, target(view.mandate, gone))
        issue = view.rules.agenda.issues[0]
        opening, end = view.mandate.span(issue)
        exact = opening * ONE + gone * (end - opening)
        price = exact // ONE if mine.side == "buyer" else -(-exact // ONE)
        fitted = mine.fitted(issue, price, nearest=self.nearest)
        return None if fitted is None else (fitted,)


class Fixed(Struct, frozen=True):
    """Never concedes: the opening of a price, the best deal of several issues, again and again."""

    @property
    def name(self) -> str:
        return "fixed"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        TimeDependent().check(rules, mandate)

    def propose(self, view: View) -> Terms | None:
        mine = view.mandate.preferences
        if isinstance(mine, Additive):
            deals = ranked(mine)
            return deals[0][1] if deals else None
        issue = view.rules.agenda.issues[0]
        fitted = mine.fitted(issue, view.mandate.span(issue)[0])
        return None if fitted is None else (fitted,)


def target(mandate: Mandate, gone: int) -> int:
    """What a deal must be worth after so much of the way, ppm of the best.

    Args:
        gone: parts of ONE of the way from the best deal to the margin over the reservation.
    """
    mine = mandate.preferences
    if not isinstance(mine, Additive):
        raise MechanismError("a target in utility is for several issues; a price has its own span")
    deals = ranked(mine)
    best = deals[0][0] if deals else mine.reservation
    end = mine.reservation + (best - mine.reservation) * mandate.margin // PPM
    return best - gone * (best - end) // ONE


def least_above(mine: Additive, worth: int) -> Terms | None:
    """The rational deal that is worth least to the own side among those worth so much at least; None where none is."""
    deals = ranked(mine)
    count = bisect_right(deals, -worth, key=_falling)
    return deals[count - 1][1] if count else None


def _falling(one: tuple[int, Terms]) -> int:
    return -one[0]
