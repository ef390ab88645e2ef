"""The auditor finds what is planted: one that was never red proves nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contractnet import Market, Proposal, Task, bidder
from tests.support import audit
from tests.support.audit import Row, read, violations

Files = tuple[list[Row], list[Row]]  # ledger, journal


@bidder(skill="text.count", capacity=2)
async def low(call: object) -> Proposal:
    return Proposal("0.01", eta=1)


@low.perform
async def low_works(award: object) -> dict[str, int]:
    return {"words": 1}


@bidder(skill="text.count", capacity=2)
async def high(call: object) -> Proposal:
    return Proposal("0.02", eta=1)


@high.perform
async def high_works(award: object) -> dict[str, int]:
    return {"words": 2}


@pytest.fixture
async def files(tmp_path: Path) -> Files:
    """A manager's ledger and a daemon's journal in which all is well."""
    ledger, journal = tmp_path / "ledger.db", tmp_path / "journal.db"
    async with Market.open(
        "memory://", agents=[low, high], ledger=f"sqlite:///{ledger}", journal=f"sqlite:///{journal}"
    ) as market:
        for number in range(2):
            task = Task(f"Count {number}", skill="text.count", reserve="0.05", key=f"k{number}")
            await (await market.tender(task)).result()
    return read(ledger), read(journal)


def test_a_good_ledger_has_none(files: Files) -> None:
    ledger, journal = files
    assert violations(ledger, {"d": journal}) == []
    assert len([row for row in ledger if row.type == "Ended"]) == 2


def first(rows: list[Row], kind: str, performative: str | None = None) -> int:
    """Where the first such entry stands in the list."""
    return next(
        at for at, row in enumerate(rows) if row.type == kind and (performative is None or row.says(performative))
    )


def again(rows: list[Row], at: int, **changes: object) -> None:
    """The entry once more, at the end."""
    row = copy.deepcopy(rows[at])
    rows.append(row._replace(position=rows[-1].position + 1, body={**row.body, **changes}))


def edit(rows: list[Row], at: int, **changes: object) -> None:
    row = rows[at]
    rows[at] = row._replace(body={**row.body, **changes})


def without(rows: list[Row], kind: str) -> None:
    del rows[first(rows, kind)]


def _result_of_another(ledger: list[Row]) -> None:
    _refilled(ledger, result_of="somebody-elses")


def _refilled(ledger: list[Row], **fields: object) -> None:
    at = first(ledger, "Ended")
    (filled,) = ledger[at].body["filled"]
    edit(ledger, at, filled=[{**filled, **fields}])


def _recredit(ledger: list[Row]) -> None:
    at = next(i for i, row in enumerate(ledger) if row.type == "Moved" and "I25" in str(row.body))
    again(ledger, at)


def _uncredited(ledger: list[Row]) -> None:
    at = next(i for i, row in enumerate(ledger) if row.type == "Moved" and "I25" in str(row.body))
    edit(ledger, at, moves=[])


def _wrong_accept(journal: list[Row]) -> None:
    at = first(journal, "Heard", "accept-proposal")
    content = {**journal[at].content, "epoch": 7}
    edit(journal, at, message={**journal[at].message, "content": content})


def _other_private_part(journal: list[Row]) -> None:
    at = first(journal, "Heard", "accept-proposal")
    content = {**journal[at].content, "private": {"more": 1}}
    edit(journal, at, message={**journal[at].message, "content": content})


def _result_never_said(journal: list[Row]) -> None:
    at = next(i for i, row in enumerate(journal) if row.type == "Said" and row.says("inform", "result"))
    edit(journal, at, message={**journal[at].message, "message_id": "another"})


PLANTED: dict[str, tuple[str, Callable[[list[Row], list[Row]], object]]] = {
    "a tender without an end": ("I1", lambda ledger, journal: without(ledger, "Ended")),
    "two ends": ("I1", lambda ledger, journal: again(ledger, first(ledger, "Ended"))),
    "opened twice": ("I1", lambda ledger, journal: again(ledger, first(ledger, "Opened"))),
    "an award after the end": ("I1", lambda ledger, journal: again(ledger, first(ledger, "Awarded"), epoch=2)),
    "one epoch awarded twice": ("I2", lambda ledger, journal: again(ledger, first(ledger, "Awarded"))),
    "two live awards": ("I2", lambda ledger, journal: again(ledger, first(ledger, "Awarded"), epoch=2)),
    "an award without an accept": ("I2", lambda ledger, journal: ledger.pop(first(ledger, "Said", "accept-proposal"))),
    "two accepts": ("I2", lambda ledger, journal: again(ledger, first(ledger, "Said", "accept-proposal"))),
    "two credited results": ("I2", lambda ledger, journal: _recredit(ledger)),
    "settled and nothing credited": ("I2", lambda ledger, journal: _uncredited(ledger)),
    "settled with an unheard result": ("I2", lambda ledger, journal: _result_of_another(ledger)),
    "another winner than the award's": (
        "I2",
        lambda ledger, journal: _refilled(ledger, winner="high"),
    ),
    "another price than the award's": ("I2", lambda ledger, journal: _refilled(ledger, price=1)),
    "a slot less than it says": ("I2", lambda ledger, journal: edit(ledger, first(ledger, "Ended"), filled=[])),
    "money that does not add up": ("M", lambda ledger, journal: edit(ledger, first(ledger, "Ended"), released=1)),
    "heard twice": ("I5", lambda ledger, journal: again(ledger, first(ledger, "Heard"))),
    "said twice": ("I5", lambda ledger, journal: again(journal, first(journal, "Said"))),
    "two ends of one work": ("I5", lambda ledger, journal: again(journal, first(journal, "Finished"))),
    "work without an accept": ("I5", lambda ledger, journal: journal.pop(first(journal, "Heard", "accept-proposal"))),
    "an attempt left out": ("I5", lambda ledger, journal: again(journal, first(journal, "Began"), attempt=3)),
    "never confirmed at the manager": ("I11", lambda ledger, journal: without(ledger, "Sent")),
    "never confirmed at the daemon": ("I11", lambda ledger, journal: without(journal, "Sent")),
    "an accept of no award": ("A", lambda ledger, journal: _wrong_accept(journal)),
    "an accept that says more": ("A", lambda ledger, journal: _other_private_part(journal)),
    "a result nobody said": ("A", lambda ledger, journal: _result_never_said(journal)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name: str, files: Files) -> None:
    rule, plant = PLANTED[name]
    ledger, journal = files
    plant(ledger, journal)
    found = violations(ledger, {"d": journal})
    assert any(line.startswith(f"{rule}: ") for line in found), found


def test_one_id_said_in_two_journals_is_found(files: Files) -> None:
    ledger, journal = files
    found = violations(ledger, {"d": journal, "e": journal})
    assert any(line.startswith("I5: the message") for line in found)


def test_the_command_shows_the_first_one_with_its_history(files: Files, tmp_path: Path) -> None:
    said: list[str] = []
    ledger, journal = tmp_path / "ledger.db", tmp_path / "journal.db"
    assert audit.main([str(ledger), str(journal)], said.append) == 0
    assert said == ["0 violations"]
    said.clear()
    cut = tmp_path / "cut.jsonl"
    rows = [{**row._asdict(), "body": json.dumps(row.body)} for row in files[0] if row.type != "Ended"]
    cut.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert audit.main([str(cut)], said.append) == 1
    assert said[0].startswith("I1: ")
    assert said[-1] == "2 violations"
    assert any(" Awarded " in line for line in said)
