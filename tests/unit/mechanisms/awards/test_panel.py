"""Low bids and homogeneous panels."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.panel import LowBid, abnormally_low, homogeneous
from tests.suites.award_rules import bid


def test_a_bid_under_the_stated_share_of_the_reference_is_flagged() -> None:
    bids = [bid("b", 299), bid("a", 100), bid("c", 300)]
    assert abnormally_low(bids, 1_000, 300_000) == (
        LowBid(participant="a", price=100, threshold=300),
        LowBid(participant="b", price=299, threshold=300),
    )
    assert abnormally_low(bids, 1_000, 0) == ()


def test_a_share_is_a_share() -> None:
    with pytest.raises(MechanismError, match="share_ppm"):
        abnormally_low([], 1, 1_000_001)


@pytest.mark.parametrize(
    ("prices", "models", "reasons"),
    [
        ([100, 100, 99], {}, ["near-equal-prices"]),
        ([100, 100, 98], {}, []),
        ([0, 0, 0], {}, ["near-equal-prices"]),
        ([100, 100], {"a0": "m", "a1": "m"}, []),  # two are no panel
        ([1, 50, 100], {"a0": "m", "a1": "m", "a2": "m"}, ["one-model"]),
        ([1, 50, 100], {"a0": "m", "a1": "m"}, []),  # one is unknown
        ([1, 50, 100], {"a0": None, "a1": None, "a2": None}, []),
        ([7, 7, 7], {"a0": "m", "a1": "m", "a2": "m"}, ["near-equal-prices", "one-model"]),
    ],
)
def test_a_homogeneous_panel(prices: list[int], models: dict[str, str | None], reasons: list[str]) -> None:
    bids = [bid(f"a{n}", price) for n, price in enumerate(prices)]
    alarms = homogeneous(bids[::-1], models)
    assert [one.reason for one in alarms] == reasons
    assert all(one.participants == tuple(one.participant for one in bids) for one in alarms)


def test_the_alarm_says_how_near_and_which_model() -> None:
    bids = [bid("a", 1_000), bid("b", 995), bid("c", 993)]
    near, model = homogeneous(bids, dict.fromkeys("abc", "m-1"))
    assert (near.spread_ppm, near.model, model.model) == (7_000, None, "m-1")
