"""The reserve that a stated belief about costs calls for, and what that belief expects to pay.

The manager's best reserve for a second-price or an equilibrium first-price auction solves r + F(r)/f(r) = V, with F the
distribution of one bidder's cost and V the worth of the task; it does not depend on the number of bidders. Closed forms
where F has one; for observed costs the expected surplus of every candidate is computed exactly and the best is taken.
Amounts in micros, floored.

Source: Myerson 1981; Riley and Samuelson 1981; turned to procurement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError, TooLarge

#: observed costs and bidders up to which the expected surplus is computed
MOST_OBSERVED: Final = 10_000
MOST_BIDDERS: Final = 1_000


class UniformPrior(Struct, frozen=True, kw_only=True):
    """Costs are uniform on [low, high], micros."""

    low: int
    high: int


class PowerPrior(Struct, frozen=True, kw_only=True):
    """F(c) = ((c - low) / (high - low)) ** (power / per), micros: power > per puts costs near `high`."""

    low: int
    high: int
    power: int
    per: int = 1


class ObservedPrior(Struct, frozen=True, kw_only=True):
    """Costs are drawn from those seen so far, each as likely as any other, micros. (What is paid under a second price
    is no cost; what was asked under one is.)
    """

    costs: tuple[int, ...]


Prior = UniformPrior | PowerPrior | ObservedPrior


def optimal_reserve(prior: Prior, value: int, bidders: int = 2) -> int:
    """The reserve that gives the largest expected surplus of value over payment; never over the value.

    Args:
        prior: the stated belief about the cost of one bidder.
        value: worth of the task, micros.
        bidders: expected; of weight for observed costs alone, whose distribution need not be regular.
    Raises:
        MechanismError: the prior is empty or upside down.
        TooLarge: more observed costs or bidders than are computed.
    Source: r + F(r)/f(r) = V: uniform (low + V)/2; power a: low + (V - low) * a/(a + 1).
    """
    if isinstance(prior, ObservedPrior):
        return max(_surpluses(prior, value, bidders), key=lambda one: (one[1], -one[0]))[0]
    if not 0 <= prior.low <= prior.high:
        raise MechanismError(f"prior: costs from {prior.low} to {prior.high} are none")
    if isinstance(prior, UniformPrior):
        reserve = (prior.low + value) // 2
    else:
        if prior.power < 1 or prior.per < 1:
            raise MechanismError(f"prior: the exponent {prior.power}/{prior.per} is not positive")
        reserve = prior.low + (value - prior.low) * prior.power // (prior.power + prior.per)
    return min(reserve, value, prior.high)


def expected_payment(prior: UniformPrior | ObservedPrior, bidders: int) -> int:
    """What a second-price auction among so many pays in expectation, without a reserve; one bidder gets the highest.

    Source: uniform: low + (high - low) * 2/(n + 1), for first price in equilibrium as for second price.
    """
    if bidders < 1:
        raise MechanismError(f"bidders: {bidders} bid nothing; at least 1")
    if isinstance(prior, UniformPrior):
        return prior.low + (prior.high - prior.low) * 2 // (bidders + 1)
    costs, total = _observed(prior, bidders)
    if bidders == 1:
        return costs[-1]
    paid, before = 0, 0
    for cost in sorted(set(costs)):
        under = bisect_right(costs, cost)
        second = _power(total, bidders) - sum(_under_two(total, under, bidders))
        paid += cost * (second - before)
        before = second
    return paid // _power(total, bidders)


def _surpluses(prior: ObservedPrior, value: int, bidders: int) -> Iterator[tuple[int, int]]:
    """(reserve, expected surplus times len(costs) ** bidders) of each cost seen that is at most the value; and the
    value itself where all are dearer: a reserve between two costs pays more and awards no more often.
    """
    costs, total = _observed(prior, bidders)
    if costs[0] > value:
        yield value, 0
    paid, before = 0, 0
    for cost in sorted({cost for cost in costs if cost <= value}):
        under = bisect_right(costs, cost)
        none, one = _under_two(total, under, bidders)
        second = _power(total, bidders) - none - one
        paid += cost * (second - before)
        before = second
        yield cost, value * (_power(total, bidders) - none) - cost * one - paid


def _under_two(total: int, under: int, bidders: int) -> tuple[int, int]:
    """In how many of total**bidders draws no cost, and exactly one, is among the `under` cheapest."""
    return _power(total - under, bidders), bidders * under * _power(total - under, bidders - 1)


def _power(base: int, exponent: int) -> int:
    result: int = base**exponent  # the type of a power of integers is not known where the exponent may be negative
    return result


def _observed(prior: ObservedPrior, bidders: int) -> tuple[list[int], int]:
    if not prior.costs or bidders < 1:
        raise MechanismError("prior: no cost was observed, or there are no bidders")
    if len(prior.costs) > MOST_OBSERVED or bidders > MOST_BIDDERS:
        raise TooLarge(f"prior: at most {MOST_OBSERVED} observed costs and {MOST_BIDDERS} bidders")
    return sorted(prior.costs), len(prior.costs)
