"""Powers and exponentials in whole numbers, against the library of floating point."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE, exp, ln, nearest, power

NEAR = 2 / ONE


@given(st.integers(-80 * ONE, 0))
def test_exp_is_right_to_the_last_part(x: int) -> None:
    """A value under 1 is in floating point to 16 places, so it can be held against that."""
    assert exp(x) / ONE == pytest.approx(math.exp(x / ONE), abs=NEAR)


@given(st.integers(1, 10**9 * ONE))
def test_ln_is_right_to_the_last_part(x: int) -> None:
    assert ln(x) / ONE == pytest.approx(math.log(x / ONE), abs=5 * NEAR)


@given(st.integers(1, ONE), st.integers(1, 20_000_000), st.integers(1, 20_000_000))
@example(999_999_954_884, 45_108, 1)
def test_powers_are_right_to_the_last_part(base: int, numerator: int, denominator: int) -> None:
    """Against decimals of 40 places: floating point is itself off where a base near 1 has a large exponent."""
    if numerator > 1_000_000 * denominator:
        return
    with localcontext() as exact:
        exact.prec = 40
        wanted = (Decimal(base) / ONE) ** (Decimal(numerator) / denominator)
        assert abs(power(base, numerator, denominator) - wanted * ONE) <= 1


@given(st.integers(0, ONE - 1), st.integers(1, 10_000_000))
def test_a_larger_base_has_no_smaller_power(base: int, exponent: int) -> None:
    assert power(base, exponent, 1_000_000) <= power(base + 1, exponent, 1_000_000)


def test_whole_powers_are_exact() -> None:
    assert power(ONE // 2, 5, 1) == ONE // 32
    assert [power(base, 3, 1) for base in (0, ONE)] == [0, ONE]
    assert exp(0) == ONE
    assert ln(ONE) == 0


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (8, 3, 3), (7, 3, 2)]
)
def test_halves_go_to_the_even_number(numerator: int, denominator: int, whole: int) -> None:
    assert nearest(numerator, denominator) == whole == round(numerator / denominator)


def test_what_has_no_value() -> None:
    with pytest.raises(MechanismError, match="ln: 0 is not positive"):
        ln(0)
    with pytest.raises(MechanismError, match="exp: 1 is positive"):
        exp(1)
    for base, exponent in ((-1, 1), (ONE + 1, 1), (ONE // 2, 0), (ONE // 2, -1)):
        with pytest.raises(MechanismError, match="power"):
            power(base, exponent, 1)
