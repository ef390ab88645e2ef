"""A direct award, with its arithmetic."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.direct import DirectDecision, direct_award
from contractnet.mechanisms.awards.reserve import ObservedPrior, UniformPrior

PRIOR = UniformPrior(low=0, high=900)


def decide(price: int, bidders: int, cost_per_bid: int, reserve: int | None = None) -> DirectDecision:
    return direct_award(
        price, bidders, PRIOR, cost_per_bid=cost_per_bid, reply_within_s=20, eta_cost=1, reserve=reserve
    )


def test_the_arithmetic_is_in_the_decision() -> None:
    assert decide(700, 2, 41) == DirectDecision(
        direct=True,
        reason="cannot-pay",
        price=700,
        bidders=2,
        expected_payment=600,
        expected_saving=100,
        bidding_cost=82,
        waiting_cost=20,
    )


@pytest.mark.parametrize(
    ("price", "bidders", "cost_per_bid", "reserve", "direct", "reason"),
    [
        (700, 2, 40, None, True, "cannot-pay"),  # 100 saved, 100 spent: an auction gains nothing
        (700, 2, 39, None, False, "auction-pays"),
        (700, 8, 39, None, False, "auction-pays"),  # 200 expected of eight: 500 saved, 332 spent
        (500, 2, 0, None, True, "cannot-pay"),  # already under what an auction is expected to pay
        (700, 1, 0, None, True, "one-bidder"),
        (700, 1, 0, 699, False, "over-reserve"),
        (700, 2, 40, 700, True, "cannot-pay"),
    ],
)
def test_when_an_auction_cannot_pay_for_itself(
    price: int, bidders: int, cost_per_bid: int, reserve: int | None, direct: bool, reason: str
) -> None:
    found = decide(price, bidders, cost_per_bid, reserve)
    assert (found.direct, found.reason) == (direct, reason)


def test_observed_costs_are_a_prior_too() -> None:
    found = direct_award(10, 2, ObservedPrior(costs=(4, 8)), cost_per_bid=1, reply_within_s=0)
    assert (found.expected_payment, found.expected_saving, found.direct) == (7, 3, False)


def test_nothing_is_negative() -> None:
    with pytest.raises(MechanismError, match="negative"):
        decide(-1, 2, 0)
