"""Intervals: they hold what they estimate as often as they say."""

from __future__ import annotations

import statistics
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean, bootstrap, rate
from tests.support.examples import often


def test_a_rate_stands_with_its_wilson_interval() -> None:
    found = rate(8, 10)
    assert found.value == Fraction(4, 5)
    assert (float(found.low), float(found.high)) == pytest.approx((0.4902, 0.9433), abs=1e-4)


@settings(max_examples=often(1_000), deadline=None)
@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=30))
def test_a_mean_is_that_of_the_library(values: list[int]) -> None:
    mean = Mean()
    for value in values:
        mean.add(value)
    found = mean.estimate()
    assert found is not None
    assert float(found.value) == pytest.approx(statistics.fmean(values) / 1e6, abs=1e-9)
    half = 1.959964 * statistics.stdev(values) / len(values) ** 0.5 / 1e6
    assert float(found.high - found.low) == pytest.approx(2 * half, rel=1e-6, abs=1e-11)
    assert found.high - found.value == found.value - found.low


def test_a_mean_of_nothing_is_none_and_of_one_has_no_width() -> None:
    mean = Mean(1)
    assert mean.estimate() is None
    mean.add(7)
    assert mean.estimate() == Estimate(Fraction(7), Fraction(7), Fraction(7))


def test_a_mean_holds_the_truth_nineteen_times_of_twenty() -> None:
    draws, held = Draws(1, "coverage"), 0
    for _ in range(400):
        mean = Mean(1)
        for _ in range(60):
            mean.add(draws.below(1_001))
        found = mean.estimate()
        assert found is not None
        held += found.low <= 500 <= found.high
    assert 360 <= held <= 395  # 380, less and more by four and a half and three standard errors


def test_a_bootstrap_holds_the_truth_about_as_often() -> None:
    """A ratio of sums over 30 repetitions: sums of 0 to 1,000 over sums of 0 to 2,000."""
    draws, held = Draws(2, "coverage"), 0
    for _ in range(60):
        pairs = [(draws.below(1_001), draws.below(2_001) + 1) for _ in range(30)]

        def ratio(places: object, pairs: list[tuple[int, int]] = pairs) -> Fraction:
            assert isinstance(places, range | list)
            return Fraction(sum(pairs[at][0] for at in places), sum(pairs[at][1] for at in places))

        found = bootstrap(len(pairs), ratio, draws)
        assert found.low <= found.value <= found.high
        held += found.low <= Fraction(1, 2) <= found.high
    assert 51 <= held <= 60


def test_the_bootstrap_of_equal_repetitions_has_no_width() -> None:
    found = bootstrap(5, lambda places: Fraction(len(places), 5), Draws(1))
    assert found == Estimate(Fraction(1), Fraction(1), Fraction(1))
