"""A cfp or a request that does not decode: who asked is told what is wrong, so often, and nobody is moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from contractnet.contractor import misheard
from contractnet.contractor.addresses import address
from contractnet.contractor.engagement import Timers
from contractnet.contractor.reception import ToRepeat, ToStep
from contractnet.contractor.records import MisheardOpening
from contractnet.contractor.replay import replay
from contractnet.ledger.records import Quarantined
from contractnet.mail.inbox import Letter, letters
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.bargaining import (
    AnyMessage,
    BargainNotUnderstood,
    BargainRequest,
    BargainRequestContent,
    IssueContent,
)
from contractnet.messages.codec import canonical
from contractnet.transport.port import Delivery, Lane, ToAgents, ToManager
from tests.support.side import NOW, Side
from tests.support.world import Raw
from tests.unit.contractor.test_reception import House, agent, cfp

PRICE = IssueContent(name="price", low=0, high=1_000_000, tick=10_000, unit="USD")
ASKED = BargainRequestContent(
    subject="a report", issues=(PRICE,), turns=4, reply_within_ms=20_000, turn_within_ms=10_000, buyer="initiator"
)
LISTED = c.RequestContent(
    offers=(), choices=("none",), reply_within_ms=1_000, terms=Side().cfp_act().content.terms, limit=None
)


def bargain(**given: Any) -> BargainRequest:
    header = Side().header(**{"message_id": "b1", "receiver": "x", "protocol": a.BARGAINING} | given)
    return BargainRequest(**header, content=ASKED)


def mediation(**given: Any) -> a.Request:
    header = Side().header(**{"message_id": "q1", "receiver": "x", "protocol": a.MEDIATION} | given)
    return a.Request(**header, content=LISTED)


OPENINGS: dict[str, Callable[..., AnyMessage]] = {
    "cfp": cfp,
    "request to bargain": bargain,
    "request to mediate": mediation,
}
BAD = {"reply_within_ms": "soon"}


def broken(act: AnyMessage, content: dict[str, Any] | None = None, **top: Any) -> Delivery:
    """The act, with other values here and there."""
    message = json.loads(canonical(act))
    message["content"] |= BAD if content is None else content
    return Raw(json.dumps([message | top]).encode(), Lane.INBOX)


class Daemon(House):
    """Takes bytes."""

    def take(self, delivery: Delivery) -> list[ToStep | ToRepeat | Quarantined]:
        (item,) = letters(delivery)
        return self.deliver(item.act if isinstance(item, Letter) else item)

    @property
    def told(self) -> list[a.NotUnderstood | BargainNotUnderstood]:
        said = [record.message for _, _, record in self.diary.said.values()]
        return [one for one in said if isinstance(one, a.NotUnderstood | BargainNotUnderstood)]


@pytest.mark.parametrize("kind", OPENINGS)
def test_it_is_told_once_with_what_is_wrong_and_nobody_is_moved(kind: str) -> None:
    daemon, act = Daemon("d", agent("x"), agent("y", "text.translate")), OPENINGS[kind]()
    (verdict,) = daemon.take(broken(act))
    assert isinstance(verdict, MisheardOpening)
    (told,) = daemon.told
    assert told.content.reason.value == "schema"
    assert [field.path for field in told.content.fields] == ["$.content.reply_within_ms"]
    assert (told.sender, told.receiver, told.in_reply_to) == ("x", "mgr", act.reply_with)
    assert (told.protocol, told.conversation_id) == (act.protocol, act.conversation_id)
    assert told.content.about == act.__struct_config__.tag
    assert daemon.diary.known("x", act.conversation_id) is None
    daemon.check()

    entries = len(daemon.entries)
    (again,) = daemon.take(broken(act))
    assert again == ToRepeat(told.message_id)
    assert len(daemon.entries) == entries
    daemon.check()


@pytest.mark.parametrize("kind", OPENINGS)
@pytest.mark.parametrize("good", [False, True])
def test_other_bytes_under_the_same_id_are_kept_apart(kind: str, good: bool) -> None:
    """M5: also where they decode."""
    daemon, act = Daemon("d", agent("x")), OPENINGS[kind]()
    daemon.take(broken(act))
    (verdict,) = daemon.deliver(act) if good else daemon.take(broken(act, {"reply_within_ms": "later"}))
    assert type(verdict) is Quarantined
    assert "came before with other bytes" in verdict.why
    assert len(daemon.told) == 1
    daemon.check()


@pytest.mark.parametrize("name", ["d", "x"])
def test_a_good_one_after_it_is_as_new(name: str) -> None:
    """Also where the daemon is called like its agent (D9): no id and no place in the journal is used twice."""
    for act in (cfp(), bargain(), mediation()):
        daemon = Daemon(name, agent("x"))
        daemon.take(broken(act))
        again: Any = structs.replace(act, message_id="n2", reply_with="n2")
        (verdict,) = daemon.deliver(again)
        assert isinstance(verdict, ToStep)
        side = daemon.diary.known("x", act.conversation_id)
        assert side is not None
        assert side.machine.state in ("DELIBERATING", "ASKED", "THINKING")
        daemon.take(broken(act))  # the bad one comes again: nothing moves
        assert len(daemon.told) == 1
        daemon.check()


def test_a_call_by_skill_is_answered_by_all_that_it_is_for() -> None:
    daemon = Daemon("d", agent("x"), agent("y"), agent("z", "text.translate"))
    daemon.take(broken(cfp()))
    assert sorted(told.sender for told in daemon.told) == ["x", "y"]
    assert len({told.message_id for told in daemon.told}) == 2
    again = daemon.take(broken(cfp()))
    assert [one.answer for one in again if isinstance(one, ToRepeat)] == [told.message_id for told in daemon.told]
    daemon.check()


@pytest.mark.parametrize(
    "top",
    [
        {"sender": "No One"},
        {"conversation_id": ""},
        {"conversation_id": "strays"},
        {"receiver": "elsewhere"},
        {"receiver": "multi"},
        {"receiver": 7},
        {"protocol": "fipa-contract-net"},
        {"protocol": "haggling"},
        {"performative": "shout"},
        {"performative": "cancel"},
    ],
)
def test_what_cannot_be_addressed_is_kept_apart(top: dict[str, Any]) -> None:
    daemon = Daemon("d", agent("x"))
    (verdict,) = daemon.take(broken(bargain(), **top))
    assert type(verdict) is Quarantined
    assert daemon.told == []
    daemon.check()


def test_without_an_id_it_is_told_all_the_same() -> None:
    daemon = Daemon("d", agent("x"))
    daemon.take(broken(bargain(), message_id=None, reply_with=None))
    (told,) = daemon.told
    assert told.in_reply_to is None
    assert {"$.message_id", "$.reply_with"} <= {field.path for field in told.content.fields}
    daemon.check()


def test_a_stranger_is_told_five_times_running_and_then_kept_apart() -> None:
    """Each conversation that it invents leaves no side behind."""
    daemon = Daemon("d", agent("x"), agent("y"))
    for number in range(8):
        daemon.take(broken(bargain(message_id=f"b{number}", conversation_id=f"c.{number}")))
    assert len(daemon.told) == 5
    assert daemon.diary.sides() == []
    daemon.take(broken(bargain(message_id="b8", receiver="y")))  # another agent has its own patience
    daemon.take(broken(bargain(message_id="b9", sender="other", daemon="other")))
    assert [(one.sender, one.receiver) for one in daemon.told[5:]] == [("y", "mgr"), ("x", "other")]
    daemon.deliver(bargain(message_id="good", conversation_id="c.good"))
    daemon.take(broken(bargain(message_id="b10", conversation_id="c.10")))
    assert len(daemon.told) == 8, "it was understood: it is told anew"
    daemon.check()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_strangers_without_number_keep_nobody_from_an_answer(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misheard, "MOST_TOLD", 5)
    daemon = Daemon("d", *(agent(f"x{number}") for number in range(count)))
    for number in range(12):
        daemon.take(broken(cfp(sender=f"s{number}", daemon="s")))
    assert len(daemon.told) == 12 * count
    daemon.check()


def test_of_many_strangers_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misheard, "MOST_TOLD", 2)
    daemon = Daemon("d", agent("x"))

    def told(sender: str, number: int) -> int:
        before = len(daemon.told)
        daemon.take(broken(bargain(message_id=f"b{number}", conversation_id=f"c.{number}", sender=sender, daemon="s")))
        return len(daemon.told) - before

    assert [told("s0", number) for number in range(7)] == [1, 1, 1, 1, 1, 0, 0]
    assert [told(f"s{number}", 10 + number) for number in range(1, 3)] == [1, 1]
    assert told("s0", 20) == 1
    daemon.check()


def test_a_request_of_the_agent_itself_is_kept_apart() -> None:
    """Anybody may forge one: it would answer itself, and the record would accuse it."""
    daemon = Daemon("d", agent("x"))
    (verdict,) = daemon.deliver(bargain(sender="x", daemon="x"))
    assert isinstance(verdict, Quarantined)
    assert not daemon.diary.bargains
    daemon.check()


def test_where_the_answer_goes_is_what_the_request_says() -> None:
    daemon = Daemon("d", agent("x"))
    daemon.take(broken(bargain(), BAD | {"answer_to": "agent"}))
    daemon.take(broken(bargain(message_id="b2", conversation_id="c.2"), BAD | {"answer_to": "manager"}))
    daemon.take(broken(bargain(message_id="b3", conversation_id="c.3"), BAD | {"answer_to": "nobody"}))
    sent = [address(one, None, by_inbox=one.message_id in daemon.diary.misheard.by_inbox) for one in daemon.told]
    assert sent == [ToAgents(("mgr",)), ToManager("mgr", Lane.BID), ToManager("mgr", Lane.BID)]
    again = replay("d", daemon.entries, Timers())
    assert again.misheard.by_inbox == daemon.diary.misheard.by_inbox


def test_a_journal_in_which_it_was_told_too_often_is_not_what_its_facts_give() -> None:
    daemon = Daemon("d", agent("x"))
    for number in range(5):
        daemon.take(broken(bargain(message_id=f"b{number}", conversation_id=f"c.{number}")))
    (one,) = letters(broken(bargain(message_id="b5", conversation_id="c.5")))
    assert not isinstance(one, Letter)
    fact = misheard.misheard_opening(one, ("x",), Lane.INBOX, "schema")
    with pytest.raises(AssertionError):
        daemon.diary.loose("d", "strays", fact, NOW)
