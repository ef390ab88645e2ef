"""D1: busy is not no, death is not failure. When a tender calls again, and when it ends."""

from __future__ import annotations

import pytest

from contractnet.manager.ending import back_off_ms
from contractnet.manager.records import Awarded, Closed, Grace, Held
from contractnet.messages import acts as a
from tests.support.bench import Bench


def again_in(bench: Bench) -> int | None:
    """How long after its closing the newest call is followed by another, milliseconds."""
    closed = bench.records(Closed)[-1]
    return None if closed.again_at is None else closed.again_at - bench.now


# ---- (a) nothing was awarded

FINAL = ["unfit", "over-reserve", "unsupported", "policy", "invalid-proposal"]


@pytest.mark.parametrize("reason", FINAL)
def test_a_final_no_from_all_ends_the_tender(bench: Bench, reason: str) -> None:
    bench.start("a", "b")
    bench.refuse("a", reason)
    bench.refuse("b", reason)
    assert again_in(bench) is None
    assert (bench.ended.status, bench.ended.winner, bench.ended.price) == ("no-award", None, None)
    assert bench.ended.reason == ("over-reserve" if reason == "over-reserve" else "refused")
    assert bench.ended.released == 50_000


@pytest.mark.parametrize("final", FINAL)
def test_one_that_is_busy_is_asked_again(bench: Bench, final: str) -> None:
    bench.start("a", "b")
    bench.refuse("a", final)
    bench.refuse("b", "busy")
    assert bench.only(Closed).reason == "busy"
    assert again_in(bench) is not None
    assert bench.tender.waiting


def test_one_that_was_silent_is_asked_again(bench: Bench) -> None:
    bench.start("a", "b")
    bench.refuse("a")
    bench.wait(20_000)
    assert bench.only(Closed).reason == "silent"
    assert again_in(bench) is not None


def test_one_that_is_gone_is_asked_again(bench: Bench) -> None:
    bench.start("a", "b")
    bench.refuse("a")
    bench.gone("b")
    assert again_in(bench) is not None


def test_one_that_is_gone_and_had_said_a_final_no_is_not(bench: Bench) -> None:
    """D6: that it is gone only takes it from those waited for; what it says in time counts."""
    bench.start("a", "b")
    bench.gone("b")
    bench.refuse("b", "unfit")
    bench.refuse("a", "unfit")
    assert bench.ended.reason == "refused"


def test_an_offer_over_the_reserve_is_a_final_no(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 50_001)
    bench.refuse("b")
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "over-reserve")


def test_over_the_reserve_and_busy_calls_again(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 50_001)
    bench.refuse("b", "busy")
    assert bench.only(Closed).reason == "over-reserve"
    assert again_in(bench) is not None


def test_a_bidder_that_cannot_make_a_valid_bid_said_its_last_word(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a", unit="EUR")
    bench.propose("a", unit="EUR")
    assert bench.ended.reason == "refused"


def test_a_bidder_that_withdrew_is_asked_again(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.refuse("a", "withdrawn")
    bench.refuse("b")
    assert again_in(bench) is not None


def test_the_word_of_one_that_was_not_expected_does_not_count(bench: Bench) -> None:
    bench.start("a")
    bench.refuse("x", "busy")
    bench.refuse("a", "unfit")
    assert bench.tender.ended is not None


# ---- (b) a slot was lost


@pytest.mark.parametrize("reason", ["restart", "handed-back", "unknown-offer", "lease-lost"])
def test_a_death_without_a_runner_up_calls_again(bench: Bench, reason: str) -> None:
    bench.start("a")
    bench.propose("a")
    bench.fail("a", reason)
    assert bench.only(Closed).outcome == "failed"
    assert again_in(bench) is not None


def test_a_lapsed_lease_without_a_runner_up_calls_again(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a")
    bench.wait(70_000)
    assert again_in(bench) is not None


@pytest.mark.parametrize("reason", ["error", "spec-mismatch", "spec-changed", "overdue", "closed"])
def test_a_failure_of_the_work_ends_the_tender(bench: Bench, reason: str) -> None:
    bench.start("a")
    bench.propose("a")
    bench.fail("a", reason)
    assert (bench.ended.status, bench.ended.reason) == ("failed", "failed")


def test_a_death_with_a_runner_up_awards_it(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.fail("a", "restart")
    assert bench.records(Closed) == []
    bench.fail("b", "error")
    assert (bench.ended.status, bench.ended.reason) == ("failed", "failed")


def test_at_most_three_awards(bench: Bench) -> None:
    """Over calls and runners-up together; the epochs go on counting."""
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.fail("a", "restart")
    bench.fail("b", "restart")
    bench.wait(again_in(bench) or 0)
    bench.invite("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    assert [one.epoch for one in bench.records(Awarded)] == [1, 2, 3]
    bench.fail("a", "restart")  # b is held, and the bound is reached
    assert len(bench.records(Awarded)) == 3
    assert (bench.ended.status, bench.ended.reason) == ("failed", "failed")
    assert [act.content.reason.value for act in bench.said(a.RejectProposal, "b")] == ["outbid"]


# ---- how it goes on


def test_the_next_call_is_a_conversation_of_its_own_under_the_same_hold(bench: Bench) -> None:
    first = bench.start("a")
    bench.refuse("a", "busy")
    bench.wait(again_in(bench) or 0)
    second = bench.invite("a", "b")
    assert (first.conversation, second.conversation, second.parent) == ("t.1", "t.2", "t.1")
    assert bench.said(a.Cfp)[1].parent == "t.1"
    assert bench.said(a.Cfp)[1].content.spec_digest != bench.said(a.Cfp)[0].content.spec_digest  # salted anew
    bench.propose("b")
    bench.refuse("a", "busy")
    bench.result("b")
    assert (bench.ended.status, bench.ended.conversation_id) == ("settled", "t.2")
    assert len(bench.records(Held)) == 1


def test_what_belongs_to_an_older_call_is_still_answered(bench: Bench) -> None:
    bench.start("a", "b")
    bench.refuse("a", "busy")
    bench.wait(20_000)
    old = bench.call
    late = bench.proposal("b", 1)
    bench.wait(again_in(bench) or 0)
    bench.invite("a", "b")
    bench.hear(late)
    assert old.participants["b"].machine.state == "LATE"
    assert bench.state("b") == "INVITED"


def test_a_zombie_of_an_older_call_is_not_credited(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a")
    zombie = a.Inform(
        **bench.header("a"),
        content=bench.result_content(slot=1, epoch=1),  # what it will say too late
    )
    bench.wait(70_000)
    bench.wait(again_in(bench) or 0)
    bench.invite("a", "b")
    bench.propose("b", 10_000)
    bench.propose("a", 20_000)
    assert bench.slot.epoch == 2
    bench.hear(zombie)
    assert bench.slot.holder == "b"
    assert not bench.slot.done
    bench.result("b")
    assert bench.ended.winner == "b"


def test_a_second_result_of_the_same_agent_in_a_later_call(bench: Bench) -> None:
    """The winner of the second call is the zombie of the first: only its new award counts."""
    bench.start("a")
    bench.propose("a")
    zombie = a.Inform(**bench.header("a"), content=bench.result_content(slot=1, epoch=1))
    bench.wait(70_000)
    bench.wait(again_in(bench) or 0)
    bench.invite("a")
    bench.propose("a", 10_000)
    bench.hear(zombie)
    assert bench.tender.ended is None
    assert bench.slot.holder == "a"
    done = bench.result("a")
    assert bench.ended.result_of == done.message_id


def test_a_winner_of_a_later_call_that_dies_was_in_the_earlier_one(bench: Bench) -> None:
    """The slot outlives a call; its lease is a timer of the call that gave it."""
    bench.start("a")
    bench.wait(20_000)
    bench.wait(again_in(bench) or 0)
    bench.invite("a")
    bench.propose("a")
    assert {conversation for _, conversation, _ in bench.tender.timers()} == {"t.2"}
    bench.wait(70_000)
    assert bench.state("a") == "CANCELLING"
    assert again_in(bench) is not None


def test_the_wait_grows_and_its_jitter_comes_from_the_seed(bench: Bench) -> None:
    bench.open()
    waits = []
    for _ in range(6):
        bench.invite("a")
        bench.refuse("a", "busy")
        waits.append(again_in(bench) or 0)
        bench.wait(waits[-1])
    for wait, base in zip(waits, (1_000, 2_000, 4_000, 5_000, 5_000, 5_000), strict=True):
        assert base * 3 // 4 <= wait <= base * 5 // 4
    assert waits == [back_off_ms("5eed" * 8, "t", calls) for calls in range(1, 7)]
    assert len({back_off_ms(f"{seed:032x}", "t", 1) for seed in range(50)}) > 40


def test_no_call_opens_after_within(bench: Bench) -> None:
    bench.start("a", within_ms=30_000)
    bench.wait(20_000)
    assert again_in(bench) is not None
    bench.wait(again_in(bench) or 0)
    bench.invite("a")
    bench.refuse("a", "busy")
    bench.wait(9_999)
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "busy")


def test_a_back_off_beyond_within_ends_the_tender(bench: Bench) -> None:
    bench.start("a", within_ms=20_500)
    bench.wait(20_000)
    assert again_in(bench) is None
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "silent")


def test_within_never_cuts_running_work(bench: Bench) -> None:
    bench.start("a", within_ms=10_000, reply_within_ms=5_000)
    bench.propose("a")
    bench.wait(60_000)
    bench.result("a")
    assert bench.ended.status == "settled"


def test_a_waiting_tender_ends_where_nobody_comes(bench: Bench) -> None:
    bench.open(wait_for_agents_ms=30_000)
    bench.wait(29_999)
    assert bench.tender.ended is None
    bench.wait(1)
    assert (bench.ended.status, bench.ended.reason, bench.ended.conversation_id) == ("no-award", "no-bidders", None)
    assert bench.records(Held) == []


def test_nobody_counts_the_wait_while_somebody_is_there(bench: Bench) -> None:
    bench.open()
    bench.present = True
    bench.wait(3_600_000)
    assert bench.tender.ended is None


def test_a_tender_that_lost_its_worker_and_finds_nobody_failed(bench: Bench) -> None:
    bench.start("a")
    bench.propose("a")
    bench.fail("a", "restart")
    bench.wait(60_000)
    assert (bench.ended.status, bench.ended.reason) == ("failed", "failed")


def test_a_call_with_nobody_expected_still_ends(bench: Bench) -> None:
    """A driver opens none such; the core says no-bidders and calls again."""
    bench.start()
    assert bench.only(Closed).reason == "no-bidders"
    assert again_in(bench) is not None


def test_a_waiting_tender_has_its_grace(bench: Bench) -> None:
    """D5: after a restart none of its timers fires at once, the wait for agents neither."""
    bench.open()
    bench.now += 3_600_000
    bench.record(bench.book.step("t", Grace(until=bench.now + 10_000), bench.now))
    bench.wait(9_999)
    assert bench.tender.ended is None
    bench.wait(1)
    assert bench.ended.reason == "no-bidders"
