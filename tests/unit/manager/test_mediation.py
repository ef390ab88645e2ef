"""Mediation at the side that asks: a deadlock goes to a mediator once, whose choice is one of three."""

from __future__ import annotations

import pytest

from contractnet.ledger.records import Misheard, Returned
from contractnet.manager.records import Decided, Grace, Mediated
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import NotUnderstoodReason, RefuseReason, TaskFailure
from tests.support.bench import DIGEST, Bench

LIMITS = {"mediator": "arbiter", "mediation_limit": 70_000}


@pytest.fixture
def disputed(bench: Bench) -> Bench:
    """Two bids over the reserve of 50,000: a for 60,000, b for 75,000; an arbiter may award up to 70,000."""
    bench.start("a", "b", **LIMITS)
    bench.propose("a", 60_000, offer="o_a")
    bench.propose("b", 75_000, offer="o_b")
    return bench


def asked(bench: Bench) -> str:
    """The state of table MI."""
    assert bench.call.mediation is not None
    return bench.call.mediation.machine.state


def test_a_deadlock_is_put_before_the_mediator(disputed: Bench) -> None:
    (request,) = disputed.said(a.Request)
    assert (request.receiver, request.protocol, request.parent) == ("arbiter", a.MEDIATION, "t.1")
    assert request.conversation_id == "t.1.m"
    assert request.reply_by == disputed.now + 10_000
    content = request.content
    assert isinstance(content, c.RequestContent)
    assert [(one.offer, one.price) for one in content.offers] == [("o_a", 60_000), ("o_b", 75_000)]
    assert (content.choices, content.limit) == (("offer", "round", "none"), 70_000)
    assert (disputed.state(), asked(disputed)) == ("MEDIATING", "ASKED")
    assert disputed.only(Decided).course == "mediate"
    assert disputed.rejected("a") == []
    assert disputed.tender.held == 70_000  # the worst case
    disputed.check()


def test_an_offer_is_awarded_as_it_was_recorded(disputed: Bench) -> None:
    disputed.choose("offer", "o_a")
    assert (disputed.state(), disputed.state("a"), disputed.state("b")) == ("AWAITING", "AWARDED", "REJECTED")
    (accept,) = disputed.said(a.AcceptProposal)
    assert (accept.content.offer, accept.content.price, accept.conversation_id) == ("o_a", 60_000, "t.1")
    assert disputed.only(Mediated) == Mediated(mediator="arbiter", choice="offer", offer="o_a")
    disputed.result("a")
    assert (disputed.ended.status, disputed.ended.spent, disputed.ended.released) == ("settled", 60_000, 10_000)
    disputed.check()


def test_one_extra_round_and_no_second_mediation(disputed: Bench) -> None:
    disputed.choose("round")
    assert disputed.took("C11") == 1
    cfps = [cfp for cfp in disputed.said(a.Cfp) if cfp.content.round == 2]
    assert [(cfp.receiver, cfp.content.max_rounds) for cfp in cfps] == [("a", 2), ("b", 2)]
    disputed.propose("a", 55_000)
    disputed.propose("b", 56_000)
    assert (disputed.state(), len(disputed.said(a.Request))) == ("CLOSED_NO_AWARD", 1)
    disputed.check()


def test_no_award(disputed: Bench) -> None:
    disputed.choose("none")
    assert (disputed.state(), disputed.rejected("a")) == ("CLOSED_NO_AWARD", ["over-reserve"])
    disputed.check()


@pytest.mark.parametrize(
    ("choice", "offer", "wrong"),
    [
        ("offer", "o_b", "over the limit"),
        ("offer", "o_x", "not a live offer"),
        ("offer", None, "not a live offer"),
        ("none", "o_a", "names no offer"),
    ],
)
def test_what_cannot_be_chosen_is_named_once_with_the_list(
    disputed: Bench, choice: str, offer: str | None, wrong: str
) -> None:
    bad = disputed.choose(choice, offer)
    (answer,) = disputed.said(a.NotUnderstood, "arbiter")
    assert (answer.in_reply_to, answer.conversation_id, answer.protocol) == (bad.reply_with, "t.1.m", a.MEDIATION)
    assert wrong in answer.content.fields[0].text
    assert [one.offer for one in answer.content.offers] == ["o_a", "o_b"]
    assert answer.content.time_left_ms == 10_000
    assert asked(disputed) == "REASKED"
    disputed.choose(choice, offer)
    assert (asked(disputed), disputed.state()) == ("NONE", "CLOSED_NO_AWARD")
    assert len(disputed.said(a.NotUnderstood)) == 1
    disputed.check()


def test_a_second_choice_may_be_right(disputed: Bench) -> None:
    disputed.choose("offer", "o_b")
    disputed.choose("offer", "o_a")
    assert disputed.state("a") == "AWARDED"
    disputed.check()


def test_a_choice_that_does_not_decode_is_a_bad_one(disputed: Bench) -> None:
    fields = (c.FieldError(path="$.content.choice", text="not one of offer, round, none"),)
    fact = Misheard(digest=DIGEST, lane="bid", sender="arbiter", message_id="m9", performative="inform", fields=fields)
    disputed.step("t.1.m", fact)
    assert asked(disputed) == "REASKED"
    assert disputed.said(a.NotUnderstood, "arbiter")[0].content.fields == fields
    disputed.check()


def test_no_answer_in_time_is_no_award(disputed: Bench) -> None:
    disputed.wait(10_000)
    (cancel,) = disputed.said(a.Cancel, "arbiter")
    assert cancel.conversation_id == "t.1.m"
    assert (asked(disputed), disputed.state()) == ("NONE", "CLOSED_NO_AWARD")
    assert disputed.only(Mediated).why == "no answer in time"
    disputed.choose("offer", "o_a")  # too late: recorded
    assert disputed.took("MI10") == 1
    assert disputed.ended.status == "no-award"
    disputed.check()


def test_a_mediator_that_is_not_there_is_no_award(disputed: Bench) -> None:
    disputed.step("t.1.m", Returned(agents=("arbiter",)))
    assert (asked(disputed), disputed.state()) == ("NONE", "CLOSED_NO_AWARD")
    disputed.check()


def test_a_request_that_comes_back_when_the_mediation_is_over_moves_nothing(disputed: Bench) -> None:
    """The broker said so before the timer that was due at the same instant was looked at."""
    disputed.now += 10_000
    disputed.step("t.1.m", Returned(agents=("arbiter",)))
    assert (asked(disputed), disputed.state()) == ("NONE", "CLOSED_NO_AWARD")
    assert disputed.only(Mediated).why == "no answer in time"
    disputed.check()


@pytest.mark.parametrize("what", ["refuse", "failure", "not-understood"])
def test_a_mediator_that_will_not_is_no_award(disputed: Bench, what: str) -> None:
    disputed.hear(a.Agree(**disputed.mediator_header(), content=c.Content()))
    assert asked(disputed) == "THINKING"
    disputed.hear(a.Agree(**disputed.mediator_header(), content=c.Content()))
    header = disputed.mediator_header()
    if what == "refuse":
        disputed.hear(a.Refuse(**header, content=c.RefuseContent(reason=RefuseReason.POLICY, round=1)))
    elif what == "failure":
        disputed.hear(a.Failure(**header, content=c.TaskFailureContent(reason=TaskFailure.ERROR)))
    else:
        content = c.NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="request")
        disputed.hear(a.NotUnderstood(**header, content=content))
    assert (asked(disputed), disputed.state()) == ("NONE", "CLOSED_NO_AWARD")
    disputed.check()


def test_an_act_without_a_row_is_named_at_most_five_times(disputed: Bench) -> None:
    for _ in range(8):
        disputed.hear(a.Inform(**disputed.mediator_header(), content=c.ProgressContent(slot=1, epoch=1)))
    assert len(disputed.said(a.NotUnderstood, "arbiter")) == 5
    assert asked(disputed) == "ASKED"
    disputed.check()


def test_the_request_is_taken_back_when_no_offer_is_left(bench: Bench) -> None:
    bench.start("a", **LIMITS, mediate_within_ms=60_000)
    bench.propose("a", 60_000, valid_for_ms=7_000)
    bench.wait(5_000)
    assert (bench.state("a"), bench.state(), asked(bench)) == ("LAPSED", "CLOSED_NO_AWARD", "WITHDRAWN")
    assert len(bench.said(a.Cancel, "arbiter")) == 1
    bench.check()


def test_a_withdrawal_takes_the_offer_from_the_list(disputed: Bench) -> None:
    disputed.refuse("a", "withdrawn")
    assert disputed.state() == "MEDIATING"
    disputed.choose("offer", "o_a")
    assert asked(disputed) == "REASKED"
    disputed.refuse("b", "withdrawn")
    assert (disputed.state(), asked(disputed)) == ("CLOSED_NO_AWARD", "WITHDRAWN")
    disputed.check()


@pytest.mark.parametrize("choice", ["offer", "round"])
def test_no_offer_is_chosen_beyond_its_end_while_a_grace_keeps_the_timers(bench: Bench, choice: str) -> None:
    bench.start("a", "b", **LIMITS)
    bench.propose("a", 60_000, offer="o_a", valid_for_ms=5_000)
    bench.propose("b", 75_000, offer="o_b")
    bench.step(bench.tender.id, Grace(until=bench.now + 30_000))
    bench.wait(9_000)
    bench.choose(choice, "o_a" if choice == "offer" else None)
    assert bench.state("a") == "LAPSED"
    assert (bench.state("b"), asked(bench)) == (
        ("PROPOSED", "REASKED") if choice == "offer" else ("REINVITED", "CHOSEN")
    )
    bench.check()


def test_a_choice_among_offers_that_all_ended_in_a_grace_leads_nowhere(bench: Bench) -> None:
    bench.start("a", **LIMITS)
    bench.propose("a", 60_000, offer="o_a", valid_for_ms=5_000)
    bench.step(bench.tender.id, Grace(until=bench.now + 30_000))
    bench.wait(9_000)
    bench.choose("offer", "o_a")
    assert (bench.state(), asked(bench), bench.said(a.AcceptProposal)) == ("CLOSED_NO_AWARD", "WITHDRAWN", [])
    bench.check()


def test_a_cancel_reaches_the_mediator(disputed: Bench) -> None:
    disputed.cancel()
    assert (asked(disputed), disputed.state()) == ("WITHDRAWN", "CANCELLING")
    assert len(disputed.said(a.Cancel, "arbiter")) == 1
    disputed.cancelled("a")
    disputed.cancelled("b")
    assert disputed.ended.status == "cancelled"
    disputed.check()


def test_without_an_affordable_offer_no_offer_can_be_chosen(bench: Bench) -> None:
    bench.start("a", mediator="arbiter")
    bench.propose("a", 60_000)
    content = bench.said(a.Request)[0].content
    assert isinstance(content, c.RequestContent)
    assert (content.choices, content.limit) == (("round", "none"), 50_000)
    bench.check()


def test_rounds_come_first(bench: Bench) -> None:
    bench.start("a", mediator="arbiter", max_rounds=2)
    bench.propose("a", 60_000)
    assert bench.said(a.Request) == []
    bench.propose("a", 60_000)
    assert len(bench.said(a.Request)) == 1
    bench.choose("round")
    assert [cfp.content.round for cfp in bench.said(a.Cfp)] == [1, 2, 3]
    bench.propose("a", 40_000)
    assert bench.state("a") == "AWARDED"
    bench.check()
