"""What trials of one pairing came to: rates, surplus of both, rounds, violations, variance; each with its interval.

Feasible and infeasible cases stand apart, never in one rate (`bargaining.metrics`). Surplus is the share of B - C that
a side got, over all feasible cases, 0 without a deal; its variance is that of the share.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from contractnet.arena.bargaining.trials import Trial
from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell, Column, Table
from contractnet.arena.numbers import plain
from contractnet.mechanisms.bargaining.metrics import Mean, Rate, report
from contractnet.messages.values import PPM, show_amount


class Pairing(Struct, frozen=True, kw_only=True):
    """Who bought from whom, and every trial of it."""

    buyer: str
    seller: str
    trials: tuple[Trial, ...]


COLUMNS = (
    Column(key="buyer", title="buyer"),
    Column(key="seller", title="seller"),
    Column(key="trials", title="trials"),
    Column(key="feasible", title="of them feasible"),
    Column(key="deals_feasible", title="deals, feasible cases", unit="%", places=1, scale=100),
    Column(key="deals_infeasible", title="deals, infeasible cases", unit="%", places=1, scale=100),
    Column(key="buyer_surplus", title="buyer's surplus", unit="% of the room", places=1, scale=100),
    Column(key="seller_surplus", title="seller's surplus", unit="% of the room", places=1, scale=100),
    Column(key="buyer_surplus_of_deals", title="buyer's, deals alone", unit="% of the room", places=1, scale=100),
    Column(key="seller_surplus_of_deals", title="seller's, deals alone", unit="% of the room", places=1, scale=100),
    Column(key="buyer_variance", title="variance of buyer's share", places=4),
    Column(key="seller_variance", title="variance of seller's share", places=4),
    Column(key="buyer_snp", title="buyer's SNP", places=2),
    Column(key="seller_snp", title="seller's SNP", places=2),
    Column(key="rounds", title="rounds to a deal", places=2),
    Column(key="buyer_accepted", title="deals the buyer accepted"),
    Column(key="seller_accepted", title="deals the seller accepted"),
    Column(key="mediated", title="deals by the mediator"),
    Column(key="no_zone", title="no zone of agreement, certified"),
    Column(key="buyer_last", title="buyer had the last turn"),
    Column(key="buyer_violations", title="deals over the budget"),
    Column(key="seller_violations", title="deals under the cost"),
    Column(key="refused", title="acts the boundary refused"),
    Column(key="corrected", title="acts the own guard changed"),
)


#: what has an interval
MEASURED = (
    "deals_feasible",
    "deals_infeasible",
    "buyer_surplus",
    "seller_surplus",
    "buyer_surplus_of_deals",
    "seller_surplus_of_deals",
    "rounds",
)


def rows_of(pairings: Sequence[Pairing]) -> Iterator[dict[str, str | None]]:
    """A row for each pairing, for programs: the same names whatever was measured; None where there is no interval."""
    without = {f"{key}_{end}": None for key in MEASURED for end in ("low", "high")}
    for row in plain(tallied(pairings)):
        yield {**without, **row}


def tallied(pairings: Sequence[Pairing]) -> Table:
    """A row for each pairing."""
    return Table(columns=COLUMNS, rows=tuple(_row(one) for one in pairings))


def _row(pairing: Pairing) -> tuple[Cell, ...]:
    trials = pairing.trials
    found = report(one.run for one in trials)
    return (
        pairing.buyer,
        pairing.seller,
        len(trials),
        found.feasible.of,
        share(found.feasible),
        share(found.infeasible),
        average(found.buyer_surplus),
        average(found.seller_surplus),
        average(found.buyer_surplus_of_deals),
        average(found.seller_surplus_of_deals),
        variance(found.buyer_surplus),
        variance(found.seller_surplus),
        Fraction(found.buyer_snp, PPM),
        Fraction(found.seller_snp, PPM),
        average(found.rounds, PPM),
        found.by_buyer,
        found.by_seller,
        sum(one.ended == "mediated" for one in trials),
        sum(one.ended == "no-zone" for one in trials),
        sum(one.last == "buyer" for one in trials),
        found.buyer_violations,
        found.seller_violations,
        found.refused,
        found.corrected,
    )


def share(found: Rate) -> Estimate | None:
    """A rate with its interval; None: of none."""
    if found.rate is None:
        return None
    return Estimate(Fraction(found.count, found.of), Fraction(found.low, PPM), Fraction(found.high, PPM))


def average(found: Mean, more: int = 0) -> Estimate | Fraction | None:
    """A mean in ppm with its interval; of one value the value alone; None: of none.

    Args:
        more: added to all three, ppm.
    """
    if found.mean is None:
        return None
    mean = Fraction(found.mean + more, PPM)
    if found.low is None or found.high is None:
        return mean
    return Estimate(mean, Fraction(found.low + more, PPM), Fraction(found.high + more, PPM))


def variance(found: Mean) -> Fraction | None:
    """Of shares in ppm, as of shares of 1."""
    return None if found.variance is None else Fraction(found.variance, PPM * PPM)


def comma_separated(pairings: Iterable[Pairing]) -> str:
    """Every bargaining, a line each (RFC 4180, lines end with LF); amounts in units of the currency."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FIELDS)
    for pairing in pairings:
        for one in pairing.trials:
            run, scenario = one.run, one.scenario
            accepted = None if run.buyer_accepted is None else "buyer" if run.buyer_accepted else "seller"
            amounts = (show_amount(scenario.cost), show_amount(scenario.budget))
            price = None if run.price is None else show_amount(run.price)
            who = (pairing.buyer, pairing.seller, one.first, one.last)
            ended = (one.ended, price, run.round + 1, accepted, run.refused, run.corrected)
            writer.writerow((scenario.name, scenario.unit, *amounts, *who, *ended))
    return out.getvalue()


_FIELDS = (
    "scenario",
    "unit",
    "cost",
    "budget",
    "buyer",
    "seller",
    "first",
    "last",
    "ended",
    "price",
    "rounds",
    "accepted_by",
    "refused",
    "corrected",
)


def charts(pairings: Sequence[Pairing]) -> tuple[Chart, ...]:
    """Deal rates, and what both sides gain, by pairing."""
    names = tuple(f"{one.buyer} buys from {one.seller}" for one in pairings)
    found = [report(run.run for run in one.trials) for one in pairings]
    rates: dict[str, list[Estimate | Fraction | None]] = {
        "feasible cases": [share(one.feasible) for one in found],
        "infeasible cases": [share(one.infeasible) for one in found],
    }
    gains: dict[str, list[Estimate | Fraction | None]] = {
        "buyer": [average(one.buyer_surplus) for one in found],
        "seller": [average(one.seller_surplus) for one in found],
    }
    x = Axis(title="pairing", names=names)
    return (
        paired("Deals", x, "% of the cases", rates),
        paired("What each side gains of the room, all feasible cases", x, "% of the room", gains),
    )


def paired(title: str, x: Axis, y: str, values: Mapping[str, Sequence[Estimate | Fraction | None]]) -> Chart:
    """A chart of shares by named places: a series for each name of `values`, a value for each place."""
    series = tuple(
        Series(name=name, style="points", points=points)
        for name, estimates in values.items()
        if (points := _points(estimates))
    )
    shares = all(0 <= point.y <= 1 for one in series for point in one.points)  # who deals past its limit has others
    low, high = (Fraction(0), Fraction(1)) if shares else (None, None)
    return Chart(title=title, x=x, y=Axis(title=y, low=low, high=high, places=0, scale=100), series=series)


def _points(estimates: Sequence[Estimate | Fraction | None]) -> tuple[Point, ...]:
    return tuple(
        measured(at, one) if isinstance(one, Estimate) else Point(Fraction(at), one)
        for at, one in enumerate(estimates)
        if one is not None
    )
