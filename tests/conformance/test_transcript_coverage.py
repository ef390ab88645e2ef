"""What the transcripts show: every row with all its states and events, every crossing, every rule broken once."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from contractnet.conformance import checker
from contractnet.conformance.faults import KINDS
from contractnet.conformance.tables import BARGAINING, ITERATED, MEDIATION, Protocols
from contractnet.conformance.walk import Taken
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS

TABLES = Protocols(PROTOCOLS)
README = (PROTOCOLS / "README.md").read_text(encoding="utf-8")
PROTOCOL_OF = {"C": ITERATED, "I": ITERATED, "P": ITERATED, "MI": MEDIATION, "MP": MEDIATION, "B": BARGAINING}
#: states of rows that nothing leads to, and why
UNREACHABLE = {
    (
        "P38",
        "IDLE",
    ): "a not-understood is `?not-understood` only where it is about a proposal, and in IDLE there is none"
}
#: kinds of faults that are not about the protocol: no transcript at all
OF_THE_FORMAT = {"format"}


def headers(kind: str) -> dict[str, dict[str, Any]]:
    """File -> header, of the legal or the illegal ones."""
    paths = sorted(FOLDER.glob(f"{kind}-*.jsonl"))
    return {path.name: json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0]) for path in paths}


@cache
def taken_in(name: str) -> frozenset[Taken]:
    verdict = checker.check((FOLDER / name).read_text(encoding="utf-8").splitlines(), TABLES)
    assert verdict.fault is None
    return verdict.taken


def all_taken() -> set[Taken]:
    return {one for name in headers("legal") for one in taken_in(name)}


@pytest.mark.parametrize("short", PROTOCOL_OF)
def test_every_row_is_taken_in_each_of_its_states_and_with_each_of_its_events(short: str) -> None:
    taken = all_taken()
    states, events = {(one.row, one.state) for one in taken}, {(one.row, one.event) for one in taken}
    rows = TABLES.table(short, PROTOCOL_OF[short]).rows
    missing = {(row.name, state) for row in rows for state in row.states} - states
    assert missing == {key for key in UNREACHABLE if key[0] in {row.name for row in rows}}
    assert {(row.name, event) for row in rows for event in row.events} - events == set()


def test_every_row_of_the_basic_protocol_is_taken_in_it_too() -> None:
    """Peers without rounds test against the transcripts of `fipa-contract-net` alone."""
    basic = {name for name, header in headers("legal").items() if header["protocol"] == "fipa-contract-net"}
    taken = {one.row for name in basic for one in taken_in(name)}
    # a mediation is the same with and without rounds; without them no offer stands while another bid is sought (P10)
    shown_elsewhere = {"C9", "C10", "C12", "C13", "P10"}
    for short in ("C", "I", "P"):
        rows = {row.name for row in TABLES.table(short, "fipa-contract-net").rows}
        assert rows - taken - shown_elsewhere == set()


def test_every_step_of_the_gate_is_shown_that_a_log_can_show() -> None:
    assert {one.row for one in all_taken() if one.row.startswith("gate")} == {"gate 2", "gate 4", "gate 5", "gate 6"}


def crossings() -> dict[str, set[str]]:
    """Section 5 of the page: crossing -> rows."""
    section = README.split("## 5. Crossings to be ready for")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)[1:]
    return {crossing: set(listed.replace("gate, 2", "gate 2").split(", ")) for crossing, listed in rows}


def test_every_crossing_is_shown_with_all_its_rows() -> None:
    listed = crossings()
    assert len(listed) == 15 + 8
    shown: dict[str, set[str]] = {}
    for name, header in headers("legal").items():
        if "crossing" in header:
            shown.setdefault(header["crossing"], set()).update(one.row for one in taken_in(name))
    missing = {crossing: rows - shown.get(crossing, set()) for crossing, rows in listed.items()}
    assert {crossing: rows for crossing, rows in missing.items() if rows} == {}
    assert shown.keys() == listed.keys()


def rules() -> set[str]:
    """Section 1 of the page."""
    return set(re.findall(r"^(?:\| |- \*\*)([RGM]\d+)\b", README, re.MULTILINE))


def test_every_rule_and_each_kind_of_fault_is_broken_in_one_of_the_illegal_ones() -> None:
    stated = list(headers("illegal").values())
    assert len(rules()) == 17 + 17 + 7
    broken = {header["breaks"] for header in stated}
    assert rules() - broken == set()
    assert KINDS.keys() - {header["fault"] for header in stated} == OF_THE_FORMAT
    tables = {re.sub(r"\d+", "", rule) for rule in broken}
    assert tables >= PROTOCOL_OF.keys()
    rows = {row.name for short in PROTOCOL_OF for row in TABLES.table(short, PROTOCOL_OF[short]).rows}
    known = rows | rules() | {"schema", "tables"}
    assert broken <= known


def test_the_page_lists_the_kinds_of_faults() -> None:
    section = README.split("## 6. Transcripts")[1].split("\n## ")[0]
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", section, re.MULTILINE))
    assert {kind: listed.get(kind) for kind in KINDS} == dict(KINDS)
