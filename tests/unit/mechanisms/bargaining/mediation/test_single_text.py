"""One text, voted on: what ends well, what chance lets stand, and that no side is talked under its reservation."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Terms, agenda, choice
from contractnet.mechanisms.bargaining.mediation.single_text import Annealing, Honest, Vote, acceptance, anneal
from contractnet.mechanisms.bargaining.preferences import PricePreferences, weighted
from contractnet.mechanisms.bargaining.solutions import pareto, table
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CONTRACTOR, MANAGER, TRADE, UNIT, money, price_agenda

SIDES = Honest(MANAGER, 100_000), Honest(CONTRACTOR, 100_000)
WORST_FOR_BOTH = (1, 0, 1)


class Liar(NamedTuple):
    """Would take anything, and votes for every change."""

    def vote(self, present: Terms, changed: Terms) -> Vote:
        return 2

    def takes(self, text: Terms) -> bool:
        return True


def test_it_comes_to_a_text_that_hardly_any_other_beats() -> None:
    both = table(TRADE, (MANAGER, CONTRACTOR))
    efficient = {list(TRADE.deals())[place] for place in pareto(both)}
    ends = [anneal(TRADE, SIDES, WORST_FOR_BOTH, Annealing(), str(seed)).text for seed in range(20)]
    assert None not in ends
    assert sum(end in efficient for end in ends) >= 15


def test_the_same_seed_gives_the_same_steps() -> None:
    assert anneal(TRADE, SIDES, (0, 0, 0), Annealing(), "a") == anneal(TRADE, SIDES, (0, 0, 0), Annealing(), "a")
    assert anneal(TRADE, SIDES, (0, 0, 0), Annealing(), "a") != anneal(TRADE, SIDES, (0, 0, 0), Annealing(), "b")


def test_each_step_changes_one_issue_and_stays_on_the_agenda() -> None:
    found = anneal(TRADE, SIDES, (0, 0, 0), Annealing(steps=300), "seed")
    text: Terms = (0, 0, 0)
    assert len(found.steps) == 300
    for step in found.steps:
        assert TRADE.holds(step.text)
        assert sum(here != there for here, there in zip(text, step.text, strict=True)) == 1
        if sum(step.votes) >= 0:
            assert step.stands
        text = step.text if step.stands else text


def test_heat_lets_losses_stand_and_cold_does_not() -> None:
    hot = anneal(TRADE, SIDES, (0, 0, 0), Annealing(heat=50 * PPM), "seed").steps
    cold = anneal(TRADE, SIDES, (0, 0, 0), Annealing(heat=0), "seed").steps
    assert sum(step.stands and sum(step.votes) < 0 for step in hot) > 50
    assert not any(step.stands and sum(step.votes) < 0 for step in cold)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 5), st.booleans())
def test_no_honest_side_is_left_under_its_reservation(mine: int, other: int, seed: int, lies: bool) -> None:
    one = weighted(TRADE, (600_000, 300_000, 100_000), ((2, 1, 0), (0, 1, 2, 3), (0, 1, 2)), mine * 100_000)
    two = weighted(TRADE, (200_000, 200_000, 600_000), ((0, 1, 2), (3, 2, 1, 0), (2, 1, 0)), other * 100_000)
    voters = (Honest(one, 100_000), Liar() if lies else Honest(two, 100_000))
    text = anneal(TRADE, voters, (0, 0, 0), Annealing(steps=150), str(seed)).text
    if text is not None:
        assert one.utility(text) >= one.reservation
        assert lies or two.utility(text) >= two.reservation


def test_it_ends_without_a_text_where_there_is_none() -> None:
    issue = price_agenda(0, 120, 10 * UNIT)
    sides = (
        Honest(PricePreferences("buyer", money(50)), money(10)),
        Honest(PricePreferences("seller", money(60)), money(10)),
    )
    assert anneal(issue, sides, (0,), Annealing(), "seed").text is None


def test_votes_by_hand() -> None:
    """The manager: price from low to mid loses 300,000; report from none to short wins 50,000."""
    votes = [SIDES[0].vote((0, 0, 0), changed) for changed in ((1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, 0))]
    assert votes == [-2, 1, 2, 1]
    assert SIDES[0].vote((0, 0, 1), (0, 0, 0)) == -1


def test_the_chance_of_a_loss_is_that_of_metropolis() -> None:
    assert acceptance(-100_000, 200_000) / ONE == pytest.approx(0.606531, abs=1e-6)
    assert [acceptance(0, 0), acceptance(-1, 0)] == [ONE, 0]


def test_what_cannot_be_annealed() -> None:
    for policy in (Annealing(steps=0), Annealing(steps=10_001), Annealing(heat=-1)):
        with pytest.raises(MechanismError, match="steps are within"):
            anneal(TRADE, SIDES, (0, 0, 0), policy, "seed")
    with pytest.raises(MechanismError, match="off the agenda"):
        anneal(TRADE, SIDES, (9, 0, 0), Annealing(), "seed")
    with pytest.raises(MechanismError, match="no issue has two values"):
        anneal(agenda(choice("a", "only")), SIDES, (0,), Annealing(), "seed")
