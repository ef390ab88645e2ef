"""The gate of a daemon: which of its agents hears what, and that no message can bring its journal down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from contractnet.contractor.engagement import Timers
from contractnet.contractor.ports import Agent, Award, Call, Refusal
from contractnet.contractor.reception import Reception, ToRepeat, ToStep
from contractnet.contractor.records import Bade, Seeded
from contractnet.contractor.replay import DAEMON, STRAYS, Diary, replay
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Misheard, Quarantined, Said
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import Letter, Scrap
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.bargaining import AnyMessage
from contractnet.messages.codec import digest, encode
from contractnet.transport.port import Lane
from tests.support.side import DIGEST, NOW, SALT, Side, picture
from tests.support.strategies import acts


async def _no(_: Call) -> Refusal:
    return Refusal("unfit")


async def _nothing(_: Award) -> dict[str, Any]:
    return {}


def agent(name: str, *skills: str) -> Agent:
    return Agent(id=name, skills=skills or ("text.summarise",), capacity=1, bid=_no, perform=_nothing)


class House:
    """A daemon without tasks: its diary, its gate, and a journal that gives places as a real one does."""

    def __init__(self, name: str, *agents: Agent) -> None:
        self.name = name
        self.diary = Diary(name, Timers())
        self.reception = Reception(self.diary, {one.id: one for one in agents})
        self.entries: list[Entry] = []
        self.places = Places()
        self.entries += self.places.place([founding_draft(Kind.JOURNAL, name, NOW)])
        self.record(self.diary.loose(name, DAEMON, Seeded(seed="5eed" * 8), NOW))

    def record(self, written: list[Writing]) -> None:
        self.entries += self.places.place([draft for draft, _ in written])

    def deliver(self, item: AnyMessage | Scrap, lane: Lane = Lane.INBOX) -> list[ToStep | ToRepeat | Quarantined]:
        """As the driver does."""
        letter = item if isinstance(item, Scrap) else Letter(item, digest(encode(item)))
        verdicts = []
        for verdict in self.reception.judge(letter, lane):
            verdicts.append(verdict)
            if isinstance(verdict, ToStep):
                self.record(self.diary.step(verdict.agent, verdict.conversation, verdict.fact, NOW))
            elif isinstance(verdict, Quarantined):
                self.record(self.diary.loose(self.name, STRAYS, verdict, NOW))
        return verdicts

    def state(self, agent: str, conversation: str = "t.1") -> str:
        return self.diary.engagement(agent, conversation).machine.state

    def check(self) -> None:
        assert picture(replay(self.name, self.entries, Timers())) == picture(self.diary)


def cfp(**given: Any) -> a.Cfp:
    return Side().cfp_act(**{"receiver": "skill:text.summarise", "message_id": "c1"} | given)


def reject(**given: Any) -> a.RejectProposal:
    content = c.RejectContent(reason="outbid")  # type: ignore[arg-type]  # as it would be decoded
    return a.RejectProposal(**Side().header(**{"message_id": "r1", "receiver": "multi"} | given), content=content)


# ---- whom it is for


def test_a_call_by_skill_goes_to_every_agent_that_has_it() -> None:
    house = House("d", agent("x"), agent("y", "text.translate"), agent("z", "text.translate", "text.summarise"))
    house.deliver(cfp(), Lane.CFP)
    assert [house.state(name) for name in "xz"] == ["DELIBERATING", "DELIBERATING"]
    assert ("y", "t.1") not in house.diary.engagements
    house.check()


def test_receivers_name_agents_of_this_daemon() -> None:
    house = House("d", agent("x"), agent("y"), agent("z"))
    house.deliver(cfp(), Lane.CFP)
    house.deliver(reject(receivers=("x", "z", "elsewhere")))
    assert [house.state(name) for name in "xyz"] == ["CLOSED", "DELIBERATING", "CLOSED"]
    house.check()


def test_a_group_message_without_receivers_moves_the_one_agent_that_is_in_the_conversation() -> None:
    house = House("d", agent("x"), agent("y", "text.translate"))
    house.deliver(cfp(), Lane.CFP)
    house.deliver(reject())
    assert house.state("x") == "CLOSED"
    house.check()


def test_a_cancel_that_overtakes_its_cfp_is_for_the_one_agent_that_lives_here() -> None:
    """The two queues are independent: a tombstone, and the cfp is ignored (P30, P35)."""
    house = House("d", agent("x"))
    content = c.CancelContent(reason="user")  # type: ignore[arg-type]  # as it would be decoded
    house.deliver(a.Cancel(**Side().header(message_id="k1", receiver="multi"), content=content))
    assert house.state("x") == "CANCELLED"
    (said,) = [one for one in house.diary.said.values() if one[0] == "x"]
    assert isinstance(said[2].message, a.Inform)
    house.deliver(cfp(), Lane.CFP)
    assert house.state("x") == "CANCELLED"
    house.check()


def test_a_cancel_that_overtakes_its_cfp_moves_nobody_where_two_live() -> None:
    house = House("d", agent("x"), agent("y", "text.translate"))
    content = c.CancelContent(reason="user")  # type: ignore[arg-type]  # as it would be decoded
    (verdict,) = house.deliver(a.Cancel(**Side().header(message_id="k1", receiver="multi"), content=content))
    assert isinstance(verdict, Quarantined)
    house.check()


def test_a_group_message_that_could_mean_two_moves_nobody() -> None:
    """D10: recorded as quarantined."""
    house = House("d", agent("x"), agent("y"))
    house.deliver(cfp(), Lane.CFP)
    (verdict,) = house.deliver(reject())
    assert isinstance(verdict, Quarantined)
    assert [house.state(name) for name in "xy"] == ["DELIBERATING", "DELIBERATING"]
    house.check()


def test_a_reject_without_receivers_is_for_the_one_that_has_an_offer_out() -> None:
    """The initiator knows one agent of the daemon: the other was called by skill, and said nothing."""
    house = House("d", agent("x"), agent("y"))
    house.deliver(cfp(), Lane.CFP)
    house.record(house.diary.step("x", "t.1", Bade(price=1, eta=1, confidence=1), NOW))
    house.deliver(reject())
    assert [house.state(name) for name in "xy"] == ["CLOSED", "DELIBERATING"]
    (again,) = house.deliver(reject())
    assert isinstance(again, ToRepeat)
    house.check()


def test_a_reject_without_receivers_moves_nobody_where_two_have_offers_out() -> None:
    house = House("d", agent("x"), agent("y"))
    house.deliver(cfp(), Lane.CFP)
    for name in "xy":
        house.record(house.diary.step(name, "t.1", Bade(price=1, eta=1, confidence=1), NOW))
    (verdict,) = house.deliver(reject())
    assert isinstance(verdict, Quarantined)
    house.check()


@pytest.mark.parametrize("receiver", ["elsewhere", "skill:text.translate", "multi"])
def test_mail_for_nobody_here_is_recorded_and_not_answered(receiver: str) -> None:
    house = House("d", agent("x"))
    (verdict,) = house.deliver(cfp(receiver=receiver), Lane.CFP)
    assert isinstance(verdict, Quarantined)
    assert "no agent hosted here" in verdict.why
    assert house.diary.unsent == {}
    house.check()


def test_the_protocol_never_changes_in_a_conversation() -> None:
    """M2."""
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    (verdict,) = house.deliver(reject(protocol="contractnet-mediation"))
    assert isinstance(verdict, Quarantined)
    assert "its protocol is contractnet-mediation" in verdict.why


def test_only_the_initiator_is_heard_in_a_conversation() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    (verdict,) = house.deliver(reject(sender="rival", daemon="rival"))
    assert isinstance(verdict, Quarantined)
    assert "not the conversation's initiator" in verdict.why
    assert house.state("x") == "DELIBERATING"
    house.check()


# ---- heard before


def test_a_duplicate_moves_nobody_and_names_the_answer() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    house.deliver(reject())
    house.deliver(reject())
    entries = len(house.entries)
    accept = a.AcceptProposal(
        **Side().header(message_id="a1", receiver="x"),
        content=c.AcceptContent(
            offer="none", round=1, slot=1, epoch=1, price=1, work_within_ms=1, lease_ms=1, pickup_ms=1
        ),
    )
    house.deliver(accept)
    (verdict,) = house.deliver(accept)
    assert isinstance(verdict, ToRepeat)
    assert verdict.answer is not None
    assert verdict.answer in house.diary.said
    assert len(house.entries) == entries + 3  # heard, moved, said; once
    house.check()


def test_a_call_that_comes_again_by_skill_is_new_to_nobody() -> None:
    house = House("d", agent("x"), agent("y"))
    house.deliver(cfp(), Lane.CFP)
    assert [type(one) for one in house.deliver(cfp(), Lane.CFP)] == [ToRepeat, ToRepeat]
    house.check()


def test_a_scrap_is_told_once_to_the_initiator() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    fields = (c.FieldError(path="$.content.offer", text="is missing"),)
    bad = Scrap(DIGEST, fields, "schema", "mgr", "t.1", "bad1", "accept-proposal")
    (first,) = house.deliver(bad)
    assert isinstance(first, ToStep)
    assert isinstance(first.fact, Misheard)
    (second,) = house.deliver(bad)
    assert isinstance(second, ToRepeat)
    (stranger,) = house.deliver(Scrap(DIGEST, fields, "schema", "rival", "t.1", "bad2", "accept-proposal"))
    assert isinstance(stranger, Quarantined)
    house.check()


def test_a_scrap_in_a_conversation_of_several_is_for_whom_it_names() -> None:
    house = House("d", agent("x"), agent("y"))
    house.deliver(cfp(), Lane.CFP)
    bad = Scrap(DIGEST, (c.FieldError(path="$", text="no price"),), "schema", "mgr", "t.1", "bad1", "accept-proposal")
    (nobody,) = house.deliver(bad)
    assert isinstance(nobody, Quarantined)
    (told,) = house.deliver(replace(bad, receiver="y"))
    assert isinstance(told, ToStep)
    assert told.agent == "y"
    house.check()


def test_a_scrap_without_a_message_id_may_come_twice() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    bad = Scrap(DIGEST, (c.FieldError(path="$", text="no id"),), "schema", "mgr", "t.1", None, "accept-proposal")
    house.deliver(bad)
    house.deliver(bad)
    house.check()


# ---- no message may bring the journal down: what cannot be recorded would come again for ever


def test_one_message_id_in_two_conversations() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(conversation_id="t.1"), Lane.CFP)
    house.deliver(cfp(conversation_id="t.2"), Lane.CFP)
    house.check()


def test_a_message_that_was_quarantined_comes_again_as_a_call() -> None:
    """A daemon of one agent is called like it (D9): its journal knows the pair (sender, message id) already."""
    house = House("x", agent("x"))
    house.deliver(cfp(receiver="skill:text.translate"), Lane.CFP)
    house.deliver(cfp(), Lane.CFP)
    house.check()


def test_a_call_that_was_heard_comes_again_for_somebody_else() -> None:
    house = House("x", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    house.deliver(cfp(receiver="skill:text.translate"), Lane.CFP)
    house.deliver(reject(sender="rival", daemon="rival", message_id="q1"))
    house.deliver(reject(sender="rival", daemon="rival", message_id="q1", conversation_id="t.9"))
    house.check()


@pytest.mark.parametrize("stream", ["ledger", "daemon", "strays", "presence"])
def test_a_conversation_called_like_a_stream_of_the_journal(stream: str) -> None:
    house = House("x", agent("x"))
    house.deliver(reject(receiver="elsewhere", message_id="s1"))
    house.deliver(cfp(conversation_id=stream), Lane.CFP)
    house.deliver(reject(receiver="elsewhere", message_id="s2"))
    house.deliver(reject(conversation_id=stream))
    house.check()


# ---- one message id, one message (M5); an answer names what was said (M3)


def test_the_same_id_with_other_bytes_is_kept_apart_once_for_all_agents() -> None:
    house = House("d", agent("x"), agent("y"))
    assert [type(one) for one in house.deliver(cfp(), Lane.CFP)] == [ToStep, ToStep]
    for _ in range(2):
        (verdict,) = house.deliver(cfp(within_ms=10_000), Lane.CFP)
        assert isinstance(verdict, Quarantined)
        assert verdict.why == "its message id c1 came before with other bytes"
        assert (verdict.sender, verdict.performative, verdict.conversation) == ("mgr", "cfp", "t.1")
    assert [type(one) for one in house.deliver(cfp(), Lane.CFP)] == [ToRepeat, ToRepeat]
    house.check()


def test_an_act_and_an_element_that_is_none_under_one_id() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    fields = (c.FieldError(path="$", text="is no act"),)
    (verdict,) = house.deliver(Scrap(DIGEST, fields, "schema", "mgr", "t.1", "c1", "cfp"))
    assert isinstance(verdict, Quarantined)
    assert "c1 came before with other bytes" in verdict.why
    house.check()


def test_what_was_kept_apart_comes_again_with_other_bytes() -> None:
    house = House("d", agent("x"))
    house.deliver(reject(receiver="elsewhere", message_id="s1"))
    (same,) = house.deliver(reject(receiver="elsewhere", message_id="s1"))
    assert same == ToRepeat(None)
    (other,) = house.deliver(reject(receiver="nowhere", message_id="s1"))
    assert isinstance(other, Quarantined)
    assert "other bytes" in other.why
    house.check()


def test_an_answer_is_found_by_the_reply_with_that_it_names() -> None:
    house = House("d", agent("x"))
    house.deliver(cfp(), Lane.CFP)
    cancel = a.Cancel(**Side().header(message_id="k1") | {"reply_with": "k"}, content=c.CancelContent(reason="user"))  # type: ignore[arg-type]  # as it would be decoded
    house.deliver(cancel)
    (again,) = house.deliver(cancel)
    assert isinstance(again, ToRepeat)
    assert again.answer is not None
    assert house.diary.said[again.answer][2].message.in_reply_to == "k"


class Bidder(House):
    """An agent with an offer out."""

    def __init__(self) -> None:
        super().__init__("d", agent("x"))
        self.deliver(cfp(), Lane.CFP)
        self.record(self.diary.step("x", "t.1", Bade(price=1, eta=1, confidence=1), NOW))
        ((self.offer, known),) = self.diary.engagement("x", "t.1").offers.items()
        self.bid = known.message_id

    def accept(self, about: str | None, offer: str | None = None) -> a.AcceptProposal:
        times = {"work_within_ms": 1, "lease_ms": 1, "pickup_ms": 1}
        spec = {"private": {"key": "s3cret"}, "salt": SALT}
        terms = {"offer": offer or self.offer, "round": 1, "slot": 1, "epoch": 1, "price": 1}
        content = c.AcceptContent(**terms | times | spec)  # type: ignore[arg-type]  # a table of plain values
        return a.AcceptProposal(**Side().header(about, message_id="a1", receiver="x"), content=content)


@pytest.mark.parametrize("about", [None, "never-said", "c1"])
def test_an_accept_that_answers_nothing_commits_nobody_and_is_told_so(about: str | None) -> None:
    house = Bidder()
    (verdict,) = house.deliver(house.accept(about))
    assert isinstance(verdict, ToStep)
    assert isinstance(verdict.fact, Misheard)
    assert house.state("x") == "OFFERED"
    (*_, told) = house.diary.said.values()
    assert isinstance(told[2].message, a.NotUnderstood)
    assert told[2].message.content.fields[0].path == "$.in_reply_to"
    house.deliver(structs.replace(house.accept(house.bid), message_id="a2", reply_with="a2"))
    assert house.state("x") == "COMMITTED"
    house.check()


def test_an_accept_of_an_offer_that_is_not_known_here_is_answered_by_the_table() -> None:
    """The journal was lost, and an accept from before comes after a new call: no fault of the initiator's (P19)."""
    house = Bidder()
    house.deliver(house.accept("said-before", offer="made-before"))
    (*_, told) = house.diary.said.values()
    assert isinstance(told[2].message, a.Failure)
    assert told[2].message.content.reason.value == "unknown-offer"
    house.check()


@pytest.mark.parametrize(("about", "live"), [("never-said", True), (None, False), ("bid", False)])
def test_a_reject_of_one_offer_names_the_bid_or_nothing(about: str | None, live: bool) -> None:
    house = Bidder()
    content = c.RejectContent(reason="late", offer=house.offer)  # type: ignore[arg-type]  # as it would be decoded
    named = house.bid if about == "bid" else about
    house.deliver(a.RejectProposal(**Side().header(named, message_id="r1"), content=content))
    assert house.diary.engagement("x", "t.1").live_offer is live
    house.check()


def test_what_does_not_decode_in_a_mediation_is_told_to_who_asked() -> None:
    house = House("d", agent("x"), agent("y"))
    content = c.RequestContent(
        offers=(), choices=("none",), reply_within_ms=1_000, terms=Side().cfp_act().content.terms, limit=None
    )
    request = a.Request(**Side().header(message_id="q1", receiver="x", protocol=a.MEDIATION), content=content)
    house.deliver(request)
    assert ("x", "t.1") in house.diary.mediations
    fields = (c.FieldError(path="$.content.reason", text="is missing"),)
    (verdict,) = house.deliver(Scrap(DIGEST, fields, "schema", "mgr", "t.1", "bad1", "cancel"))
    assert isinstance(verdict, ToStep)
    (*_, told) = house.diary.said.values()
    assert isinstance(told[2].message, a.NotUnderstood)
    (protocol,) = house.deliver(reject())
    assert isinstance(protocol, Quarantined)
    house.check()


# ---- anything


some = st.sampled_from
headers = st.fixed_dictionaries(
    {
        "sender": some(["mgr", "rival"]),
        "message_id": some(["m1", "m2", "m3", "m4"]),
        "conversation_id": some(["t.1", "t.2", "strays"]),
        "receiver": some(["x", "y", "multi", "skill:text.summarise", "elsewhere"]),
        "receivers": some([None, None, ("x",), ("x", "y"), ()]),
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some([("d", "x", "y"), ("x", "x")]), st.lists(st.tuples(acts(), headers), max_size=12))
def test_whatever_comes_is_recorded(names: tuple[str, ...], mail: list[tuple[a.AnyAct, dict[str, Any]]]) -> None:
    house = House(names[0], *(agent(name) for name in names[1:]))
    for act, header in mail:
        fields = {name: getattr(act, name) for name in act.__struct_fields__} | header
        house.deliver(type(act)(**fields))
    house.check()
    said = [record for _, record in house.diary.unsent.values()]
    assert all(isinstance(one, Said) for one in said)
