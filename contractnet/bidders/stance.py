"""How a seller bargains: which plan it makes of a request, or why it makes none.

Rules:

1. A price: the agent sells. It takes nothing under its reservation price, which is an amount of its operator's, or the
   cost of the very task by its cost model. It begins at its own offer that is out, else at the public bound.
2. Several issues: what each value is worth is written for each issue by its name. One that is not written, or more
   deals than MOST_DEALS, is `unsupported`.
3. A mediator is told in confidence only if the operator has named it: who asks names whom it likes.
4. No room within the public bounds is `over-reserve`. Of limits nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from contractnet.bargaining.player import Asking, Refusal
from contractnet.bargaining.records import Plan
from contractnet.bidders.cost import CostModel, quote, tokens
from contractnet.errors import ContractNetError
from contractnet.mechanisms.bargaining.brought import find_strategy
from contractnet.mechanisms.bargaining.issues import Agenda, Issue
from contractnet.mechanisms.bargaining.preferences import (
    Additive,
    Mandate,
    Preferences,
    PricePreferences,
    line,
    weighted,
)
from contractnet.mechanisms.bargaining.shape import fit
from contractnet.messages.values import RefuseReason

#: what plays where no strategy is named: for a price, and for several issues
DEFAULT: Final = "linear"
DEFAULT_SEVERAL: Final = "micro"
#: deals over several issues that are looked at one by one, in the daemon's own loop
MOST_DEALS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What the values of one issue are worth. Private."""

    weight_ppm: int
    best: Literal["low", "high"] | None = None  #: of a number
    evaluations: Mapping[str, int] = field(default_factory=dict[str, int])  #: of a choice: option -> its worth

    def __repr__(self) -> str:
        return "Wish(private)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """How an agent bargains. Private; nothing prints it."""

    unit: str  #: of its prices
    least: int | None = None  #: reservation price, micros; None: the cost of the task
    cost: CostModel | None = None
    strategy: str | None = None  #: None: `linear` for a price, `micro` for several issues
    margin_ppm: int = 50_000  #: of the way from opening to reservation at which schedules end short of it
    wishes: Mapping[str, Wish] = field(default_factory=dict[str, Wish])  #: issue -> what it is worth
    least_worth_ppm: int = 0  #: of several issues: a deal worth less is none
    mediators: tuple[str, ...] = ()  #: who may be told the reservation, or what deals are worth; nobody else is

    def __repr__(self) -> str:
        return "Stance(private)"

    def plan(self, asked: Asking) -> Plan | Refusal:
        """How it plays a request, or why not."""
        preferences = self._several(asked) if asked.rules.buyer is None else self._price(asked)
        if isinstance(preferences, Refusal):
            return preferences
        priced = isinstance(preferences, PricePreferences)
        opening = asked.task.standing if priced and asked.task is not None else None
        mandate = Mandate(preferences=preferences, opening=opening, margin=self.margin_ppm)
        name = self.strategy or (DEFAULT if priced else DEFAULT_SEVERAL)
        try:
            fit(mandate, asked.rules, 1)
            find_strategy(name).generator.check(asked.rules, mandate)
        except ContractNetError:
            return _unsupported("not by these rules")
        return Plan(strategy=name, mandate=mandate, confides=self.mediators)

    def _price(self, asked: Asking) -> Preferences | Refusal:
        issue = asked.rules.agenda.issues[0]
        if asked.side != "seller":
            return _unsupported("this agent sells")
        if issue.unit != self.unit:
            return _unsupported(f"this agent bargains in {self.unit}")
        least = self._least(asked)
        if least is None:
            return _unsupported("this agent bargains over calls that it was asked to bid on")
        if issue.up(least) > issue.high:
            return Refusal(RefuseReason.OVER_RESERVE)
        return PricePreferences(side="seller", limit=least)

    def _least(self, asked: Asking) -> int | None:
        """The reservation price, micros; None: the task is not known, or is sold in bundles with their own prices."""
        if self.least is not None:
            return self.least
        if self.cost is None:
            return None
        if self.cost.price is not None:
            return self.cost.price
        if asked.task is None or asked.task.terms.items:
            return None
        return quote(self.cost, tokens(asked.task.task, asked.task.input)).least

    def _several(self, asked: Asking) -> Preferences | Refusal:
        if asked.rules.agenda.size > MOST_DEALS:
            return _unsupported("this agent does not bargain over so many possible deals")
        worth = worth_of(asked.rules.agenda, self.wishes, self.least_worth_ppm)
        return worth or _unsupported("this agent does not bargain over all of these issues")


def worth_of(agenda: Agenda, wishes: Mapping[str, Wish], least_ppm: int) -> Additive | None:
    """What deals over these issues are worth by what is wished of each; None: one of them is not written of.

    Args:
        wishes: issue -> what its values are worth.
        least_ppm: a deal worth less is none.
    """
    rows = [_evaluations(issue, wishes.get(issue.name)) for issue in agenda.issues]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    return weighted(agenda, [wishes[issue.name].weight_ppm for issue in agenda.issues], known, least_ppm)


def _evaluations(issue: Issue, wish: Wish | None) -> tuple[int, ...] | None:
    """What each value is worth, in the order of the grid; None: nothing says so."""
    if wish is None:
        return None
    if issue.options:
        if any(option not in wish.evaluations for option in issue.options):
            return None
        return tuple(wish.evaluations[option] for option in issue.options)
    return None if wish.best is None else line(issue, wish.best)


def _unsupported(text: str) -> Refusal:
    return Refusal(RefuseReason.UNSUPPORTED, text)
