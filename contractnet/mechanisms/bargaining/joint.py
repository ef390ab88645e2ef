"""What bargainings over several issues came to: how much of what there was to gain together, and how far from the best.

Utilities of different sides are not the same money: distances are taken after each side's utilities are stretched to 0
for its worst deal and 1 for its best. A session without a deal has the utilities of no deal, and no distance.

Source: the usual measures of automated negotiation (Pareto and Nash distance); joint points as a ratio of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from msgspec import Struct

from contractnet.mechanisms.bargaining.metrics import Mean, Rate, mean, rate
from contractnet.mechanisms.bargaining.solutions import Table, Utilities, nash, pareto
from contractnet.messages.values import PPM


class Yardstick(Struct, frozen=True, kw_only=True):
    """What one agenda and its sides allow; made once, by `yardstick`."""

    table: Table
    most: int  #: largest sum of utilities of any deal
    front: frozenset[Utilities]  #: utilities of the deals that no other beats
    nash: Utilities | None  #: of the Nash deal; None: no deal is rational
    least: Utilities  #: [side], its worst deal
    best: Utilities  #: [side], its best deal


class JointRun(Struct, frozen=True, kw_only=True):
    """One session, measured."""

    utilities: Utilities  #: of the deal; of no deal where there is none
    most: int  #: largest sum that was possible
    deal: bool
    efficient: bool  #: a deal that no other beats
    pareto_distance: int | None  #: to the nearest such deal, ppm of a side's range; None without a deal
    nash_distance: int | None  #: to the Nash deal, likewise; None without either


class JointReport(Struct, frozen=True, kw_only=True):
    """What the sessions came to."""

    deals: Rate
    joint: int | None  #: sum of all utilities over the sum of what was possible, ppm; None: nothing was
    joint_of_deals: int | None  #: the same over the deals alone
    efficient: Rate  #: among the deals
    pareto_distance: Mean  #: ppm
    nash_distance: Mean


def yardstick(given: Table) -> Yardstick:
    """Look at all deals once."""
    sides = list(zip(*given.deals, strict=True))
    place = nash(given)
    return Yardstick(
        table=given,
        most=max(map(sum, given.deals)),
        front=frozenset(given.deals[one] for one in pareto(given)),
        nash=None if place is None else given.deals[place],
        least=tuple(map(min, sides)),
        best=tuple(map(max, sides)),
    )


def measure(by: Yardstick, utilities: Utilities | None) -> JointRun:
    """Hold a session against it.

    Args:
        utilities: of the deal, one of the table's; None: there was no deal.
    """
    if utilities is None:
        return JointRun(
            utilities=by.table.reservations,
            most=by.most,
            deal=False,
            efficient=False,
            pareto_distance=None,
            nash_distance=None,
        )
    return JointRun(
        utilities=utilities,
        most=by.most,
        deal=True,
        efficient=utilities in by.front,
        pareto_distance=min(_distance(by, utilities, other) for other in by.front),
        nash_distance=None if by.nash is None else _distance(by, utilities, by.nash),
    )


def joint_report(runs: Sequence[JointRun]) -> JointReport:
    """Everything at once."""
    deals = [run for run in runs if run.deal]
    return JointReport(
        deals=rate(len(deals), len(runs)),
        joint=_fraction(runs),
        joint_of_deals=_fraction(deals),
        efficient=rate(sum(run.efficient for run in deals), len(deals)),
        pareto_distance=mean([run.pareto_distance for run in deals if run.pareto_distance is not None]),
        nash_distance=mean([run.nash_distance for run in deals if run.nash_distance is not None]),
    )


def _fraction(runs: Sequence[JointRun]) -> int | None:
    possible = sum(run.most for run in runs)
    return PPM * sum(sum(run.utilities) for run in runs) // possible if possible > 0 else None


def _distance(by: Yardstick, one: Utilities, other: Utilities) -> int:
    """Between two deals, ppm; a side that all deals are alike to counts for nothing."""
    total = 0
    for here, there, least, best in zip(one, other, by.least, by.best, strict=True):
        if best > least:
            total += (PPM * (here - there) // (best - least)) ** 2
    return isqrt(total)
