"""The guard by hand: what it clips, what it overrules, what it cannot be talked out of."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.mechanisms.bargaining.acceptance import AcceptAfter, AcceptNext
from contractnet.mechanisms.bargaining.boundary import Code
from contractnet.mechanisms.bargaining.guard import best_live, decide, guarded
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, weighted
from contractnet.mechanisms.bargaining.shape import Offer, Rules, Strategy
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import (
    MANAGER,
    TRADE,
    Wild,
    mandate,
    money,
    price_agenda,
    price_rules,
    view,
)

BUYER, SELLER = mandate("buyer", 100), mandate("seller", 60)
ANYTHING = AcceptAfter(0)


@pytest.mark.parametrize(
    ("proposed", "said", "code"),
    [
        ((money(50),), 50, None),
        ((money(101),), 100, Code.OWN_MANDATE),
        ((money(1_000),), 100, Code.PUBLIC_BOUNDS),
        ((-money(5),), 0, Code.PUBLIC_BOUNDS),
        ((money(50.005),), 50, Code.TICK),
        ((50.0,), 0, Code.SCHEMA),
        ((True,), 0, Code.SCHEMA),
        ((), 0, Code.SCHEMA),
        ((money(50), money(50)), 0, Code.SCHEMA),
    ],
)
def test_a_price_is_clipped_to_the_nearest_that_may_be_said(proposed: Any, said: float, code: Code | None) -> None:
    assert guarded(view(BUYER), proposed) == ((money(said),), code)


def test_a_seller_is_clipped_upwards() -> None:
    rules = price_rules(buyer=1)
    assert guarded(view(SELLER, rules), (money(59.999),)) == ((money(60),), Code.TICK)
    assert guarded(view(SELLER, rules), (money(10),)) == ((money(60),), Code.OWN_MANDATE)


def test_nothing_is_taken_back_where_that_is_agreed() -> None:
    rules = price_rules(monotone=True)
    assert guarded(view(BUYER, rules, turn=2, mine=((money(50),),)), (money(40),)) == ((money(50),), Code.NOT_MONOTONE)
    assert guarded(view(BUYER, turn=2, mine=((money(50),),)), (money(40),)) == ((money(40),), None)
    sold = view(SELLER, price_rules(monotone=True, buyer=1), turn=2, mine=((money(90),),))
    assert guarded(sold, (money(95),)) == ((money(90),), Code.NOT_MONOTONE)


def test_of_several_issues_the_last_own_offer_stands_again() -> None:
    who, rules = Mandate(preferences=MANAGER), Rules(agenda=TRADE, turns=4)
    worst = (2, 0, 0)
    assert guarded(view(who, rules), worst) == ((0, 3, 2), Code.OWN_MANDATE)
    assert guarded(view(who, rules, turn=2, mine=((0, 2, 2),)), worst) == ((0, 2, 2), Code.OWN_MANDATE)
    assert guarded(view(who, rules), (0, 3, 3)) == ((0, 3, 2), Code.PUBLIC_BOUNDS)


def test_a_side_without_a_rational_deal_says_nothing() -> None:
    low = view(mandate("buyer", 40), price_rules(agenda=price_agenda(50)))
    assert guarded(low, (money(60),)) == (None, Code.OWN_MANDATE)
    greedy = Mandate(preferences=Additive(TRADE, MANAGER.scores, 2 * PPM))
    assert guarded(view(greedy, Rules(agenda=TRADE, turns=4)), (0, 3, 2)) == (None, Code.OWN_MANDATE)
    said = decide(Strategy(Wild(((money(60),),)), ANYTHING), low).said
    assert (said.act, said.terms) == ("quit", None)


def test_no_acceptance_rule_takes_less_than_the_reservation() -> None:
    dear = Offer(1, 1, (money(100.01),))
    decision = decide(Strategy(Wild(((money(70),),)), ANYTHING), view(BUYER, turn=2, live=(dear,)))
    assert (decision.said.act, decision.said.terms, decision.overruled) == ("offer", (money(70),), dear)
    fair = Offer(1, 1, (money(100),))
    decision = decide(Strategy(Wild(((money(70),),)), ANYTHING), view(BUYER, turn=2, live=(fair,)))
    assert (decision.said.act, decision.said.of, decision.said.terms) == ("accept", 1, (money(100),))


def test_the_guard_holds_over_several_issues_too() -> None:
    picky = Mandate(preferences=weighted(TRADE, (PPM, 0, 0), ((1, 0, 0), (0, 0, 0, 0), (0, 0, 0)), PPM))
    rules, poor = Rules(agenda=TRADE, turns=4), Offer(1, 1, (1, 3, 2))
    decision = decide(Strategy(Wild((None,)), ANYTHING), view(picky, rules, turn=2, live=(poor,)))
    assert (decision.said.act, decision.overruled) == ("quit", poor)


def test_the_best_live_offer_is_looked_at() -> None:
    live = tuple(Offer(turn, 1, (money(price),)) for turn, price in ((1, 80), (3, 70), (5, 75), (7, 70)))
    assert best_live(view(BUYER, turn=8, live=live)) == live[3]
    assert best_live(view(BUYER)) is None
    decision = decide(Strategy(Wild(((money(72),),)), AcceptNext()), view(BUYER, turn=8, live=live))
    assert (decision.said.act, decision.said.of) == ("accept", 7)
