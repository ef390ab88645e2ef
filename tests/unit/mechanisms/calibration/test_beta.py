"""Rates from outcomes: hand-computed ones, their bounds, and intervals."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.beta import Prior, posterior, told, wilson
from contractnet.messages.values import PPM
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
counts = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(lambda pair: (min(pair), max(pair)))


@pytest.mark.parametrize(
    ("own", "pool", "prior", "rate"),
    [
        ((0, 0), (0, 0), Prior(), 500_000),  # nothing is known
        ((0, 0), (8 * PPM, 8 * PPM), Prior(), 900_000),  # a newcomer is like the pool: (1 + 8)/(2 + 8)
        ((10, 10), (0, 0), Prior(strength=10), 750_000),  # (10 * 1/2 + 10)/(10 + 10)
        ((0, 10), (0, 0), Prior(strength=10), 250_000),
        ((1, 2), (0, 0), Prior(alpha=1, beta=2, strength=1), 444_444),  # (1/3 + 1)/3, floored
        ((90, 100), (0, 0), Prior(strength=10), 863_636),  # 95/110
        ((0, 0), (0, 0), Prior(alpha=0, beta=1), 0),
    ],
)
def test_posterior(own: tuple[int, int], pool: tuple[int, int], prior: Prior, rate: int) -> None:
    assert posterior(prior, *own, *pool) == rate


@MANY
@given(counts, counts, st.integers(1, 50))
def test_a_rate_lies_between_the_pool_and_the_own_one(
    own: tuple[int, int], pool: tuple[int, int], strength: int
) -> None:
    prior = Prior(strength=strength)
    rate, at_first = posterior(prior, *own, *pool), posterior(prior, 0, 0, *pool)
    seen = own[0] * PPM // own[1] if own[1] else at_first
    assert min(at_first, seen) - 1 <= rate <= max(at_first, seen) + 1
    assert 0 <= rate < PPM  # never certain
    assert posterior(prior, own[0] + 1, own[1] + 1, *pool) >= rate >= posterior(prior, own[0], own[1] + 1, *pool)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"), [(17, 21, 0.600, 0.923), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (0, 0, 0, 1)]
)
def test_known_wilson_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert [end / PPM for end in wilson(successes, n)] == pytest.approx([low, high], abs=0.0005)


@MANY
@given(counts)
def test_wilson_in_integers_is_wilson(pair: tuple[int, int]) -> None:
    successes, n = pair
    low, high = wilson(successes, n)
    assert 0 <= low <= high <= PPM
    if n:
        z, rate = 1.959964, successes / n
        middle, width = rate + z * z / (2 * n), z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        ends = [(middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)]
        assert [low / PPM, high / PPM] == pytest.approx(ends, abs=3e-6)
        assert low <= rate * PPM <= high


@pytest.mark.parametrize(
    ("own", "share"),
    [((0, 0), (0, 0)), ((1, 1), (PPM, PPM)), ((0, 10), (0, 5_500_000)), ((45, 90), (4_950_000, 9_900_000))],
)
def test_a_record_tells_the_pool_no_more_than_eleven_outcomes(own: tuple[int, int], share: tuple[int, int]) -> None:
    assert told(Prior(strength=10), *own) == share


@MANY
@given(counts, st.integers(1, 50))
def test_what_is_told_grows_with_the_record_and_has_its_rate(own: tuple[int, int], strength: int) -> None:
    prior, (successes, n) = Prior(strength=strength), own
    good, told_n = told(prior, successes, n)
    assert 0 <= good <= told_n <= min(n, strength + 1) * PPM
    assert told_n <= told(prior, successes, n + 1)[1]
    assert abs(good * n - told_n * successes) <= max(n, 1) * 1  # floors


def test_what_makes_no_sense_is_refused() -> None:
    for attempt in (
        lambda: posterior(Prior(), 2, 1),
        lambda: posterior(Prior(), 0, 0, 2, 1),
        lambda: posterior(Prior(alpha=0, beta=0), 0, 0),
        lambda: posterior(Prior(strength=0), 0, 0),
        lambda: told(Prior(), 2, 1),
        lambda: wilson(2, 1),
    ):
        with pytest.raises(MechanismError):
            attempt()
