"""Logrolling: the same worth to oneself, more to the other side; learned from its offers."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Issue, agenda, choice
from contractnet.mechanisms.bargaining.logrolling import Logrolling, distance
from contractnet.mechanisms.bargaining.opponent import Bayesian, Frequency
from contractnet.mechanisms.bargaining.preferences import Additive, Mandate, weighted
from contractnet.mechanisms.bargaining.schedules import concession
from contractnet.mechanisms.bargaining.session import Player, bargain
from contractnet.mechanisms.bargaining.shape import Rules
from contractnet.mechanisms.bargaining.time_dependent import TimeDependent, target
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import MANAGER, TRADE, mandate, price_rules, view

RULES = Rules(agenda=TRADE, turns=20)
WHO = Mandate(preferences=MANAGER)
HEARD = ((2, 0, 0), (2, 0, 0), (1, 0, 0))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.sampled_from((Frequency(), Bayesian())))
def test_it_sends_the_deal_of_enough_worth_that_seems_best_to_them(round_: int, model: Frequency | Bayesian) -> None:
    seen = view(WHO, RULES, turn=2 * round_, mine=((0, 3, 2),) * round_, theirs=HEARD)
    sent = Logrolling(model=model).propose(seen)
    assert sent is not None
    worth = target(WHO, concession("polynomial", PPM, 0, round_, 10))
    among = [deal for deal in TRADE.deals() if MANAGER.utility(deal) >= worth]
    guess = Additive(TRADE, model.scores(TRADE, HEARD, 10))
    assert MANAGER.utility(sent) >= worth
    assert guess.utility(sent) == max(map(guess.utility, among))


def test_before_the_first_offer_it_sends_the_best() -> None:
    assert Logrolling().propose(view(WHO, RULES)) == (0, 3, 2)


def test_the_nearest_to_their_last_offer() -> None:
    seen = view(WHO, RULES, turn=12, mine=((0, 3, 2),), theirs=HEARD)
    sent = Logrolling(pick="nearest").propose(seen)
    assert sent is not None
    worth = target(WHO, 6 * ONE // 9)
    among = [deal for deal in TRADE.deals() if MANAGER.utility(deal) >= worth]
    assert distance(TRADE, sent, HEARD[-1]) == min(distance(TRADE, deal, HEARD[-1]) for deal in among)


def test_distances_count_options_and_measure_numbers() -> None:
    mixed = agenda(choice("a", "x", "y"), Issue(name="n", low=0, high=10))
    assert distance(mixed, (0, 0), (1, 5)) == PPM + PPM // 2
    assert distance(mixed, (1, 3), (1, 3)) == 0


FIVES = agenda(*(choice(str(n), *"abcde") for n in range(3)))


def anybody(draws: Random, *, monotone: bool) -> Mandate:
    weights = [draws.randint(1, 100) for _ in FIVES.issues]
    rows = [[draws.randint(0, 100) for _ in range(issue.size)] for issue in FIVES.issues]
    if monotone:
        rows = [sorted(row, reverse=draws.random() < 0.5) for row in rows]
    return Mandate(preferences=weighted(FIVES, [PPM * one // sum(weights) for one in weights], rows))


@pytest.mark.parametrize(("name", "monotone"), [("logrolling-frequency", False), ("logrolling-bayesian", True)])
def test_learning_makes_more_for_both_than_conceding_blindly(name: str, monotone: bool) -> None:
    """Over 30 pairs of sides; the Bayesian model is about sides who want more, or less, or the middle of an issue."""
    draws, rules = Random(1), Rules(agenda=FIVES, turns=40)
    joint = {name: 0, "linear": 0}
    for _ in range(30):
        sides = anybody(draws, monotone=monotone), anybody(draws, monotone=monotone)
        for strategy in joint:
            one, other = (Player(STRATEGIES[strategy], side) for side in sides)
            terms = bargain(one, other, rules).terms
            assert terms is not None
            joint[strategy] += sum(side.preferences.utility(terms) for side in sides)
    assert joint[name] > 1.02 * joint["linear"]


def test_names_tell_the_model() -> None:
    names = [one.name for one in (Logrolling(), Logrolling(model=Bayesian()), Logrolling(pick="nearest"))]
    assert names == ["logrolling-frequency", "logrolling-bayesian", "logrolling-nearest"]


def test_what_it_cannot_play_is_said_before() -> None:
    with pytest.raises(MechanismError, match="nothing to trade"):
        Logrolling().check(price_rules(), mandate("buyer", 100))
    with pytest.raises(MechanismError, match="nothing to trade"):
        Logrolling().propose(view(mandate("buyer", 100)))
    with pytest.raises(MechanismError, match="beta"):
        Logrolling(asking=TimeDependent(beta=0)).check(RULES, WHO)
    five = agenda(*(choice(str(n), "x", "y", "z") for n in range(5)))
    flat = Mandate(preferences=Additive(five, ((0, 0, 0),) * 5))
    with pytest.raises(TooLarge):
        Logrolling(model=Bayesian()).check(Rules(agenda=five, turns=4), flat)
    Logrolling(model=Bayesian(), pick="nearest").check(Rules(agenda=five, turns=4), flat)
