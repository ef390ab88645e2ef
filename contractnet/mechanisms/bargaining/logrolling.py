"""Logrolling: give way where it costs little and is worth much to the other side.

How much is asked for is decided by a time-dependent concession over own utility; among the own deals that are worth
that much, the one is sent that seems worth most to the other side, or that is nearest to its last offer. The model of
the other side grows with each of its offers.

Source: iso-utility trade-offs, after Faratin, Sierra and Jennings 2002.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda, Terms
from contractnet.mechanisms.bargaining.opponent import Bayesian, Frequency, OpponentModel
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, ranked
from contractnet.mechanisms.bargaining.schedules import concession
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.mechanisms.bargaining.time_dependent import TimeDependent, target
from contractnet.messages.values import PPM


class Logrolling(Struct, frozen=True, kw_only=True):
    """The generator, for several issues."""

    model: OpponentModel = Frequency()
    asking: TimeDependent = TimeDependent()
    pick: Literal["most", "nearest"] = "most"  #: what seems worth most to them, or is nearest to their last offer

    @property
    def name(self) -> str:
        if self.pick == "nearest":
            return "logrolling-nearest"
        return "logrolling-bayesian" if isinstance(self.model, Bayesian) else "logrolling-frequency"

    def check(self, rules: Rules, mandate: Mandate) -> None:
        if not isinstance(mandate.preferences, Additive):
            raise MechanismError(f"{self.name}: there is nothing to trade in a single price")
        self.asking.check(rules, mandate)
        if self.pick == "most":
            self.model.check(rules.agenda)

    def propose(self, view: View) -> Terms | None:
        mine = view.mandate.preferences
        if not isinstance(mine, Additive):
            raise MechanismError(f"{self.name}: there is nothing to trade in a single price")
        asking = self.asking
        gone = concession(asking.curve, asking.beta, asking.k, view.round, view.rounds)
        worth = target(view.mandate, gone)
        deals = [terms for own, terms in ranked(mine) if own >= worth]
        if not deals or not view.theirs:
            return deals[0] if deals else None
        agenda = view.rules.agenda
        if self.pick == "nearest":
            return min(deals, key=lambda terms: distance(agenda, terms, view.theirs[-1]))
        rounds = max((view.rules.turns + view.me) // 2, 1)
        theirs = Additive(agenda, self.model.scores(agenda, view.theirs, rounds))
        return max(deals, key=theirs.utility)  # of equal ones the first, which is worth most to the own side


def distance(agenda: Agenda, one: Terms, other: Terms) -> int:
    """How far two deals are apart, ppm an issue: a choice is the same or not, a number by its share of the range."""
    total = 0
    for issue, here, there in zip(agenda.issues, one, other, strict=True):
        if here != there:
            total += PPM if issue.options else PPM * abs(here - there) // max(issue.high - issue.low, 1)
    return total
