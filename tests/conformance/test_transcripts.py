"""`protocols/transcripts/`: each file is what its header says, and its checker misses nothing that is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contractnet.conformance import checker
from contractnet.conformance.envelope import INVALID, MAY_BE_WRONG
from contractnet.conformance.faults import Fault
from contractnet.conformance.tables import Protocols
from contractnet.messages.codec import canonical, decode_act, decode_bargain, encode
from contractnet.messages.identity import bargains
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS, everything

TABLES = Protocols(PROTOCOLS)
WRITTEN = {name: transcript.text() for name, transcript in everything()}
LEGAL = [name for name in WRITTEN if name.startswith("legal-")]
ILLEGAL = [name for name in WRITTEN if name.startswith("illegal-")]
SCHEMA = Draft202012Validator(json.loads((PROTOCOLS / "message.schema.json").read_text(encoding="utf-8")))


def check(lines: list[str]) -> Fault | None:
    return checker.check(lines, TABLES).fault


def lines_of(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def messages_of(name: str) -> list[dict[str, Any]]:
    """The messages that are to keep the schema: not those in which an illegal transcript, or a bad bid, breaks it."""
    header, *entries = map(json.loads, lines_of(name))
    broken = header["line"] - 2 if header.get("fault") == "schema" else None
    spoiled = MAY_BE_WRONG | {INVALID}
    return [
        entry["message"]
        for at, entry in enumerate(entries)
        if "message" in entry and at != broken and entry.get("event") not in spoiled
    ]


def test_the_files_are_what_the_writer_writes() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert found == WRITTEN, "run python -m tests.conformance.write_transcripts"
    assert len(LEGAL) >= 8
    assert len(ILLEGAL) >= 40


def test_they_are_small_and_each_says_what_it_shows() -> None:
    for name in WRITTEN:
        header = json.loads(lines_of(name)[0])
        assert name == f"{'legal' if header['legal'] else 'illegal'}-{header['transcript']}.jsonl"
        assert header["about"].endswith(".")
        assert len(lines_of(name)) <= 41


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_transcript_is_accepted(name: str) -> None:
    assert json.loads(lines_of(name)[0])["legal"] is True
    assert check(lines_of(name)) is None


@pytest.mark.parametrize("name", ILLEGAL)
def test_an_illegal_transcript_is_refused_for_the_stated_reason(name: str) -> None:
    lines = lines_of(name)
    header, fault = json.loads(lines[0]), check(lines)
    assert header["legal"] is False
    assert fault is not None
    assert (fault.line, fault.kind) == (header["line"], header["fault"])
    assert header["breaks"] in fault.breaks


@pytest.mark.parametrize("name", ILLEGAL)
def test_up_to_there_an_illegal_transcript_keeps_the_protocol(name: str) -> None:
    """What is left open when it is cut short is all that may be wrong with the lines before the stated one."""
    lines = lines_of(name)
    fault = check(lines[: json.loads(lines[0])["line"] - 1])
    assert fault is None or fault.kind in ("open-end", "owed")


@pytest.mark.parametrize("name", WRITTEN)
def test_its_messages_are_acts_in_canonical_form(name: str) -> None:
    """What another language reads: messages that the published schema takes, as our codec writes them."""
    for message in messages_of(name):
        raw = canonical(message)
        assert encode(decode_bargain(raw) if bargains(raw) else decode_act(raw)) == raw
        SCHEMA.validate(message)


#: own lines without which the rest is another legal conversation: what did not happen need not have
OPTIONAL = {
    ("grace", "#extend"),
    ("cancel-unanswered", "@cancel-timeout"),
    ("mediation-pointless", "#escalate"),
    ("cancel-while-mediating", "#escalate"),
    ("participant-bids-after-a-lapse", "@offer-lapse"),
    ("participant-cancelled-after-a-lapse", "@offer-lapse"),
    ("participant-stands-by-its-offer", "@bid-window"),
    ("participant-told-of-an-older-bid", "@bid-window"),
    ("bargain-called-off-unknown-initiator", "@turn-due"),
    ("bargain-word-agreed-unknown-initiator", "@turn-due"),
    ("bargain-word-failure-unknown-initiator", "@turn-due"),
    ("bargain-word-reject-unknown-initiator", "@turn-due"),
    ("bargain-crossing-word-and-time-participant", "@turn-due"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_a_line_that_is_left_out_is_missed(name: str) -> None:
    """Every message and every decision of the logging side is needed: without it the rest breaks the protocol."""
    lines = lines_of(name)
    unmissed: set[tuple[str, str]] = set()
    for at in range(1, len(lines)):
        entry = json.loads(lines[at])
        twice = sum(_same_message(line, lines[at]) for line in lines[1:]) > 1
        if entry.get("dir") != "in" and not twice and check([*lines[:at], *lines[at + 1 :]]) is None:
            unmissed.add((json.loads(lines[0])["transcript"], entry.get("event", lines[at])))
    assert unmissed == {one for one in OPTIONAL if f"legal-{one[0]}.jsonl" == name}


def _same_message(one: str, other: str) -> bool:
    message = json.loads(other).get("message")
    return message is not None and json.loads(one).get("message") == message


@pytest.mark.parametrize("name", LEGAL)
def test_a_message_said_twice_under_two_ids_is_found(name: str) -> None:
    lines = lines_of(name)
    for at, line in enumerate(lines):
        entry = json.loads(line)
        if entry.get("dir") == "out":
            entry["message"] |= {"message_id": "again", "reply_with": "again"}
            fault = check([*lines[: at + 1], json.dumps(entry), *lines[at + 1 :]])
            assert fault is not None
            assert (fault.line, fault.kind) == (at + 2, "unowed")
            assert "G16" in fault.breaks


@pytest.mark.parametrize(
    ("change", "kind", "rule"),
    [
        ({"protocol": "fipa-iterated-contract-net"}, "envelope", "M2"),
        ({"message_id": "buyer-1", "sender": "buyer"}, "envelope", "M5"),
        ({"in_reply_to": None}, "envelope", "M3"),
        ({"parent": "buyer.0.1"}, "envelope", "G13"),
        ({"receiver": 7}, "schema", "schema"),
    ],
)
def test_a_changed_envelope_is_found(change: dict[str, Any], kind: str, rule: str) -> None:
    lines = lines_of("legal-settle.jsonl")
    entry = json.loads(lines[3])
    assert entry["message"]["performative"] == "propose"
    entry["message"] |= change
    fault = check([*lines[:3], json.dumps(entry), *lines[4:]])
    assert fault is not None
    assert (fault.line, fault.kind) == (4, kind)
    assert rule in fault.breaks


def test_a_transcript_that_stops_in_the_middle_is_open() -> None:
    lines = lines_of("legal-settle.jsonl")
    fault = check(lines[:3])
    assert fault is not None
    assert (fault.line, fault.kind) == (3, "open-end")
