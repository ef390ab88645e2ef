"""All bids are under the reserve: take the lowest price, the highest quality, or the best value?

Quality is the chance of a good result, here the true one. Sure bidders are dearer: a bid's price grows with its chance,
and part of it is chance of its own. The answer depends on what a good result is worth, which neither of the two simple
rules asks.

Source: expected value of an outcome less its price, D14; Che 1993 for scoring by the manager's own terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.rounds import UNIT, awarded, bid, place_of
from contractnet.arena.chart import Axis, Chart, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import decimal, percent, span
from contractnet.mechanisms.awards.scored import award_rule
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages.values import PPM

_RULES: Final = ("lowest-price", "highest-quality-under-reserve", "best-value")
_VALUES: Final = tuple(Fraction(tenths, 10) for tenths in (5, 10, 15, 20, 30, 40))
_BIDDERS: Final = 5
_RESERVE: Final = UNIT

_COLUMNS: Final = (
    Column(key="value", title="value", places=2),
    Column(key="rule", title="rule"),
    Column(key="paid", title="paid", places=3),
    Column(key="done", title="done right", unit="%", places=1, scale=100),
    Column(key="kept", title="kept per task", places=3),
)


class _Found(NamedTuple):
    value: Fraction
    rule: str
    paid: Estimate
    done: Estimate  #: mean chance of those awarded
    kept: Estimate  #: value times chance less what is paid


class _PriceOrQuality(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_VALUES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = [one for value in _VALUES for one in _played(value, seed, trials, progress)]
        rows = tuple((one.value, one.rule, one.paid, one.done, one.kept) for one in found)
        return Findings(table=Table(columns=_COLUMNS, rows=rows), charts=(_chart(found),), says=_says(found))


def drawn_bids(draws: Draws) -> list[Bid]:
    """Five bids under the reserve: a chance of 0.30 to 0.95, a price of 0.05 and 0.60 times the chance squared, and up
    to 0.30 beside.
    """
    bids: list[Bid] = []
    for place in range(_BIDDERS):
        chance = draws.between(300_000, 950_000)
        price = 50_000 + 600_000 * chance * chance // (PPM * PPM) + draws.between(0, 300_000)
        bids.append(bid(place, price, chance))
    return bids


def _played(value: Fraction, seed: int, trials: int, progress: Progress) -> list[_Found]:
    draws, worth = Draws(seed, "price-or-quality"), round(value * UNIT)  # the same bids at every value
    conditions = Conditions(reserve=_RESERVE, value=worth)
    sums = {name: (Mean(), Mean(), Mean()) for name in _RULES}
    for _ in range(trials):
        bids = drawn_bids(draws)
        for name in _RULES:
            payment = awarded(award_rule(name), bids, conditions)
            assert payment is not None  # all are under the reserve
            chance = bids[place_of(payment.participant)].probability
            for mean, amount in zip(
                sums[name], (payment.amount, chance, worth * chance // PPM - payment.amount), strict=True
            ):
                mean.add(amount)
        progress(1)
    return [_Found(value, name, *(_known(mean) for mean in sums[name])) for name in _RULES]


def _known(mean: Mean) -> Estimate:
    found = mean.estimate()
    assert found is not None  # there is at least one trial
    return found


def _chart(found: Sequence[_Found]) -> Chart:
    return Chart(
        title="What a manager keeps of a task, by what a good result is worth to it",
        x=Axis(title="value of a good result", places=1),
        y=Axis(title="value times chance less what is paid, per task", places=1),
        series=tuple(
            Series(
                name=name,
                style="joined",
                points=tuple(measured(one.value, one.kept) for one in found if one.rule == name),
            )
            for name in _RULES
        ),
    )


def _says(found: Sequence[_Found]) -> str:
    by = {(one.value, one.rule): one for one in found}
    low, high = _VALUES[0], _VALUES[-1]
    cheap, sure, best = _RULES
    turn = next((value for value in _VALUES if by[value, sure].kept.value > by[value, cheap].kept.value), None)
    turned = (
        "at none of the values tried does the surest keep more than the cheapest"
        if turn is None
        else f"from a value of {decimal(turn, 2)} on the surest keeps more than the cheapest"
    )
    least = min(
        by[value, best].kept.value - max(by[value, cheap].kept.value, by[value, sure].kept.value) for value in _VALUES
    )
    return (
        f"It depends on the value, and {turned}. Where a good result is worth {decimal(low, 2)}, the lowest price "
        f"keeps {span(by[low, cheap].kept, 3)} a task and the highest quality {span(by[low, sure].kept, 3)}; where it "
        f"is worth {decimal(high, 2)}, {span(by[high, cheap].kept, 3)} and {span(by[high, sure].kept, 3)}. The "
        f"cheapest bids are done right in {percent(by[high, cheap].done.value)} of the cases, the surest in "
        f"{percent(by[high, sure].done.value)}. `best-value` asks for the value, buys cheap where little is at stake "
        f"and sure where much is, and keeps at least {decimal(least, 3)} more than the better of the two at every "
        "value tried. So under the reserve neither rule is right: say what a good result is worth."
    )


EXPERIMENT: Final = _PriceOrQuality(
    name="price-or-quality",
    asks="All bids are under the reserve: take the lowest price or the highest quality?",
    setting=(
        "Five bidders, all under the reserve, ask what their sureness costs and some more. The winner is paid its "
        "price whatever comes of it, and does the task right with the chance that it stated: here statements are "
        "true. What is kept is value times chance less price. All rules see the same bids at every value."
    ),
    parameters=(
        Parameter(name="bidders", value=str(_BIDDERS)),
        Parameter(name="reserve", value=decimal(Fraction(_RESERVE, UNIT), 2)),
        Parameter(name="chance p of a good result", value="uniform on 0.30 to 0.95"),
        Parameter(name="price", value="0.05 + 0.60 p² + uniform on 0 to 0.30"),
        Parameter(name="value of a good result", value="0.50 to 4.00; eta costs nothing"),
    ),
    source="Expected value of an outcome less its price (D14); Che 1993.",
    trials=3_000,
    trial="rounds of each value, the same for every rule",
)
