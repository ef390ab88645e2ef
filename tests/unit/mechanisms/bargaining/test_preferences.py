"""What a deal is worth, rounding to the own side, and where schedules begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.issues import Issue, agenda, choice, price_issue
from contractnet.mechanisms.bargaining.preferences import (
    Additive,
    Mandate,
    PricePreferences,
    Side,
    line,
    ranked,
    weighted,
)
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CENT, MANAGER, TRADE, UNIT, mandate, money

ISSUE = price_issue(0, 120 * UNIT)


def test_a_price_is_worth_the_gain_against_the_reservation() -> None:
    assert PricePreferences("buyer", money(100)).utility((money(80),)) == money(20)
    assert PricePreferences("seller", money(60)).utility((money(80),)) == money(20)
    assert PricePreferences("seller", money(60)).utility((money(50),)) == -money(10)


@pytest.mark.parametrize(
    ("side", "limit", "price", "fitted", "nearest"),
    [
        ("buyer", 100, 49.999, 49.99, 50.00),
        ("seller", 60, 70.001, 70.01, 70.00),
        ("buyer", 99.999, 99.999, 99.99, 99.99),  # the nearest is over the budget
        ("seller", 60.001, 60.001, 60.01, 60.01),
        ("buyer", 100, 130, 100, 100),
        ("seller", 60, 10, 60, 60),
        ("buyer", 200, 130, 120, 120),
        ("buyer", 100, -5, 0, 0),
    ],
)
def test_prices_are_fitted_to_the_own_side(
    side: Side, limit: float, price: float, fitted: float, nearest: float
) -> None:
    mine = PricePreferences(side, money(limit))
    assert mine.fitted(ISSUE, money(price)) == money(fitted)
    assert mine.fitted(ISSUE, money(price), nearest=True) == money(nearest)


@given(
    st.sampled_from(("buyer", "seller")),
    st.integers(-(10**8), 2 * 10**8),
    st.integers(-(10**8), 2 * 10**8),
    st.booleans(),
)
def test_a_fitted_price_is_never_past_the_reservation(side: Side, limit: int, price: int, nearest: bool) -> None:
    mine = PricePreferences(side, limit)
    fitted = mine.fitted(ISSUE, price, nearest=nearest)
    if fitted is None:
        assert limit < ISSUE.low if side == "buyer" else limit > ISSUE.high
    else:
        assert ISSUE.holds(fitted)
        assert mine.utility((fitted,)) >= 0


def test_schedules_end_short_of_the_reservation() -> None:
    assert mandate("buyer", 100, margin=50_000).span(ISSUE) == (0, money(95))
    assert mandate("seller", 60, margin=50_000).span(ISSUE) == (money(120), money(63))
    assert mandate("buyer", 100, opening=40).span(ISSUE) == (money(40), money(100))
    assert mandate("buyer", 100, opening=140).span(ISSUE) == (money(100), money(100))
    assert mandate("buyer", 500).span(ISSUE) == (0, money(120))
    assert mandate("seller", -5).span(ISSUE) == (money(120), 0)
    sides: list[tuple[Side, int, tuple[int, int]]] = [
        ("buyer", 100, (0, money(80))),
        ("seller", 60, (money(120), money(80))),
    ]
    for side, limit, span in sides:
        given_ = Mandate(preferences=PricePreferences(side, money(limit)), closing=money(80))
        assert given_.span(ISSUE) == span
        past = Mandate(preferences=PricePreferences(side, money(80)), closing=money(limit))
        assert past.span(ISSUE)[1] == money(80)


def test_additive_utility_is_weight_times_evaluation_over_the_largest() -> None:
    assert MANAGER.utility((0, 3, 2)) == PPM
    assert MANAGER.utility((1, 0, 1)) == 300_000 + 0 + 50_000
    capped = weighted(TRADE, (900_000, 300_000, 100_000), ((2, 1, 0), (0, 1, 2, 3), (0, 1, 2)), cap=PPM)
    assert capped.utility((0, 3, 2)) == PPM


def test_weighted_by_the_largest_evaluation_not_by_the_raw_one() -> None:
    """Raw evaluations would make the second issue decide: a known error of an importer."""
    two = agenda(choice("a", "x", "y"), choice("b", "x", "y"))
    mine = weighted(two, (600_000, 400_000), ((1, 0), (0, 10)))
    assert [mine.utility(deal) for deal in ((0, 0), (1, 1))] == [600_000, 400_000]
    nothing = weighted(two, (600_000, 400_000), ((0, 0), (0, 10)))
    assert nothing.utility((0, 0)) == 0


def test_a_number_has_evaluations_in_equal_steps() -> None:
    issue = Issue(name="days", low=1, high=5, tick=2, unit="d")
    assert line(issue, "high") == (0, 500_000, PPM)
    assert line(issue, "low") == (PPM, 500_000, 0)


def test_own_deals_are_ranked_the_best_first_and_equal_ones_in_order() -> None:
    deals = ranked(MANAGER)
    assert deals[0] == (PPM, (0, 3, 2))
    assert [worth for worth, _ in deals] == sorted((worth for worth, _ in deals), reverse=True)
    assert all(worth >= MANAGER.reservation for worth, _ in deals)
    flat = Additive(TRADE, tuple((0,) * issue.size for issue in TRADE.issues))
    assert [terms for _, terms in ranked(flat)] == list(TRADE.deals())


def test_shapes_that_do_not_fit() -> None:
    for weights, rows in (((1, 1), ((1,),)), ((1, 1, 1), ((1, 1, 1), (1, 1, 1), (1, 1, 1)))):
        with pytest.raises(MechanismError, match="one weight an issue"):
            weighted(TRADE, weights, rows)
    with pytest.raises(MechanismError, match="negative"):
        weighted(TRADE, (1, 1, -1), ((1, 1, 1), (1, 1, 1, 1), (1, 1, 1)))
    with pytest.raises(MechanismError, match="several issues"):
        Mandate(preferences=MANAGER).span(ISSUE)


def test_too_many_deals_are_not_ranked() -> None:
    large = agenda(Issue(name="a", low=0, high=1_000), Issue(name="b", low=0, high=1_000))
    mine = Additive(large, ((0,) * 1_001, (0,) * 1_001))
    with pytest.raises(TooLarge):
        ranked(mine)
    assert ISSUE.tick == CENT
