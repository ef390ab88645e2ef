"""Several winners of one tender: each slot has its epoch, its lease, its runner-up; the tender adds them up (G17)."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.manager.checks import awaiting_check
from contractnet.manager.paid import Filled
from contractnet.manager.records import Awarded, Decided, Ended, Freed, Held
from contractnet.messages import acts as a
from tests.support.bench import Bench

SCHEMA = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "integer"}}}


def two_of(bench: Bench, *prices: int, **given: Any) -> None:
    """Two slots; each of a, b, c … bids its price."""
    agents = "abcdefgh"[: len(prices)]
    bench.start(*agents, slots=2, **given)
    for agent, price in zip(agents, prices, strict=True):
        bench.propose(agent, price)


def awards(bench: Bench) -> list[tuple[int, int, str]]:
    """(slot, epoch, participant) of every award so far."""
    return [(one.slot, one.epoch, one.participant) for one in bench.records(Awarded)]


def states(bench: Bench, agents: str) -> list[str]:
    return [bench.state(agent) for agent in agents]


# ---- the award


def test_the_best_get_a_slot_each_and_as_many_are_held(bench: Bench) -> None:
    two_of(bench, 50_000, 10_000, 20_000, 30_000, 40_000)
    assert awards(bench) == [(1, 1, "b"), (2, 1, "c")]
    assert states(bench, "abcde") == ["REJECTED", "AWARDED", "AWARDED", "HELD", "HELD"]
    assert bench.rejected("a") == ["outbid"]
    decided = bench.only(Decided)
    assert (decided.winner, decided.runner_up, decided.course) == ("b", "d", "award")
    assert [one.participant for one in decided.bids if one.reason is None] == ["b", "c"]


def test_each_winner_is_told_its_own_slot_and_price(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    contents = [act.content for act in bench.said(a.AcceptProposal)]
    assert [(one.slot, one.epoch, one.price) for one in contents] == [(1, 1, 10_000), (2, 1, 20_000)]
    assert [act.receiver for act in bench.said(a.AcceptProposal)] == ["a", "b"]


def test_the_worst_case_is_held_for_every_slot(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    assert bench.only(Held).amount == 2 * 50_000
    bench.result("a")
    bench.result("b", slot=2, epoch=1)
    assert (bench.ended.spent, bench.ended.released) == (30_000, 70_000)


def test_fewer_bids_than_slots_fill_what_they_can(bench: Bench) -> None:
    two_of(bench, 10_000)
    assert awards(bench) == [(1, 1, "a")]
    bench.result("a")
    assert (bench.state(), bench.ended.status, bench.ended.price) == ("CLOSED_PARTIAL", "partial", 10_000)


def test_ties_for_the_last_slot_are_a_named_set(bench: Bench) -> None:
    two_of(bench, 20_000, 10_000, 20_000, 20_000)
    assert bench.only(Decided).ties == ("a", "c", "d")
    assert awards(bench)[0] == (1, 1, "b")
    assert awards(bench)[1][2] in "acd"


# ---- the ends


def test_all_done_is_settled_and_the_price_is_the_sum(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000)
    second = bench.result("b", slot=2, epoch=1)
    assert bench.tender.ended is None
    assert bench.state("c") == "HELD"  # the first slot may still need it
    first = bench.result("a")
    assert (bench.state(), bench.rejected("c")) == ("CLOSED_OK", ["outbid"])
    end = bench.ended
    assert (end.status, end.reason, end.price, end.spent) == ("settled", None, 30_000, 30_000)
    assert end.filled == (
        Filled(slot=1, winner="a", price=10_000, result_of=first.message_id),
        Filled(slot=2, winner="b", price=20_000, result_of=second.message_id),
    )
    assert (end.winner, end.result_of) == ("a", first.message_id)


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (lambda bench: bench.fail("b"), "failed"),
        (lambda bench: bench.result("b", {"ok": "no"}, slot=2, epoch=1), "invalid-result"),
        (lambda bench: bench.misunderstood("b", bench.accept_of("b")), "failed"),
    ],
    ids=["failure", "bad result", "not understood"],
)
def test_some_done_is_partial_with_the_reason_of_the_other(bench: Bench, lose: Any, reason: str) -> None:
    two_of(bench, 10_000, 20_000, result_schema=SCHEMA, within_ms=1_000)
    bench.result("a")
    lose(bench)
    assert bench.state() == "CLOSED_PARTIAL"
    assert (bench.ended.status, bench.ended.reason) == ("partial", reason)
    assert (bench.ended.price, [one.slot for one in bench.ended.filled]) == (10_000, [1])


def test_partial_names_the_first_filled_slot_as_its_winner(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.fail("a")
    result = bench.result("b", slot=2, epoch=1)
    assert (bench.ended.winner, bench.ended.result_of) == ("b", result.message_id)
    assert [one.slot for one in bench.ended.filled] == [2]


def test_none_done_is_failed(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.fail("a")
    assert bench.tender.ended is None
    bench.fail("b")
    assert (bench.state(), bench.ended.status, bench.ended.price) == ("CLOSED_FAILED", "failed", None)
    assert bench.ended.filled == ()


def test_a_slot_that_nobody_could_be_paid_for_is_partial_over_the_reserve(bench: Bench) -> None:
    two_of(bench, 10_000, 60_000)
    bench.result("a")
    assert (bench.ended.status, bench.ended.reason, bench.rejected("b")) == (
        "partial",
        "over-reserve",
        ["over-reserve"],
    )


# ---- runners-up


def test_a_freed_slot_goes_to_the_best_held_offer_under_the_next_epoch(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 40_000, 30_000)
    bench.fail("b")
    assert awards(bench)[-1] == (2, 2, "d")
    assert bench.state("c") == "HELD"
    bench.fail("a")
    assert awards(bench)[-1] == (1, 2, "c")
    bench.result("d", slot=2, epoch=2)
    bench.result("c", slot=1, epoch=2)
    assert (bench.ended.status, bench.ended.price) == ("settled", 70_000)


def test_each_slot_has_its_own_epoch(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000, 40_000)
    bench.fail("a")
    bench.fail("c")
    assert [(slot.number, slot.epoch) for slot in bench.tender.slots] == [(1, 3), (2, 1)]
    assert [(one.slot, one.epoch) for one in bench.records(Freed)] == [(1, 2), (1, 3)]
    bench.result("b", slot=2, epoch=1)
    assert bench.tender.slots[1].done


def test_one_runner_up_serves_whichever_slot_is_lost_first(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000)
    bench.fail("b")
    bench.fail("a")
    assert awards(bench) == [(1, 1, "a"), (2, 1, "b"), (2, 2, "c")]
    assert [slot.abandoned for slot in bench.tender.slots] == [True, False]
    assert (bench.took("C14"), bench.took("C15")) == (1, 1)


def test_one_winner_never_wins_twice_in_a_conversation(bench: Bench) -> None:
    """G13: not the slot that it lost, and not another."""
    two_of(bench, 10_000, 20_000)
    bench.fail("a")
    bench.propose("a", 1_000)
    assert bench.rejected("a") == ["late"]
    bench.fail("b")
    assert [participant for _, _, participant in awards(bench)] == ["a", "b"]
    assert bench.ended.status == "failed"


def test_a_result_under_the_other_slots_fence_frees_its_senders_slot_only(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.result("a", slot=2, epoch=1)
    assert states(bench, "ab") == ["FAILED", "AWARDED"]
    assert [(slot.epoch, slot.holder) for slot in bench.tender.slots] == [(2, None), (1, "b")]


# ---- time


def test_the_lease_of_one_slot_leaves_the_other_alone(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.wait(60_000)
    bench.progress("b", slot=2, epoch=1)
    bench.wait(10_000)
    assert states(bench, "ab") == ["CANCELLING", "AWARDED"]
    assert [(slot.epoch, slot.holder) for slot in bench.tender.slots] == [(2, None), (1, "b")]
    assert [act.content.reason.value for act in bench.said(a.Cancel, "a")] == ["lease-expired"]
    assert bench.said(a.Cancel, "b") == []


def test_progress_under_the_other_slots_fence_renews_nobodys_lease(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    before = [slot.lease_due for slot in bench.tender.slots]
    bench.wait(60_000)
    bench.progress("a", slot=2, epoch=1)
    bench.beaten = True
    bench.tender.beat("t.1", "b", 1, 1, bench.now)
    assert [slot.lease_due for slot in bench.tender.slots] == before


def test_both_leases_lapse_at_one_instant(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000)
    bench.wait(70_000)
    assert awards(bench)[2:] == [(1, 2, "c")]
    assert states(bench, "abc") == ["CANCELLING", "CANCELLING", "AWARDED"]
    assert [slot.abandoned for slot in bench.tender.slots] == [False, True]


def test_the_result_deadline_of_one_slot_counts_from_its_own_award(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000, work_within_ms=50_000)
    bench.wait(20_000)
    bench.fail("b")
    bench.wait(30_000)
    assert states(bench, "abc") == ["CANCELLING", "FAILED", "AWARDED"]
    bench.wait(20_000)
    assert bench.state("c") == "CANCELLING"
    assert [act.content.reason.value for act in bench.said(a.Cancel)] == ["result-overdue", "result-overdue"]


def test_an_offer_that_lapses_while_held_leaves_its_slot_without_a_runner_up(bench: Bench) -> None:
    bench.start("a", "b", "c", slots=2)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.propose("c", 30_000, valid_for_ms=30_000)
    bench.wait(28_000)
    assert bench.rejected("c") == ["offer-lapsed"]
    bench.fail("a")
    assert len(awards(bench)) == 2
    assert bench.tender.slots[0].abandoned


# ---- checks


def test_each_result_is_checked_for_itself(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000, checked=True)
    bench.result("a", {"ok": 1})
    bench.result("b", {"ok": 2}, slot=2, epoch=1)
    assert [(slot.number, result) for _, slot, result in awaiting_check(bench.tender)] == [
        (1, {"ok": 1}),
        (2, {"ok": 2}),
    ]
    bench.checked(ok=False, reason="too short", slot=1, epoch=1)
    assert states(bench, "abc") == ["FAILED", "AWARDED", "AWARDED"]
    assert awards(bench)[-1] == (1, 2, "c")
    bench.checked(ok=True, slot=2, epoch=1)
    assert bench.state("b") == "DONE"
    bench.result("c", slot=1, epoch=2)
    bench.checked(ok=True, slot=1, epoch=2)
    assert (bench.ended.status, bench.ended.price) == ("settled", 50_000)


def test_a_verdict_is_of_the_slot_that_it_names(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, checked=True)
    bench.result("a")
    bench.checked(ok=True, slot=2, epoch=1)  # nothing is checked there
    assert states(bench, "ab") == ["AWARDED", "AWARDED"]
    assert awaiting_check(bench.tender)[0][1].number == 1


def test_time_goes_on_for_the_slot_that_is_not_checked(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, checked=True)
    bench.result("a")
    bench.wait(70_000)
    assert states(bench, "ab") == ["AWARDED", "CANCELLING"]


# ---- cancel


def test_a_cancel_keeps_what_is_done_and_pays_it(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000, 30_000)
    bench.result("a")
    bench.cancel()
    assert states(bench, "abc") == ["DONE", "CANCELLING", "CANCELLING"]
    assert [slot.epoch for slot in bench.tender.slots] == [1, 2]
    bench.cancelled("b")
    bench.cancelled("c")
    end = bench.ended
    assert (end.status, end.reason, end.price, end.spent, end.released) == ("cancelled", "user", 10_000, 10_000, 90_000)
    assert [one.slot for one in end.filled] == [1]


def test_a_result_that_crosses_the_cancel_fills_no_slot(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.result("a")
    bench.cancel()
    bench.result("b", slot=2, epoch=1)
    bench.cancel_failed("b")
    assert (bench.ended.spent, bench.call.truth["b"]) == (10_000, "already-done")
    assert not bench.tender.slots[1].done


# ---- rounds


def test_a_round_is_called_while_a_slot_may_still_be_filled(bench: Bench) -> None:
    two_of(bench, 10_000, 60_000, 70_000, max_rounds=2)
    assert states(bench, "abc") == ["REINVITED", "REINVITED", "REINVITED"]
    bench.propose("c", 20_000)
    bench.propose("b", 30_000)
    bench.refuse("a")  # and takes its standing offer back
    assert awards(bench) == [(1, 1, "c"), (2, 1, "b")]


def test_no_round_is_called_when_nobody_else_has_bid(bench: Bench) -> None:
    bench.start("a", "b", slots=2, max_rounds=3)
    bench.propose("a", 10_000)
    bench.refuse("b")
    assert (bench.state(), awards(bench)) == ("AWAITING", [(1, 1, "a")])


def test_a_mediators_choice_fills_one_slot(bench: Bench) -> None:
    two_of(bench, 60_000, 61_000, mediator="arbiter", mediation_limit=70_000)
    assert bench.only(Held).amount == 140_000
    bench.choose("offer", bench.said(a.Request)[0].content.offers[1].offer)
    assert awards(bench) == [(1, 1, "b")]
    bench.result("b")
    assert (bench.ended.status, bench.ended.price, bench.rejected("a")) == ("partial", 61_000, ["over-reserve"])


# ---- calling again


def died(bench: Bench) -> None:
    """Slot 1 is done; the holder of slot 2 dies, and nobody is held."""
    two_of(bench, 10_000, 20_000)
    bench.result("a")
    bench.fail("b", "restart")


def test_a_slot_lost_by_death_is_called_again_for_while_the_other_is_done(bench: Bench) -> None:
    died(bench)
    assert (bench.state(), bench.tender.waiting) == ("CLOSED_PARTIAL", True)
    bench.present = True
    bench.wait(2_000)
    call = bench.invite("b", "c")
    assert [slot.number for slot in call.slots] == [2]
    assert (call.parent, call.conversation) == ("t.1", "t.2")
    bench.propose("b", 25_000)  # another conversation: it may win again
    bench.propose("c", 30_000)
    assert awards(bench)[-1] == (2, 2, "b")
    result = bench.result("b", slot=2, epoch=2)
    assert (bench.ended.status, bench.ended.price) == ("settled", 35_000)
    assert [(one.slot, one.winner) for one in bench.ended.filled] == [(1, "a"), (2, "b")]
    assert bench.ended.filled[1].result_of == result.message_id
    assert len(bench.records(Held)) == 1


def test_the_winner_of_the_first_call_may_win_another_slot_in_the_next(bench: Bench) -> None:
    died(bench)
    bench.present = True
    bench.wait(2_000)
    bench.invite("a")
    bench.propose("a", 11_000)
    bench.result("a", slot=2, epoch=2)
    assert [one.winner for one in bench.ended.filled] == ["a", "a"]
    assert bench.ended.spent == 21_000


def test_nobody_for_the_lost_slot_leaves_it_partial(bench: Bench) -> None:
    died(bench)
    bench.present = True
    bench.wait(2_000)
    bench.invite("b")
    bench.refuse("b")
    assert (bench.ended.status, bench.ended.reason, bench.ended.price) == ("partial", "refused", 10_000)


def test_a_wait_that_ends_leaves_what_is_done(bench: Bench) -> None:
    died(bench)
    bench.wait(600_000)
    assert (bench.ended.status, bench.ended.reason, bench.ended.spent) == ("partial", "failed", 10_000)
    assert len(bench.records(Ended)) == 1


def test_a_cancel_between_two_calls_keeps_what_is_done(bench: Bench) -> None:
    died(bench)
    bench.cancel()
    assert (bench.ended.status, bench.ended.price, bench.ended.released) == ("cancelled", 10_000, 90_000)


def test_a_slot_that_failed_at_its_work_is_not_called_for_again_with_the_one_that_died(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.fail("a", "error")
    bench.fail("b", "restart")
    assert bench.tender.waiting
    bench.present = True
    bench.wait(2_000)
    call = bench.invite("c", "d")
    assert [slot.number for slot in call.slots] == [1, 2]  # both are open, so both are offered


def test_a_zombie_of_the_first_call_fills_no_slot_of_the_second(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.result("a")
    bench.wait(70_000)  # b is dead
    bench.present = True
    bench.wait(2_000)
    bench.invite("c")
    bench.propose("c", 30_000)
    about = bench.tender.calls[0].participants["b"].accept_id
    content = bench.result_content(slot=2, epoch=1)
    bench.hear(a.Inform(**bench.header("b", about, conversation_id="t.1"), content=content))
    assert bench.took("I37", "b") == 1
    bench.result("c", slot=2, epoch=2)
    assert [one.winner for one in bench.ended.filled] == ["a", "c"]


def test_three_awards_of_one_slot_are_the_most(bench: Bench) -> None:
    two_of(bench, 10_000, 20_000)
    bench.result("a")
    bench.present = True
    for number, agent in enumerate("bcd"):
        if number:
            bench.wait(10_000)
            bench.invite(agent)
            bench.propose(agent, 20_000)
        bench.fail(agent, "restart")
    assert bench.tender.slots[1].awards == 3
    assert (bench.ended.status, bench.ended.reason, bench.ended.price) == ("partial", "failed", 10_000)


def test_a_slot_that_had_its_three_awards_is_not_in_the_next_call(bench: Bench) -> None:
    """D1: at most three awards per slot and tender, whatever another slot is called again for."""
    two_of(bench, 10_000, 20_000, 30_000, 40_000)
    for agent in "acd":  # two of them were held
        bench.fail(agent)
    assert (bench.tender.slots[0].awards, bench.tender.slots[0].abandoned) == (3, True)
    bench.fail("b", "restart")
    bench.present = True
    bench.wait(2_000)
    call = bench.invite("e", "f")
    assert [slot.number for slot in call.slots] == [2]
    bench.propose("e", 10_000)
    bench.propose("f", 11_000)
    assert (bench.state("e"), bench.state("f")) == ("AWARDED", "HELD")
    bench.result("e", slot=2, epoch=2)
    assert (bench.ended.status, bench.ended.reason) == ("partial", "failed")
