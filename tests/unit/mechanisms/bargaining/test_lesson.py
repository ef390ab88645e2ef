"""The lesson's simulation: its numbers, and why a deal rate is not enough."""

from __future__ import annotations

import pytest

from contractnet.mechanisms.bargaining.lesson import Policy, trials
from contractnet.mechanisms.bargaining.metrics import report


@pytest.mark.parametrize(
    ("policy", "deals", "buyer", "seller", "at_once"),
    [("naive", 605, 10.831, 8.370, 142), ("og", 892, 5.394, 25.057, 719)],
)
def test_the_published_numbers_at_seed_42(
    policy: Policy, deals: int, buyer: float, seller: float, at_once: int
) -> None:
    found = trials(policy)
    closed = [run for run in found if run.price is not None]
    assert (len(found), len(closed)) == (1_000, deals)
    assert sum(run.budget - (run.price or 0) for run in closed) / 1e9 == pytest.approx(buyer, abs=1e-9)
    assert sum((run.price or 0) - run.cost for run in closed) / 1e9 == pytest.approx(seller, abs=1e-9)
    assert sum(run.round == 0 for run in closed) == at_once


def test_more_deals_and_less_of_them() -> None:
    """Per trial the buyer gains half as much by the policy that closes half as many deals again."""
    naive, ruled = report(trials("naive")), report(trials("og"))
    assert naive.feasible.high < ruled.feasible.low
    assert naive.buyer_surplus.low is not None
    assert ruled.buyer_surplus.high is not None
    assert naive.buyer_surplus.low > ruled.buyer_surplus.high
    assert (naive.infeasible.of, naive.buyer_violations, naive.seller_violations) == (0, 0, 0)


def test_another_seed_is_another_sample() -> None:
    assert trials("naive", seed=1, count=50) == trials("naive", seed=1, count=50) != trials("naive", seed=2, count=50)
