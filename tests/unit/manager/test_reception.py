"""The gate: what comes in is quarantined, answered again, answered as a stray, or stepped; in this order."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from contractnet.ledger.records import Misheard, Quarantined, Said
from contractnet.mail.inbox import Scrap, letters
from contractnet.manager.reception import ToRecord, ToRepeat, ToStep, envelope, judge
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.codec import encode_body
from contractnet.messages.values import CancelFailure, NotUnderstoodReason, RefuseReason
from contractnet.transport.port import Lane, ToAgents, ToSkill
from tests.support.bench import DIGEST, NOW, Bench
from tests.support.strategies import acts


def scrap(**given: Any) -> Scrap:
    fields = (c.FieldError(path="$.content.price", text="is negative"),)
    known: dict[str, Any] = {"sender": "a", "conversation": "t.1", "message_id": "bad1", "performative": "propose"}
    return Scrap(DIGEST, fields, "schema", **known | given)


class _Delivery:
    """A body as a transport hands it over."""

    def __init__(self, body: bytes, undecodable: str | None = None, lane: Lane = Lane.BID) -> None:
        self.body = body
        self.lane = lane
        self.undecodable = undecodable
        self.user_id = None

    def ack(self) -> None: ...
    def reject(self) -> None: ...


# ---- step 1: undecodable


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"sender": None}, "nobody"),
        ({"conversation": None}, "no conversation"),
        ({"performative": None}, "no performative"),
        ({"sender": "stranger"}, "no participant"),
        ({"conversation": "t.2"}, "another conversation"),
        ({"conversation": "money"}, "a stream of our own"),
    ],
)
def test_what_names_no_participant_is_kept_apart_and_not_answered(
    bench: Bench, given: dict[str, Any], what: str
) -> None:
    bench.start("a", "b")
    said = len(bench.records(Said))
    verdict = bench.deliver(scrap(**given))
    assert isinstance(verdict, ToRecord), what
    assert verdict.stray.why == "schema: $.content.price: is negative"
    assert (verdict.stray.sender, verdict.stray.about) == (None, None)
    assert len(bench.records(Said)) == said


def test_a_scrap_of_a_participant_is_answered_once_field_by_field(bench: Bench) -> None:
    bench.start("a", "b")
    assert isinstance(bench.deliver(scrap()), ToStep)
    (answer,) = bench.said(a.NotUnderstood, "a")
    assert (answer.in_reply_to, answer.content.fields[0].text) == ("bad1", "is negative")
    assert isinstance(bench.deliver(scrap()), ToRepeat)
    assert bench.state("a") == "REPAIRING"


def test_a_bad_bid_whose_message_id_cannot_be_read_is_a_bad_bid(bench: Bench) -> None:
    bench.start("a", "b")
    bench.deliver(scrap(message_id=None))
    assert bench.state("a") == "REPAIRING"
    assert bench.said(a.NotUnderstood, "a")[0].in_reply_to is None


def test_a_scrap_that_is_no_bid_moves_nobody(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a")
    bench.deliver(scrap(performative="inform"))
    assert bench.state("a") == "PROPOSED"
    assert bench.said(a.NotUnderstood, "a")[0].content.about == "inform"


def test_a_scrap_that_is_a_not_understood_is_recorded_and_not_answered(bench: Bench) -> None:
    bench.start("a", "b")
    bench.deliver(scrap(performative="not-understood"))
    assert len(bench.records(Misheard)) == 1
    assert bench.said(a.NotUnderstood) == []


def test_undecodable_properties_and_broken_bodies_become_scraps() -> None:
    (properties,) = letters(_Delivery(b"[]", undecodable="bad header table"))
    (broken,) = letters(_Delivery(b"{not json"))
    assert isinstance(properties, Scrap)
    assert isinstance(broken, Scrap)
    assert (properties.code, properties.fields[0].text) == ("properties", "bad header table")
    assert broken.sender is None


def test_one_bad_element_spoils_no_other(bench: Bench) -> None:
    """D10: a body of two acts, and a third element that is none."""
    bench.start("a", "b")
    good = [bench.proposal("a"), bench.proposal("b")]
    body = encode_body(good)
    spoilt = body[:-1] + b',{"performative":"propose","sender":"a","content":{"price":-1}}]'
    items = letters(_Delivery(spoilt))
    assert [isinstance(one, Scrap) for one in items] == [False, False, True]


# ---- step 2: heard before


def test_a_message_heard_before_moves_nothing_and_is_answered_again(bench: Bench) -> None:
    bench.start("a", "b")
    bad = bench.proposal("a", unit="EUR")
    assert isinstance(bench.deliver(bad), ToStep)
    entries, (answer,) = len(bench.entries), bench.said(a.NotUnderstood)
    again = bench.deliver(bad)
    assert isinstance(again, ToRepeat)
    assert again.said is not None
    assert again.said.message == answer
    assert len(bench.entries) == entries
    assert bench.state("a") == "REPAIRING"


def test_a_message_without_an_answer_is_repeated_with_none(bench: Bench) -> None:
    bench.start("a", "b")
    bid = bench.proposal("a")
    bench.deliver(bid)
    verdict = bench.deliver(bid)
    assert isinstance(verdict, ToRepeat)
    assert verdict.said is None
    assert bench.took("I17") == 0  # without the gate its own offer would be a duplicate


def test_a_bid_that_was_accepted_is_answered_with_the_accept(bench: Bench) -> None:
    bench.start("a")
    bid = bench.proposal("a")
    bench.deliver(bid)
    verdict = bench.deliver(bid)
    assert isinstance(verdict, ToRepeat)
    assert verdict.said is not None
    assert isinstance(verdict.said.message, a.AcceptProposal)


def test_another_sender_may_use_the_same_message_id(bench: Bench) -> None:
    bench.start("a", "b")
    bench.deliver(bench.proposal("a", 30_000, message_id="same"))
    assert isinstance(bench.deliver(bench.proposal("b", 20_000, message_id="same")), ToStep)
    assert bench.slot.holder == "b"


# ---- one message id, one message (M5)


def test_the_same_id_with_other_bytes_is_kept_apart_and_not_answered(bench: Bench) -> None:
    bench.start("a", "b")
    bid = bench.proposal("a", unit="EUR")
    bench.deliver(bid)
    said = len(bench.records(Said))
    for _ in range(2):  # the ledger takes a message id once: the second stands without it
        verdict = bench.deliver(bench.proposal("a", message_id=bid.message_id))
        assert isinstance(verdict, ToRecord)
        assert verdict.stray.why == f"its message id {bid.message_id} came before with other bytes"
        assert (verdict.stray.sender, verdict.stray.performative, verdict.stray.message_id) == ("a", "propose", None)
    assert bench.state("a") == "REPAIRING"
    assert len(bench.records(Said)) == said
    assert isinstance(bench.deliver(bid), ToRepeat), "the first one is as it was"
    bench.check()


def test_bytes_are_what_came_and_not_what_they_mean(bench: Bench) -> None:
    """A peer's bytes need not be canonical; what it says again it says with the same ones."""
    bench.start("a", "b")
    bid = bench.proposal("a")
    spaced = encode_body([bid])[1:-1].replace(b":", b": ")
    (first,), (second,) = (letters(_Delivery(b"[ " + raw + b" ]")) for raw in (spaced, encode_body([bid])[1:-1]))
    for item, expected in ((first, ToStep), (first, ToRepeat), (second, ToRecord)):
        verdict = judge(bench.book, item, Lane.BID, 5)
        assert isinstance(verdict, expected)
        if isinstance(verdict, ToStep):
            bench.step(verdict.conversation, verdict.fact)


@pytest.mark.parametrize("first_decodes", [True, False])
def test_an_act_and_an_element_that_is_none_under_one_id(bench: Bench, first_decodes: bool) -> None:
    bench.start("a", "b")
    act, element = bench.proposal("a", message_id="bad1"), scrap()
    first, second = (act, element) if first_decodes else (element, act)
    assert isinstance(bench.deliver(first), ToStep)
    entries, state = len(bench.entries), bench.state("a")
    verdict = bench.deliver(second)
    assert isinstance(verdict, ToRecord)
    assert "bad1 came before with other bytes" in verdict.stray.why
    assert (len(bench.entries), bench.state("a")) == (entries + 1, state)
    bench.check()


def test_an_answer_names_the_reply_with_and_is_found_by_it(bench: Bench) -> None:
    """Two senders' messages that are called alike: each is answered with its own."""
    bench.start("a", "b")
    bids = [bench.proposal(name, unit="EUR", message_id=f"{name}1") for name in "ab"]
    bids = [structs.replace(bid, reply_with="bid") for bid in bids]
    for bid in bids:
        bench.deliver(bid)
    for bid in bids:
        verdict = bench.deliver(bid)
        assert isinstance(verdict, ToRepeat)
        assert verdict.said is not None
        assert verdict.said.message.receiver == bid.sender


# ---- an answer names what was said (M3)


def answers(bench: Bench, sender: str, about: str | None) -> list[a.AnyAct]:
    """One of each act that answers."""
    header = partial(bench.header, sender, about)
    failed = c.CancelFailureContent(reason=CancelFailure.CANNOT_STOP)
    return [
        a.Propose(**header(), content=bench.proposal(sender).content),
        a.Refuse(**header(), content=c.RefuseContent(reason=RefuseReason.UNFIT, round=1)),
        a.Inform(**header(), content=bench.result_content()),
        a.Inform(**header(), content=c.CancelledContent()),
        a.Failure(**header(), content=failed),
    ]


@pytest.mark.parametrize("about", [None, "never-said", "of-b", "own"])
@pytest.mark.parametrize("which", range(5))
def test_an_answer_to_nothing_that_was_said_to_its_sender_is_told_so(
    bench: Bench, about: str | None, which: int
) -> None:
    bench.start("a", "b")
    bench.deliver(bench.proposal("b", unit="EUR"))
    bench.deliver(mine := bench.proposal("a", 30_000))
    named = {"of-b": bench.said(a.NotUnderstood, "b")[0].reply_with, "own": mine.reply_with}.get(about or "", about)
    act = answers(bench, "a", named)[which]
    verdict = bench.deliver(act)
    assert isinstance(verdict, ToStep)
    assert isinstance(verdict.fact, Misheard)
    assert (bench.state("a"), bench.call.participants["a"].offer is None) == ("PROPOSED", False)
    answer = bench.records(Said)[-1].message
    assert (answer.receiver, answer.in_reply_to) == ("a", act.reply_with)
    if which:
        assert isinstance(answer, a.NotUnderstood)
        assert [field.path for field in answer.content.fields] == ["$.in_reply_to"]
    assert isinstance(bench.deliver(act), ToRepeat)
    bench.check()


def test_a_bid_that_answers_nothing_may_be_repaired_in_answer_to_the_complaint(bench: Bench) -> None:
    bench.start("a", "b")
    bench.deliver(structs.replace(bench.proposal("a"), in_reply_to="never-said"))
    assert bench.state("a") == "REPAIRING"
    (complaint,) = bench.said(a.NotUnderstood, "a")
    assert complaint.content.time_left_ms == 20_000
    bench.deliver(structs.replace(bench.proposal("a"), in_reply_to=complaint.reply_with))
    assert bench.state("a") == "PROPOSED"
    bench.check()


def test_a_late_bid_is_late_whatever_it_answers(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("b")
    bench.wait(20_000)
    bench.deliver(structs.replace(bench.proposal("a"), in_reply_to=None))
    assert bench.rejected("a") == ["late"]
    assert bench.state("a") == "LATE"


def test_so_is_one_for_a_round_before() -> None:
    bench = Bench()
    bench.start("a", "b")
    bench.call.round = 2
    bench.deliver(structs.replace(bench.proposal("a", round=1), in_reply_to=None))
    assert (bench.rejected("a"), bench.state("a")) == (["late"], "INVITED")


def test_what_was_said_to_all_with_the_skill_anybody_may_answer_and_nobody_anything_else(bench: Bench) -> None:
    bench.start("a")
    stray = bench.deliver(structs.replace(bench.proposal("x"), in_reply_to="never-said"))
    assert isinstance(stray, ToRecord)
    assert stray.stray.why == "it answers nothing that was said in the conversation"
    assert "x" not in bench.call.participants
    bench.deliver(bench.proposal("x"))
    assert bench.state("x") == "PROPOSED"


def test_the_call_before_is_another_conversation(bench: Bench) -> None:
    bench.start("a")
    (first,) = bench.call.cfp_ids
    bench.refuse("a", "busy")
    bench.wait(2_000)
    bench.invite("a")
    bench.deliver(structs.replace(bench.proposal("a"), in_reply_to=first))
    assert bench.state("a") == "REPAIRING"


def test_work_and_its_end_answer_the_accept_or_the_cancel(bench: Bench) -> None:
    bench.start("a")
    bench.deliver(bench.proposal("a"))
    bench.deliver(a.Inform(**bench.header("a"), content=c.ProgressContent(slot=1, epoch=1)), Lane.WORK)
    bench.cancel()
    assert bench.state("a") == "CANCELLING"
    (cancel,) = bench.said(a.Cancel, "a")
    bench.deliver(a.Inform(**bench.header("a", bench.accept_of("a")), content=bench.result_content()), Lane.WORK)
    bench.deliver(a.Inform(**bench.header("a", cancel.reply_with), content=c.CancelledContent()), Lane.WORK)
    assert bench.state("a") == "CANCELLED"
    assert bench.said(a.NotUnderstood) == []
    bench.check()


def test_a_not_understood_is_recorded_whatever_it_names(bench: Bench) -> None:
    bench.start("a", "b")
    content = c.NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="cfp")
    verdict = bench.deliver(a.NotUnderstood(**bench.header("a", "never-said"), content=content))
    assert isinstance(verdict, ToStep)
    assert not isinstance(verdict.fact, Misheard)
    assert bench.state("a") == "INVITED"
    assert bench.said(a.NotUnderstood) == []


# ---- step 3: where it does not belong


def test_a_message_for_somebody_else_is_kept_apart(bench: Bench) -> None:
    bench.start("a")
    verdict = bench.deliver(bench.proposal("a", receiver="other"))
    assert isinstance(verdict, ToRecord)
    assert verdict.stray.why == "it is for another receiver"
    assert bench.state("a") == "INVITED"


@pytest.mark.parametrize("conversation", ["t.2", "t", "other.1", "money", "starts", "strays", "t.1.1"])
def test_an_unknown_conversation_is_answered(bench: Bench, conversation: str) -> None:
    bench.start("a")
    stray = bench.proposal("a", conversation_id=conversation)
    verdict = bench.deliver(stray)
    assert isinstance(verdict, ToRecord)
    (answer,) = bench.said(a.NotUnderstood, "a")
    assert answer.content.reason is NotUnderstoodReason.UNKNOWN_CONVERSATION
    assert (answer.conversation_id, answer.in_reply_to) == (conversation, stray.message_id)
    again = bench.deliver(stray)
    assert isinstance(again, ToRepeat)
    assert again.said is not None
    assert again.said.message == answer


def test_one_sender_is_told_of_unknown_conversations_so_many_times(bench: Bench) -> None:
    bench.start("a")
    for number in range(9):
        bench.deliver(bench.proposal("a", conversation_id=f"x{number}.1"), most=5)
    bench.deliver(bench.proposal("b", conversation_id="x.1"), most=5)
    assert len(bench.said(a.NotUnderstood, "a")) == 5
    assert len(bench.said(a.NotUnderstood, "b")) == 1
    assert len(bench.records(Quarantined)) == 10


def test_a_not_understood_about_an_unknown_conversation_is_only_recorded(bench: Bench) -> None:
    bench.start("a")
    content = c.NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="cfp")
    bench.deliver(a.NotUnderstood(**bench.header("a", conversation_id="x.1"), content=content))
    assert len(bench.records(Quarantined)) == 1
    assert bench.said(a.NotUnderstood) == []


def test_the_protocol_never_changes_in_a_conversation(bench: Bench) -> None:
    """M2."""
    bench.start("a")
    refusal = a.Refuse(
        **(bench.header("a") | {"protocol": "contractnet-mediation"}),
        content=c.RefuseContent(reason="unfit", round=1),  # type: ignore[arg-type]  # as it would be decoded
    )
    verdict = bench.deliver(refusal, Lane.BID)
    assert isinstance(verdict, ToRecord)
    assert "its protocol is contractnet-mediation" in verdict.stray.why


def test_only_an_answer_to_the_call_makes_a_participant(bench: Bench) -> None:
    """Promise 7: work from somebody who never bid is no work."""
    bench.start("a")
    bench.propose("a")
    result = a.Inform(**bench.header("x"), content=bench.result_content())
    verdict = bench.deliver(result, Lane.WORK)
    assert isinstance(verdict, ToRecord)
    assert "no participant" in verdict.stray.why
    assert "x" not in bench.call.participants
    assert bench.tender.ended is None


def test_work_from_another_participant_than_the_winner_is_out_of_sequence(bench: Bench) -> None:
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.deliver(a.Inform(**bench.header("b", *bench.call.cfp_ids), content=bench.result_content()), Lane.WORK)
    assert bench.tender.ended is None
    assert bench.slot.holder == "a"
    assert bench.said(a.NotUnderstood, "b")[0].content.reason is NotUnderstoodReason.OUT_OF_SEQUENCE


# ---- the conversation of a mediation


@pytest.fixture
def disputed(bench: Bench) -> Bench:
    """Two bids over the reserve, before an arbiter."""
    bench.start("a", "b", mediator="arbiter", mediation_limit=70_000)
    bench.propose("a", 60_000, offer="o_a")
    bench.propose("b", 75_000, offer="o_b")
    return bench


def choice(bench: Bench, **given: Any) -> a.Inform:
    act = a.Inform(**bench.mediator_header(), content=c.ChoiceContent(choice="offer", offer="o_a"))
    return structs.replace(act, **given)


def test_a_mediator_is_heard_in_its_own_conversation(disputed: Bench) -> None:
    disputed.deliver(a.Agree(**disputed.mediator_header(), content=c.Content()))
    act = choice(disputed)
    assert isinstance(disputed.deliver(act), ToStep)
    assert disputed.slot.holder == "a"
    assert isinstance(disputed.deliver(act), ToRepeat)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"sender": "a"}, "no participant"),
        ({"protocol": "fipa-iterated-contract-net"}, "the conversation's is contractnet-mediation"),
        ({"conversation_id": "t.1"}, "its protocol is contractnet-mediation"),
        ({"conversation_id": "t.2.m"}, "unknown conversation"),
    ],
)
def test_nobody_else_is_heard_in_it_and_the_mediator_nowhere_else(
    disputed: Bench, given: dict[str, Any], why: str
) -> None:
    verdict = disputed.deliver(choice(disputed, **given))
    assert isinstance(verdict, ToRecord)
    assert why in verdict.stray.why
    assert disputed.slot.holder is None


def test_a_bid_in_it_makes_nobody_a_participant(disputed: Bench) -> None:
    mediation = disputed.call.mediation
    assert mediation is not None
    bid = structs.replace(disputed.proposal("x"), conversation_id=mediation.conversation, protocol=a.MEDIATION)
    assert isinstance(disputed.deliver(bid), ToRecord)


def test_a_choice_that_answers_nothing_is_told_so(disputed: Bench) -> None:
    disputed.deliver(choice(disputed, in_reply_to="never-said"))
    told = disputed.records(Said)[-1].message
    assert isinstance(told, a.NotUnderstood)
    assert told.content.fields[0].path == "$.in_reply_to"
    disputed.deliver(choice(disputed, in_reply_to=told.reply_with))
    assert disputed.slot.holder == "a"


def test_a_choice_that_does_not_decode_is_a_bad_one(disputed: Bench) -> None:
    mediation = disputed.call.mediation
    assert mediation is not None
    torn = scrap(sender="arbiter", conversation=mediation.conversation, performative="inform")
    assert isinstance(disputed.deliver(torn), ToStep)
    assert mediation.machine.state == "REASKED"
    assert isinstance(disputed.deliver(scrap(conversation=mediation.conversation, message_id="bad2")), ToRecord)


# ---- anything


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(acts(), max_size=8), st.sampled_from(["a", "b", "x"]), st.sampled_from(["t.1", "t.2", "zzz"]))
def test_whatever_comes_has_one_of_the_three_ends(heard: list[a.AnyAct], sender: str, conversation: str) -> None:
    """Any act of any content by anybody: the gate never raises, the core never raises, the ledger replays, and nobody
    but a bidder with a bid has the award.
    """
    bench = Bench()
    bench.start("a", "b")
    bench.propose("b", 20_000)
    for act in heard:
        named = type(act)(
            **{name: getattr(act, name) for name in act.__struct_fields__}
            | {"sender": sender, "conversation_id": conversation, "receiver": "mgr"}
        )
        bench.deliver(named)
    bench.check()
    bench.wait(3_600_000)
    assert bench.tender.waiting or bench.tender.ended
    bench.check()


# ---- envelopes


def test_an_open_call_goes_to_the_skill_and_a_word_to_whom_it_is_owed(bench: Bench) -> None:
    bench.start("a", "b")
    cfp, *_ = bench.records(Said)
    to_all = envelope("mgr", "t.1", cfp, NOW, {""})
    assert (to_all.to, to_all.receivers, to_all.expires_at) == (ToSkill("text.summarise"), (), NOW + 20_000)
    bench.propose("a", 60_000)
    bench.propose("b", 61_000)
    reject = bench.records(Said)[-1]
    assert set(reject.receivers) == {"a", "b"}
    rest = envelope("mgr", "t.1", reject, NOW, {"b"})
    assert (rest.to, rest.receivers, rest.expires_at) == (ToAgents(("b",)), ("b",), None)
