"""The gate and the default rule of a manager: any act, in any state, from anybody.

For each state (`gate_manager` finds them), each act, and each sender (the participant x, its rival z, the mediator,
somebody who was never called), in the call's conversation and in its mediation's:

- exactly one row of exactly one table is taken for the message, or the default answer is given and nothing moves;
- a not-understood is never answered, and nobody is named a fault more often than `max_faults` times;
- the same message again is answered from the record, byte for byte, and records nothing;
- the same message id with other bytes is kept apart (M5); so is what names another protocol, receiver or conversation;
- nothing raises.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from contractnet.ledger.records import Misheard, Moved, Quarantined, Record, Said
from contractnet.mail.inbox import letters
from contractnet.manager.reception import ToRecord, ToRepeat, ToStep
from contractnet.messages import acts as a
from contractnet.messages.codec import canonical, encode
from contractnet.transport.port import Lane
from tests.conformance.gate_manager import STARTS, Place, all_places, said_there
from tests.support.bench import Bench
from tests.support.frozen import Freezer
from tests.support.invariants import ROWS, TABLES, tag
from tests.support.picture import picture
from tests.support.world import Raw

#: what an act may be to the tables; an act that is not here is none of a participant's or a mediator's
EVENTS = {
    "propose": {"?propose:ok", "?propose:bad", "?propose:late"},
    "refuse": {"?refuse"},
    "inform:result": {"?inform:result", "?inform:badresult"},
    "inform:progress": {"?inform:progress"},
    "inform:cancelled": {"?inform:cancelled"},
    "inform:choice": {"?inform:choice", "?inform:badchoice"},
    "failure:task": {"?failure:task"},
    "failure:cancel": {"?failure:cancel"},
    "not-understood": {"?not-understood:cfp", "?not-understood:accept", "?not-understood"},
    "agree": {"?agree"},
}
SENDERS = ("x", "z", "arbiter", "evil")
FREEZER = Freezer()


@functools.cache
def found() -> dict[str, list[Place]]:
    """Every state, by what the walk began with."""
    return all_places(FREEZER)


def everywhere() -> list[Place]:
    return [place for there in found().values() for place in there]


def states(bench: Bench) -> dict[str, str]:
    """Of table C, of each participant, and of the mediation."""
    call = bench.call
    found = {name: one.machine.state for name, one in call.participants.items()} | {"": call.machine.state}
    if call.mediation is not None:
        found["mediation"] = call.mediation.machine.state
    return found


def received(records: Sequence[Record]) -> list[tuple[str, str, str]]:
    """The rows that a message takes: (table, who, row)."""
    moves = [move for one in records if isinstance(one, Moved) for move in one.moves]
    rows = [(move, ROWS[move.table, move.row]) for move in moves]
    return [(move.table, move.who, move.row) for move, row in rows if row.events[0].startswith("?")]


def complaints(records: Sequence[Record], to: str) -> list[a.NotUnderstood]:
    said = [one.message for one in records if isinstance(one, Said) and to in one.receivers]
    return [act for act in said if isinstance(act, a.NotUnderstood)]


def wheres(bench: Bench) -> list[str]:
    """The call's conversation, and that of its mediation."""
    mediation = bench.call.mediation
    return [bench.call.conversation] + ([mediation.conversation] if mediation is not None else [])


def look(bench: Bench, kind: str, act: a.AnyAct) -> None:
    """Deliver one act, and hold what it did against the tables."""
    before, known = states(bench), set(bench.call.participants)
    faults = _faults(bench, act.sender, act.conversation_id)
    start = len(bench.written)
    verdict = bench.deliver(act)
    records = bench.written[start:]
    rows = received(records)
    after = states(bench)
    if isinstance(verdict, ToRecord):
        assert [type(one) for one in records] == [Quarantined]
        assert after == before
        return
    assert isinstance(verdict, ToStep)
    assert len(rows) <= 1
    if rows:
        ((table, who, name),) = rows
        row = ROWS[table, name]
        assert who == act.sender
        came = {"INVITED", "SILENT"}  # who was never called begins so
        assert {before.get("mediation" if table == "MI" else who)} & set(row.states) or (
            who not in before and came & set(row.states)
        )
        bad = {"?propose:bad", "?propose:late"} if kind == "propose" else {"?inform:badchoice"}
        assert set(row.events) & (bad if isinstance(verdict.fact, Misheard) else EVENTS[kind])
        return
    assert {name: after[name] for name in before} == before
    assert set(bench.call.participants) <= known | {act.sender}
    waits = kind == "inform:result" and bench.tender.opened.checked
    answers = complaints(records, act.sender)
    if kind == "not-understood" or waits:
        assert len(answers) == 0 or waits
    elif faults < bench.tender.opened.timers.max_faults:
        assert len(answers) == 1
        assert answers[0].in_reply_to == act.reply_with
    else:
        assert answers == []


def _faults(bench: Bench, sender: str, where: str) -> int:
    mediation = bench.call.mediation
    if mediation is not None and where == mediation.conversation:
        return mediation.faults
    participant = bench.call.participants.get(sender)
    return participant.faults if participant is not None else 0


def look_again(bench: Bench, act: a.AnyAct) -> None:
    """The same bytes again: the recorded answer, byte for byte. Other bytes under the same id: kept apart."""
    said = [one for one in bench.written if isinstance(one, Said)]
    answers = [one for one in said if one.message.in_reply_to == act.reply_with and act.sender in one.receivers]
    whole = act.sender == "x"  # the whole state takes its time
    before, entries = picture(bench.book) if whole else states(bench), len(bench.entries)
    verdict = bench.deliver(act)
    assert isinstance(verdict, ToRepeat)
    if answers:
        assert verdict.said is not None
        assert canonical(verdict.said.message) == canonical(answers[-1].message)
    else:
        assert verdict.said is None
    assert len(bench.entries) == entries
    assert (picture(bench.book) if whole else states(bench)) == before
    moved = states(bench)
    other = bench.deliver(structs.replace(act, parent="elsewhere"))
    assert isinstance(other, ToRecord)
    assert other.stray.about is None
    assert states(bench) == moved


def test_the_walk_reaches_every_state_of_the_tables() -> None:
    reached, _, people, asked, *_ = (set(one) for one in zip(*(place.key for place in everywhere()), strict=True))
    print({name: len(there) for name, there in found().items()})
    transient = {"NEW", "EVALUATING"}  # an evaluation is one step
    assert reached == TABLES["C"].states.keys() - transient
    assert people == set(TABLES["I"].states)
    assert asked - {None} == TABLES["MI"].states.keys() - {"NEW"}


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("name", STARTS)
def test_any_act_in_any_state_from_anybody(name: str, each: int) -> None:
    """Every fourth of them; all in a longer run."""
    count = 0
    for place in found()[name]:
        asked: Bench = FREEZER.thaw(place.frozen)
        for sender in SENDERS:
            for where in wheres(asked):
                for kind, act in said_there(asked, sender, where):
                    count += 1
                    if count % each:
                        continue
                    bench: Bench = FREEZER.thaw(place.frozen)
                    try:
                        look(bench, kind, act)
                        look_again(bench, act)
                    except Exception as error:
                        raise AssertionError(
                            f"{place.key} after {place.path}: {sender} says {act}: {error!r}"
                        ) from error
    print(f"{name}: {count} acts in {len(found()[name])} states")


def spoilt(act: a.AnyAct) -> list[bytes]:
    """Bytes that are no act, and say enough to be answered."""
    raw = encode(act)
    return [raw.replace(b'"content":{', b'"content":{"extra":1,'), b'{"extra":1,' + raw[1:]]


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("name", STARTS)
def test_what_does_not_decode_in_any_state(name: str, each: int) -> None:
    for place in found()[name][::each]:
        for kind in ("propose", "inform:choice", "refuse", "not-understood", "cfp"):
            for sender, at in (("x", 0), ("evil", 0), ("arbiter", -1)):
                _spoil(place, kind, sender, at)


def _spoil(place: Place, kind: str, sender: str, at: int) -> None:
    bench: Bench = FREEZER.thaw(place.frozen)
    where = wheres(bench)[at]
    act = next(act for name, act in said_there(bench, sender, where) if name == kind)
    for raw in spoilt(act):
        bench = FREEZER.thaw(place.frozen)
        before, faults = states(bench), _faults(bench, sender, where)
        (scrap,) = letters(Raw(b"[" + raw + b"]", Lane.BID))
        start = len(bench.written)
        verdict = bench.deliver(scrap)  # type: ignore[arg-type]
        records = bench.written[start:]
        rows = received(records)
        if isinstance(verdict, ToRecord):
            assert [type(one) for one in records] == [Quarantined]
        elif rows:
            ((table, _, name),) = rows
            assert set(ROWS[table, name].events) & {"?propose:bad", "?propose:late", "?inform:badchoice"}
        else:
            told = len(complaints(records, sender))
            assert told == (kind != "not-understood" and faults < bench.tender.opened.timers.max_faults)
        if not rows:
            assert states(bench) == before
        again, entries = bench.deliver(scrap), len(bench.entries)  # type: ignore[arg-type]
        if isinstance(again, ToRepeat):
            assert len(bench.entries) == entries
        else:
            assert isinstance(again, ToRecord)  # its id is of no use, or it was kept apart


@pytest.mark.parametrize("sender", SENDERS)
def test_faults_are_named_so_often_and_no_more(sender: str) -> None:
    """In every state, an act that no participant says, again and again."""
    for place in everywhere():
        bench: Bench = FREEZER.thaw(place.frozen)
        where = wheres(bench)[-1 if sender == "arbiter" else 0]
        before, faults = states(bench), _faults(bench, sender, where)
        start = len(bench.written)
        for _ in range(8):
            act = next(act for kind, act in said_there(bench, sender, where) if kind == "cancel")
            bench.deliver(act)
        told = len(complaints(bench.written[start:], sender))
        heard = sender in before or (sender == "arbiter" and len(wheres(bench)) > 1)
        assert told == (max(0, 5 - faults) if heard else 0), f"{place.key} {place.path}"
        assert states(bench) == before
        bench.check()


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("another receiver", {"receiver": "elsewhere"}),
        ("another protocol", {"protocol": "other"}),
        ("an unknown conversation", {"conversation_id": "t.9"}),
    ],
)
def test_what_is_not_for_this_conversation_moves_nobody(what: str, changes: dict[str, Any]) -> None:
    for place in everywhere():
        bench: Bench = FREEZER.thaw(place.frozen)
        before = states(bench)
        for kind, act in list(said_there(bench, "x", bench.call.conversation)):
            mine = dict(changes)
            if "protocol" in mine:
                mine["protocol"] = a.CONTRACT_NET if act.protocol != a.CONTRACT_NET else a.ITERATED_CONTRACT_NET
            start = len(bench.written)
            verdict = bench.deliver(structs.replace(act, **mine))
            assert isinstance(verdict, ToRecord), what
            if "conversation_id" not in mine or kind == "not-understood":
                assert complaints(bench.written[start:], "x") == []
        told = complaints(bench.written, "x")
        unknown = [act for act in told if act.content.reason == "unknown-conversation"]
        assert len(unknown) == (5 if "conversation_id" in changes else 0)
        assert states(bench) == before


def test_the_names_of_acts_are_those_of_the_messages() -> None:
    bench: Bench = FREEZER.thaw(everywhere()[0].frozen)
    for kind, act in said_there(bench, "x", bench.call.conversation):
        assert kind.partition(":")[0] == tag(act)
