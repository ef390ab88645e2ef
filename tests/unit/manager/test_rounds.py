"""Rounds: when another is called, whom for, what its cfp says, and which offer counts in the end."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.ledger.records import Misheard
from contractnet.manager.records import Decided
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from tests.support.bench import DIGEST, Bench


def dear(bench: Bench, *agents: str, price: int = 60_000) -> list[a.Propose]:
    """Each bids over the reserve, which is 50,000."""
    return [bench.propose(agent, price + 1_000 * place) for place, agent in enumerate(agents)]


def revised(bench: Bench, agent: str) -> a.Cfp:
    """The newest cfp to one agent alone."""
    return [cfp for cfp in bench.said(a.Cfp, agent) if cfp.receiver == agent][-1]


def test_all_over_the_reserve_are_called_again(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=3)
    first, second = dear(bench, "a", "b")
    assert (bench.state(), bench.state("a"), bench.state("b")) == ("COLLECTING", "REINVITED", "REINVITED")
    assert bench.took("C8") == 1
    for agent, offer in (("a", first), ("b", second)):
        cfp = revised(bench, agent)
        assert (cfp.content.round, cfp.content.max_rounds, cfp.content.offer) == (2, 3, offer.content.offer)
        assert cfp.in_reply_to == offer.reply_with
        assert cfp.protocol == a.ITERATED_CONTRACT_NET
        assert cfp.reply_by == bench.now + 20_000
        assert cfp.content.terms.reserve is None
    assert bench.rejected("a") == []
    assert bench.only(Decided).course == "iterate"
    assert bench.only(Decided).invited == ("a", "b")
    assert bench.only(Decided).winner is None
    bench.check()


def test_a_lower_bid_in_the_second_round_wins(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=3)
    dear(bench, "a", "b")
    bench.propose("b", 49_000)
    bench.propose("a", 48_000)
    assert (bench.state("a"), bench.state("b")) == ("AWARDED", "HELD")
    bench.result("a")
    assert (bench.ended.status, bench.ended.price) == ("settled", 48_000)
    bench.check()


def test_the_last_round_ends_without_an_award(bench: Bench) -> None:
    bench.start("a", max_rounds=3)
    for _ in range(3):
        dear(bench, "a")
    assert (bench.state(), bench.call.round) == ("CLOSED_NO_AWARD", 3)
    assert bench.rejected("a") == ["over-reserve"]
    assert [one.course for one in bench.records(Decided)] == ["iterate", "iterate", "no-award"]
    assert bench.ended.reason == "over-reserve"
    bench.check()


def test_one_round_is_the_plain_protocol(bench: Bench) -> None:
    bench.start("a", max_rounds=1)
    assert bench.said(a.Cfp)[0].protocol == a.CONTRACT_NET
    dear(bench, "a")
    assert bench.state() == "CLOSED_NO_AWARD"
    assert "REINVITED" not in bench.call.participants["a"].machine.table.states
    bench.check()


def test_a_slot_that_can_be_filled_is_not_traded_for_a_round(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=3)
    bench.propose("a", 60_000)
    bench.propose("b", 40_000)
    assert (bench.state("b"), bench.state("a")) == ("AWARDED", "REJECTED")
    bench.check()


def test_the_standing_offer_counts_where_its_bidder_is_silent(bench: Bench) -> None:
    """G14: two slots, one bid that fits: the second round keeps it, and its silence keeps it too."""
    bench.start("a", "b", max_rounds=2, slots=2)
    bench.propose("a", 40_000)
    bench.propose("b", 60_000)
    assert bench.state("a") == "REINVITED"
    bench.propose("b", 45_000)
    bench.wait(20_000)
    assert bench.took("I14", "a") == 1
    assert (bench.state("a"), bench.state("b")) == ("AWARDED", "AWARDED")
    assert [accept.content.price for accept in bench.said(a.AcceptProposal)] == [40_000, 45_000]
    bench.check()


def test_a_refusal_voids_the_standing_offer(bench: Bench) -> None:
    bench.start("a", max_rounds=2)
    dear(bench, "a")
    bench.refuse("a")
    assert (bench.state("a"), bench.state()) == ("NO_BID", "CLOSED_NO_AWARD")
    bench.check()


def test_a_bad_bid_of_a_later_round_is_repaired_once_and_the_old_one_stands(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=2, slots=2)
    bench.propose("a", 40_000)
    bench.propose("b", 60_000)
    bench.propose("a", unit="EUR")
    assert bench.state("a") == "REREPAIRING"
    assert bench.said(a.NotUnderstood, "a")[-1].content.time_left_ms == 20_000
    bad = bench.propose("a", unit="EUR")
    assert bench.state("a") == "PROPOSED"
    assert bench.said(a.RejectProposal, "a")[-1].content.offer == bad.content.offer
    bench.refuse("b")
    assert bench.state("a") == "AWARDED"
    assert bench.said(a.AcceptProposal)[0].content.price == 40_000
    bench.check()


def test_an_offer_that_lapses_while_its_bidder_is_asked_again_is_answered(bench: Bench) -> None:
    """I15: by its id; the bidder may still bid in the round."""
    bench.start("a", max_rounds=2)
    first = bench.propose("a", 60_000, valid_for_ms=10_000)
    bench.wait(8_000)
    reject = bench.said(a.RejectProposal, "a")[-1]
    assert (reject.content.offer, reject.content.reason.value) == (first.content.offer, "offer-lapsed")
    assert reject.in_reply_to == first.reply_with
    assert bench.state("a") == "INVITED"
    bench.propose("a", 40_000)
    assert bench.state("a") == "AWARDED"
    bench.check()


def test_a_repair_is_still_open_when_the_standing_offer_lapses(bench: Bench) -> None:
    """I16."""
    bench.start("a", max_rounds=2)
    bench.propose("a", 60_000, valid_for_ms=10_000)
    bench.propose("a", unit="EUR")
    bench.wait(8_000)
    assert bench.state("a") == "REPAIRING"
    bench.propose("a", 40_000)
    assert bench.state("a") == "AWARDED"
    bench.check()


def test_only_the_best_are_called_again(bench: Bench) -> None:
    bench.start("a", "b", "c", max_rounds=2, shortlist=1)
    dear(bench, "a", "b", "c")
    assert [bench.state(agent) for agent in "abc"] == ["REINVITED", "REJECTED", "REJECTED"]
    assert bench.rejected("b") == ["not-shortlisted"]
    assert bench.only(Decided).invited == ("a",)
    bench.propose("b", 1_000)  # of a round it is not called for
    assert bench.said(a.NotUnderstood, "b")[-1].content.reason.value == "out-of-sequence"
    assert bench.state("b") == "REJECTED"
    bench.check()


def test_a_newcomer_cannot_join_a_later_round(bench: Bench) -> None:
    bench.start("a", max_rounds=2)
    dear(bench, "a")
    bench.propose("z", 1_000)
    assert bench.state("z") == "SILENT"
    bench.propose("z", 1_000, round=1)
    assert bench.rejected("z") == ["late"]
    bench.check()


def test_a_bid_of_the_round_before_is_late_by_that_rounds_end(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=2)
    bench.propose("a", 60_000)
    bench.wait(20_000)
    assert bench.state("a") == "REINVITED"
    bench.now += 3_000
    late = bench.propose("b", 1_000, round=1)
    reject = bench.said(a.RejectProposal, "b")[-1]
    assert (reject.content.late_by_ms, reject.content.offer) == (3_000, late.content.offer)
    bench.propose("a", 40_000)
    bench.now += 1_000
    bench.propose("b", 1_000, round=1)
    assert bench.said(a.RejectProposal, "b")[-1].content.late_by_ms == 4_000
    bench.check()


@pytest.mark.parametrize(
    ("told", "reason", "rank", "best"),
    [
        ("nothing", None, None, None),
        ("reason", "over-reserve", None, None),
        ("rank", "over-reserve", 2, None),
        ("best-score", "over-reserve", 2, -60_000),
    ],
)
def test_what_a_revised_cfp_tells(bench: Bench, told: str, reason: Any, rank: Any, best: Any) -> None:
    bench.start("a", "b", max_rounds=2, feedback=told)
    dear(bench, "a", "b")
    feedback = revised(bench, "b").content.feedback
    if told == "nothing":
        assert feedback is None
    else:
        assert feedback is not None
        assert (feedback.reason, feedback.rank, feedback.best_score) == (reason, rank, best)
    bench.check()


def test_agents_that_are_gone_hold_no_round_up(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=2)
    dear(bench, "a", "b")
    bench.propose("a", 40_000)
    bench.gone("b")
    assert bench.state("a") == "AWARDED"
    bench.check()


def test_one_who_came_uninvited_is_waited_for_when_called_again(bench: Bench) -> None:
    bench.start("a", max_rounds=2)
    bench.propose("z", 60_000)
    bench.refuse("a")
    assert bench.state("z") == "REINVITED"
    bench.propose("z", 40_000)
    assert bench.state("z") == "AWARDED"
    bench.check()


def test_a_bid_of_the_round_before_that_does_not_decode_is_late_too(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=2)
    bench.propose("a", 60_000)
    bench.wait(20_000)
    fields = (c.FieldError(path="$.content.price", text="is negative"),)
    fact = Misheard(
        digest=DIGEST,
        lane="bid",
        sender="b",
        message_id="m9",
        performative="propose",
        fields=fields,
        offer="o_b",
        round=1,
    )
    bench.step("t.1", fact)
    assert (bench.rejected("b"), bench.state("b")) == (["late"], "LATE")
    bench.check()


def test_nobody_is_called_again_where_nobody_is_left(bench: Bench) -> None:
    bench.start("a", "b", max_rounds=3)
    bench.propose("a", 60_000)
    bench.gone("a", "b")
    assert (bench.state(), bench.call.round) == ("CLOSED_NO_AWARD", 1)
    bench.check()


def test_the_shortlist_is_of_those_who_are_still_there(bench: Bench) -> None:
    bench.start("a", "b", "c", max_rounds=2, shortlist=1)
    dear(bench, "a", "b")
    bench.gone("a", "c")
    assert [bench.state(agent) for agent in "ab"] == ["REJECTED", "REINVITED"]
    bench.propose("b", 40_000)
    assert bench.state("b") == "AWARDED"
    bench.check()
