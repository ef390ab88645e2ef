"""Crowds: one tender to 150 contractors in three worker processes, 1,000 contractors in one process, 40 tenders of 5
slots at once. All settle as they must, everybody is told once, all is read back, and the auditor has nothing to say.

What it takes in time and memory is measured by the programs in tests/benchmarks.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import embedded, remote
from tests.benchmarks.crowd import RESERVE, Size, cheapest, name, tasks
from tests.benchmarks.remote import heard, start_workers
from tests.support import audit
from tests.support.audit import Row
from tests.support.effort import calls_of
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, lines_of, until


def finals(rows: Iterable[Row]) -> Counter[tuple[str, str, str, str]]:
    """The last words to contractors: (conversation, agent, performative, reason) -> how often it was heard."""
    return Counter(
        (row.conversation, row.agent, row.message["performative"], row.content.get("reason", ""))
        for row in rows
        if row.type == "Heard" and row.message["performative"] in ("accept-proposal", "reject-proposal")
    )


def assert_all_told(size: Size, ledger: Sequence[Row], journals: Sequence[Row], reason: str = "outbid") -> None:
    """Each winner was told that it won, each other one that it lost and why; nobody twice, nobody anything else."""
    wanted: Counter[tuple[str, str, str, str]] = Counter()
    for end in (row for row in ledger if row.type == "Ended"):
        winners = {one["winner"] for one in end.body["filled"]}
        assert len(winners) == size.slots
        for agent in (name(number, size.capacity) for number in range(size.contractors)):
            told = ("accept-proposal", "") if agent in winners else ("reject-proposal", reason)
            wanted[end.body["conversation_id"], agent, *told] += 1
    assert finals(journals) == wanted


# ---- worker processes


def write(path: Path, size: Size, first: int = 0) -> Path:
    lines = [{"task": one.task, "skill": one.skill, "input": one.input, "key": one.key} for one in tasks(size, first)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def call(fleet: Fleet, size: Size, first: int = 0) -> Process:
    """`contractnet call` for all tenders of a size."""
    path = write(fleet.folder / f"tasks-{first}.jsonl", size, first)
    slots, rounds = ("--slots", str(size.slots)), ("--max-rounds", str(size.rounds))
    at_once = ("--concurrency", str(size.at_once))
    listens = ("--time-scale", f"{3 * fleet.scale:g}")  # for three beats of the workers: all of them are expected
    return fleet.call(path, "--reserve", RESERVE, *slots, *rounds, *at_once, *listens)


def assert_lines(size: Size, lines: Sequence[dict[str, Any]]) -> None:
    """Every slot has its winner and that one's result."""
    assert [line["status"] for line in lines] == ["settled"] * size.tenders
    for line in lines:
        lot = int(line["key"].removeprefix("lot-"))
        found = {one["slot"]: one for one in line.get("slots", [])} or {1: line}
        assert [found[slot]["winner"] for slot in sorted(found)] == cheapest(size, lot)
        for one in found.values():
            assert (name(one["result"]["by"], size.capacity), one["result"]["lot"]) == (one["winner"], lot)


def read_all(fleet: Fleet, daemons: Iterable[str]) -> list[Row]:
    return [row for daemon in daemons for row in fleet.rows(fleet.journal(daemon))]


def test_150_contractors_in_three_worker_processes(tmp_path: Path, amqp_url: str) -> None:
    """One tender of one round, then one of three, whose first two get only offers over the reserve."""
    size = Size(150)
    with Fleet(tmp_path, amqp_url) as fleet:
        daemons = start_workers(fleet, size, 3)
        for first, rounds in enumerate((1, 3)):
            run = call(fleet, replace(size, rounds=rounds), first=first)
            assert run.wait(120) == 0, run.err
            assert_lines(size, lines_of(fleet.results))
        taken = size.contractors * ((1 + 1) + (3 + 1))
        until("everybody was told", lambda: sum(heard(fleet.journal(one)) for one in daemons) == taken)
        ledger = assert_clean(fleet, daemons)
        assert_all_told(size, ledger, read_all(fleet, daemons))
        decided = [row.body for row in ledger if row.type == "Decided"]
        assert [(len(one["bids"]), one.get("course", "award")) for one in decided] == [
            (150, "award"),
            (150, "iterate"),
            (150, "iterate"),
            (150, "award"),
        ]
        done = fleet.replay(fleet.ledger)
        assert done.stdout.splitlines()[-1] == "2 of 2 awards re-derived, 0 differences, 0 model calls", done.stderr
        assert_replays(map(fleet.journal, daemons))


def test_40_tenders_of_5_slots_at_once_over_a_broker(tmp_path: Path, amqp_url: str) -> None:
    size = Size(12, tenders=40, at_once=40, slots=5)
    with Fleet(tmp_path, amqp_url) as fleet:
        daemons = start_workers(fleet, size, 3)
        run = call(fleet, size)
        assert run.wait(120) == 0, run.err
        assert_lines(size, lines_of(fleet.results))
        ledger = assert_clean(fleet, daemons)
        assert_credited_once(ledger, read_all(fleet, daemons), size.tenders * size.slots)
        done = fleet.replay(fleet.ledger)
        assert done.stdout.splitlines()[-1] == "200 of 200 awards re-derived, 0 differences, 0 model calls", done.stderr
        assert_replays(map(fleet.journal, daemons))


def test_more_offers_than_places_leave_slots_open_and_double_none(tmp_path: Path, amqp_url: str) -> None:
    """A contractor has 12 places for the 40 calls at once: a slot that nobody else could take stays open, as busy."""
    size = Size(12, tenders=40, at_once=40, slots=5, capacity=12)
    with Fleet(tmp_path, amqp_url) as fleet:
        daemons = start_workers(fleet, size, 3)
        run = call(fleet, size)
        assert run.wait(120) == 0, run.err
        lines = lines_of(fleet.results)
        assert len(lines) == size.tenders
        assert {(line["status"], line["reason"]) for line in lines} <= {("settled", None), ("partial", "busy")}
        assert all(len(line["slots"]) == size.slots for line in lines if line["status"] == "settled")
        ledger = assert_clean(fleet, daemons)
        filled = sum(len(line["slots"]) for line in lines)
        assert_credited_once(ledger, read_all(fleet, daemons), filled)
        assert_replays([fleet.ledger, *map(fleet.journal, daemons)])


def assert_credited_once(ledger: Sequence[Row], journals: Sequence[Row], slots: int) -> None:
    """As many results as slots, each credited once, and none worked for nothing."""
    credited = [
        (row.tender, move[1]) for row in ledger if row.type == "Moved" for move in row.body["moves"] if move[2] == "I25"
    ]
    filled = [
        (row.tender, one["slot"], one["result_of"])
        for row in ledger
        if row.type == "Ended"
        for one in row.body["filled"]
    ]
    finished = [(row.conversation, row.agent) for row in journals if row.type == "Finished"]
    for found in (credited, filled, finished, [result for _, _, result in filled]):
        assert len(found) == len(set(found)) == slots


# ---- one process


def assert_sound(size: Size, folder: Path) -> tuple[list[Row], list[Row]]:
    """Ledger and journal of an embedded market replay, and the auditor finds nothing; returns what they hold."""
    ledger, journal = folder / "ledger.db", folder / "journal.db"
    assert_replays([ledger, journal])
    rows, taken = audit.read(ledger), audit.read(journal)
    assert audit.violations(rows, {"crowd": taken}) == []
    assert len([row for row in rows if row.type == "Ended"]) == size.tenders
    return rows, taken


def run(size: Size, folder: Path) -> tuple[list[Row], list[Row]]:
    """Run it on files and look at them."""
    asyncio.run(embedded.market(size, str(folder / "ledger.db"), str(folder / "journal.db")))
    return assert_sound(size, folder)


@pytest.mark.parametrize("rounds", [1, 3])
def test_1000_contractors_in_one_process(rounds: int, tmp_path: Path) -> None:
    """Several rounds of fewer contractors are below, and above with processes of their own."""
    size = Size(1000, rounds=rounds)
    assert_all_told(size, *run(size, tmp_path))


def test_20_tenders_one_after_another_to_50_contractors_in_one_process(tmp_path: Path) -> None:
    size = Size(50, tenders=20, rounds=2)
    assert_all_told(size, *run(size, tmp_path))


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("rounds", [1, 3])
def test_20_tenders_one_after_another_to_1000_contractors_in_one_process(rounds: int, tmp_path: Path) -> None:
    size = Size(1000, tenders=20, rounds=rounds)
    assert_all_told(size, *run(size, tmp_path))


def test_40_tenders_of_5_slots_at_once_in_one_process(tmp_path: Path) -> None:
    size = Size(12, tenders=40, at_once=40, slots=5)
    rows, taken = run(size, tmp_path)
    assert_credited_once(rows, taken, size.tenders * size.slots)
    assert_all_told(size, rows, taken)


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_work_for_each_of_many_contractors_is_that_for_each_of_few(rounds: int) -> None:
    """Manager, contractors, ledger and transport together; counted, not timed."""

    def effort(contractors: int) -> float:
        size = Size(contractors, rounds=rounds)
        return calls_of(lambda: asyncio.run(embedded.market(size, "memory://"))) / size.bids

    effort(10)  # what is imported and read once
    few, many = effort(50), effort(400)
    assert many < 1.2 * few


# ---- the programs

SMALL = ["--contractors", "9", "--tenders", "2", "--rounds", "2", "--slots", "2", "--repetitions", "1"]


def assert_table(text: str) -> None:
    """A line of ours, and one of the floor."""
    head, market, floor = text.splitlines()
    assert all(column in head for column in ("wall a tender", "x floor", "peak"))
    assert market.startswith("2 x 9 contractors, one after another, 2 rounds, 2 slots  market")
    assert floor.split()[0] == "floor"


def test_the_program_for_one_process_shows_ours_beside_the_floor(capsys: pytest.CaptureFixture[str]) -> None:
    embedded.main(SMALL)
    assert_table(capsys.readouterr().out)


@pytest.mark.campaign
def test_the_program_for_workers_shows_ours_beside_the_floor(amqp_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    remote.main([*SMALL, "--broker", amqp_url, "--workers", "2"])
    assert_table(capsys.readouterr().out)
