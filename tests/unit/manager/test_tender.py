"""A tender's stories: hand-made acts in, what is said and recorded out. The straight way, bids, who is expected."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.ledger.records import Returned
from contractnet.manager.paid import Filled
from contractnet.manager.records import (
    Assessed,
    Awarded,
    Closed,
    Decided,
    Ended,
    Held,
)
from contractnet.messages import acts as a
from contractnet.messages.codec import spec_digest
from contractnet.messages.values import NotUnderstoodReason, RefuseReason, RejectReason
from tests.support.bench import Bench

SCHEMA = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}


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
        filled=(Filled(slot=1, winner="b", price=20_000, result_of=done.message_id),),
    )
    assert bench.rejected("a") == bench.rejected("c") == ["outbid"]
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
    assert bench.rejected("b") == ["late"]
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
    assert bench.rejected("a") == ["invalid"]
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
    assert bench.rejected("a")[0] == "duplicate-bid"
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
    assert bench.rejected("a") == ["offer-lapsed"]
    bench.propose("b", 20_000)
    assert bench.only(Awarded).participant == "b"


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
    assert bench.rejected("x") == ["late"]
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
