"""The checker raises nothing, whatever it is given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.conformance.checker import check
from contractnet.conformance.faults import KINDS
from contractnet.conformance.tables import Protocols
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS
from tests.support.examples import often

TABLES = Protocols(PROTOCOLS)
FILES = {path.name: path.read_text(encoding="utf-8").splitlines() for path in sorted(FOLDER.glob("*.jsonl"))}
EVENTS = sorted({json.loads(line)["event"] for lines in FILES.values() for line in lines[1:] if '"event"' in line})
HEADER = {"protocol": "fipa-contract-net", "initiator": "buyer", "participants": ["ann"], "outcome": "ok"}


@given(st.lists(st.text(max_size=40), max_size=4))
def test_no_text_makes_it_raise(lines: list[str]) -> None:
    fault = check(lines, TABLES).fault
    assert fault is not None
    assert (fault.kind, fault.breaks) == ("format", frozenset({"format"}))


@st.composite
def shuffled(draw: st.DrawFn) -> list[str]:
    """Lines of one or two transcripts, mixed up, with events, peers and contents of others."""
    first, second = draw(st.sampled_from(sorted(FILES))), draw(st.sampled_from(sorted(FILES)))
    header, *lines = FILES[first]
    pool = [*lines, *lines, *FILES[second][1:]]
    mixed = [line for line in lines if draw(st.integers(0, 9))]
    for _ in range(draw(st.integers(0, 4))):
        mixed.insert(draw(st.integers(0, len(mixed))), draw(st.sampled_from(pool)) if pool else "{}")
    for _ in range(draw(st.integers(0, 2))):
        if mixed:
            at = draw(st.integers(0, len(mixed) - 1))
            entry: dict[str, Any] = json.loads(mixed[at])
            if "event" in entry:
                entry["event"] = draw(st.sampled_from(EVENTS))
            elif "message" in entry:
                entry["message"]["content"] = draw(
                    st.sampled_from([{}, {"kind": "result"}, entry["message"]["content"]])
                )
            mixed[at] = json.dumps(entry)
    if draw(st.booleans()):
        facts = json.loads(header) | {"faulty": json.loads(header)["participants"] + ["buyer"]}
        header = json.dumps(facts)
    if draw(st.booleans()):
        start = json.loads(lines[0])["at"] if lines else 0
        mixed = [json.dumps(json.loads(line) | {"at": start}) for line in mixed]
    return [header, *mixed]


@given(shuffled())
@settings(max_examples=often(600), deadline=None)
def test_no_transcript_makes_it_raise(lines: list[str]) -> None:
    verdict = check(lines, TABLES)
    if verdict.fault is not None:
        assert 1 <= verdict.fault.line <= len(lines)
        assert verdict.fault.kind in KINDS
        assert verdict.fault.breaks, verdict.fault
        assert verdict.fault.text


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "fipa-query"},
        {"participants": "ann"},
        {"participants": [1]},
        {"side": "observer"},
        {"side": "participant", "participants": ["ann", "ben"]},
        {"protocol": "contractnet-mediation", "participants": []},
        {"slots": 0},
        {"slots": True},
        {"awards": "3"},
        {"outcome": None},
        {"parent": 7},
        {"faulty": "ann"},
    ],
)
def test_a_header_that_is_none_is_a_fault_of_the_format(change: dict[str, Any]) -> None:
    assert check([json.dumps(HEADER)], TABLES).fault != check([json.dumps(HEADER | change)], TABLES).fault
    fault = check([json.dumps(HEADER | change)], TABLES).fault
    assert fault is not None
    assert (fault.line, fault.kind) == (1, "format")


MESSAGE = {
    "message_id": "ann-1", "conversation_id": "buyer.1.1", "protocol": "fipa-contract-net", "sender": "ann",
    "performative": "refuse", "reply_with": "ann-1", "content": {"reason": "busy", "round": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"at": 1},
        {"at": 1.5, "event": "#open"},
        {"at": True, "event": "#open"},
        {"at": 1, "event": 7},
        {"at": 1, "event": "#award", "peer": ["ann", "ben"]},
        {"at": 1, "event": "#award", "peer": "nobody"},
        {"at": 1, "event": "@offer-lapse", "offer": 7},
        {"at": 1, "message": MESSAGE, "peer": "ann", "event": "?refuse"},
        {"at": 1, "message": MESSAGE, "peer": "ann", "dir": "in"},
        {"at": 1, "message": MESSAGE, "peer": ["ann", "ben"], "dir": "in", "event": "?refuse"},
        {"at": 1, "message": MESSAGE, "dir": "out"},
        {"at": 1, "message": MESSAGE, "peer": "ann", "dir": "out", "event": "?refuse"},
        {"at": 1, "message": {}, "peer": "ann", "dir": "out"},
        {"at": 1, "message": MESSAGE | {"content": []}, "peer": "ann", "dir": "out"},
    ],
)
def test_a_line_that_is_none_is_a_fault_of_the_format(line: dict[str, Any]) -> None:
    fault = check([json.dumps(HEADER), json.dumps(line)], TABLES).fault
    assert fault is not None
    assert (fault.line, fault.kind) == (2, "format")


def test_nothing_is_no_transcript() -> None:
    fault = check([], TABLES).fault
    assert fault is not None
    assert (fault.line, fault.kind) == (0, "format")


def test_the_rows_taken_are_those_up_to_the_fault() -> None:
    verdict = check(FILES["illegal-award-on-the-first-bid.jsonl"], TABLES)
    assert {one.row for one in verdict.taken} == {"C1", "I1"}
