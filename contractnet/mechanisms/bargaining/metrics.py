"""What many bargainings over a price came to: rates with intervals, surplus, shares, violations; ppm unless said.

Rules:

1. Feasible and infeasible cases apart, never one headline: a deal where there is no room is a loss for somebody.
2. Surplus is unclipped; deals past a reservation are counted apart, not hidden in a mean.
3. The room between cost and budget is at least one unit of money, by the rule of the published benchmark.
4. Every rate has its n and its 95 % Wilson interval, every mean its 95 % interval.

Source: AmazonHistoryPrice and OG-Narrator (2402.15813): NP, SNP, Share, room rule; TERMS-Bench (2605.13909): SE, CSE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isqrt
from typing import Final

from msgspec import Struct

from contractnet.mechanisms.bargaining.fixed import ONE, nearest
from contractnet.mechanisms.bargaining.session import Exchange
from contractnet.mechanisms.calibration.beta import wilson
from contractnet.messages.values import MICROS_PER_UNIT, PPM

_PARTS: Final = ONE // PPM
_Z_PPM: Final = 1_959_964  # the 97.5 % point of the normal distribution


class PriceRun(Struct, frozen=True, kw_only=True):
    """One bargaining over a price, seen by who knows both sides. Amounts in micros."""

    budget: int  #: buyer's reservation price, B
    cost: int  #: seller's reservation price, C
    price: int | None  #: of the deal; None: no deal
    round: int = 0  #: in which it ended, from 0
    buyer_accepted: bool | None = None  #: who accepted; None: no deal, or not known
    refused: int = 0  #: acts that the boundary refused
    corrected: int = 0  #: offers and acceptances that a side's own guard changed

    @property
    def feasible(self) -> bool:
        """Whether there is a zone of agreement: the cost is not over the budget."""
        return self.cost <= self.budget

    @property
    def buyer_loses(self) -> bool:
        """Whether the deal is over the budget."""
        return self.price is not None and self.price > self.budget

    @property
    def seller_loses(self) -> bool:
        """Whether the deal is under the cost."""
        return self.price is not None and self.price < self.cost


def observed(exchange: Exchange, budget: int, cost: int, buyer: int) -> PriceRun:
    """A session over a price, as it is measured.

    Args:
        budget, cost: the true reservation prices, micros.
        buyer: who bought, 0 moved first.
    """
    return PriceRun(
        budget=budget,
        cost=cost,
        price=None if exchange.terms is None else exchange.terms[0],
        round=exchange.round,
        buyer_accepted=None if exchange.accepted_by is None else exchange.accepted_by == buyer,
        refused=sum(move.act == "refused" for move in exchange.moves),
        corrected=sum(move.corrected is not None or move.overruled is not None for move in exchange.moves),
    )


class Rate(Struct, frozen=True, kw_only=True):
    """So many of so many."""

    count: int
    of: int
    rate: int | None  #: ppm, rounded; None: of none
    low: int  #: 95 % Wilson interval, ppm
    high: int


class Mean(Struct, frozen=True, kw_only=True):
    """A mean with its interval: the normal one, mean -+ 1.96 * s / sqrt(n)."""

    n: int
    mean: int | None  #: None: of none
    low: int | None  #: None: of fewer than two
    high: int | None
    variance: int | None  #: of the sample, n - 1 in the denominator, of the unit squared; None: of fewer than two


class Report(Struct, frozen=True, kw_only=True):
    """What the runs came to. Shares in ppm; NP is (B - p) / room of the buyer, (p - C) / room of the seller."""

    feasible: Rate  #: deals among the feasible runs: AGR+
    infeasible: Rate  #: deals among the infeasible runs: FAGR-, should be none
    buyer_snp: int  #: sum of NP over the deals
    seller_snp: int
    buyer_share: Mean  #: NP over the deals
    seller_share: Mean
    buyer_surplus: Mean  #: SE: u / (B - C) over the feasible runs, 0 without a deal
    seller_surplus: Mean
    buyer_surplus_of_deals: Mean  #: CSE: over the feasible deals
    seller_surplus_of_deals: Mean
    rounds: Mean  #: in which deals were made, from 0, millionths of a round
    by_buyer: int  #: deals that the buyer accepted
    by_seller: int
    buyer_violations: int  #: deals over the budget
    seller_violations: int  #: deals under the cost
    refused: int  #: acts that a boundary refused
    corrected: int  #: offers and acceptances that a side's own guard changed


def room_of(budget: int, cost: int) -> tuple[int, int]:
    """The budget as it counts, and the room, micros: |B - C|, at least one unit of money.

    With a room under one unit the budget is set one unit over the cost, or under it where there is no zone.
    """
    width = budget - cost
    if 0 <= width < MICROS_PER_UNIT:
        return cost + MICROS_PER_UNIT, MICROS_PER_UNIT
    if -MICROS_PER_UNIT < width < 0:
        return cost - MICROS_PER_UNIT, MICROS_PER_UNIT
    return budget, abs(width)


def normalised_profit(run: PriceRun) -> tuple[int, int] | None:
    """NP of the buyer and of the seller, parts of ONE; None without a deal.

    They sum to 1 in a feasible case and to -1 in an infeasible one, but for the last part.
    """
    if run.price is None:
        return None
    budget, room = room_of(run.budget, run.cost)
    return nearest((budget - run.price) * ONE, room), nearest((run.price - run.cost) * ONE, room)


def surplus(run: PriceRun) -> tuple[int, int]:
    """SE of the buyer and of the seller in a feasible run, parts of ONE: u / (B - C), 0 without a deal or room."""
    width = run.budget - run.cost
    if run.price is None or width <= 0:
        return 0, 0
    return nearest((run.budget - run.price) * ONE, width), nearest((run.price - run.cost) * ONE, width)


def report(runs: Iterable[PriceRun]) -> Report:
    """Everything at once."""
    all_ = list(runs)
    feasible = [run for run in all_ if run.feasible]
    deals = [run for run in all_ if run.price is not None]
    profits = [profit for profit in map(normalised_profit, deals) if profit is not None]
    gained = [surplus(run) for run in feasible]
    kept = [surplus(run) for run in feasible if run.price is not None]
    return Report(
        feasible=rate(len(kept), len(feasible)),
        infeasible=rate(len(deals) - len(kept), len(all_) - len(feasible)),
        buyer_snp=nearest(sum(buyer for buyer, _ in profits), _PARTS),
        seller_snp=nearest(sum(seller for _, seller in profits), _PARTS),
        buyer_share=_shares(buyer for buyer, _ in profits),
        seller_share=_shares(seller for _, seller in profits),
        buyer_surplus=_shares(buyer for buyer, _ in gained),
        seller_surplus=_shares(seller for _, seller in gained),
        buyer_surplus_of_deals=_shares(buyer for buyer, _ in kept),
        seller_surplus_of_deals=_shares(seller for _, seller in kept),
        rounds=_shares(run.round * ONE for run in deals),
        by_buyer=sum(run.buyer_accepted is True for run in deals),
        by_seller=sum(run.buyer_accepted is False for run in deals),
        buyer_violations=sum(run.buyer_loses for run in deals),
        seller_violations=sum(run.seller_loses for run in deals),
        refused=sum(run.refused for run in all_),
        corrected=sum(run.corrected for run in all_),
    )


def rate(count: int, of: int) -> Rate:
    """The rate with its interval."""
    low, high = wilson(count, of)
    return Rate(count=count, of=of, rate=nearest(count * PPM, of) if of else None, low=low, high=high)


def mean(values: Sequence[int]) -> Mean:
    """The mean of whole numbers, with its interval and variance, all of their unit."""
    n, total = len(values), sum(values)
    if not n:
        return Mean(n=0, mean=None, low=None, high=None, variance=None)
    middle = nearest(total, n)
    if n < 2:
        return Mean(n=n, mean=middle, low=None, high=None, variance=None)
    spread = n * sum(value * value for value in values) - total * total  # n^2 (n-1)/n times the variance
    half = isqrt(_Z_PPM * _Z_PPM * spread // (n * n * (n - 1))) // PPM + 1
    variance = nearest(spread, n * (n - 1))
    return Mean(n=n, mean=middle, low=middle - half, high=middle + half, variance=variance)


def _shares(parts: Iterable[int]) -> Mean:
    """Of parts of ONE, in ppm."""
    return mean([nearest(one, _PARTS) for one in parts])
