"""What trials over several issues came to, beside the bargaining solutions as yardsticks; each with its interval.

Feasible and infeasible cases stand apart. Surplus is the share of a side's largest gain that it got, over all feasible
cases, 0 without a deal; `joint` is all that both gained over all that could be gained, a ratio of sums.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction

from msgspec import Struct

from contractnet.arena.bargaining.several.cases import Case
from contractnet.arena.bargaining.several.trials import CaseTrial
from contractnet.arena.bargaining.several.yardsticks import SOLUTIONS, Pair, Yardsticks
from contractnet.arena.bargaining.tally import average, paired, share, variance
from contractnet.arena.chart import Axis, Chart
from contractnet.arena.estimates import Estimate, ratio
from contractnet.arena.experiment import Cell, Column, Table
from contractnet.arena.numbers import plain
from contractnet.mechanisms.bargaining.metrics import mean, rate
from contractnet.messages.values import PPM


class Trialled(Struct, frozen=True, kw_only=True):
    """One bargaining with what it is measured by."""

    case: Case
    marks: Yardsticks
    trial: CaseTrial

    @property
    def utilities(self) -> Pair | None:
        """Of the deal, buyer's and seller's."""
        terms = self.trial.terms
        return None if terms is None else (self.case.buyer.utility(terms), self.case.seller.utility(terms))

    @property
    def gains(self) -> Pair:
        """Over no deal; of none (0, 0)."""
        found = self.utilities
        return (0, 0) if found is None else self.marks.gains(found)


class CasePairing(Struct, frozen=True, kw_only=True):
    """Who played which side, and every trial of it."""

    buyer: str
    seller: str
    trials: tuple[Trialled, ...]

    @property
    def feasible(self) -> list[Trialled]:
        """Those with a zone of agreement."""
        return [one for one in self.trials if one.marks.feasible]


COLUMNS = (
    Column(key="buyer", title="buyer"),
    Column(key="seller", title="seller"),
    Column(key="trials", title="trials"),
    Column(key="feasible", title="of them feasible"),
    Column(key="deals_feasible", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="deals_infeasible", title="deals, infeasible cases", unit="%", places=1, scale=100),
    Column(key="buyer_surplus_of_deals", title="buyer's, deals alone", unit="% of its best", places=1, scale=100),
    Column(key="seller_surplus_of_deals", title="seller's, deals alone", unit="% of its best", places=1, scale=100),
    Column(key="buyer_variance", title="variance of buyer's share", places=4),
    Column(key="seller_variance", title="variance of seller's share", places=4),
    Column(key="pareto", title="deals that none beats for both", unit="%", places=1, scale=100),
    Column(key="from_nash", title="distance from Nash, deals", places=3),
    Column(key="rounds", title="rounds to a deal", places=2),
    Column(key="buyer_accepted", title="deals the buyer accepted"),
    Column(key="seller_accepted", title="deals the seller accepted"),
    Column(key="mediated", title="deals by the mediator"),
    Column(key="buyer_violations", title="deals under the buyer's least"),
    Column(key="seller_violations", title="deals under the seller's least"),
    Column(key="refused", title="acts the boundary refused"),
    Column(key="corrected", title="acts the own guard changed"),
)
YARDSTICKS = (
    Column(key="yardstick", title="all feasible cases"),
    Column(key="buyer_surplus", title="buyer's surplus", unit="% of its best", places=1, scale=100),
    Column(key="seller_surplus", title="seller's surplus", unit="% of its best", places=1, scale=100),
    Column(key="joint", title="both", unit="% of the most", places=1, scale=100),
)


def tallied_cases(pairings: Sequence[CasePairing]) -> Table:
    """A row for each pairing."""
    return Table(columns=COLUMNS, rows=tuple(_row(one) for one in pairings))


def measured_by(pairings: Sequence[CasePairing]) -> Table:
    """A row for each pairing and for each solution: what both sides got, or would have."""
    feasible = pairings[0].feasible
    rows = [_shares(f"{one.buyer} and {one.seller}", [(of, of.gains) for of in one.feasible]) for one in pairings]
    rows += [_shares(name, [(of, of.marks.solutions[name]) for of in feasible]) for name in SOLUTIONS]
    return Table(columns=YARDSTICKS, rows=tuple(rows))


def rows_of_cases(pairings: Sequence[CasePairing]) -> Iterator[dict[str, str | None]]:
    """For programs: an object for each pairing, what it got beside it, then one for each solution."""
    found = list(plain(measured_by(pairings)))
    for row, shares in zip(plain(tallied_cases(pairings)), found, strict=False):
        yield {**row, **{key: value for key, value in shares.items() if key != "yardstick"}}
    yield from found[len(pairings) :]


def _row(pairing: CasePairing) -> tuple[Cell, ...]:
    trials, feasible = [one.trial for one in pairing.trials], pairing.feasible
    deals = [one for one in feasible if one.trial.terms is not None]
    every = [one for one in pairing.trials if one.trial.terms is not None]
    shares = [one.marks.shares(one.gains) for one in feasible]
    kept = [one.marks.shares(one.gains) for one in deals]
    best = sum(one.utilities in one.marks.front for one in deals)
    return (
        pairing.buyer,
        pairing.seller,
        len(trials),
        len(feasible),
        share(rate(len(deals), len(feasible))),
        share(rate(len(every) - len(deals), len(trials) - len(feasible))),
        *(average(mean([one[side] for one in kept])) for side in (0, 1)),
        *(variance(mean([one[side] for one in shares])) for side in (0, 1)),
        share(rate(best, len(deals))),
        average(mean([one.marks.from_nash(one.gains) for one in deals])),
        average(mean([one.trial.round * PPM for one in every]), PPM),
        sum(one.accepted_by == "buyer" for one in trials),
        sum(one.accepted_by == "seller" for one in trials),
        sum(one.ended == "mediated" for one in trials),
        *(sum(one.gains[side] < 0 for one in every) for side in (0, 1)),
        sum(one.refused for one in trials),
        sum(one.corrected for one in trials),
    )


def _shares(name: str, found: Sequence[tuple[Trialled, Pair]]) -> tuple[Cell, ...]:
    shares = [one.marks.shares(gains) for one, gains in found]
    both = ratio([sum(gains) for _, gains in found], [one.marks.joint for one, _ in found])
    return (name, *(average(mean([one[side] for one in shares])) for side in (0, 1)), both)


def case_lines(pairings: Sequence[CasePairing]) -> str:
    """Every bargaining, a line each (RFC 4180, lines end with LF); utilities as shares of the best deal."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FIELDS)
    for pairing in pairings:
        for one in pairing.trials:
            trial, utilities = one.trial, one.utilities or (None, None)
            worth = (None if value is None else _decimal(value) for value in (*utilities, *one.marks.reservations))
            who = (pairing.buyer, pairing.seller, trial.first, trial.last, trial.ended, trial.round + 1)
            writer.writerow((trial.name, said(one), *who, trial.accepted_by, *worth, trial.refused, trial.corrected))
    return out.getvalue()


_FIELDS = (
    "scenario",
    "terms",
    "buyer",
    "seller",
    "first",
    "last",
    "ended",
    "rounds",
    "accepted_by",
    "buyer_utility",
    "seller_utility",
    "buyer_reservation",
    "seller_reservation",
    "refused",
    "corrected",
)


def said(one: Trialled) -> str | None:
    """The terms of the deal in words: `speed=fast;report=none`; None: there is none."""
    if one.trial.terms is None:
        return None
    issues = one.case.agenda.issues
    return ";".join(f"{issue.name}={issue.options[at]}" for issue, at in zip(issues, one.trial.terms, strict=True))


def _decimal(ppm: int) -> str:
    sign, value = ("-", -ppm) if ppm < 0 else ("", ppm)
    return f"{sign}{value // PPM}.{value % PPM:06}"


def case_charts(pairings: Sequence[CasePairing]) -> tuple[Chart, ...]:
    """Deal rates, and what both sides gain, by pairing and by solution."""
    names = tuple(f"{one.buyer} and {one.seller}" for one in pairings)
    rows = tallied_cases(pairings).rows
    rates = {
        "feasible cases": [_estimate(row[4]) for row in rows],
        "infeasible cases": [_estimate(row[5]) for row in rows],
    }
    found = measured_by(pairings).rows
    gains = {"buyer": [_estimate(row[1]) for row in found], "seller": [_estimate(row[2]) for row in found]}
    gains["both, of the most"] = [_estimate(row[3]) for row in found]
    agreed = Axis(title="pairing", names=names)
    beside = Axis(title="as agreed, and by solution", names=(*names, *SOLUTIONS))
    return (
        paired("Deals", agreed, "% of the cases", rates),
        paired("What each side gains, all feasible cases", beside, "% of its largest gain", gains),
    )


def _estimate(cell: Cell) -> Estimate | Fraction | None:
    return cell if isinstance(cell, Estimate | Fraction) else None
