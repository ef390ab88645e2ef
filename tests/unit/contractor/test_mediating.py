"""The mediator's side of a mediation: every row of table MP."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.contractor.records import Chose, Declined, Failed, Took
from contractnet.errors import IllegalSend
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import CancelReason, NotUnderstoodReason, RefuseReason, TaskFailure
from tests.support.side import Side

ASK = "t.1.m"


@pytest.fixture
def asked() -> Side:
    """A mediator with a request before it: o1 for 60,000, o2 for 45,000; the limit is 50,000."""
    side = Side("arbiter")
    side.conversation = ASK
    side.request(60_000, 45_000)
    return side


def header(side: Side, about: str | None = None) -> dict[str, Any]:
    return side.header(about, protocol=a.MEDIATION)


def cancel(side: Side) -> None:
    side.hear(a.Cancel(**header(side), content=c.CancelContent(reason=CancelReason.USER)))


def wrong(side: Side, about: str | None, reason: str = "schema", **content: Any) -> None:
    meant = c.NotUnderstoodContent(reason=NotUnderstoodReason(reason), about="inform", **content)
    side.hear(a.NotUnderstood(**header(side, about), content=meant))


def test_a_request_is_taken_and_answered(asked: Side) -> None:
    assert asked.state == "THINKING"
    asked.step(Took())
    asked.step(Chose(choice="offer", offer="o2"))
    (agree,), (choice,) = asked.said(a.Agree), asked.said(a.Inform)
    request = asked.diary.mediations["arbiter", ASK].request
    assert request is not None
    for act in (agree, choice):
        assert (act.in_reply_to, act.protocol, act.conversation_id) == (request.reply_with, a.MEDIATION, ASK)
        assert (act.sender, act.receiver) == ("arbiter", "mgr")
    assert choice.content == c.ChoiceContent(choice="offer", offer="o2")
    assert asked.state == "ANSWERED"
    asked.check()


@pytest.mark.parametrize("choice", ["round", "none"])
def test_the_other_choices_name_no_offer(asked: Side, choice: Any) -> None:
    asked.step(Chose(choice=choice))
    assert asked.said(a.Inform)[0].content == c.ChoiceContent(choice=choice)
    asked.check()


def test_a_mediator_may_refuse_or_fail(asked: Side) -> None:
    asked.step(Declined(reason=RefuseReason.UNSUPPORTED, text="no mediator"))
    assert asked.said(a.Refuse)[0].content.reason is RefuseReason.UNSUPPORTED
    assert asked.state == "DECLINED"
    asked.conversation = "t.2.m"
    asked.request(1)
    asked.step(Failed(reason=TaskFailure.ERROR, text="boom"))
    assert asked.said(a.Failure)[0].content == c.TaskFailureContent(reason=TaskFailure.ERROR, text="boom")
    assert asked.state == "DECLINED"
    asked.check()


def test_a_choice_that_cannot_be_used_is_made_again_from_the_new_list(asked: Side) -> None:
    asked.step(Chose(choice="offer", offer="o1"))
    left = (c.LiveOffer(offer="o2", price=45_000, eta=5, confidence=900_000),)
    asked.now += 1_000
    wrong(asked, asked.said(a.Inform)[0].message_id, offers=left, time_left_ms=4_000)
    mediating = asked.diary.mediations["arbiter", ASK]
    assert (asked.state, mediating.offers, mediating.until) == ("THINKING", left, asked.now + 4_000)
    asked.step(Chose(choice="offer", offer="o2"))
    assert mediating.repair is not None
    assert asked.said(a.Inform)[-1].in_reply_to == mediating.repair.reply_with
    asked.check()


@pytest.mark.parametrize("reason", ["out-of-sequence", "illegal-act"])
def test_only_schema_about_our_choice_moves(asked: Side, reason: str) -> None:
    asked.step(Chose(choice="none"))
    wrong(asked, asked.said(a.Inform)[0].message_id, reason)
    assert asked.state == "ANSWERED"
    wrong(asked, "m_other")
    assert asked.state == "ANSWERED"
    assert asked.said(a.NotUnderstood) == []
    asked.check()


def test_no_choice_in_time_is_not_sent(asked: Side) -> None:
    asked.wait(10_000)
    assert asked.state == "EXPIRED"
    with pytest.raises(IllegalSend):
        asked.step(Chose(choice="none"))
    assert asked.said(a.Inform) == []


def test_a_cancel_is_answered_in_every_state(asked: Side) -> None:
    cancel(asked)
    assert (asked.state, asked.said(a.Inform)[-1].content) == ("WITHDRAWN", c.CancelledContent())
    cancel(asked)
    assert (asked.state, len(asked.said(a.Inform))) == ("WITHDRAWN", 2)
    asked.request(1)  # overtaken by the cancel
    assert asked.state == "WITHDRAWN"
    asked.conversation = "t.2.m"
    asked.request(1)
    asked.step(Chose(choice="none"))
    cancel(asked)
    assert asked.state == "ANSWERED"
    assert asked.said(a.Failure)[-1].content.reason.value == "already-answered"
    asked.conversation = "t.3.m"
    cancel(asked)
    assert asked.state == "WITHDRAWN"
    asked.check()


def test_acts_that_do_not_belong_here_are_named_a_few_times(asked: Side) -> None:
    for _ in range(8):
        asked.hear(a.RejectProposal(**header(asked), content=c.RejectContent(reason="outbid")))  # type: ignore[arg-type]
    assert len(asked.said(a.NotUnderstood)) == 5
    assert asked.state == "THINKING"
    asked.mishear("request")
    assert len(asked.said(a.NotUnderstood)) == 5
    asked.check()


def test_a_second_request_is_out_of_sequence(asked: Side) -> None:
    asked.request(1)
    assert asked.said(a.NotUnderstood)[0].content.reason.value == "out-of-sequence"
    asked.check()
