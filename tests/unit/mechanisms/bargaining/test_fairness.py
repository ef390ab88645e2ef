"""Fairness and its kin: by hand, and the two ways in which a notebook differs from its paper."""

from __future__ import annotations

from fractions import Fraction

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fairness import (
    aggressiveness,
    bias,
    concession_rate,
    fairness,
    relative_efficiency,
)


@pytest.mark.parametrize(
    ("price", "leaning", "fair"),
    [(80, 0, 1), (60, 1, 0), (100, -1, 0), (70, Fraction(1, 2), Fraction(1, 2)), (40, 2, -1)],
)
def test_bias_is_signed_and_fairness_may_be_negative(price: int, leaning: Fraction, fair: Fraction) -> None:
    """Seller's target 100, buyer's 60."""
    assert bias(100, 60, price) == leaning
    assert fairness(100, 60, price) == fair == 1 - 2 * abs(Fraction(price) - 80) / 40


def test_aggressiveness_is_the_distance_from_the_list() -> None:
    assert aggressiveness(80, 100) == aggressiveness(120, 100) == Fraction(1, 5)


def test_concession_by_the_stated_formula_and_by_the_notebook() -> None:
    prices = [100, 90, 95, 80]
    assert concession_rate(prices, 10) == 3
    assert concession_rate(prices, 10, "agreemate-notebook") == Fraction(30, 4)
    assert concession_rate([100], 10) == 0
    assert concession_rate([100], 10, "agreemate-notebook") is None


def test_efficiency_by_the_stated_formula_and_by_the_notebook() -> None:
    assert relative_efficiency(Fraction(-1), 4) == Fraction(-1, 4)
    assert relative_efficiency(Fraction(-1), 4, "agreemate-notebook") == Fraction(1, 4)


def test_what_has_no_value() -> None:
    with pytest.raises(MechanismError, match="both targets"):
        bias(100, 100, 80)
    with pytest.raises(MechanismError, match="listed price"):
        aggressiveness(80, 0)
    with pytest.raises(MechanismError, match="turns: 0"):
        concession_rate([1, 2], 0)
