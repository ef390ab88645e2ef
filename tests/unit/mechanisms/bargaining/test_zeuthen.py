"""Monotonic concession: the published cases, the product it maximises, conflict, and the generator for turns."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, ranked, weighted
from contractnet.mechanisms.bargaining.session import Player, bargain
from contractnet.mechanisms.bargaining.shape import Rules, Strategy
from contractnet.mechanisms.bargaining.solutions import nash, table
from contractnet.mechanisms.bargaining.zeuthen import Tie, Zeuthen, concede, least_concession, risk
from tests.unit.mechanisms.bargaining.worlds import (
    CONTRACTOR,
    MANAGER,
    TRADE,
    UNIT,
    mandate,
    money,
    price_agenda,
    price_rules,
    view,
)

WHOLE = price_agenda(0, 120, UNIT)


def sides(cost: int, budget: int) -> tuple[PricePreferences, PricePreferences]:
    return PricePreferences("buyer", money(budget)), PricePreferences("seller", money(cost))


@pytest.mark.parametrize(
    ("cost", "budget", "tie", "deal"),
    [
        *((60, 100, tie, {80}) for tie in ("both", "first", "second")),
        *((40, 60, tie, {50}) for tie in ("both", "first", "second")),
        (50, 115, "both", {82, 83}),
        (50, 115, "first", {83}),
        (50, 115, "second", {82}),
    ],
)
def test_the_published_prices(cost: int, budget: int, tie: Tie, deal: set[int]) -> None:
    """Each opens at the other's limit."""
    openings = (money(cost),), (money(budget),)
    found = {concede(sides(cost, budget), WHOLE, openings, tie, str(seed)).deal for seed in range(20)}
    assert found == {(money(price),) for price in deal}


def test_offers_that_cross_are_drawn_between() -> None:
    found = concede(sides(50, 115), WHOLE, ((money(50),), (money(115),)), "both")
    assert found.drawn
    assert found.proposals[-1] == ((money(83),), (money(82),))


@given(st.integers(10, 60), st.integers(61, 110), st.sampled_from(("both", "first", "second")))
def test_a_price_ends_within_a_tick_of_the_middle(cost: int, budget: int, tie: Tie) -> None:
    deal = concede(sides(cost, budget), WHOLE, ((money(cost),), (money(budget),)), tie).deal
    assert deal is not None
    assert abs(2 * deal[0] - money(cost + budget)) <= UNIT


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(1, 9)] * 3), st.tuples(*[st.integers(1, 9)] * 3), st.integers(0, 4))
def test_over_several_issues_it_comes_near_the_largest_product(
    mine: tuple[int, ...], other: tuple[int, ...], floor: int
) -> None:
    """Steps have sizes, so it may stop beside it; but never under a reservation, and never where there is no deal."""
    one = weighted(TRADE, [w * 50_000 for w in mine], ((2, 1, 0), (0, 1, 2, 3), (0, 1, 2)), floor * 50_000)
    two = weighted(TRADE, [w * 50_000 for w in other], ((0, 1, 2), (3, 2, 1, 0), (2, 1, 0)), floor * 50_000)
    if not ranked(one) or not ranked(two):
        return
    found = concede((one, two), TRADE, (ranked(one)[0][1], ranked(two)[0][1]), "both")
    best = nash(table(TRADE, (one, two)))
    if best is None:
        assert found.deal is None or min(one.utility(found.deal), two.utility(found.deal)) < floor * 50_000
    elif found.deal is not None:
        assert one.utility(found.deal) >= one.reservation
        assert two.utility(found.deal) >= two.reservation


def test_it_finds_the_largest_product_where_there_is_much_to_trade() -> None:
    both = table(TRADE, (MANAGER, CONTRACTOR))
    deals = list(TRADE.deals())
    found = concede((MANAGER, CONTRACTOR), TRADE, (ranked(MANAGER)[0][1], ranked(CONTRACTOR)[0][1]), "both")
    best = nash(both)
    assert best is not None
    assert found.deal == deals[best]


def test_no_zone_ends_in_conflict() -> None:
    found = concede(sides(80, 60), WHOLE, ((money(40),), (money(110),)), "both")
    assert found.deal is None
    assert found.proposals == (((money(40),), (money(110),)),)


def test_risk_is_the_loss_by_yielding_over_the_own_gain() -> None:
    mine = PricePreferences("buyer", money(100))
    assert risk(mine, (money(60),), (money(90),)) == Fraction(3, 4)
    assert [risk(mine, (money(own),), (money(other),)) for own, other in ((100, 60), (60, 100), (60, 130))] == [1, 1, 1]


def test_the_least_concession_makes_the_own_risk_the_larger() -> None:
    buyer, seller = sides(60, 100)
    step = least_concession(buyer, seller, WHOLE, (money(60),), (money(100),))
    assert step == (money(61),)
    assert risk(buyer, step, (money(100),)) > risk(seller, (money(100),), step)
    assert least_concession(buyer, seller, WHOLE, (money(100),), (money(110),)) == (money(100),)


def test_a_concession_never_lowers_what_the_other_side_has() -> None:
    """Also where the own risk is the larger one already, so that any step would do."""
    for own in TRADE.deals():
        for other in ((2, 0, 0), (1, 0, 1), (0, 3, 2)):
            step = least_concession(MANAGER, CONTRACTOR, TRADE, own, other)
            assert CONTRACTOR.utility(step) >= CONTRACTOR.utility(own)
            assert step == own or MANAGER.utility(step) < MANAGER.utility(own)


def test_a_fine_grid_costs_no_more_than_a_coarse_one() -> None:
    fine = price_agenda(0, 120, 1)
    buyer, seller = sides(60, 100)
    assert least_concession(buyer, seller, fine, (money(61),), (money(90),)) == (money(70) + 1,)


def test_an_opening_under_the_own_limit_is_no_opening() -> None:
    with pytest.raises(MechanismError, match="side 0 is off the agenda"):
        concede(sides(60, 100), WHOLE, ((money(101),), (money(100),)), "both")
    with pytest.raises(MechanismError, match="side 1 is off the agenda"):
        concede(sides(60, 100), WHOLE, ((money(60),), (money(130),)), "both")


def test_in_turns_two_of_them_meet_in_the_middle() -> None:
    rules = price_rules(60, agenda=WHOLE)
    strategy = Strategy(Zeuthen(), AcceptNext())
    players = Player(strategy, mandate("buyer", 100, opening=60)), Player(strategy, mandate("seller", 60, opening=100))
    exchange = bargain(*players, rules)
    assert exchange.terms == (money(80),)


def test_who_has_more_to_lose_concedes_and_the_other_repeats() -> None:
    who = mandate("buyer", 100, opening=60)
    firm = view(who, turn=4, mine=((money(60),), (money(90),)), theirs=((money(110),),))
    assert Zeuthen().propose(firm) == (money(90),)
    met = view(who, turn=2, mine=((money(70),),), theirs=((money(65),),))
    assert Zeuthen().propose(met) == (money(70),)
    soft = view(who, turn=2, mine=((money(60),),), theirs=((money(70),),))
    assert Zeuthen().propose(soft) != (money(60),)


def test_over_several_issues_it_believes_what_the_offers_tell() -> None:
    rules, who = Rules(agenda=TRADE, turns=8), Mandate(preferences=MANAGER)
    assert Zeuthen().propose(view(who, rules)) == (0, 3, 2)
    told = view(who, rules, turn=2, mine=((0, 3, 2),), theirs=((2, 0, 0),))
    believed = Zeuthen().propose(told)
    assert believed is not None
    assert MANAGER.utility(believed) < MANAGER.utility((0, 3, 2))
    known = Zeuthen(rival=CONTRACTOR).propose(told)
    assert known == least_concession(MANAGER, CONTRACTOR, TRADE, (0, 3, 2), (2, 0, 0))


def test_a_belief_about_something_else_is_refused() -> None:
    with pytest.raises(MechanismError, match="something else"):
        Zeuthen(rival=CONTRACTOR).check(price_rules(), mandate("buyer", 100))
