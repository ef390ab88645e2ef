"""Pool adjacent violators: known fits, and the properties that make it the nearest rising function."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.isotonic import Point, Steps, fit, pool_adjacent_violators
from contractnet.messages.values import PPM
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
points_of_all = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=6).map(
    lambda pairs: [Point(x=x, total=min(pair), weight=max(pair[1], min(pair))) for x, pair in enumerate(pairs)]
)


def point(x: int, total: int, weight: int = 1) -> Point:
    return Point(x=x, total=total, weight=weight)


def test_violators_are_pooled_and_the_rest_left() -> None:
    steps = fit([point(3, 0), point(1, 0), point(2, 1), point(4, 1)])
    assert steps == Steps(starts=(1, 2, 4), values=(0, 500_000, PPM))
    assert [steps.at(x) for x in (0, 1, 2, 3, 4, 9)] == [0, 0, 500_000, 500_000, PPM, PPM]


def test_weights_count() -> None:
    assert fit([point(1, 9, 10), point(2, 1, 5)]).values == (666_666,)
    assert fit([point(1, 1, 5), point(2, 9, 10)]).values == (200_000, 900_000)


@MANY
@given(points_of_all)
def test_the_fit_is_the_max_min_formula(points: list[Point]) -> None:
    """The fitted value at x is the largest over starts up to x of the least mean from there to an end from x on."""

    def mean(start: int, end: int) -> Fraction:
        part = points[start : end + 1]
        return Fraction(sum(one.total for one in part), sum(one.weight for one in part))

    steps, last = fit(points[::-1]), len(points) - 1
    for x in range(len(points)):
        exact = max(min(mean(start, end) for end in range(x, last + 1)) for start in range(x + 1))
        assert steps.at(x) == exact.numerator * PPM // exact.denominator
    assert list(steps.values) == sorted(steps.values)
    blocks = pool_adjacent_violators(points)
    assert sum(one.total for one, _ in blocks) == sum(one.total for one in points)
    assert sum(count for _, count in blocks) == len(points)


@pytest.mark.parametrize("points", [[], [point(1, 0, 0)], [point(1, 0), point(1, 1)]])
def test_what_cannot_be_fitted_is_refused(points: list[Point]) -> None:
    with pytest.raises(MechanismError):
        fit(points)
