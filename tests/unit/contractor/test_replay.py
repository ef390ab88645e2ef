"""A journal gives its own state again, and a change in a conclusion is found at its place, whatever the chain says."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.contractor.records import (
    CONCLUSIONS,
    FACTS,
    LOOSE,
    Began,
    CannotStop,
    Chose,
    Failed,
    Finished,
    Hosted,
    Passed,
    Settled,
    Stopped,
    Timed,
    Timers,
    Took,
    Withdrew,
)
from contractnet.contractor.replay import DAEMON, STRAYS, replay
from contractnet.errors import ReplayDifference
from contractnet.ledger.port import Entry
from contractnet.ledger.questions import DECISIONS, Answered, Pending
from contractnet.ledger.records import Asked, Quarantined, Sent
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import NotUnderstoodReason, TaskFailure
from tests.support.deadlock import Deadlock, ask
from tests.support.ledgers import body, changed, leaf, leaves, rechained, replaced
from tests.support.side import DIGEST, Side


@cache
def journal() -> tuple[Entry, ...]:
    """Eight conversations of one agent, one of them a mediation, with every kind of entry."""
    side = Side()
    side.record(side.diary.loose("d", DAEMON, Timed(timers=Timers()), side.now))
    side.record(side.diary.loose("d", DAEMON, Hosted(agents={"x": ["text.summarise"]}), side.now))
    side.record(
        side.diary.loose("d", STRAYS, Quarantined(digest=DIGEST, lane="inbox", why="for nobody here"), side.now)
    )
    for number, end in enumerate(("done", "failed", "cancelled", "overran", "withdrawn", "lapsed", "window")):
        side.conversation = f"t{number}.1"
        side.cfp()
        side.now += 500
        if end == "window":
            side.wait(20_000)
            continue
        asked = Asked(
            purpose="estimate", endpoint="local", prompt=DIGEST, request=DIGEST, request_bytes=9, outcome="ok"
        )
        side.record(side.diary.loose("x", side.conversation, asked, side.now))
        side.bid(10_000 + number)
        offer = list(side.diary.unsent.values())[-1][1].message
        side.record(
            side.diary.loose("x", side.conversation, Sent(message_id=offer.message_id, receivers=("mgr",)), side.now)
        )
        if end == "withdrawn":
            side.step(Withdrew())
            side.accept()
        elif end == "lapsed":
            side.wait(140_000)
        else:
            side.accept()
            side.step(Began(attempt=1))
            side.mishear("cancel")
            if end in ("cancelled", "overran"):
                side.cancel()
                side.step(Stopped() if end == "cancelled" else CannotStop(result={"n": 2}))
            else:
                side.step(Finished(result={"n": 1}) if end == "done" else Failed(reason=TaskFailure.ERROR, text="no"))
    side.conversation = "t9.1.m"
    side.request(60_000, 45_000)
    side.step(Took())
    told = {"offers": [{"choice": "A", "offer": "o1"}]}
    pending = Pending(id="q1", kind="mediation", about=side.conversation, choices=("A", "pass"), told=told)
    for one in (pending, Answered(id="q1", choice="A", by="kim")):
        side.record(side.diary.loose("d", DECISIONS, one, side.now))
    side.step(Passed(rung="standing-offers", why="nothing"))
    side.step(Chose(choice="offer", offer="o1", rung="human", decision="q1"))
    chosen = side.said(a.Inform)[-1].message_id
    fields = (c.FieldError(path="$.content.offer", text="over the limit"),)
    wrong = c.NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="inform", fields=fields)
    side.hear(a.NotUnderstood(**side.header(chosen, protocol=a.MEDIATION), content=wrong))
    side.wait(10_000)
    ask(side, Deadlock((50_000_000,), (40_000_000,)))
    side.step(Settled(rung="standing-offers"))
    side.check()
    return tuple(side.entries)


def found(entries: list[Entry]) -> int | None:
    try:
        replay("d", entries, Timers())
    except ReplayDifference as error:
        return error.position
    return None


CONCLUDED = [entry.position for entry in journal() if entry.type in CONCLUSIONS]


def test_the_journal_holds_every_kind_of_entry() -> None:
    kinds = {entry.type for entry in journal()}
    bargaining = {kind for kind in {*FACTS, *CONCLUSIONS} if "Bargain" in kind or "Turn" in kind}
    elsewhere = {"Declined", "LeaseLost", "Returned", "MisheardOpening"} | bargaining
    assert (set(FACTS) | set(LOOSE) | set(CONCLUSIONS)) - kinds == elsewhere


def test_it_replays() -> None:
    assert found(list(journal())) is None


@given(st.sampled_from(CONCLUDED), st.data())
def test_a_changed_conclusion_is_found_at_its_position(position: int, data: st.DataObject) -> None:
    entry = journal()[position - 1]
    name = data.draw(st.sampled_from(["body", "body", "at", "version", "type", "conversation", "agent"]))
    if name == "body":
        tree = msgspec.json.decode(entry.body)
        path = data.draw(st.sampled_from(leaves(tree)))
        old = leaf(tree, path)
        new = data.draw(st.one_of(st.integers(-3, 3), st.text(max_size=4), st.booleans()))
        if new == old and type(new) is type(old):
            return
        assert found(changed(journal(), position, body=body(replaced(tree, path, new)))) == position
    else:
        old = getattr(entry, name)
        assert found(changed(journal(), position, **{name: old + (1 if isinstance(old, int) else "x")})) == position


@given(st.sampled_from(CONCLUDED))
def test_a_conclusion_that_is_left_out_is_found(position: int) -> None:
    entries = list(journal())
    assert found(rechained([*entries[: position - 1], *entries[position:]])) in (position, position - 1)


@pytest.mark.parametrize("field", ["price", "eta", "confidence"])
def test_a_changed_answer_of_a_bidder_is_found_in_what_was_said(field: str) -> None:
    bade = next(entry for entry in journal() if entry.type == "Bade")
    tree = msgspec.json.decode(bade.body)
    position = found(changed(journal(), bade.position, body=body({**tree, field: tree[field] + 1})))
    assert position == bade.position + 2  # its row is the same, its words are not


def test_a_changed_seed_is_found_at_the_first_words() -> None:
    seeded = next(entry for entry in journal() if entry.type == "Seeded")
    first = next(entry for entry in journal() if entry.type == "Said")
    assert found(changed(journal(), seeded.position, body=body({"seed": "0" * 32}))) == first.position


def test_every_beginning_that_ends_with_a_step_replays() -> None:
    entries = list(journal())
    starts = {entry.position for entry in entries if entry.type in FACTS or entry.type in LOOSE}
    for length in range(1, len(entries)):
        assert (found(entries[:length]) is None) is (length + 1 in starts)


def test_a_timer_that_fired_too_soon_is_found() -> None:
    entries = list(journal())
    fired = next(entry for entry in entries if entry.type == "Fired")
    sooner = [msgspec.structs.replace(one, at=one.at - 1) if one.at == fired.at else one for one in entries]
    assert found(rechained(sooner)) == fired.position


@pytest.mark.parametrize("field", ["conversation_id", "message_id"])
def test_a_message_moved_elsewhere_is_found_at_its_position(field: str) -> None:
    """Into another conversation, or under an id that was heard before."""
    heard = [entry for entry in journal() if entry.type == "Heard"]
    tree = msgspec.json.decode(heard[1].body)
    other = "t9.1" if field == "conversation_id" else heard[0].message_id
    tampered = body(replaced(tree, ("message", field), other))
    assert found(changed(journal(), heard[1].position, body=tampered)) == heard[1].position
