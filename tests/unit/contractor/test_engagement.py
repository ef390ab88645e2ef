"""An engagement's stories: what one agent hears, decides and says in one conversation, and what it keeps in mind."""

from __future__ import annotations

import pytest

from contractnet.contractor.engagement import Timers
from contractnet.contractor.records import Bade, Began, CannotStop, Failed, Finished, LeaseLost, Stopped, Withdrew
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import encode
from contractnet.messages.values import (
    CancelFailure,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)
from tests.support.side import NOW, Side

# ---- the straight way


def test_a_call_is_bid_on_won_and_done(side: Side) -> None:
    call = side.cfp()
    side.bid(7_000)
    (offer,) = side.said(a.Propose)
    assert (offer.content.price, offer.content.unit, offer.content.round) == (7_000, "USD", 1)
    assert offer.content.valid_for_ms == call.content.terms.valid_for_ms
    accept = side.accept()
    assert side.engagement.result_due == side.now + 600_000
    side.step(Began(attempt=1))
    side.step(Finished(result={"summary": "short"}))
    (done,) = side.said(a.Inform)
    assert isinstance(done.content, c.ResultContent)
    assert (done.content.result, done.content.slot, done.content.epoch) == ({"summary": "short"}, 1, 1)
    assert done.in_reply_to == accept.message_id


def test_ids_come_from_the_seed_so_a_restart_makes_the_same(side: Side) -> None:
    side.cfp()
    before = side.check()
    side.bid()
    again = before.step(side.agent, side.conversation, Bade(price=10_000, eta=5, confidence=900_000), side.now)
    assert [draft for draft, _ in again][-1] in [draft for draft, _ in again]
    assert [draft.body for draft, _ in again] == [entry.body for entry in side.entries[-3:]]


def test_a_refusal_says_why(side: Side) -> None:
    side.cfp()
    side.decline("over-reserve")
    (refusal,) = side.said(a.Refuse)
    assert refusal.content.reason is RefuseReason.OVER_RESERVE


# ---- time


@pytest.mark.parametrize(
    ("within_ms", "margin_ms"),
    [(20_000, 1_000), (100_000, 2_000), (1_000, 100), (2_000, 100), (150, 75), (1, 0)],
)
def test_bidding_stops_a_margin_before_the_deadline(side: Side, within_ms: int, margin_ms: int) -> None:
    """D7: 5 % of the window, 0.1 to 2 s; of a tiny window never more than half."""
    side.cfp(within_ms=within_ms)
    assert side.engagement.deadline() == NOW + within_ms - margin_ms


def test_a_bid_known_to_be_late_is_not_sent(side: Side) -> None:
    side.cfp()
    side.wait(19_000)
    assert side.state == "CLOSED"
    assert not side.engagement.allows(Bade(price=1, eta=1, confidence=1))
    assert side.said(a.Propose) == []


def test_an_offer_is_honoured_for_a_grace_after_its_end(side: Side) -> None:
    side.cfp(valid_for_ms=30_000)
    side.bid()
    side.wait(39_999)
    side.accept()
    assert side.state == "COMMITTED"


@pytest.mark.parametrize(
    ("end", "reason"),
    [("lapse", TaskFailure.OFFER_EXPIRED), ("withdraw", TaskFailure.WITHDRAWN), ("never", TaskFailure.UNKNOWN_OFFER)],
)
def test_an_accept_of_a_dead_offer_hears_why(side: Side, end: str, reason: TaskFailure) -> None:
    side.cfp(valid_for_ms=30_000)
    if end != "never":
        side.bid()
    if end == "lapse":
        side.wait(40_000)
    elif end == "withdraw":
        side.step(Withdrew())
    accept = side.accept("foreign" if end == "never" else None)
    (answer,) = side.said(a.Failure)
    assert isinstance(answer.content, c.TaskFailureContent)
    assert (answer.content.reason, answer.content.slot, answer.content.epoch) == (reason, 1, 1)
    assert answer.in_reply_to == accept.message_id


def test_a_one_hour_deadline_of_the_work(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    side.wait(599_999)
    assert side.state == "COMMITTED"
    side.wait(1)
    (answer,) = side.said(a.Failure)
    assert answer.content.reason is TaskFailure.OVERDUE
    assert not side.engagement.allows(Finished(result={}))


def test_a_lost_lease_is_said(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    side.step(LeaseLost())
    assert side.said(a.Failure)[0].content.reason is TaskFailure.LEASE_LOST


# ---- what is accepted


def test_another_task_than_was_announced_is_not_worked_on(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept(private={"key": "another"})
    assert side.state == "FAILED"
    assert side.said(a.Failure)[0].content.reason is TaskFailure.SPEC_CHANGED
    assert not side.engagement.ties_capacity


def test_a_second_accept_of_the_same_offer_changes_nothing(side: Side) -> None:
    side.cfp()
    side.bid()
    first = side.accept()
    side.accept(epoch=2)
    assert side.engagement.accept == first
    assert side.said(a.Failure) == []


def test_a_reject_of_another_offer_leaves_ours(side: Side) -> None:
    side.cfp()
    side.bid()
    side.reject("foreign", "duplicate-bid")
    side.accept()
    assert side.state == "COMMITTED"


def test_a_repair_may_be_bid_and_the_old_offer_is_dead(side: Side) -> None:
    side.cfp()
    side.bid()
    first = side.offer
    side.misunderstand(side.said(a.Propose)[0].message_id)
    assert side.state == "DELIBERATING"
    assert side.engagement.repair is not None
    side.bid(5_000)
    assert side.offer != first
    side.accept(first)
    assert side.state == "FAILED"


# ---- cancel


def test_running_work_is_stopped_then_answered(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    cancel = side.cancel()
    assert side.said(a.Inform) == []
    side.step(Stopped())
    (answer,) = side.said(a.Inform)
    assert (answer.in_reply_to, isinstance(answer.content, c.CancelledContent)) == (cancel.message_id, True)


def test_work_that_does_not_stop_in_time_says_so(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    side.cancel()
    side.wait(9_999)
    assert side.said(a.Failure) == []
    side.wait(1)
    (answer,) = side.said(a.Failure)
    assert answer.content.reason is CancelFailure.CANNOT_STOP
    assert not side.engagement.allows(Stopped())


@pytest.mark.parametrize(("words", "told"), [(1, True), (61_000, True), (62_000, False), (700_000, False)])
def test_work_that_ends_though_it_was_cancelled_was_done(side: Side, words: int, told: bool) -> None:
    """With its result, where that fits into a failure."""
    side.cfp()
    side.bid()
    side.accept()
    cancel = side.cancel()
    result = {"text": "x" * words}
    side.step(CannotStop(result=result))
    (answer,) = side.said(a.Failure)
    assert isinstance(answer.content, c.CancelFailureContent)
    assert (answer.content.reason, answer.in_reply_to) == (CancelFailure.ALREADY_DONE, cancel.message_id)
    assert answer.content.result == (result if told else None)
    assert ("larger" in answer.content.text) is not told
    encode(answer)
    assert not side.engagement.allows(Stopped())


def test_a_cancel_after_the_result_hears_that_it_is_done(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    side.step(Finished(result={}))
    side.cancel()
    assert side.said(a.Failure)[0].content.reason is CancelFailure.ALREADY_DONE


def test_a_cancel_that_overtakes_the_call_leaves_a_tombstone(side: Side) -> None:
    side.cancel()
    side.cfp()
    assert side.state == "CANCELLED"
    assert [type(act) for act in side.said(a.Inform)] == [a.Inform]


def test_a_cancel_that_overtakes_the_accept(side: Side) -> None:
    side.cfp()
    side.bid()
    side.cancel()
    side.accept()
    assert (side.state, side.said(a.Failure)[0].content.reason) == ("CANCELLED", TaskFailure.CLOSED)


# ---- the default rule


def test_what_is_out_of_sequence_is_answered_so_many_times(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    for _ in range(9):
        side.reject()
    answers = side.said(a.NotUnderstood)
    assert len(answers) == Timers().max_faults
    assert {one.content.reason for one in answers} == {NotUnderstoodReason.OUT_OF_SEQUENCE}
    side.step(Finished(result={}))
    assert len(side.said(a.Inform)) == 1


def test_what_does_not_decode_is_named_field_by_field(side: Side) -> None:
    side.cfp()
    side.mishear("accept-proposal")
    (answer,) = side.said(a.NotUnderstood)
    assert (answer.content.reason, answer.content.about) == (NotUnderstoodReason.SCHEMA, "accept-proposal")
    assert answer.content.fields[0].path == "$.content.round"
    side.mishear("not-understood")
    assert len(side.said(a.NotUnderstood)) == 1


def test_an_act_of_a_participant_is_illegal_here(side: Side) -> None:
    side.cfp()
    content = c.RefuseContent(reason=RefuseReason.UNFIT, round=1)
    side.hear(a.Refuse(**side.header(), content=content))
    assert side.said(a.NotUnderstood)[0].content.reason is NotUnderstoodReason.ILLEGAL_ACT
    assert side.state == "DELIBERATING"


def test_interrupted_work_counts_its_attempts(side: Side) -> None:
    side.cfp()
    side.bid()
    side.accept()
    side.step(Began(attempt=1))
    assert side.check().engagement(side.agent, side.conversation).attempt == 1
    side.step(Began(attempt=2))
    side.step(Failed(reason=TaskFailure.RESTART, text="interrupted 2 times"))
    assert side.said(a.Failure)[0].content.reason is TaskFailure.RESTART


def test_an_accept_below_the_price_of_the_offer_commits_nobody(side: Side) -> None:
    side.cfp()
    side.bid(10_000)
    act = side.accept(price=9_999)
    assert side.state == "FAILED"
    assert not side.engagement.ties_capacity
    (failure,) = side.said(a.Failure)
    assert failure.in_reply_to == act.reply_with
    assert isinstance(failure.content, c.TaskFailureContent)
    assert failure.content.reason == TaskFailure.UNKNOWN_OFFER
    side.check()


@pytest.mark.parametrize(
    ("parts", "price", "state"),
    [
        (3, 30_000, "COMMITTED"),
        (2, 25_000, "COMMITTED"),  # fewer than offered, at more than was asked
        (3, 29_999, "FAILED"),
        (4, 40_000, "FAILED"),  # more than it can do
        (None, 50_000, "FAILED"),  # all of them
    ],
)
def test_an_accept_of_parts_commits_to_no_more_of_them_and_at_their_price(
    side: Side, parts: int | None, price: int, state: str
) -> None:
    side.cfp(parts=5)
    side.step(Bade(price=10_000, eta=5, confidence=900_000, parts=3))
    assert [said.content.parts for said in side.said(a.Propose)] == [3]
    side.accept(price=price, parts=parts)
    assert side.state == state
    side.check()


@pytest.mark.parametrize(
    ("items", "price", "state"),
    [
        (("x", "z"), 30_000, "COMMITTED"),
        (("z", "x"), 35_000, "COMMITTED"),
        (("x", "z"), 29_999, "FAILED"),
        (("x",), 30_000, "FAILED"),  # was not offered alone
        (None, 90_000, "FAILED"),  # all of them
    ],
)
def test_an_accept_of_a_bundle_commits_to_what_was_offered(
    side: Side, items: tuple[str, ...] | None, price: int, state: str
) -> None:
    side.cfp(items=("x", "y", "z"))
    bundles = (c.Bundle(items=("x", "z"), price=30_000), c.Bundle(items=("y",), price=10_000))
    side.step(Bade(price=10_000, eta=5, confidence=900_000, bundles=bundles))
    assert [said.content.bundles for said in side.said(a.Propose)] == [bundles]
    side.accept(price=price, items=items)
    assert side.state == state
    side.check()


def test_an_accept_above_the_price_of_the_offer_commits(side: Side) -> None:
    """A rule may pay more than was asked."""
    side.cfp()
    side.bid(10_000)
    side.accept(price=10_001)
    assert side.state == "COMMITTED"
    side.check()


def test_a_cfp_that_its_accept_overtook_is_recorded(side: Side) -> None:
    """P34: the accept was of an offer we never made, and failed; the call comes too late for anything."""
    side.accept(offer="o_unknown")
    assert side.state == "FAILED"
    side.cfp()
    assert (side.state, side.rows[-1].row) == ("FAILED", "P34")
    assert side.said(a.NotUnderstood) == []
    side.check()


def test_an_accept_of_an_offer_that_was_rejected_is_of_no_offer(side: Side) -> None:
    side.cfp()
    side.bid(7_000)
    side.reject(side.offer, "late")
    side.accept()
    assert side.said(a.Failure)[0].content.reason is TaskFailure.UNKNOWN_OFFER
    side.check()


def test_a_dead_accept_ends_the_conversation_with_all_its_offers(side: Side) -> None:
    side.cfp()
    side.bid(7_000)
    side.accept(offer="o_unknown")
    assert (side.state, side.engagement.live_offer) == ("FAILED", False)
    side.accept()
    assert [act.content.reason.value for act in side.said(a.Failure)] == ["unknown-offer", "closed"]
    side.check()
