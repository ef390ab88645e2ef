"""Offers by the round alone: the published first product, rounding, several issues."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.preferences import Mandate, weighted
from contractnet.mechanisms.bargaining.schedules import OgSchedule
from contractnet.mechanisms.bargaining.shape import OfferGenerator, Rules
from contractnet.mechanisms.bargaining.time_dependent import Fixed, Og, TimeDependent, least_above, target
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import (
    CONTRACTOR,
    MANAGER,
    TRADE,
    mandate,
    price_agenda,
    price_rules,
    view,
)

LISTED = price_rules(agenda=price_agenda(0, 1123.5))


def offers(generator: OfferGenerator, who: Mandate, rules: Rules, me: int = 0) -> list[float]:
    """All its offers, in units of money."""
    found = [generator.propose(view(who, rules, me=me, turn=turn)) for turn in range(me, rules.turns, 2)]
    return [terms[0] / 1e6 for terms in found if terms is not None]


@pytest.mark.parametrize(
    ("schedule", "prices"),
    [
        ("linear", [449.40, 539.28, 629.16, 719.04, 808.92, 898.80]),
        ("exp", [449.40, 494.34, 543.77, 598.15, 657.97, 723.76]),
    ],
)
def test_the_offers_of_the_first_published_product(schedule: OgSchedule, prices: list[float]) -> None:
    assert offers(Og(schedule=schedule, nearest=True), mandate("buyer", 898.8), LISTED) == prices


def test_the_linear_asks_of_the_first_published_product() -> None:
    asks = offers(TimeDependent(nearest=True), mandate("seller", 795), LISTED, me=1)
    assert asks == [1123.5, 1057.8, 992.1, 926.4, 860.7, 795.0]


def test_offers_are_rounded_to_the_own_side() -> None:
    """exp of a budget of 898.80: 543.774 and 598.1514 are between two cents."""
    assert offers(Og(schedule="exp"), mandate("buyer", 898.8), LISTED)[2:4] == [543.77, 598.15]
    third = price_rules(agenda=price_agenda(0, 100), turns=8)
    assert offers(TimeDependent(), mandate("buyer", 10), third) == [0, 3.33, 6.66, 10]
    assert offers(TimeDependent(), mandate("seller", 90), third, me=1) == [100, 96.67, 93.34, 90]
    assert offers(TimeDependent(nearest=True), mandate("buyer", 10), third)[2] == 6.67


def test_a_seller_by_og_is_the_mirror_of_a_buyer() -> None:
    rules = price_rules(agenda=price_agenda(0, 200))
    assert offers(Og(), mandate("seller", 100), rules, me=1) == [150, 140, 130, 120, 110, 100]


def test_the_default_ends_short_of_the_reservation() -> None:
    assert offers(Og(), mandate("buyer", 100, margin=50_000), price_rules())[-1] == 95
    assert offers(TimeDependent(), mandate("buyer", 100, margin=50_000), price_rules())[-1] == 95


def test_a_fixed_side_never_concedes() -> None:
    assert set(offers(Fixed(), mandate("seller", 60), price_rules(), me=1)) == {120}
    who = Mandate(preferences=MANAGER)
    assert Fixed().propose(view(who, Rules(agenda=TRADE, turns=4))) == (0, 3, 2)


def test_no_price_on_the_grid_is_no_offer() -> None:
    high = price_rules(agenda=price_agenda(50, 120))
    for generator in (Og(), TimeDependent(), Fixed()):
        assert generator.propose(view(mandate("buyer", 40), high)) is None


def test_over_several_issues_it_concedes_in_own_utility() -> None:
    rules, who = Rules(agenda=TRADE, turns=12), Mandate(preferences=MANAGER, margin=0)
    worths = []
    for turn in range(0, 12, 2):
        terms = TimeDependent().propose(view(who, rules, turn=turn))
        assert terms is not None
        assert MANAGER.utility(terms) >= target(who, turn // 2 * ONE // 5)
        worths.append(MANAGER.utility(terms))
    assert worths == sorted(worths, reverse=True)
    assert (worths[0], worths[-1]) == (PPM, MANAGER.reservation)


def test_over_several_issues_too_the_default_ends_short_of_the_reservation() -> None:
    """0.3 and a twentieth of the 0.7 between that and the best."""
    assert target(Mandate(preferences=MANAGER), ONE) == 335_000
    assert target(Mandate(preferences=MANAGER), 0) == PPM


def test_the_least_deal_above_a_worth() -> None:
    for worth in range(0, PPM + 100_000, 37_000):
        among = [CONTRACTOR.utility(deal) for deal in TRADE.deals()]
        wanted = min((one for one in among if one >= max(worth, CONTRACTOR.reservation)), default=None)
        found = least_above(CONTRACTOR, worth)
        assert (None if found is None else CONTRACTOR.utility(found)) == wanted


def test_a_side_that_no_deal_satisfies_has_nothing_to_offer() -> None:
    greedy = weighted(TRADE, (1, 1, 1), ((1, 1, 1), (1, 1, 1, 1), (1, 1, 1)), PPM)
    who, rules = Mandate(preferences=greedy), Rules(agenda=TRADE, turns=4)
    assert TimeDependent().propose(view(who, rules)) is None
    assert Fixed().propose(view(who, rules)) is None


def test_what_they_cannot_play_is_said_before() -> None:
    who, rules = Mandate(preferences=MANAGER), Rules(agenda=TRADE, turns=4)
    with pytest.raises(MechanismError, match="og-linear: made for a single price"):
        Og().check(rules, who)
    with pytest.raises(MechanismError, match="no schedule"):
        Og(start=2, end=1).check(price_rules(), mandate("buyer", 1))
    with pytest.raises(MechanismError, match="beta"):
        TimeDependent(beta=0).check(price_rules(), mandate("buyer", 1))
    with pytest.raises(MechanismError, match="for several issues"):
        target(mandate("buyer", 1), 0)
    TimeDependent().check(rules, who)
