"""Exploration is bounded, decided by the record alone, and never awards what may not be awarded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import Ranking
from contractnet.mechanisms.calibration.exploration import ExplorationPolicy, Explored, bonus, explore
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages.values import PPM
from tests.suites.award_rules import SEED, WHERE, Case, bid, cases
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
POLICY = ExplorationPolicy(granted=100, most=60)


def ranked(bids: list[Bid], conditions: Conditions) -> Ranking:
    return AWARD_RULES["best-value"].rank(bids, conditions, SEED, WHERE)


def explored(trials: dict[str, int], spent: int = 0, policy: ExplorationPolicy = POLICY) -> Explored | None:
    """Worth 1,000 each: `old` scores 900, `new` 850, `far` 600; `dear` is over the reserve."""
    bids = [bid("old", 100), bid("new", 150), bid("far", 400), bid("dear", 501)]
    return explore(ranked(bids, Conditions(reserve=500, value=1_000)), trials, spent, policy, SEED, WHERE)


@pytest.mark.parametrize(("trials", "raised"), [(0, 100), (1, 83), (5, 50), (45, 10), (9_999, 0)])
def test_the_bonus_shrinks_with_the_record(trials: int, raised: int) -> None:
    assert bonus(1_000, trials, POLICY) == raised


def test_a_newcomer_near_enough_is_tried_and_the_cost_recorded() -> None:
    assert explored({"old": 50}) == Explored(participant="new", instead_of="old", bonus=100, cost=50, trials=0)


def test_who_is_known_is_not_explored() -> None:
    assert explored({"old": 50, "new": 50}) is None
    assert explored({}) is None  # all have the same bonus
    assert explored({"old": 50, "new": 5}) is None  # 850 + 50 is no more than 900 + 9


@pytest.mark.parametrize(("spent", "most", "tried"), [(50, 60, True), (51, 60, False), (0, 50, True), (0, 49, False)])
def test_the_cost_is_bounded_for_one_and_for_all(spent: int, most: int, tried: bool) -> None:
    assert (explored({"old": 50}, spent, ExplorationPolicy(granted=100, most=most)) is not None) is tried


def test_off_unless_granted() -> None:
    assert explored({"old": 50}, 0, ExplorationPolicy(granted=0, most=60)) is None


@MANY
@given(cases, st.integers(0, 30), st.integers(0, 10**6), st.integers(0, 50))
def test_whatever_is_explored_was_eligible_and_affordable(case: Case, most: int, granted: int, spent: int) -> None:
    policy = ExplorationPolicy(granted=granted, most=most, cap=PPM)
    ranking = ranked(case.bids, case.conditions)
    trials = {one.participant: place * 7 for place, one in enumerate(case.bids)}
    found = explore(ranking, trials, spent, policy, SEED, WHERE)
    assert found == explore(ranked(case.bids[::-1], case.conditions), trials, spent, policy, SEED, WHERE)
    if found is not None:
        scores = {one.participant: one.score for one in ranking.eligible}
        assert found.instead_of == ranking.winners()[0].participant
        assert found.cost == scores[found.instead_of] - scores[found.participant] <= min(most, granted - spent)
        assert 0 <= found.cost < found.bonus


def test_terms_without_meaning_are_refused() -> None:
    ranking = AWARD_RULES["lowest-price"].rank([bid("a", 1)], Conditions(), SEED, WHERE)
    with pytest.raises(MechanismError, match="exploration needs a value"):
        explore(ranking, {}, 0, POLICY, SEED, WHERE)
    with pytest.raises(MechanismError, match="half is at least 1"):
        bonus(1, 0, ExplorationPolicy(granted=1, most=1, half=0))


def test_no_winner_is_no_exploration() -> None:
    assert explore(ranked([bid("a", 9)], Conditions(reserve=8)), {}, 0, POLICY, SEED, WHERE) is None
