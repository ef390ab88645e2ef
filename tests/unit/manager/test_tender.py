"""A tender's stories: hand-made acts in, what is said and recorded out."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.errors import ContractNetError
from contractnet.manager.checks import awaiting_check
from contractnet.manager.records import (
    Assessed,
    Awarded,
    CancelAsked,
    Closed,
    Decided,
    Ended,
    Freed,
    Grace,
    Held,
    Returned,
)
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import spec_digest
from contractnet.messages.values import NotUnderstoodReason, RefuseReason, RejectReason
from tests.support.bench import Bench

SCHEMA = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}


def reasons(bench: Bench, to: str) -> list[str]:
    """Why somebody's offers were rejected, in order."""
    return [act.content.reason.value for act in bench.said(a.RejectProposal, to)]


# ---- the straight way


def test_a_tender_settles(bench: Bench) -> None:
    call = bench.start("a", "b", "c", private={"key": "s3cret"}, input={"text": "long"})
    (cfp,) = bench.said(a.Cfp)
    assert (cfp.receiver, cfp.reply_by, cfp.content.reply_within_ms) == (
        "skill:text.summarise",
        bench.now + 20_000,
        20_000,
    )
    assert cfp.content.terms.reserve is None  # secret unless made public
    assert cfp.content.terms.valid_for_ms == 20_000 + 60_000 + 40_000
    assert "s3cret" not in str(cfp)
    bench.propose("a", 30_000)
    bench.propose("b", 20_000)
    bench.propose("c", 40_000)
    (accept,) = bench.said(a.AcceptProposal)
    assert (accept.receiver, accept.content.price, accept.content.slot, accept.content.epoch) == ("b", 20_000, 1, 1)
    assert accept.content.private == {"key": "s3cret"}
    assert accept.reply_by == bench.now + 600_000
    task = cfp.content
    assert spec_digest(task.task, task.input, accept.content.private, accept.content.salt or "") == task.spec_digest
    assert [bench.state(name) for name in "abc"] == ["HELD", "AWARDED", "REJECTED"]
    bench.now += 5_000
    done = bench.result("b")
    assert bench.ended == Ended(
        status="settled",
        reason=None,
        winner="b",
        price=20_000,
        unit="USD",
        result_of=done.message_id,
        conversation_id=call.conversation,
        spent=20_000,
        released=30_000,
    )
    assert reasons(bench, "a") == reasons(bench, "c") == ["outbid"]
    assert bench.only(Held).amount == 50_000


def test_the_decision_holds_every_bid_with_its_score_and_reason(bench: Bench) -> None:
    bench.start("a", "b", "c", "d", "e", rule="best-value", value=100_000, eta_cost=10, reserve=50_000)
    bench.propose("a", 30_000, confidence=900_000, eta=100)
    bench.propose("b", 20_000, confidence=500_000, eta=1)
    bench.propose("c", 60_000, confidence=1_000_000, eta=1)
    bench.refuse("d", "unfit")
    bench.wait(20_000)
    decided = bench.only(Decided)
    assert [(one.participant, one.score, one.margin, one.rank, one.reason) for one in decided.bids] == [
        ("a", 59_000, 0, 1, None),
        ("b", 29_990, -29_010, 2, RejectReason.OUTBID),
        ("c", 39_990, -19_010, 3, RejectReason.OVER_RESERVE),
    ]
    assert isinstance(decided.bids[0], Assessed)
    assert (decided.refused, decided.silent) == ({"d": RefuseReason.UNFIT}, ("e",))
    assert (decided.winner, decided.runner_up, decided.ties) == ("a", "b", ())


def test_equal_bids_are_named_and_the_seed_draws(bench: Bench) -> None:
    winners = set()
    for number in range(12):
        bench.open(f"t{number}", seed=f"{number:032x}")
        bench.invite("a", "b", "c", tender_id=f"t{number}")
        bench.propose("c", 30_000)
        bench.propose("a", 20_000)
        bench.propose("b", 20_000)
        decided = bench.records(Decided)[-1]
        assert decided.ties == ("a", "b")
        assert {one.participant for one in decided.bids if one.tied} == {"a", "b"}
        winners.add(decided.winner)
    assert winners == {"a", "b"}


def test_a_public_reserve_is_told(bench: Bench) -> None:
    bench.start("a", public_reserve=True)
    assert bench.said(a.Cfp)[0].content.terms.reserve == 50_000


def test_the_round_does_not_close_on_the_first_few(bench: Bench) -> None:
    """Promise 5: two good bids are there, and a third agent is waited for until the deadline."""
    bench.start("a", "b", "c")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.wait(19_999)
    assert bench.state() == "COLLECTING"
    bench.propose("c", 5_000)
    assert bench.only(Awarded).participant == "c"


def test_silence_is_recorded_as_silence(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.wait(20_000)
    assert bench.state("b") == "SILENT"
    assert bench.only(Decided).refused == {}
    assert bench.only(Decided).silent == ("b",)


# ---- bids that are not right


def test_a_late_proposal_hears_by_how_much(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.wait(20_000)
    bench.now += 1_234
    late = bench.propose("b", 1)
    (reject,) = bench.said(a.RejectProposal, "b")
    assert (reject.content.reason, reject.content.late_by_ms, reject.content.offer) == (
        RejectReason.LATE,
        1_234,
        late.content.offer,
    )
    assert reject.in_reply_to == late.message_id
    assert bench.state("b") == "LATE"
    assert bench.only(Awarded).participant == "a"


def test_a_bid_at_the_very_deadline_is_late(bench: Bench) -> None:
    """The timer's instant has come: it is stepped before the bid (D14)."""
    bench.start("a", "b")
    bench.propose("a")
    bench.now += 20_000
    bench.propose("b", 1)
    assert reasons(bench, "b") == ["late"]
    assert bench.only(Awarded).participant == "a"


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ({"unit": "EUR"}, "$.content.unit"),
        ({"round": 2}, "$.content.round"),
        ({"valid_for_ms": 2_000}, "$.content.valid_for_ms"),
    ],
)
def test_a_bad_proposal_is_told_what_is_wrong_and_may_be_mended(bench: Bench, fault: dict[str, Any], path: str) -> None:
    bench.start("a", "b")
    bench.now += 4_000
    bad = bench.propose("a", **fault)
    (answer,) = bench.said(a.NotUnderstood)
    assert (answer.receiver, answer.in_reply_to) == ("a", bad.message_id)
    assert (answer.content.reason, answer.content.about) == (NotUnderstoodReason.SCHEMA, "propose")
    assert [one.path for one in answer.content.fields] == [path]
    assert answer.content.time_left_ms == 16_000
    bench.propose("a", 7_000)
    bench.refuse("b")
    assert bench.only(Awarded).price == 7_000


def test_a_proposal_that_does_not_decode_is_a_bad_one(bench: Bench) -> None:
    bench.start("a", "b")
    bench.mishear("a")
    (answer,) = bench.said(a.NotUnderstood)
    assert answer.content.fields[0].path == "$.content.price"
    assert bench.state("a") == "REPAIRING"


def test_a_second_bad_proposal_ends_the_bidding(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", unit="EUR")
    bench.propose("a", unit="EUR")
    assert reasons(bench, "a") == ["invalid"]
    assert bench.state("a") == "NO_BID"
    bench.propose("a", 1_000)
    assert bench.state("a") == "NO_BID"
    assert len(bench.said(a.NotUnderstood, "a")) == 2  # the repair, and out of sequence
    bench.propose("b", 40_000)
    assert bench.only(Awarded).participant == "b"


def test_the_first_valid_bid_counts_a_second_is_a_duplicate(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 30_000)
    second = bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    assert reasons(bench, "a")[0] == "duplicate-bid"
    assert bench.said(a.RejectProposal, "a")[0].content.offer == second.content.offer
    assert bench.only(Awarded).participant == "b"
    bench.fail("b")
    assert bench.records(Awarded)[-1].price == 30_000


def test_an_offer_id_used_twice_is_bad(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", unit="EUR", offer="one")
    bench.propose("a", offer="one")
    assert bench.state("a") == "NO_BID"


def test_an_offer_taken_back_is_not_awarded(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.refuse("a", "withdrawn")
    bench.propose("b", 20_000)
    assert bench.only(Awarded).participant == "b"
    assert bench.only(Decided).refused == {"a": RefuseReason.WITHDRAWN}


def test_a_runner_up_that_withdraws_is_not_awarded(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.refuse("b", "withdrawn")
    bench.fail("a")
    assert bench.ended.status == "failed"
    assert len(bench.records(Awarded)) == 1


def test_an_offer_that_lapses_is_told_so_and_not_awarded(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000, valid_for_ms=12_000)
    bench.wait(10_000)
    assert reasons(bench, "a") == ["offer-lapsed"]
    bench.propose("b", 20_000)
    assert bench.only(Awarded).participant == "b"


# ---- work that does not come to a good end


def test_a_failure_frees_the_slot_and_the_runner_up_works_under_the_next_epoch(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.fail("a", "error")
    assert bench.only(Freed) == Freed(slot=1, epoch=2, participant="a", reason="failed", again=False, detail="error")
    assert [(one.participant, one.epoch, one.price) for one in bench.records(Awarded)] == [
        ("a", 1, 10_000),
        ("b", 2, 20_000),
    ]
    bench.result("b")
    assert (bench.ended.winner, bench.ended.price) == ("b", 20_000)


def test_the_lease_of_a_dead_winner_lapses(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.wait(69_999)  # lease and pickup grace
    assert bench.slot.holder == "a"
    bench.wait(1)
    assert bench.slot.holder == "b"
    (cancel,) = bench.said(a.Cancel)
    assert (cancel.content.reason.value, cancel.in_reply_to) == ("lease-expired", None)
    assert bench.only(Freed).reason == "lease"
    assert bench.state("a") == "CANCELLING"


def test_progress_renews_the_lease_and_progress_under_another_fence_does_not(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a")
    bench.wait(50_000)
    bench.progress("a")
    bench.wait(59_000)
    assert bench.slot.holder == "a"
    bench.progress("a", epoch=2)
    bench.wait(1_000)
    assert bench.slot.holder is None


def test_progress_by_the_presence_lane_renews_the_lease_unrecorded(bench: Bench) -> None:
    call = bench.start("a")
    bench.propose("a")
    bench.beaten = True
    entries = len(bench.entries)
    for _ in range(4):
        bench.now += 50_000
        bench.tender.beat(call.conversation, "a", 1, 1, bench.now)
    assert len(bench.entries) == entries
    bench.wait(59_999)
    assert bench.slot.holder == "a"
    bench.wait(1)
    assert bench.slot.holder is None


def test_a_zombies_result_is_recorded_and_not_credited(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.wait(70_000)
    written = len(bench.written)
    bench.result("a", epoch=1)
    assert bench.took("I37", "a") == 1
    assert bench.slot.holder == "b"
    assert not bench.slot.done
    assert len(bench.written) == written + 2  # heard, and its row
    bench.result("b")
    assert (bench.ended.winner, bench.ended.price) == ("b", 20_000)
    bench.result("a", epoch=1)
    assert bench.took("I37", "a") == 2
    assert len(bench.records(Ended)) == 1


def test_a_result_after_the_deadline_is_overdue_even_with_beats(bench: Bench) -> None:
    bench.start("a", "b", work_within_ms=100_000)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.wait(50_000)
    bench.progress("a")
    bench.wait(49_999)
    assert bench.slot.holder == "a"
    bench.wait(1)
    assert bench.only(Freed).reason == "result-deadline"
    assert bench.said(a.Cancel)[0].content.reason.value == "result-overdue"
    assert bench.slot.holder == "b"
    assert bench.slot.result_due == bench.now + 100_000


def test_a_result_that_does_not_fit_the_schema_frees_the_slot(bench: Bench) -> None:
    bench.start("a", "b", result_schema=SCHEMA)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bad = bench.result("a", {"summary": 7})
    (answer,) = bench.said(a.NotUnderstood)
    assert (answer.receiver, answer.in_reply_to, answer.content.about) == ("a", bad.message_id, "inform")
    assert [one.path for one in answer.content.fields] == ["$.summary"]
    assert bench.only(Freed).reason == "invalid-result"
    bench.result("b", {"summary": "short"})
    assert bench.ended.winner == "b"


def test_a_result_under_another_fence_is_bad(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a")
    bench.result("a", epoch=2)
    assert bench.said(a.NotUnderstood)[0].content.fields[0].path == "$.content.epoch"
    assert (bench.ended.status, bench.ended.reason) == ("failed", "invalid-result")


def test_a_check_decides_and_time_stands_still_meanwhile(bench: Bench) -> None:
    bench.start("a", "b", checked=True, work_within_ms=100_000)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.result("a")
    assert [slot.result for _, slot, _ in awaiting_check(bench.tender)] == [bench.slot.result]
    bench.wait(3_600_000)  # neither lease nor deadline
    assert bench.slot.holder == "a"
    bench.checked(ok=False, reason="too short")
    assert bench.only(Freed).reason == "check"
    assert bench.said(a.NotUnderstood, "a")[0].content.fields[0].text == "too short"


def test_a_check_that_says_yes_settles(bench: Bench) -> None:
    bench.start("a", checked=True)
    bench.propose("a", 10_000)
    bench.result("a")
    assert bench.tender.ended is None
    bench.checked(ok=True)
    assert bench.ended.status == "settled"


def test_a_verdict_on_an_older_award_moves_nothing(bench: Bench) -> None:
    bench.start("a", "b", checked=True)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.result("a")
    bench.checked(ok=False)
    bench.checked(ok=True, epoch=1)
    assert bench.tender.ended is None
    bench.result("b")
    bench.checked(ok=True, epoch=1)
    assert bench.tender.ended is None
    bench.checked(ok=True)
    assert bench.ended.winner == "b"


def test_a_second_result_while_the_first_is_checked_is_out_of_sequence(bench: Bench) -> None:
    bench.start("a", checked=True)
    bench.propose("a")
    first = bench.result("a", {"n": 1})
    bench.result("a", {"n": 2})
    bench.checked(ok=True)
    assert bench.ended.result_of == first.message_id


def test_a_holder_that_gives_up_while_its_result_is_checked_frees_the_slot(bench: Bench) -> None:
    bench.start("a", "b", checked=True)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.result("a")
    bench.fail("a")
    assert bench.slot.holder == "b"
    bench.checked(ok=True, epoch=1)
    assert bench.tender.ended is None


# ---- who is expected, and who is not


def test_a_bid_in_time_from_an_agent_that_was_not_expected_counts(bench: Bench) -> None:
    bench.start("a")
    bench.propose("x", 10_000)
    assert bench.state() == "COLLECTING"  # it counts, and it is not what was waited for
    bench.propose("a", 20_000)
    assert bench.only(Awarded).participant == "x"


def test_nobody_waits_for_an_agent_that_was_not_expected(bench: Bench) -> None:
    bench.start("a")
    bench.propose("x", unit="EUR")
    bench.propose("a")
    assert bench.only(Awarded).participant == "a"
    assert bench.state("x") == "SILENT"


def test_a_late_bid_from_an_agent_that_was_not_expected_is_rejected_as_late(bench: Bench) -> None:
    """Its part in table I begins at SILENT (D6): row I35."""
    bench.start("a")
    bench.propose("a")
    bench.propose("x", 1)
    assert reasons(bench, "x") == ["late"]
    assert (bench.state("x"), bench.took("I13", "x"), bench.took("I35", "x")) == ("LATE", 1, 1)


def test_an_agent_that_is_gone_is_not_waited_for_and_its_bid_in_time_counts(bench: Bench) -> None:
    bench.start("a", "b", "c")
    bench.gone("b")
    bench.propose("a", 20_000)
    assert bench.state() == "COLLECTING"
    bench.propose("b", 10_000)
    bench.gone("c")
    assert bench.only(Awarded).participant == "b"
    assert bench.state("c") == "SILENT"


def test_a_cfp_that_reached_nobody_ends_the_round(bench: Bench) -> None:
    bench.start("a", "b")
    bench.returned("a", "b")
    assert [bench.state(name) for name in "ab"] == ["NO_BID", "NO_BID"]
    assert bench.only(Closed).reason == "silent"


def test_a_return_does_not_undo_an_answer(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.step(bench.call.conversation, Returned(agents=("a", "b")))
    assert bench.only(Awarded).participant == "a"


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
    assert reasons(bench, "a") == ["cancelled"]


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
    named = {"cfp": bench.call.cfp_id, "accept": bench.accept_of("a"), "nothing": None}[about]
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


# ---- graces


def test_no_timer_fires_during_a_grace(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.now += 50_000  # the manager was away across the deadline
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.wait(9_999)
    assert bench.state() == "COLLECTING"
    bench.propose("b", 1_000)
    assert bench.only(Awarded).participant == "b"
    assert reasons(bench, "b") == []


def test_a_grace_gives_a_winner_its_whole_lease_again(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.now += 3_600_000
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.wait(9_999)
    assert bench.slot.holder == "a"
    bench.result("a")
    assert bench.ended.winner == "a"


def test_an_offer_that_ended_while_the_manager_was_away_is_not_accepted(bench: Bench) -> None:
    """G4: the initiator does not use an offer beyond its end, whatever kept its timer from firing."""
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.now += 300_000
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.wait(10_000)
    assert bench.records(Awarded) == []
    assert reasons(bench, "a") == ["offer-lapsed"]
    assert bench.only(Closed).again_at is not None  # nobody said a final no


def test_a_runner_up_whose_offer_ended_is_not_awarded_during_a_grace(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000, valid_for_ms=30_000)
    bench.now += 60_000
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.fail("a")
    assert [one.participant for one in bench.records(Awarded)] == ["a"]
    assert reasons(bench, "b") == ["offer-lapsed"]
