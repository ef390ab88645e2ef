"""Take the rows of all tables away, one at a time: the conformance suite misses each, or it says why it need not.

The transcripts miss a row where one that keeps the protocol is no longer accepted. The searches (on demand) miss a row
where two correct peers get stuck or disagree; what they leave unnoticed is a voluntary move, a second way out of a
state, or a defence against peers that break the protocol.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contractnet.conformance import checker
from contractnet.conformance.tables import FILES, Protocols
from contractnet.errors import DefinitionError
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Table
from contractnet.interaction.soundness import check
from tests.conformance import test_bargain_search as bargaining
from tests.conformance.exploration import explore
from tests.conformance.pair import START
from tests.conformance.pair_model import PairModel
from tests.conformance.test_search import wrong_at_the_end, wrong_with
from tests.conformance.write_transcripts import FOLDER, PROTOCOLS

#: rows that could be left out without any difference to be seen
NEEDLESS = {
    "I40": "a not-understood without a row is recorded all the same (the gate, step 6)",
    "P38": "the same",
    "MP12": "the same",
}
#: rows whose loss two correct peers do not notice
UNNOTICED = {
    *("I9", "I10", "I11", "I12", "I14", "I15", "I16", "I17", "I41"),
    *("P2", "P3", "P4", "P5", "P8", "P17", "P21", "P23", "P25", "P27", "P29", "P39"),
}
#: the same of a bargaining: voluntary moves, and the answer to a cancel that no correct side says
UNNOTICED_IN_A_BARGAINING = {"B3", "B4", "B5", "B10", "B11", "B13", "B29", "B32"}
TEXTS = {short: (PROTOCOLS / f"{name}.toml").read_text(encoding="utf-8") for short, name in FILES.items()}


def row_names(short: str) -> list[str]:
    return re.findall(r'^row = "(.+)"$', TEXTS[short], re.MULTILINE)


def without_row(short: str, name: str) -> str:
    """The text of a table's file without the block of one row."""
    head, *blocks = TEXTS[short].split("[[rows]]\n")
    kept = [block for block in blocks if f'row = "{name}"\n' not in block]
    assert len(kept) == len(blocks) - 1
    return "[[rows]]\n".join([head, *kept])


def test_the_loss_of_each_row_is_missed_by_a_transcript(tmp_path: Path) -> None:
    """Of each row only those transcripts are judged again that take it."""
    legal = {path.name: path.read_text(encoding="utf-8").splitlines() for path in FOLDER.glob("legal-*.jsonl")}
    whole = Protocols(PROTOCOLS)
    taken = {name: {one.row for one in checker.check(lines, whole).taken} for name, lines in legal.items()}
    (tmp_path / "message.schema.json").write_bytes((PROTOCOLS / "message.schema.json").read_bytes())
    unmissed: set[str] = set()
    for short, text in TEXTS.items():
        (tmp_path / f"{FILES[short]}.toml").write_text(text, encoding="utf-8")
    for short, text in TEXTS.items():
        for row in row_names(short):
            (tmp_path / f"{FILES[short]}.toml").write_text(without_row(short, row), encoding="utf-8")
            lacking = Protocols(tmp_path)
            if not any(checker.check(legal[name], lacking).fault for name, rows in taken.items() if row in rows):
                unmissed.add(row)
        (tmp_path / f"{FILES[short]}.toml").write_text(text, encoding="utf-8")
    assert unmissed == NEEDLESS.keys()


def test_the_rows_are_all_those_of_the_tables() -> None:
    assert {short: len(row_names(short)) for short in FILES} == {
        "C": 20,
        "I": 42,
        "P": 39,
        "MI": 10,
        "MP": 13,
        "B": 40,
    }


def without(table: Table, name: str) -> Table:
    rows = [row for row in table.rows if row.name != name]
    return Table(
        name=table.name,
        title=table.title,
        protocols=table.protocols,
        start=table.start,
        states=table.states,
        rows=rows,
        events=table.events,
        properties=table.properties.keys() - {"final"},
    )


def finds_fault(initiator: Table, participant: Table, rounds: int, loss: bool) -> bool:
    model = PairModel(initiator, participant, rounds=rounds, loss=loss)
    found = explore(START, model.moves, model.settled)
    return bool(
        model.no_row
        or found.stuck
        or found.stuck_unless_decided
        or any(wrong_with(pair) for pair in found.states)
        or any(wrong_at_the_end(pair, loss) for pair in found.settled)
    )


def noticed(name: str) -> bool:
    initiator, participant = load("initiator"), load("participant")
    changed = without(initiator if name.startswith("I") else participant, name)
    try:
        check(changed, "changed")
    except DefinitionError:
        return True
    pair = (changed, participant) if name.startswith("I") else (initiator, changed)
    return finds_fault(*pair, 1, False) or finds_fault(*pair, 2, True)


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
def test_the_loss_of_most_rows_is_noticed_by_the_search() -> None:
    names = [row.name for table in (load("initiator"), load("participant")) for row in table.rows]
    unnoticed = {name for name in names if not noticed(name)}
    print(f"noticed: {len(names) - len(unnoticed)} of {len(names)}; not noticed: {sorted(unnoticed)}")
    assert unnoticed == UNNOTICED


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_the_loss_of_most_rows_of_a_bargaining_is_noticed_by_the_search() -> None:
    table = load("bargaining")
    unnoticed: set[str] = set()
    for row in table.rows:
        changed = without(table, row.name)
        try:
            check(changed, "changed")
        except DefinitionError:
            continue
        if not bargaining.finds_fault(changed, 3, True):
            unnoticed.add(row.name)
    print(f"noticed: {len(table.rows) - len(unnoticed)} of {len(table.rows)}; not noticed: {sorted(unnoticed)}")
    assert unnoticed == UNNOTICED_IN_A_BARGAINING
