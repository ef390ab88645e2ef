"""The comparison of spreads: finds what is there, is quiet where nothing is, and can be drawn again."""

from __future__ import annotations

from random import Random
from statistics import median, variance

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.variance import spread_test
from contractnet.messages.values import PPM


def payoffs(seed: int, spread: int, n: int = 60, middle: int = 500_000) -> list[int]:
    draws = Random(seed)
    return [middle + draws.randint(-spread, spread) for _ in range(n)]


def test_a_wider_arm_is_found() -> None:
    found = spread_test(payoffs(1, 300_000), payoffs(2, 100_000), "seed")
    assert found.p < PPM // 100
    assert found.distance_one > 2 * found.distance_other
    assert found.one.variance is not None
    assert found.one.variance == pytest.approx(variance(payoffs(1, 300_000)), rel=1e-6)


def test_distances_are_from_the_own_median() -> None:
    one, other = [0, 10, 20, 50], [5, 5, 6]
    found = spread_test(one, other, "seed", rounds=10)
    assert found.distance_one == round(sum(abs(value - median(one)) for value in one) / 4)
    assert found.distance_other == round(sum(abs(value - median(other)) for value in other) / 3)


def test_another_middle_is_no_other_spread() -> None:
    assert spread_test(payoffs(1, 100_000), payoffs(2, 100_000, middle=900_000), "seed").p > PPM // 20


def test_where_nothing_differs_it_seldom_speaks() -> None:
    """At 5 % about one comparison in twenty."""
    wrong = sum(
        spread_test(payoffs(2 * n, 100_000, 20), payoffs(2 * n + 1, 100_000, 20), str(n), rounds=200).p <= PPM // 20
        for n in range(200)
    )
    assert wrong <= 20


def test_the_same_seed_gives_the_same_p() -> None:
    one, other = payoffs(1, 120_000), payoffs(2, 100_000)
    assert spread_test(one, other, "a") == spread_test(one, other, "a")
    assert spread_test(one, other, "a").p != spread_test(one, other, "b").p


def test_the_least_p_is_one_in_all_the_dealings() -> None:
    assert spread_test(payoffs(1, 300_000), [500_000] * 60, "seed", rounds=99).p == PPM // 100


def test_arms_that_are_none() -> None:
    for one, other, rounds in (([1], [1, 2], 5), ([1, 2], [], 5), ([1, 2], [1, 2], 0)):
        with pytest.raises(MechanismError, match="at least two payoffs"):
            spread_test(one, other, "seed", rounds)
