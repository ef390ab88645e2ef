"""Behaviour-dependent generators: give back what the other side gave. Three kinds of tit-for-tat over a price.

Source: Faratin, Sierra and Jennings 1998 (relative, random absolute, averaged).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate, Side
from contractnet.mechanisms.bargaining.shape import Rules, View, price_of
from contractnet.mechanisms.bargaining.time_dependent import TimeDependent
from contractnet.mechanisms.ties import draw

Kind = Literal["relative", "absolute", "averaged"]


class Imitative(Struct, frozen=True, kw_only=True):
    """Tit-for-tat. The first offers, while there is too little to imitate, are those of a time-dependent generator."""

    kind: Kind = "relative"
    lag: int = 1  #: how many offers of the other side ago the step was made that is imitated, at least 1
    window: int = 1  #: for `averaged`: over how many steps, at least 1
    most_random: int = 0  #: for `absolute`: at most so much is given on top, drawn from the seed, micros; 0: nothing
    opening: TimeDependent = TimeDependent()

    @property
    def name(self) -> str:
        return self.kind

    def check(self, rules: Rules, mandate: Mandate) -> None:
        price_of(mandate, rules, self.name)
        self.opening.check(rules, mandate)
        if self.lag < 1 or self.window < 1 or self.most_random < 0:
            raise MechanismError(f"{self.kind}: lag and window are at least 1, most_random at least 0")

    def propose(self, view: View) -> Terms | None:
        needed = (self.window if self.kind == "averaged" else self.lag) + 1
        if not view.mine or len(view.theirs) < needed:
            return self.opening.propose(view)
        mine = price_of(view.mandate, view.rules, self.name)
        issue = view.rules.agenda.issues[0]
        extra = 0
        if self.most_random:
            lot = int(draw(view.seed, f"imitative|{view.turn}", str(view.me)), 16)
            extra = lot % (self.most_random + 1)
        heard = [terms[0] for terms in view.theirs]
        price = imitated(self.kind, mine.side, view.mine[-1][0], heard, self.lag, self.window, extra)
        opening, end = view.mandate.span(issue)
        low, high = min(opening, end), max(opening, end)
        fitted = mine.fitted(issue, high if price is None else min(max(price, low), high))
        return None if fitted is None else (fitted,)


def imitated(
    kind: Kind, side: Side, own: int, heard: Sequence[int], lag: int = 1, window: int = 1, extra: int = 0
) -> int | None:
    """The price that answers the other side's steps in kind, before it is clipped, micros; rounded to the own side.

    Args:
        own: own last offer, micros.
        heard: the other side's offers, the latest last; at least lag + 1 (averaged: window + 1) of them, micros.
        extra: for `absolute`, given on top towards the other side, micros.
    Returns:
        None where the step has no ratio, since an offer of 0 was heard.
    """
    if kind == "absolute":
        step = heard[-1 - lag] - heard[-lag]
        return own + step + (extra if side == "buyer" else -extra)
    over, under = (heard[-1 - lag], heard[-lag]) if kind == "relative" else (heard[-1 - window], heard[-1])
    if not under:
        return None
    return own * over // under if side == "buyer" else -(-own * over // under)
