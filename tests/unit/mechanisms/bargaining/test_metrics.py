"""Measures by hand: rooms, shares, surplus, intervals."""

from __future__ import annotations

from math import sqrt
from statistics import mean as plain_mean
from statistics import variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.metrics import PriceRun, mean, normalised_profit, rate, report, room_of, surplus
from contractnet.mechanisms.calibration.beta import wilson
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import money

AMOUNTS = st.integers(0, 10**9)


def run(budget: float, cost: float, price: float | None = None, round_: int = 0) -> PriceRun:
    return PriceRun(budget=money(budget), cost=money(cost), price=None if price is None else money(price), round=round_)


@pytest.mark.parametrize(
    ("budget", "cost", "counted", "room"),
    [(100, 60, 100, 40), (60.5, 60, 61, 1), (60, 60, 61, 1), (59.5, 60, 59, 1), (50, 60, 50, 10), (61, 60, 61, 1)],
)
def test_the_room_is_at_least_one_unit(budget: float, cost: float, counted: float, room: float) -> None:
    assert room_of(money(budget), money(cost)) == (money(counted), money(room))


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_profits_sum_to_one_in_a_feasible_case_and_to_minus_one_in_another(budget: int, cost: int, price: int) -> None:
    one = PriceRun(budget=budget, cost=cost, price=price)
    profits = normalised_profit(one)
    assert profits is not None
    assert sum(profits) == pytest.approx(ONE if one.feasible else -ONE, abs=1)


def test_surplus_is_of_the_room_and_unclipped() -> None:
    assert surplus(run(100, 60, 70)) == (3 * ONE // 4, ONE // 4)
    assert surplus(run(100, 60, 120)) == (-ONE // 2, 3 * ONE // 2)
    assert surplus(run(100, 60)) == surplus(run(50, 60, 55)) == surplus(run(60, 60, 60)) == (0, 0)


def test_feasible_and_infeasible_are_told_apart() -> None:
    found = report([run(100, 60, 70), run(100, 60, 90), run(100, 60), run(100, 60), run(50, 60, 55), run(50, 60)])
    assert (found.feasible.count, found.feasible.of, found.feasible.rate) == (2, 4, 500_000)
    assert (found.infeasible.count, found.infeasible.of) == (1, 2)
    assert (found.buyer_violations, found.seller_violations) == (1, 1)
    assert found.buyer_surplus_of_deals.mean == 500_000
    assert found.buyer_surplus.mean == 250_000
    assert found.buyer_snp == 750_000 + 250_000 - 500_000


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(50, 99), st.integers(0, 1), st.integers(20, 80)), max_size=12)
)
def test_surplus_is_the_deal_rate_times_the_surplus_of_deals(cases: list[tuple[int, int, int, int]]) -> None:
    found = report([run(budget, cost, price if deal else None) for cost, budget, deal, price in cases])
    if found.buyer_surplus_of_deals.mean is not None:
        assert found.buyer_surplus.mean is not None
        expected = found.buyer_surplus_of_deals.mean * found.feasible.count / found.feasible.of
        assert found.buyer_surplus.mean == pytest.approx(expected, abs=2)


def test_who_accepted_and_what_was_refused_is_counted() -> None:
    one = PriceRun(budget=9, cost=1, price=5, round=3, buyer_accepted=True, refused=2, corrected=1)
    other = PriceRun(budget=9, cost=1, price=5, round=4, buyer_accepted=False)
    found = report([one, other, PriceRun(budget=9, cost=1, price=None, refused=4)])
    assert (found.by_buyer, found.by_seller, found.refused, found.corrected) == (1, 1, 6, 1)
    assert found.rounds.mean == 3_500_000


def test_of_nothing_there_is_no_rate_and_no_mean() -> None:
    found = report([])
    assert (found.feasible.rate, found.feasible.low, found.feasible.high) == (None, 0, PPM)
    assert (found.buyer_share.mean, found.buyer_share.low, found.buyer_share.variance) == (None, None, None)
    assert mean([7]).low is None


def test_a_rate_has_its_wilson_interval() -> None:
    assert (rate(17, 21).low, rate(17, 21).high) == wilson(17, 21)
    assert round(rate(17, 21).low / 10_000) == 60
    assert round(rate(17, 21).high / 10_000) == 92


@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=30))
def test_a_mean_has_its_normal_interval(values: list[int]) -> None:
    found = mean(values)
    half = 1.959964 * sqrt(variance(values) / len(values))
    assert found.mean == pytest.approx(plain_mean(values), abs=0.51)
    assert found.variance == pytest.approx(variance(values), abs=0.51)
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(half, abs=1.5)
