"""Managers and contractors in processes of their own settle real tasks over a real broker, and what they wrote replays.

One changed byte of what was written is found, by position: where the chain is left broken, and where whoever changed
it made the chain anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contractnet.cli.main import run
from tests.support import audit
from tests.support.attacker import copy, digit_after, later, letter_after, tamper
from tests.support.audit import Row
from tests.support.fleet import Fleet, assert_clean, assert_replays, assert_settled, lines_of, write_tasks

SKILLS = ("text.count", "text.reverse", "text.digest")
DAEMONS = ("ada", "bob", "cleo")


def expected(skill: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a task's result must be, computed here."""
    text: str = given["text"]
    if skill == "text.count":
        return {"words": text.count(" ") + 1}
    if skill == "text.digest":
        return {"digest": hashlib.new("sha256", text.encode()).hexdigest()}
    return {"reversed": "".join(reversed(text))}


def workers(fleet: Fleet) -> None:
    for agent in DAEMONS:
        fleet.worker(agent, connected=False)
    for process in fleet.workers.values():
        process.says("connected")


def most_at_once(ledger: list[Row]) -> int:
    """Calls open at a time."""
    most = now = 0
    for row in ledger:
        now += (row.type == "Invited") - (row.type == "Closed")
        most = max(most, now)
    return most


def test_500_tasks_of_three_skills_against_three_workers(tmp_path: Path, amqp_url: str) -> None:
    count = 500
    tasks = write_tasks(tmp_path / "tasks.jsonl", count, SKILLS)
    with Fleet(tmp_path, amqp_url) as fleet:
        workers(fleet)
        stated = ("--confidence", "stated")  # three equal agents: the draw spreads what the longer record would gather
        call = fleet.call(tasks, "--reserve", "0.05", "--concurrency", "16", "--require-settled", *stated)
        assert call.wait(180) == 0, call.err
        assert_settled(tasks, fleet.results, expected)
        ledger = assert_clean(fleet, DAEMONS)
        assert most_at_once(ledger) == 16
        winners = {line["winner"] for line in lines_of(fleet.results)}
        assert winners == set(DAEMONS)
        done = fleet.replay(fleet.ledger)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"{count} of {count} awards re-derived, 0 differences, 0 model calls"
        assert_replays(map(fleet.journal, DAEMONS))
        again = fleet.call(tasks, "--reserve", "0.05")
        assert again.wait(60) == 0
        assert "nothing was bought" in again.err
        assert_settled(tasks, fleet.results, expected)
        assert len([row for row in fleet.rows() if row.type == "Awarded"]) == count


# ---- one changed byte


class Change(NamedTuple):
    """One byte of one entry, and where replay must find it when the chain was made anew."""

    name: str
    which: Callable[[Row], bool]
    column: str
    change: Callable[[str], str]
    found: Callable[[Row, list[Row]], int]


def _there(row: Row, rows: list[Row]) -> int:
    return row.position


def _next(kind: str) -> Callable[[Row, list[Row]], int]:
    """The first entry of that type of the same tender after it (of the same journal, for the journal's own)."""

    def find(row: Row, rows: list[Row]) -> int:
        return next(
            one.position
            for one in rows
            if one.position > row.position and one.type == kind and (one.tender == row.tender or row.type == "Seeded")
        )

    return find


def _after(row: Row, rows: list[Row]) -> int:
    return row.position + 1


def _is(kind: str, performative: str | None = None) -> Callable[[Row], bool]:
    return lambda row: row.type == kind and (performative is None or row.says(performative))


LEDGER_CHANGES = [
    Change("price in the award", _is("Awarded"), "body", digit_after('"price":'), _there),
    Change("price in the decision", _is("Decided"), "body", digit_after('"price":'), _there),
    Change("price in the end", _is("Ended"), "body", digit_after('"price":'), _there),
    Change("price in the accept", _is("Said", "accept-proposal"), "body", digit_after('"price":'), _there),
    Change("price in a proposal heard", _is("Heard", "propose"), "body", digit_after('"price":'), _next("Decided")),
    Change("reason in the decision", _is("Decided"), "body", letter_after('"reason":"'), _there),
    Change("reason in a reject", _is("Said", "reject-proposal"), "body", letter_after('"reason":"'), _there),
    Change("time of the call", _is("Invited"), "at", later, _after),
    Change("time of an award", _is("Awarded"), "at", later, _there),
    Change("seed of the tender", _is("Opened"), "body", digit_after('"seed":"'), _next("Said")),
    Change("score in the decision", _is("Decided"), "body", digit_after('"score":'), _there),
]
JOURNAL_CHANGES = [
    Change("price of the bidder", _is("Bade"), "body", digit_after('"price":'), _next("Said")),
    Change("price in the proposal", _is("Said", "propose"), "body", digit_after('"price":'), _there),
    Change("seed of the journal", _is("Seeded"), "body", digit_after('"seed":"'), _next("Said")),
    Change("time of a proposal", _is("Said", "propose"), "at", later, _there),
]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, amqp_url_of_module: str) -> Fleet:
    """A small market that has settled, and is over; its files are looked at, and copied to be changed."""
    folder = tmp_path_factory.mktemp("settled")
    tasks = write_tasks(folder / "tasks.jsonl", 6, SKILLS)
    with Fleet(folder, amqp_url_of_module) as fleet:
        workers(fleet)
        call = fleet.call(tasks, "--reserve", "0.05", "--require-settled")
        assert call.wait(60) == 0, call.err
        assert_clean(fleet, DAEMONS)
    return fleet


def test_one_changed_byte_is_found_by_position(
    settled: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for source, changes in ((settled.ledger, LEDGER_CHANGES), (settled.journal("ada"), JOURNAL_CHANGES)):
        rows = audit.read(source)
        untouched = copy(source, tmp_path / f"untouched-{source.name}")
        assert run(["replay", str(untouched)]) == 0
        for number, change in enumerate(changes):
            row = next(filter(change.which, rows))
            for reseal in (False, True):
                target = copy(source, tmp_path / f"{number}-{reseal}-{source.name}")
                tamper(target, row.position, change.column, change.change, reseal=reseal)
                capsys.readouterr()
                assert run(["replay", str(target)]) == 1, (change.name, reseal)
                said = capsys.readouterr()
                wanted = change.found(row, rows) if reseal else row.position
                assert f"position {wanted}:" in said.err, (change.name, reseal, said.err)
                assert said.out.splitlines()[-1].endswith("1 difference, 0 model calls")


def test_a_changed_byte_of_a_proposal_changes_what_an_export_says_and_is_found_there_too(
    settled: Fleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = tmp_path / "exported.jsonl"
    assert run(["export", str(settled.ledger), "--out", str(exported)]) == 0
    assert run(["replay", str(exported)]) == 0
    assert audit.read(exported) == audit.read(settled.ledger)
    lines = exported.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if json.loads(line)["type"] == "Awarded")
    lines[at] = digit_after(r'\\"price\\":')(lines[at])
    exported.write_text("\n".join(lines) + "\n")
    capsys.readouterr()
    assert run(["replay", str(exported)]) == 1
    assert f"position {at + 1}:" in capsys.readouterr().err
