"""A call's own account of whom it waits for and of what ends next: kept as things happen, never by looking at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contractnet.interaction.definition import load
from contractnet.ledger.records import Fired
from contractnet.manager.replay import replay
from contractnet.messages.acts import ITERATED_CONTRACT_NET
from tests.support.bench import MANAGER, Bench
from tests.support.effort import calls_of


def names(count: int) -> list[str]:
    return [f"a{number:03d}" for number in range(count)]


def test_only_a_revised_cfp_makes_who_has_answered_waited_for_again() -> None:
    table = load("initiator", ITERATED_CONTRACT_NET)
    answered = table.properties["answered"]
    back = {
        step.row.name
        for (state, _), steps in table.steps().items()
        for step in steps
        if state in answered and step.next not in answered
    }
    assert back == {"I22"}


def test_an_offer_that_left_its_state_never_comes_back() -> None:
    table = load("initiator", ITERATED_CONTRACT_NET)
    offer = table.properties["offer"]
    into = {
        (step.row.name, event)
        for (state, event), steps in table.steps().items()
        for step in steps
        if state not in offer and step.next in offer
    }
    assert {event for _, event in into} == {"?propose:ok"}


def test_in_a_cancelled_conversation_whoever_is_not_final_was_sent_a_cancel() -> None:
    table = load("initiator", ITERATED_CONTRACT_NET)
    final, cancelling = table.properties["final"], table.properties["cancelling"]
    for state in set(table.states) - final - cancelling:
        assert {step.next for step in table.steps()[state, "#cancel"]} == cancelling


def test_who_answered_or_is_gone_is_not_waited_for(bench: Bench) -> None:
    bench.start("a", "b", "c", "d")
    assert bench.call.awaited == {"a", "b", "c", "d"}
    bench.propose("b")
    bench.refuse("c")
    bench.gone("d")
    bench.propose("z")  # nobody expected it
    assert bench.call.awaited == {"a"}
    bench.mishear("a")  # it may repair
    assert bench.call.awaited == {"a"}
    bench.propose("a")
    assert bench.call.awaited == set()
    assert bench.state() == "AWAITING"


def test_a_later_round_waits_for_those_it_invites_and_that_are_there(bench: Bench) -> None:
    bench.start("a", "b", "c", max_rounds=2)
    bench.propose("a", 60_000)
    bench.propose("b", 60_000)
    bench.gone("b")
    bench.refuse("c")
    assert bench.call.awaited == {"a"}


def test_offers_that_end_together_are_answered_together(bench: Bench) -> None:
    """In the order of their ids, by the timer of the first, whatever order they came in."""
    bench.start("a", "b", "c", "d")
    for agent, valid_for_ms in (("c", 5_000), ("a", 9_000), ("b", 5_000)):
        bench.propose(agent, valid_for_ms=valid_for_ms)
    assert [timer for _, _, timer in bench.tender.timers()] == [Fired(timer="reply"), Fired(timer="offer:b")]
    bench.wait(4_000)
    assert bench.records(Fired) == [Fired(timer="offer:b")]
    assert [move.who for move in bench.rows if move.row == "I23"] == ["b", "c"]
    assert [timer for _, _, timer in bench.tender.timers()] == [Fired(timer="reply"), Fired(timer="offer:a")]


def test_an_offer_that_replaces_one_of_the_same_end_is_answered_once(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=2)
    bench.propose("a", 60_000, valid_for_ms=9_000)
    bench.propose("b", 60_000)
    bench.wait(1_000)
    bench.propose("a", 40_000, valid_for_ms=8_000)
    bench.wait(8_000)
    assert bench.rejected("a") == ["offer-lapsed"]
    assert bench.took("I23", "a") == 1


def test_cancels_that_are_not_answered_time_out_one_by_one(bench: Bench) -> None:
    bench.start("b", "a", "c")
    for agent in "cab":
        bench.propose(agent)
    bench.cancel()  # who was rejected before, b, is not told again
    bench.wait(60_000)
    assert [fired.timer for fired in bench.records(Fired)] == ["cancel", "cancel:a", "cancel:c"]
    assert (bench.state("a"), bench.state("b"), bench.state("c")) == (
        "CANCEL_UNANSWERED",
        "REJECTED",
        "CANCEL_UNANSWERED",
    )
    assert bench.ended.status == "cancelled"


# ---- work for each bidder, counted and not timed: it is the same for many as for few


def all_propose(count: int, price: int = 30_000, **given: Any) -> Callable[[], None]:
    """So many bidders, the last of whom makes the round close."""
    bench, agents = Bench(), names(count)
    bench.start(*agents, **given)
    proposals = [bench.proposal(agent, price + place) for place, agent in enumerate(agents)]

    def run() -> None:
        for proposal in proposals:
            bench.hear(proposal)

    return run


def all_lapse(count: int) -> Callable[[], None]:
    """Each offer ends at an instant of its own, while the round is open."""
    bench, agents = Bench(), names(count)
    bench.start(*agents, "silent")
    for place, agent in enumerate(agents):
        bench.hear(bench.proposal(agent, valid_for_ms=3_000 + place))
    return lambda: bench.wait(10_000)


def all_cancelled(count: int) -> Callable[[], None]:
    """Everybody has bid, is cancelled, and says so."""
    bench, agents = Bench(), names(count)
    bench.start(*agents, "silent")
    for agent in agents:
        bench.propose(agent)

    def run() -> None:
        bench.cancel()
        for agent in agents:
            bench.cancelled(agent)

    return run


def replayed(count: int) -> Callable[[], object]:
    """A round of so many, read back."""
    bench, agents = Bench(), names(count)
    bench.start(*agents)
    for agent in agents:
        bench.propose(agent)
    return lambda: replay(MANAGER, bench.entries)


@pytest.mark.parametrize(
    "case",
    [all_propose, lambda count: all_propose(count, 60_000, max_rounds=3), all_lapse, all_cancelled, replayed],
    ids=["all propose", "all are called again", "all offers lapse", "all are cancelled", "replayed"],
)
def test_the_work_for_each_of_many_bidders_is_that_for_each_of_few(case: Callable[[int], Callable[[], object]]) -> None:
    few, many = calls_of(case(50)) / 50, calls_of(case(400)) / 400
    assert many < 1.2 * few
