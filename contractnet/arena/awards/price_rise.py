"""All prices rise alike: what confidence over price does then, and what value awards do.

A proportional rise multiplies every price, a fee is added to each. Confidence over price looks at ratios alone: a
proportional rise never changes its winner, however dear the market gets, and a fee, which changes nothing between two
bids, does. A value award takes V*p - price: a fee changes no winner, and a rise makes price count for more, up to
buying nothing where nothing is worth its price (`first-score`).

Source: the award case of the published lesson that awards by confidence over price; expected value less price, D14.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.rounds import UNIT, awarded, bid, place_of
from contractnet.arena.chart import Axis, Chart, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean, rate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import percent, span
from contractnet.mechanisms.awards.scored import ScoredRule, award_rule
from contractnet.mechanisms.awards.shape import AwardRule, Key
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages.values import PPM

_BIDDERS: Final = 5
_VALUE: Final = UNIT


class _Change(NamedTuple):
    name: str
    percent: int  #: prices become so many percent of what they were
    fee: int  #: micros, added


_CHANGES: Final = (
    _Change("none", 100, 0),
    _Change("× 1.5", 150, 0),
    _Change("× 2", 200, 0),
    _Change("× 4", 400, 0),
    _Change("fee 0.20", 100, 200_000),
    _Change("fee 0.60", 100, 600_000),
)


def _over_price(bid: Bid, conditions: Conditions) -> Key:
    """Confidence over price, in steps fine enough for any price of here."""
    return (bid.probability * PPM // max(1, bid.price),)


_OVER_PRICE: Final = ScoredRule(name="confidence-over-price", key=_over_price)
_RULES: Final[tuple[AwardRule, ...]] = (_OVER_PRICE, award_rule("best-value"), award_rule("first-score"))

_COLUMNS: Final = (
    Column(key="change", title="prices"),
    Column(key="rule", title="rule"),
    Column(key="other", title="another winner, or none", unit="%", places=1, scale=100),
    Column(key="bought", title="bought", unit="%", places=1, scale=100),
    Column(key="done", title="done right, of those bought", unit="%", places=1, scale=100),
    Column(key="kept", title="kept per round", places=3),
)


class _Found(NamedTuple):
    change: str
    rule: str
    other: Estimate  #: rounds whose winner is not that of the unchanged prices
    bought: Estimate
    chance: Estimate | None  #: of a good result, where somebody was awarded
    kept: Estimate  #: value times chance less price; 0 where nobody was awarded


class _PriceRise(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = _played(seed, trials, progress)
        rows = tuple(tuple(one) for one in found)
        return Findings(table=Table(columns=_COLUMNS, rows=rows), charts=_charts(found), says=_says(found))


class _Sums:
    """What one rule did under one change."""

    def __init__(self) -> None:
        self.n = self.other = 0
        self.chance, self.kept = Mean(), Mean()

    def add(self, bids: Sequence[Bid], winner: int | None, before: int | None) -> None:
        self.n += 1
        self.other += winner != before
        if winner is None:
            self.kept.add(0)
            return
        one = bids[winner]
        self.chance.add(one.probability)
        self.kept.add(_VALUE * one.probability // PPM - one.price)

    def found(self, change: str, rule: str) -> _Found:
        kept = self.kept.estimate()
        assert kept is not None  # there is at least one trial
        return _Found(
            change,
            rule,
            rate(self.other, self.n),
            rate(self.chance.n, self.n),
            self.chance.estimate(),
            kept,
        )


def _played(seed: int, trials: int, progress: Progress) -> list[_Found]:
    draws, conditions = Draws(seed, "price-rise"), Conditions(value=_VALUE)
    sums = {(change, rule.name): _Sums() for change in _CHANGES for rule in _RULES}
    for _ in range(trials):
        offers: list[tuple[int, int]] = []
        for _ in range(_BIDDERS):
            price = draws.between(50_000, 450_000)
            chance = 450_000 + price + draws.between(-150_000, 150_000)
            offers.append((price, min(chance, 990_000)))
        before: dict[str, int | None] = {}
        for change in _CHANGES:
            bids = [
                bid(place, price * change.percent // 100 + change.fee, chance)
                for place, (price, chance) in enumerate(offers)
            ]
            for rule in _RULES:
                payment = awarded(rule, bids, conditions)
                winner = None if payment is None else place_of(payment.participant)
                sums[change, rule.name].add(bids, winner, before.setdefault(rule.name, winner))
        progress(1)
    return [one.found(change.name, rule) for (change, rule), one in sums.items()]


def _charts(found: Sequence[_Found]) -> tuple[Chart, ...]:
    x = Axis(title="what happened to all prices", names=tuple(change.name for change in _CHANGES))
    return (
        Chart(
            title="Rounds with another winner than before, or none",
            x=x,
            y=Axis(title="rounds, %", low=Fraction(0), high=Fraction(1), places=0, scale=100),
            series=tuple(
                Series(
                    name=rule.name,
                    style="points",
                    points=tuple(
                        measured(place, one.other)
                        for place, one in enumerate(one for one in found if one.rule == rule.name)
                    ),
                )
                for rule in _RULES
            ),
        ),
        Chart(
            title="What the manager keeps of a task worth 1.00",
            x=x,
            y=Axis(title="value times chance less price, per round", places=2),
            series=tuple(
                Series(
                    name=rule.name,
                    style="points",
                    points=tuple(
                        measured(place, one.kept)
                        for place, one in enumerate(one for one in found if one.rule == rule.name)
                    ),
                )
                for rule in _RULES
            ),
        ),
    )


def _says(found: Sequence[_Found]) -> str:
    by = {(one.change, one.rule): one for one in found}
    ratio, value, score = (rule.name for rule in _RULES)
    return (
        "When every price doubles, confidence over price changes its winner in "
        f"{percent(by['× 2', ratio].other.value)} of the rounds: it cannot see that the market got dear. At four "
        f"times the prices it goes on buying and keeps {span(by['× 4', ratio].kept, 3)} a round, `best-value` "
        f"{span(by['× 4', value].kept, 3)}; `first-score`, which takes no bid that is worth less than nothing, buys "
        f"in {percent(by['× 4', score].bought.value)} of the rounds and keeps {span(by['× 4', score].kept, 3)}. A fee "
        "of 0.60 on every bid, which makes no bid better or worse beside another, changes the winner of "
        f"{percent(by['fee 0.60', ratio].other.value)} of the rounds under confidence over price, and of "
        f"{percent(by['fee 0.60', value].other.value)} under `best-value`. And with no change at all confidence over "
        f"price keeps {span(by['none', ratio].kept, 3)} a round where `best-value` keeps "
        f"{span(by['none', value].kept, 3)}."
    )


EXPERIMENT: Final = _PriceRise(
    name="price-rise",
    asks="All prices rise alike: does the winner change under confidence over price, and under value awards?",
    setting=(
        "Five bidders; the surer ones are dearer. Their prices are multiplied, or a fee is added to each, and each "
        "rule decides again over the same bids. Confidence is the true chance here. `confidence-over-price` is no "
        "rule of the package; it stands here to be compared with."
    ),
    parameters=(
        Parameter(name="bidders", value=str(_BIDDERS)),
        Parameter(name="price", value="uniform on 0.05 to 0.45"),
        Parameter(name="chance p of a good result", value="0.45 + price + uniform on -0.15 to 0.15, at most 0.99"),
        Parameter(name="value of a good result", value="1.00; no reserve"),
    ),
    source="Expected value of an outcome less its price (D14); confidence over price as published lessons award by it.",
    trials=2_000,
    trial="rounds, the same for every change and rule",
)
