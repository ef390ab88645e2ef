"""Work that does not come to a good end: failures, leases, deadlines, checks, and graces over all of them."""

from __future__ import annotations

from contractnet.manager.checks import awaiting_check
from contractnet.manager.records import (
    Awarded,
    Closed,
    Ended,
    Freed,
    Grace,
)
from contractnet.messages import acts as a
from tests.support.bench import Bench

SCHEMA = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}


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
    assert bench.rejected("b") == []


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
    assert bench.rejected("a") == ["offer-lapsed"]
    assert bench.only(Closed).again_at is not None  # nobody said a final no


def test_a_runner_up_whose_offer_ended_is_not_awarded_during_a_grace(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000, valid_for_ms=30_000)
    bench.now += 60_000
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.fail("a")
    assert [one.participant for one in bench.records(Awarded)] == ["a"]
    assert bench.rejected("b") == ["offer-lapsed"]
