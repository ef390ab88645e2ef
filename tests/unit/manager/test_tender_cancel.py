"""Cancels in every state, and acts that come out of sequence."""

from __future__ import annotations

import pytest

from contractnet.errors import ContractNetError
from contractnet.manager.records import (
    Awarded,
    CancelAsked,
    Ended,
    Held,
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
