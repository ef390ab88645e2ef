"""The optimal reserve: what the manager gains by each reserve, and whether the one by formula is the best.

Costs are uniform on 0 to 1, bidders ask them under `second-price`, the task is worth V. What the manager keeps is V
less the payment where somebody is awarded, else nothing. By formula the best reserve solves r + F(r)/f(r) = V: V/2,
whatever the number of bidders. A manager that knows no distribution can take the costs that it has seen.

Source: Myerson 1981; Riley and Samuelson 1981; turned to procurement (`mechanisms.awards.reserve`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.rounds import UNIT, awarded, bid, uniform_costs
from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean
from contractnet.arena.experiment import Cell, Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import decimal, span
from contractnet.mechanisms.awards.closed_forms import award_probability, mean_payment
from contractnet.mechanisms.awards.reserve import ObservedPrior, UniformPrior, optimal_reserve
from contractnet.mechanisms.awards.scored import award_rule
from contractnet.mechanisms.rules import Bid, Conditions

_VALUES: Final = (Fraction(3, 5), Fraction(4, 5), Fraction(1))
_BIDDERS: Final = (1, 3, 5)
#: reserves that are tried: every twentieth, up to the value
_STEP: Final = Fraction(1, 20)
_SEEN: Final = 30

_COLUMNS: Final = (
    Column(key="value", title="value", places=2),
    Column(key="bidders", title="bidders"),
    Column(key="formula", title="reserve by formula", places=2),
    Column(key="best", title="best of those tried", places=2),
    Column(key="kept", title="kept with the formula's", places=4),
    Column(key="kept_theory", title="theory", places=4),
    Column(key="none", title="kept with reserve = value", places=4),
    Column(key="gain", title="gain by the formula's", places=4),
    Column(key="seen_reserve", title=f"reserve from {_SEEN} costs seen", places=3),
    Column(key="seen", title="kept with it", places=4),
)


class _Found(NamedTuple):
    value: Fraction
    bidders: int
    formula: Fraction
    kept: dict[Fraction, Estimate]  #: by the reserve
    gain: Estimate  #: of the formula's reserve over the value as reserve, in the same auctions
    seen: Estimate  #: kept with the reserve that was computed from costs seen
    seen_reserve: Estimate

    @property
    def best(self) -> Fraction:
        return max(self.kept, key=lambda reserve: (self.kept[reserve].value, -reserve))


class _OptimalReserve(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * len(_BIDDERS) * len(_VALUES)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = [_played(value, bidders, seed, trials, progress) for value in _VALUES for bidders in _BIDDERS]
        table = Table(columns=_COLUMNS, rows=tuple(_row(one) for one in found))
        return Findings(table=table, charts=(_chart(found),), says=_says(found))


def surplus(value: Fraction, bidders: int, reserve: Fraction) -> Fraction:
    """What the manager keeps of an auction on average."""
    return value * award_probability(bidders, reserve) - mean_payment(bidders, reserve)


def _played(value: Fraction, bidders: int, seed: int, trials: int, progress: Progress) -> _Found:
    rule, draws = award_rule("second-price"), Draws(seed, "optimal-reserve", value, bidders)
    worth = round(value * UNIT)
    formula = Fraction(optimal_reserve(UniformPrior(low=0, high=UNIT), worth, bidders), UNIT)
    tried = [_STEP * step for step in range(1, int(value / _STEP) + 1)]
    terms = {reserve: Conditions(reserve=round(reserve * UNIT)) for reserve in tried}
    kept = {reserve: Mean() for reserve in tried}
    gain, seen, seen_reserve = Mean(), Mean(), Mean()
    for _ in range(trials):
        bids = [bid(place, cost) for place, cost in enumerate(uniform_costs(draws, bidders))]

        def keeps(conditions: Conditions, bids: Sequence[Bid] = bids) -> int:
            payment = awarded(rule, bids, conditions)
            return 0 if payment is None else worth - payment.amount

        amounts = {reserve: keeps(conditions) for reserve, conditions in terms.items()}
        for reserve, amount in amounts.items():
            kept[reserve].add(amount)
        gain.add(amounts[formula] - amounts[value])
        learnt = optimal_reserve(ObservedPrior(costs=tuple(uniform_costs(draws, _SEEN))), worth, bidders)
        seen_reserve.add(learnt)
        seen.add(keeps(Conditions(reserve=learnt)))
        progress(1)
    return _Found(
        value,
        bidders,
        formula,
        {reserve: _known(mean) for reserve, mean in kept.items()},
        _known(gain),
        _known(seen),
        _known(seen_reserve),
    )


def _known(mean: Mean) -> Estimate:
    found = mean.estimate()
    assert found is not None  # there is at least one trial
    return found


def _row(found: _Found) -> tuple[Cell, ...]:
    return (
        found.value,
        found.bidders,
        found.formula,
        found.best,
        found.kept[found.formula],
        surplus(found.value, found.bidders, found.formula),
        found.kept[found.value],
        found.gain,
        found.seen_reserve,
        found.seen,
    )


def _chart(found: Sequence[_Found]) -> Chart:
    return Chart(
        title="What the manager keeps of a task worth 1.00, by its reserve",
        x=Axis(title="reserve", low=Fraction(0), high=Fraction(1)),
        y=Axis(title="value less payment, per auction", low=Fraction(0)),
        series=tuple(_series([one for one in found if one.value == 1])),
    )


def _series(found: Sequence[_Found]) -> Iterator[Series]:
    for one in found:
        name = f"{one.bidders} bidder{'s' if one.bidders > 1 else ''}"
        points = tuple(measured(reserve, kept) for reserve, kept in one.kept.items())
        yield Series(name=name, style="points", points=points)
        line = tuple(Point(place, surplus(one.value, one.bidders, place)) for place in (_STEP * n for n in range(21)))
        yield Series(name="theory", style="line", points=line, like=name)


def _says(found: Sequence[_Found]) -> str:
    by = {(one.value, one.bidders): one for one in found}
    alone, three, five = (by[Fraction(1), bidders] for bidders in _BIDDERS)
    near = sum(abs(one.best - one.formula) <= 2 * _STEP for one in found)
    lost = max(one.kept[one.formula].value - one.seen.value for one in found)
    return (
        f"The best of the reserves tried lies within 0.10 of the formula's V/2 in {near} of {len(found)} rows; the "
        "curve is flat there, so a little off costs little. The gain over taking whatever is worth its price is "
        f"large where bidders are few, {span(alone.gain, 3)} of a task worth 1.00 with one bidder, "
        f"{span(three.gain, 3)} with three, {span(five.gain, 3)} with five: a reserve stands in for missing rivals. "
        "The best one does not depend on how many there are, and it is not the value: a manager that pays up to what "
        f"a task is worth keeps less. Who knows no distribution and computes the reserve from {_SEEN} costs seen "
        f"keeps at most {decimal(lost, 3)} less per auction than with the formula's."
    )


EXPERIMENT: Final = _OptimalReserve(
    name="optimal-reserve",
    asks="Which reserve leaves the manager most, and is it the one by formula?",
    setting=(
        "Each auction is for one task worth V, under `second-price`, where bidders ask their cost. Every reserve is "
        "tried on the same bids. The formula knows that costs are uniform; the last two columns know only costs seen "
        "before, drawn anew for each auction."
    ),
    parameters=(
        Parameter(name="costs", value="uniform on 0 to 1, independent"),
        Parameter(name="bidders", value="1, 3, 5"),
        Parameter(name="value V", value="0.60, 0.80, 1.00"),
        Parameter(name="reserves tried", value="0.05, 0.10 … V"),
        Parameter(name="costs seen", value=str(_SEEN)),
    ),
    source="Myerson 1981; Riley and Samuelson 1981.",
    trials=600,
    trial="auctions of each row, the same for every reserve",
)
