"""Cancels in every state, and acts that come out of sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from contractnet.errors import ContractNetError
from contractnet.manager.records import (
    Awarded,
    CancelAsked,
    Closed,
    Ended,
    Held,
    Truth,
)
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import NotUnderstoodReason
from tests.support.bench import Bench

SCHEMA = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}


# ---- cancelling


@pytest.mark.parametrize("reason", ["user", "shutdown"])
def test_a_cancel_in_the_round_reaches_everyone(bench: Bench, reason: str) -> None:
    bench.start("a", "b", "c")
    bench.propose("a")
    bench.refuse("b")
    bench.cancel(reason)
    (cancel,) = bench.said(a.Cancel)
    assert (cancel.receiver, cancel.content.reason.value) == ("multi", reason)
    assert [bench.state(name) for name in "abc"] == ["CANCELLING", "NO_BID", "CANCELLING"]
    bench.cancelled("a")
    bench.cancelled("c")
    assert (bench.ended.status, bench.ended.reason, bench.ended.winner) == ("cancelled", "user", None)
    assert bench.ended.released == 50_000


def test_a_proposal_that_crosses_the_cancel_is_rejected_as_cancelled(bench: Bench) -> None:
    bench.start("a")
    bench.cancel()
    bench.propose("a")
    assert bench.rejected("a") == ["cancelled"]


def test_a_result_that_crosses_the_cancel_is_stored_and_not_paid(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.cancel()
    bench.result("a", epoch=1)
    bench.cancelled("b")
    assert bench.tender.ended is None
    bench.cancel_failed("a")
    assert bench.state("a") == "CANCEL_FAILED"
    assert (bench.ended.status, bench.ended.spent) == ("cancelled", 0)
    assert len(bench.records(Awarded)) == 1  # the runner-up is not awarded any more


def test_a_cancel_that_nobody_answers_ends_all_the_same(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.cancel()
    bench.wait(29_999)
    assert bench.tender.ended is None
    bench.wait(1)
    assert bench.ended.status == "cancelled"
    bench.wait(60_000)
    assert [bench.state(name) for name in "ab"] == ["CANCEL_UNANSWERED", "CANCEL_UNANSWERED"]


def test_a_cancel_while_a_result_is_checked(bench: Bench) -> None:
    bench.start("a", checked=True)
    bench.propose("a")
    bench.result("a")
    bench.cancel()
    bench.checked(ok=True, epoch=1)
    bench.cancelled("a")
    assert (bench.ended.status, bench.ended.price) == ("cancelled", None)


def test_a_cancel_before_the_first_call_ends_at_once(bench: Bench) -> None:
    bench.open()
    bench.cancel()
    assert (bench.ended.status, bench.ended.reason, bench.ended.conversation_id) == ("cancelled", "user", None)
    assert bench.records(Held) == []


def test_a_tender_that_cannot_be_paid_for_says_so(bench: Bench) -> None:
    bench.open()
    bench.cancel("budget")
    assert (bench.ended.status, bench.ended.reason) == ("cancelled", "budget")


def test_a_cancel_between_two_calls_ends_at_once(bench: Bench) -> None:
    bench.start("a")
    bench.refuse("a", "busy")
    assert bench.tender.waiting
    bench.cancel()
    assert (bench.ended.status, bench.ended.released) == ("cancelled", 50_000)


def test_a_second_cancel_says_nothing_new(bench: Bench) -> None:
    bench.start("a")
    bench.cancel()
    bench.cancel()
    assert len(bench.said(a.Cancel)) == 1
    bench.cancelled("a")
    assert len(bench.records(Ended)) == 1


def test_a_tender_that_has_ended_takes_no_cancel(bench: Bench) -> None:
    """One end: a driver does not ask, and a ledger that says so is not a possible one."""
    bench.start("a")
    bench.propose("a")
    bench.result("a")
    with pytest.raises(ContractNetError):
        bench.tender.step("t", CancelAsked(reason="user"), bench.now)


def test_a_winner_told_to_stop_by_a_lapsed_lease_is_not_told_again_by_a_cancel(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.wait(70_000)
    bench.cancel()
    assert [act.content.reason.value for act in bench.said(a.Cancel, "a")] == ["lease-expired"]
    assert [act.content.reason.value for act in bench.said(a.Cancel, "b")] == ["user"]
    bench.wait(60_000)
    assert bench.ended.status == "cancelled"


# ---- what is known of each


def _award_all(bench: Bench, *agents: str, **given: Any) -> None:
    """Everybody has a slot."""
    bench.start(*agents, slots=len(agents), **given)
    for agent in agents:
        bench.propose(agent, 10_000)


def _answer(bench: Bench, agent: str, words: Sequence[str]) -> None:
    for word in words:
        said: dict[str, Callable[[], object]] = {
            "cancelled": lambda: bench.cancelled(agent),
            "cannot-stop": lambda: bench.cancel_failed(agent),
            "already-done": lambda: bench.cancel_failed(agent, "already-done"),
            "result": lambda: bench.result(agent, epoch=1),
            "failure": lambda: bench.fail(agent),
            "withdrawal": lambda: bench.refuse(agent, "withdrawn"),
            "not-understood": lambda: bench.misunderstood(agent, bench.accept_of(agent)),
            "progress": lambda: bench.progress(agent, epoch=1),
            "bid": lambda: bench.propose(agent),
        }
        said[word]()


ANSWERS: list[tuple[Sequence[str], Truth]] = [
    ((), "unanswered"),
    (("progress",), "unanswered"),
    (("bid",), "unanswered"),
    (("cancelled",), "undone"),
    (("failure",), "undone"),
    (("withdrawal",), "undone"),
    (("not-understood",), "undone"),
    (("failure", "cancelled"), "undone"),
    (("cannot-stop",), "could-not-stop"),
    (("cannot-stop", "cancelled"), "undone"),  # another's contractor may stop it later
    (("cannot-stop", "failure"), "could-not-stop"),
    (("already-done",), "already-done"),
    (("already-done", "cancelled"), "already-done"),
    (("already-done", "cannot-stop"), "already-done"),
    (("result",), "already-done"),
    (("result", "already-done"), "already-done"),
    (("already-done", "result"), "already-done"),
    (("cannot-stop", "result"), "already-done"),
    (("cancelled", "result"), "already-done"),
    (("result", "cancelled"), "already-done"),
    (("result", "failure"), "already-done"),
]


@pytest.mark.parametrize("when", ["in time", "late"])
@pytest.mark.parametrize(("words", "truth"), ANSWERS, ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_the_truth_of_a_winner(bench: Bench, words: Sequence[str], truth: Truth, when: str) -> None:
    """What it says after the cancel's time is over still counts, and is never credited."""
    _award_all(bench, "a", "z")
    bench.cancel()
    bench.cancelled("z")
    if when == "in time":
        _answer(bench, "a", words)
        bench.wait(30_000)
    else:
        bench.wait(30_000)
        assert bench.only(Closed).truth == {"a": "unanswered", "z": "undone"}
        _answer(bench, "a", words)
    assert bench.call.truth == {"a": truth, "z": "undone"}
    if when == "in time" and len(words) < 2:
        assert bench.only(Closed).truth["a"] == truth
    assert (bench.ended.status, bench.ended.spent, bench.ended.filled) == ("cancelled", 0, ())
    assert bench.took("I25") == 0


@pytest.mark.parametrize("timer", ["lease", "result"])
@pytest.mark.parametrize(("words", "truth"), ANSWERS, ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_the_truth_of_a_winner_whose_time_was_over(
    bench: Bench, words: Sequence[str], truth: Truth, timer: str
) -> None:
    """I29: the slot is free at once, and the tender ends without waiting for the answer."""
    work_within_ms, lease_ms = (600_000, 60_000) if timer == "lease" else (50_000, 60_000)
    bench.start("a", work_within_ms=work_within_ms, lease_ms=lease_ms, within_ms=1_000)
    bench.propose("a")
    bench.wait(70_000)
    reason = "lease" if timer == "lease" else "result-deadline"
    assert (bench.ended.status, bench.ended.reason) == ("failed", reason)
    assert bench.only(Closed).truth == {"a": "unanswered"}
    _answer(bench, "a", words)
    assert bench.call.truth == {"a": truth}
    bench.wait(60_000)
    assert bench.call.truth == {"a": truth}
    assert bench.ended.spent == 0


def test_a_result_that_is_being_checked_was_done(bench: Bench) -> None:
    """Though its contractor dies before it answers the cancel."""
    _award_all(bench, "a", "z", checked=True)
    heard = bench.result("a")
    bench.cancel()
    bench.cancelled("z")
    bench.wait(30_000)
    assert bench.only(Closed).truth == {"a": "already-done", "z": "undone"}
    assert bench.participant("a").late_result == heard.message_id
    bench.cancelled("a")
    assert bench.call.truth["a"] == "already-done"
    assert bench.ended.spent == 0


def test_who_was_credited_before_the_cancel_is_paid_and_told_nothing(bench: Bench) -> None:
    _award_all(bench, "a", "z")
    bench.result("a")
    bench.cancel()
    assert bench.said(a.Cancel, "a") == []
    bench.cancelled("z")
    assert bench.call.truth == {"z": "undone"}
    assert (bench.ended.status, bench.ended.spent, [one.winner for one in bench.ended.filled]) == (
        "cancelled",
        10_000,
        ["a"],
    )
    assert bench.ended.released == 90_000


def _nothing(bench: Bench) -> None:
    bench.start("x", "y")


def _bad_bid(bench: Bench) -> None:
    _nothing(bench)
    bench.propose("x", unit="EUR")


def _bid(bench: Bench) -> None:
    _nothing(bench)
    bench.propose("x")


def _second_round(bench: Bench) -> None:
    bench.start("x", "y", max_rounds=2)
    bench.propose("x", 60_000)
    bench.propose("y", 60_000)


def _bad_bid_in_the_second_round(bench: Bench) -> None:
    _second_round(bench)
    bench.propose("x", unit="EUR")


def _held(bench: Bench) -> None:
    _nothing(bench)
    bench.propose("x", 20_000)
    bench.propose("y", 10_000)


def _awarded(bench: Bench) -> None:
    _nothing(bench)
    bench.propose("x", 10_000)
    bench.propose("y", 20_000)


def _mediating(bench: Bench) -> None:
    bench.start("x", "y", mediator="arbiter")
    bench.propose("x", 60_000)
    bench.propose("y", 60_000)


WANTED: dict[str, Callable[[Bench], None]] = {
    "INVITED": _nothing,
    "REPAIRING": _bad_bid,
    "REINVITED": _second_round,
    "REREPAIRING": _bad_bid_in_the_second_round,
    "PROPOSED": _bid,
    "HELD": _held,
    "AWARDED": _awarded,
    "PROPOSED, mediating": _mediating,
}


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("reason", ["user", "shutdown"])
@pytest.mark.parametrize("state", sorted(WANTED))
def test_everyone_who_is_not_final_is_told_and_known_of(bench: Bench, state: str, reason: str, answered: bool) -> None:
    WANTED[state](bench)
    assert bench.state("x") == state.partition(",")[0]
    bench.cancel(reason)
    assert [act.content.reason.value for act in bench.said(a.Cancel, "x")] == [reason]
    assert bench.call.truth == {"x": "unanswered", "y": "unanswered"}
    if answered:
        bench.cancelled("x")
        bench.cancelled("y")
    bench.wait(30_000)
    truth = "undone" if answered else "unanswered"
    assert bench.only(Closed).truth == bench.call.truth == {"x": truth, "y": truth}
    assert (bench.ended.status, bench.ended.spent) == ("cancelled", 0)


FINAL: dict[str, Sequence[Callable[[Bench], object]]] = {
    "NO_BID": [lambda bench: bench.refuse("x")],
    "LAPSED": [lambda bench: bench.propose("x", valid_for_ms=5_000), lambda bench: bench.wait(3_000)],
    "REJECTED": [lambda bench: bench.propose("x", 60_000), lambda bench: bench.propose("y", 10_000)],
    "SILENT": [lambda bench: bench.propose("y", 10_000), lambda bench: bench.wait(20_000)],
    "LATE": [
        lambda bench: bench.propose("y", 10_000),
        lambda bench: bench.wait(20_000),
        lambda bench: bench.propose("x"),
    ],
    "FAILED": [
        lambda bench: bench.propose("x", 10_000),
        lambda bench: bench.propose("y", 20_000),
        lambda bench: bench.fail("x"),
    ],
}


@pytest.mark.parametrize("state", sorted(FINAL))
def test_of_whom_nothing_is_wanted_any_more_is_not_told(bench: Bench, state: str) -> None:
    _nothing(bench)
    for play in FINAL[state]:
        play(bench)
    assert bench.state("x") == state
    bench.cancel()
    assert bench.said(a.Cancel, "x") == []
    bench.cancelled("y")
    assert bench.only(Closed).truth == {"y": "undone"}


def test_a_shutdown_waits_no_longer_than_it_says(bench: Bench) -> None:
    """Also for those who were told before, and for whoever was cancelled before by the user."""
    _award_all(bench, "a", "b", "c")
    bench.cancel()
    bench.cancelled("c")
    bench.wait(1_000)
    bench.cancel("shutdown", within_ms=2_000)
    bench.wait(1_999)
    assert bench.tender.ended is None
    bench.wait(1)
    assert bench.only(Closed).truth == {"a": "unanswered", "b": "unanswered", "c": "undone"}
    assert [bench.state(name) for name in "ab"] == ["CANCEL_UNANSWERED", "CANCEL_UNANSWERED"]
    assert len(bench.said(a.Cancel)) == 1
    bench.cancelled("a")
    bench.result("b", epoch=1)
    assert bench.call.truth == {"a": "undone", "b": "already-done", "c": "undone"}


def test_a_shutdown_without_any_time_ends_at_once(bench: Bench) -> None:
    _award_all(bench, "a")
    bench.cancel("shutdown", within_ms=0)
    bench.expire(bench.tender)
    assert bench.only(Closed).truth == {"a": "unanswered"}
    assert bench.ended.status == "cancelled"


def test_a_shutdown_does_not_prolong_what_the_cancel_timer_says(bench: Bench) -> None:
    _award_all(bench, "a")
    bench.cancel("shutdown", within_ms=600_000)
    bench.wait(30_000)
    assert bench.ended.status == "cancelled"


# ---- the default rule


def test_acts_out_of_sequence_are_answered_so_many_times(bench: Bench) -> None:
    """`max_faults` counts every not-understood, the repair included."""
    bench.start("a", "b")
    bench.propose("a", unit="EUR")
    for _ in range(9):
        bench.progress("a")
    answers = bench.said(a.NotUnderstood, "a")
    assert [act.content.reason.value for act in answers] == ["schema"] + ["out-of-sequence"] * 4
    bench.propose("a", 10_000)  # what is legal is heard all the same
    bench.propose("b", 20_000)
    assert bench.only(Awarded).participant == "a"


def test_an_act_that_is_not_a_participants_is_illegal(bench: Bench) -> None:
    call = bench.start("a", "b")
    content = c.CancelContent(reason="user")  # type: ignore[arg-type]  # decoded from text it would be the same value
    bench.hear(a.Cancel(**bench.header("a"), content=content))
    (answer,) = bench.said(a.NotUnderstood, "a")
    assert answer.content.reason is NotUnderstoodReason.ILLEGAL_ACT
    assert call.participants["a"].machine.state == "INVITED"


@pytest.mark.parametrize("reason", [one.value for one in NotUnderstoodReason])
@pytest.mark.parametrize("about", ["cfp", "accept", "nothing"])
def test_a_not_understood_is_never_answered_with_one(bench: Bench, reason: str, about: str) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    named = {"cfp": bench.cfp_id(), "accept": bench.accept_of("a"), "nothing": None}[about]
    bench.misunderstood("a", named, reason)
    assert bench.said(a.NotUnderstood) == []
    moved = reason == "schema" and about == "accept"
    assert bench.state("a") == ("FAILED" if moved else "AWARDED")


def test_two_daemons_and_equal_rejects(bench: Bench) -> None:
    """D8, D10: one publish for all daemons that host one participant, one more for a daemon that hosts two."""
    bench.start("a", "b", "c@shared", "d@shared", "e")
    for agent, price in (("a", 60_000), ("b", 61_000), ("c", 62_000), ("d", 63_000), ("e", 10_000)):
        bench.propose(agent, price)
    alone, shared = bench.said(a.RejectProposal)
    assert (alone.receivers, alone.receiver) == (None, "multi")
    assert (shared.receivers, shared.receiver) == (("c", "d"), "multi")
    assert alone.content == shared.content
