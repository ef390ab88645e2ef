"""The k-double auction: its price, and what theory expects of sides that shade, in closed form and drawn."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import price_issue
from contractnet.mechanisms.bargaining.lots import Lots
from contractnet.mechanisms.bargaining.mediation.double_auction import (
    equilibrium_ask,
    equilibrium_bid,
    expected_gains,
    margin_of_trade,
    price_between,
    trade_probability,
)
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CENT, UNIT, money

ISSUE = price_issue(0, 120 * UNIT)


def test_half_way_or_where_k_says() -> None:
    assert price_between(ISSUE, money(100), money(60)) == money(80)
    assert price_between(ISSUE, money(100), money(60), PPM) == money(100)
    assert price_between(ISSUE, money(100), money(60), 0) == money(60)
    assert price_between(ISSUE, money(60), money(60)) == money(60)
    assert price_between(ISSUE, money(59.99), money(60)) is None


@given(st.integers(0, 13 * CENT), st.integers(0, 13 * CENT), st.integers(0, PPM))
def test_the_price_is_on_the_grid_and_past_neither(bid: int, ask: int, k: int) -> None:
    grid = price_issue(0, 12 * CENT, 3 * CENT)
    price = price_between(grid, bid, ask, k)
    between = [one for one in range(0, grid.high + 1, grid.tick) if ask <= one <= bid]
    assert (price in between) if between else price is None


def test_what_theory_expects_of_sides_that_shade() -> None:
    margin = margin_of_trade()
    assert margin == Fraction(1, 4)
    assert trade_probability(margin) == Fraction(9, 32)
    assert expected_gains(margin) == Fraction(9, 64)
    assert expected_gains(margin) / expected_gains(Fraction(0)) == Fraction(27, 32)
    assert float(trade_probability(margin)) == pytest.approx(0.28125, abs=1e-6)


def test_drawn_sides_come_to_what_theory_expects() -> None:
    """40,000 pairs, uniform on [0, 1], who state the equilibrium's numbers on a fine grid."""
    lots, fine, n = Lots("pairs", "uniform"), price_issue(0, UNIT, 1), 40_000
    trades = gains = possible = 0
    for _ in range(n):
        value, cost = lots.below(UNIT + 1), lots.below(UNIT + 1)
        possible += max(value - cost, 0)
        bid, ask = (
            int(UNIT * one) for one in (equilibrium_bid(Fraction(value, UNIT)), equilibrium_ask(Fraction(cost, UNIT)))
        )
        price = price_between(fine, bid, ask)
        if price is not None:
            trades, gains = trades + 1, gains + value - cost
            assert cost <= price <= value
    assert trades / n == pytest.approx(9 / 32, abs=0.005)
    assert gains / n / UNIT == pytest.approx(9 / 64, abs=0.005)
    assert gains / possible == pytest.approx(27 / 32, abs=0.005)


def test_k_has_bounds() -> None:
    for k in (-1, PPM + 1):
        with pytest.raises(MechanismError, match="k: "):
            price_between(ISSUE, 1, 1, k)
