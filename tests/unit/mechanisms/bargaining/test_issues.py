"""The grid: bounds, ticks, rounding, and how many deals there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.issues import Agenda, Issue, agenda, choice, price_issue
from tests.unit.mechanisms.bargaining.worlds import CENT, TRADE, UNIT

PRICE = price_issue(5 * UNIT, 20 * UNIT + 7)


def test_a_price_is_a_number_of_ticks_within_bounds() -> None:
    assert (PRICE.low, PRICE.high, PRICE.tick, PRICE.size) == (5 * UNIT, 20 * UNIT, CENT, 1_501)
    assert [PRICE.holds(value) for value in (5 * UNIT, 20 * UNIT, 5 * UNIT + CENT)] == [True] * 3
    assert [PRICE.holds(value) for value in (5 * UNIT - CENT, 20 * UNIT + CENT, 5 * UNIT + 1)] == [False] * 3


@given(st.integers(-(10**6), 10**6), st.integers(-50, 50), st.integers(1, 99))
def test_rounding_keeps_to_the_grid_and_to_its_side(value: int, low: int, tick: int) -> None:
    issue = Issue(name="n", low=low, high=low + 7 * tick, tick=tick)
    down, up, near = issue.down(value), issue.up(value), issue.near(value)
    assert down <= value <= up
    assert up - down in (0, tick)
    assert near in (down, up)
    assert abs(near - value) * 2 <= tick
    assert (down - low) % tick == 0


def test_a_price_alone_is_a_number() -> None:
    assert agenda(PRICE).single is PRICE
    assert agenda(choice("colour", "red", "blue")).single is None
    assert TRADE.single is None


def test_deals_are_all_looked_at_in_order() -> None:
    deals = list(TRADE.deals())
    assert len(deals) == TRADE.size == 36
    assert deals[:2] == [(0, 0, 0), (0, 0, 1)]
    assert deals == sorted(deals)
    assert all(TRADE.holds(deal) for deal in deals)
    assert not TRADE.holds((0, 0))
    assert not TRADE.holds((0, 4, 0))


def test_places_count_from_the_lower_bound() -> None:
    assert Agenda((PRICE,)).places((5 * UNIT + 3 * CENT,)) == (3,)


def test_too_many_deals_are_not_looked_at() -> None:
    many = agenda(*(price_issue(0, UNIT, 1_000) for _ in range(1)), Issue(name="n", low=0, high=1_000))
    with pytest.raises(TooLarge, match="1002001 deals are more than the 1000000"):
        many.deals()


@pytest.mark.parametrize(
    ("issues", "text"),
    [
        ((), "0 issues"),
        ((PRICE, PRICE), "two issues have one name"),
        ((Issue(name="n", low=0, high=10, tick=3),), "no whole number of ticks"),
        ((Issue(name="n", low=0, high=-1),), "no whole number of ticks"),
        ((Issue(name="n", low=0, high=10, tick=0),), "no whole number of ticks"),
        ((Issue(name="n", low=0, high=2, options=("a", "b")),), "the values of 2 options"),
        (tuple(choice(str(n), "a", "b") for n in range(17)), "17 issues"),
    ],
)
def test_what_is_no_agenda(issues: tuple[Issue, ...], text: str) -> None:
    with pytest.raises(MechanismError, match=text):
        agenda(*issues)
