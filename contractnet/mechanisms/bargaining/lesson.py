"""The simulation of a well-known introductory lesson: why a deal rate alone says little.

A naive bargainer draws its bids; another, called "OG" there, follows a rule and closes far more deals. But it opens by
looking at the seller's cost, which no bargainer knows, and it gains *less* a trial: it buys deals with the room.
Kept as published, floats and all, so that its numbers come out; nothing else uses it.

Source: rohitg00/ai-engineering-from-scratch (MIT), phase 16, lesson 16; the policies as stated, Python's `Random`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Literal

from contractnet.mechanisms.bargaining.metrics import PriceRun
from contractnet.messages.values import MICROS_PER_UNIT

Policy = Literal["naive", "og"]

#: from (draws, own bid, seller's ask, cost, budget) to the next bid; None: not yet set
Bid = Callable[[Random, int | None, int | None, int, int], int]

_ROUNDS: Final = 5


def trials(policy: Policy, seed: int = 42, count: int = 1_000) -> list[PriceRun]:
    """So many bargainings from one stream of draws; amounts are whole units, given in micros."""
    draws = Random(seed)
    return [_trial(draws, _POLICIES[policy]) for _ in range(count)]


def _trial(draws: Random, bid_of: Bid) -> PriceRun:
    cost = draws.randint(50, 80)
    budget = draws.randint(max(cost + 5, 75), 115)
    bid: int | None = None
    ask: int | None = None
    for number in range(_ROUNDS):
        bid = bid_of(draws, bid, ask, cost, budget)
        if ask is not None and bid >= ask:
            return _run(cost, budget, ask, number, by_buyer=True)
        prior = cost + 20 if ask is None else ask
        ask = max(cost, prior - max(1, int(0.3 * (prior - bid))))
        if ask <= bid:
            return _run(cost, budget, bid, number, by_buyer=False)
    return _run(cost, budget, None, _ROUNDS - 1, by_buyer=None)


def _naive(draws: Random, bid: int | None, ask: int | None, cost: int, budget: int) -> int:
    x = draws.random()
    if ask is None:
        return draws.randint(budget - 60, budget + 30)
    if x < 0.35:
        return ask + draws.randint(-8, 3)
    if x < 0.65:
        return draws.randint(cost - 30, budget + 30)
    return draws.randint(cost - 60, budget + 60)


def _og(draws: Random, bid: int | None, ask: int | None, cost: int, budget: int) -> int:
    if bid is None or ask is None:
        return budget - max(1, int(0.2 * (budget - cost)))
    return min(budget, bid + max(1, int(0.35 * (ask - bid))))


_POLICIES: Final[dict[Policy, Bid]] = {"naive": _naive, "og": _og}


def _run(cost: int, budget: int, price: int | None, number: int, *, by_buyer: bool | None) -> PriceRun:
    """A price out of the zone is no deal, and ends the trial all the same."""
    deal = price is not None and cost <= price <= budget
    return PriceRun(
        budget=budget * MICROS_PER_UNIT,
        cost=cost * MICROS_PER_UNIT,
        price=price * MICROS_PER_UNIT if price is not None and deal else None,
        round=number,
        buyer_accepted=by_buyer if deal else None,
    )
