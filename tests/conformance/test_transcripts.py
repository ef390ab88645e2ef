"""`protocols/transcripts/`: each file is what its header says, and its checker misses nothing that is left out."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contractnet import conformance
from contractnet.conformance import checker
from contractnet.conformance.faults import Fault
from contractnet.conformance.tables import Protocols
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine
from contractnet.messages.codec import canonical, decode_act, encode
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS, everything

TABLES = Protocols(PROTOCOLS)
WRITTEN = {name: transcript.text() for name, transcript in everything()}
LEGAL = [name for name in WRITTEN if name.startswith("legal-")]
CHECKER = Path(conformance.__file__).parent
SCHEMA = Draft202012Validator(json.loads((PROTOCOLS / "message.schema.json").read_text(encoding="utf-8")))
ILLEGAL = [name for name in WRITTEN if name.startswith("illegal-")]


def check(lines: list[str]) -> Fault | None:
    return checker.check(lines, TABLES).fault


def lines_of(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def test_the_files_are_what_the_writer_writes() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert found == WRITTEN, "run python -m tests.conformance.write_transcripts"
    assert len(LEGAL) >= 8
    assert len(ILLEGAL) >= 8


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


@pytest.mark.parametrize("name", WRITTEN)
def test_its_messages_are_acts_in_canonical_form(name: str) -> None:
    for entry in map(json.loads, lines_of(name)[1:]):
        if "message" in entry:
            raw = canonical(entry["message"])
            assert encode(decode_act(raw)) == raw


@pytest.mark.parametrize("name", WRITTEN)
def test_its_messages_keep_the_schema(name: str) -> None:
    """What another language reads: messages that the published schema takes."""
    for entry in map(json.loads, lines_of(name)[1:]):
        if "message" in entry:
            SCHEMA.validate(entry["message"])


@pytest.mark.parametrize("name", LEGAL)
def test_a_line_that_is_left_out_is_missed(name: str) -> None:
    """Every message and every decision of the initiator is needed: without it the rest breaks the protocol."""
    lines = lines_of(name)
    for at in range(1, len(lines)):
        if json.loads(lines[at]).get("dir") != "in":
            assert check([*lines[:at], *lines[at + 1 :]]) is not None, lines[at]


@pytest.mark.parametrize("name", LEGAL)
def test_a_message_said_twice_under_two_ids_is_found(name: str) -> None:
    lines = lines_of(name)
    for at, line in enumerate(lines):
        entry = json.loads(line)
        if entry.get("dir") == "out":
            entry["message"] |= {"message_id": "buyer-again", "reply_with": "buyer-again"}
            fault = check([*lines[: at + 1], json.dumps(entry), *lines[at + 1 :]])
            assert fault is not None
            assert (fault.line, fault.kind) == (at + 2, "unowed")


@pytest.mark.parametrize("name", LEGAL)
def test_the_package_walks_it_the_same_way(name: str) -> None:
    """The machines that programs use take every event of a legal transcript and end as its header says."""
    header, *entries = map(json.loads, lines_of(name))
    conversation = Machine(load("conversation", header["protocol"]))
    each = {peer: Machine(load("initiator", header["protocol"]), peer=peer) for peer in header["participants"]}
    seen: set[str] = set()
    for entry in entries:
        if "event" not in entry or entry.get("message", {}).get("message_id") in seen:
            continue
        seen |= {entry["message"]["message_id"]} if "message" in entry else set()
        if "peer" in entry:
            each[entry["peer"]].fire(entry["event"])
        else:
            held = any(machine.has("held") for machine in each.values())
            conversation.fire(entry["event"], **_guards(each, held))
    assert conversation.outcome == header["outcome"]
    assert all(machine.finished for machine in each.values())


def _guards(each: dict[str, Machine], held: bool) -> dict[str, bool]:
    return {"bidders": bool(each), "more_rounds": True, "mediation_unused": True, "runner_up_live": held}


def test_the_checker_knows_nothing_of_the_package() -> None:
    for file in CHECKER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            imported: list[Any] = []
            if isinstance(node, ast.ImportFrom):
                imported = [node.module]
            elif isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            known = {name for name in imported if name and not name.startswith("contractnet.conformance")}
            assert {name.split(".")[0] for name in known} <= sys.stdlib_module_names, file


@pytest.mark.parametrize(
    ("change", "kind", "rule"),
    [
        ({"protocol": "fipa-iterated-contract-net"}, "envelope", "M2"),
        ({"message_id": "buyer-1"}, "envelope", "M5"),
        ({"in_reply_to": None}, "envelope", "M3"),
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


def test_time_does_not_go_back() -> None:
    lines = lines_of("legal-settle.jsonl")
    entry = json.loads(lines[3]) | {"at": 0}
    fault = check([*lines[:3], json.dumps(entry), *lines[4:]])
    assert fault is not None
    assert (fault.line, fault.kind) == (4, "order")
    assert "M7" in fault.breaks


def test_a_transcript_that_stops_in_the_middle_is_open() -> None:
    lines = lines_of("legal-settle.jsonl")
    fault = check(lines[:3])
    assert fault is not None
    assert (fault.line, fault.kind) == (3, "open-end")
