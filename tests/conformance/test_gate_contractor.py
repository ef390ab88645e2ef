"""The gate and the default rule of a contractor: any act, in any state, from anybody; of a bidder and of a mediator.

For each state (`gate_contractor` finds them), each act, in each protocol, and each sender (who opened the conversation,
another manager, a rival):

- exactly one row of its table is taken for the message, or the default answer is given and nothing moves;
- only the initiator of the conversation is heard in it;
- a not-understood is never answered, and nobody is named a fault more often than `max_faults` times;
- the same message again is answered from the record, byte for byte, and records nothing;
- the same message id with other bytes is kept apart (M5);
- nothing raises, and the journal replays.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from contractnet.contractor.engagement import Engagement
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.ports import Agent, Award, Call, Refusal
from contractnet.contractor.reception import Reception, ToRepeat, ToStep
from contractnet.contractor.records import MisheardOpening
from contractnet.contractor.replay import STRAYS
from contractnet.ledger.records import Misheard, Moved, Quarantined, Record, Said
from contractnet.mail.inbox import Letter, Scrap, letters
from contractnet.messages import acts as a
from contractnet.messages.codec import canonical, digest, encode
from contractnet.transport.port import Lane
from tests.conformance.gate_contractor import BIDDER, MEDIATOR, Place, places, said_there
from tests.support.frozen import Freezer
from tests.support.invariants import ROWS, TABLES, tag
from tests.support.picture import picture
from tests.support.side import SKILL, Side
from tests.support.world import Raw

#: what an act may be to the tables; an act that is not here is none of an initiator's
EVENTS = {
    "P": {
        "cfp": {"?cfp", "?cfp:next"},
        "accept-proposal": {"?accept:live", "?accept:dead"},
        "reject-proposal": {"?reject:end", "?reject:one"},
        "cancel": {"?cancel"},
        "not-understood": {"?not-understood"},
    },
    "MP": {"request": {"?request"}, "cancel": {"?cancel"}, "not-understood": {"?not-understood"}},
}
PLAYS = {"bidder": BIDDER, "mediator": MEDIATOR}
SENDERS = ("mgr", "other", "z")
PROTOCOLS: tuple[a.ProtocolName, ...] = (a.ITERATED_CONTRACT_NET, a.CONTRACT_NET, a.MEDIATION)
FREEZER = Freezer()


async def _no(_: Call) -> Refusal:
    return Refusal("unfit")


async def _nothing(_: Award) -> dict[str, Any]:
    return {}


HOSTED = {"x": Agent(id="x", skills=(SKILL,), capacity=9, bid=_no, perform=_nothing)}


@functools.cache
def found(who: str) -> list[Place]:
    """Every state of a bidder or a mediator."""
    return places(FREEZER, PLAYS[who])


def deliver(side: Side, item: a.AnyAct | Scrap) -> Any:
    """At the gate; what it says is done."""
    letter = item if isinstance(item, Scrap) else Letter(item, digest(encode(item)))
    (verdict,) = Reception(side.diary, HOSTED).judge(letter, Lane.INBOX)
    if isinstance(verdict, ToStep):
        side.step(verdict.fact)
    elif isinstance(verdict, Quarantined):
        side.record(side.diary.loose(side.diary.daemon, STRAYS, verdict, side.now))
    return verdict


def state_of(side: Side) -> tuple[str, str]:
    """Its table and state."""
    one = side.diary.known(side.agent, side.conversation)
    return ("", "") if one is None else (one.machine.table.name, one.machine.state)


def says(records: Sequence[Record]) -> list[a.AnyAct]:
    return [one.message for one in records if isinstance(one, Said)]


def look(side: Side, kind: str, act: a.AnyAct) -> None:
    """Deliver one act, and hold what it did against the table."""
    table, before = state_of(side)
    known = side.diary.known(side.agent, side.conversation)
    faults = known.faults if known is not None else 0
    start = len(side.written)
    verdict = deliver(side, act)
    records = side.written[start:]
    if isinstance(verdict, Quarantined):
        assert [type(one) for one in records] == [Quarantined]
        assert state_of(side) == (table, before)
        assert known is not None, "a conversation that is new is anybody's"
        assert known.manager != act.sender or known.protocol != act.protocol
        return
    assert isinstance(verdict, ToStep)
    assert known is None or known.manager in (None, act.sender)
    table, after = state_of(side)
    before = before or TABLES[table].start
    moves = [move for one in records if isinstance(one, Moved) for move in one.moves]
    rows = [ROWS[move.table, move.row] for move in moves]
    heard = [row for row in rows if row.events[0].startswith("?")]
    if heard:
        assert heard == rows[:1], "the message first, then what follows from it"
        assert before in heard[0].states
        assert set(heard[0].events) & EVENTS[table][kind]
        assert all(row.name == "P23" for row in rows[1:]), "work that was announced otherwise is not begun (G10)"
        return
    assert (rows, after) == ([], before)
    told = says(records)
    if kind == "not-understood" or (kind == "cfp" and not isinstance(verdict.fact, Misheard) and not told):
        assert told == []  # recorded: a not-understood, or a cfp of a round that was seen (the gate, step 4)
    elif faults < side.timers.max_faults:
        assert [type(one) for one in told] == [a.NotUnderstood]
        assert (told[0].in_reply_to, told[0].receiver) == (act.reply_with, act.sender)
    else:
        assert told == []


def look_again(side: Side, act: a.AnyAct) -> None:
    """The same bytes again: the recorded answer, byte for byte. Other bytes under the same id: kept apart."""
    said = [one for one in says(side.written) if one.in_reply_to == act.reply_with]
    before, entries = picture(side.diary), len(side.entries)
    verdict = deliver(side, act)
    assert isinstance(verdict, ToRepeat)
    assert (len(side.entries), picture(side.diary)) == (entries, before)
    if said and state_of(side) != ("", "") and _heard(side, act):
        assert verdict.answer is not None
        answer = side.diary.said[verdict.answer][2].message
        assert canonical(answer) in {canonical(one) for one in said} | {canonical(one) for one in side.said(a.Act)}
    moved = state_of(side)
    other = deliver(side, structs.replace(act, parent="elsewhere"))
    assert isinstance(other, Quarantined)
    assert state_of(side) == moved


def _heard(side: Side, act: a.AnyAct) -> bool:
    return (side.agent, act.sender, act.message_id) in side.diary.seen


@pytest.mark.parametrize("who", PLAYS)
def test_the_walk_reaches_every_state_of_the_table(who: str) -> None:
    table = "P" if who == "bidder" else "MP"
    states = {place.key[1] for place in found(who) if place.key[0] == table}
    print(f"{who}: {len(found(who))} states")
    assert states | {"IDLE"} == set(TABLES[table].states)


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("who", PLAYS)
def test_any_act_in_any_state_from_anybody(who: str, each: int) -> None:
    """Every fourth of them; all in a longer run."""
    count = 0
    for place in found(who):
        asked: Side = FREEZER.thaw(place.frozen)
        for sender in SENDERS:
            for protocol in PROTOCOLS:
                for kind, act in said_there(asked, sender, protocol):
                    count += 1
                    if count % each:
                        continue
                    side: Side = FREEZER.thaw(place.frozen)
                    try:
                        look(side, kind, act)
                        look_again(side, act)
                    except Exception as error:
                        raise AssertionError(
                            f"{place.key} after {place.path}: {sender} says {act}: {error!r}"
                        ) from error
    print(f"{who}: {count} acts in {len(found(who))} states")


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("who", PLAYS)
def test_what_does_not_decode_in_any_state(who: str, each: int) -> None:
    """Told to the initiator, and to who opens a conversation with it; of anybody else kept apart."""
    for place in found(who)[::each]:
        asked: Side = FREEZER.thaw(place.frozen)
        protocol: a.ProtocolName = a.MEDIATION if place.key[0] == "MP" else a.ITERATED_CONTRACT_NET
        for sender in SENDERS:
            for kind, act in said_there(asked, sender, protocol):
                side: Side = FREEZER.thaw(place.frozen)
                known = side.diary.known(side.agent, side.conversation)
                before, faults = state_of(side), known.faults if known is not None else 0
                (scrap,) = letters(Raw(b'[{"extra":1,' + encode(act)[1:] + b"]", Lane.INBOX))
                assert isinstance(scrap, Scrap)
                start = len(side.written)
                verdict = deliver(side, scrap)
                told = says(side.written[start:])
                assert state_of(side) == before
                mine = known is not None and known.manager == sender
                opens = known is None and kind == "cfp"  # a request belongs to another protocol than here
                assert type(verdict) is (ToStep if mine else MisheardOpening if opens else Quarantined)
                named = mine and kind != "not-understood" and faults < side.timers.max_faults
                assert len(told) == (named or opens)
                entries = len(side.entries)
                if mine or opens:
                    assert isinstance(deliver(side, scrap), ToRepeat)
                    assert len(side.entries) == entries


@pytest.mark.parametrize("who", PLAYS)
def test_faults_are_named_so_often_and_no_more(who: str) -> None:
    for place in found(who):
        side: Side = FREEZER.thaw(place.frozen)
        known = side.diary.known(side.agent, side.conversation)
        protocol = known.protocol if isinstance(known, Engagement | Mediating) else None
        protocol = protocol or a.ITERATED_CONTRACT_NET
        faults = known.faults if known is not None else 0
        before, start = state_of(side), len(side.written)
        for _ in range(8):
            act = next(act for kind, act in said_there(side, "mgr", protocol) if kind == "agree")
            deliver(side, act)
        assert len(says(side.written[start:])) == max(0, 5 - faults)
        assert state_of(side)[1] == (before[1] or "IDLE")
        side.check()


def test_the_names_of_acts_are_those_of_the_messages() -> None:
    for kind, act in said_there(Side(), "mgr", a.ITERATED_CONTRACT_NET):
        assert kind == tag(act)
