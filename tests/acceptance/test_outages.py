"""Broker or manager away: in the middle of a batch, and across the reply deadline, the award's lease and the result
deadline. Afterwards all is settled without anybody's help, and no good work was fenced off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contractnet.testing.node import PrivateNode
from tests.acceptance.test_settle import DAEMONS, SKILLS, expected
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, assert_settled, until, write_tasks

AGENTS = ("first_reply", "second_reply", "first_lease", "second_lease", "first_result", "second_result")
#: what is away is away across: the deadline of bids that were being made, the lease of an award that was worked on,
#: the deadline of a result that was ready in time
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "reply": ({"bid_pause": 1.5}, ("--reply-within", "3", "--lease", "20")),
    "lease": ({"pause": 4.0}, ("--reply-within", "2", "--lease", "1.5")),
    "result": ({"pause": 2.5}, ("--reply-within", "2", "--lease", "20", "--work-within", "4")),
}


@pytest.fixture
def markets(tmp_path: Path, amqp_url: str) -> Iterator[Fleet]:
    """Contractors for all cases, on a broker that stays."""
    with Fleet(tmp_path, amqp_url) as fleet:
        contractors(fleet)
        yield fleet


def contractors(fleet: Fleet) -> None:
    fleet.worker(*(name for name in AGENTS if name.startswith("first")), options=("--name", "firsts"))
    fleet.worker(*(name for name in AGENTS if name.startswith("second")), options=("--name", "seconds"))


def ledger_of(fleet: Fleet, case: str) -> Path:
    return fleet.folder / f"manager-{case}.db"


def call(fleet: Fleet, case: str) -> Process:
    given, options = CASES[case]
    tasks = write_tasks(fleet.folder / f"tasks-{case}.jsonl", 2, [f"case.{case}"], **given)
    return fleet.call(tasks, "--reserve", "0.05", "--require-settled", *options, ledger=ledger_of(fleet, case))


def begin(fleet: Fleet) -> dict[str, Process]:
    """All cases under way: one asks for bids, in two the winners work; returns the managers.

    Each is begun when the one before has come so far, the longest first, so that all are in the middle at once.
    """
    managers = {}
    for case in ("lease", "result", "reply"):
        managers[case] = call(fleet, case)
        if case == "lease":
            until("a ledger", lambda: fleet.rows(ledger_of(fleet, "lease")))
    waiting = (("reply", "Invited"), ("lease", "Awarded"), ("result", "Awarded"))
    for case, kind in waiting:
        fleet.awaits(kind, ledger_of(fleet, case), 2)
    until("the winners work", lambda: len([r for r in fleet.rows(fleet.journal("firsts")) if r.type == "Began"]) == 4)
    return managers


def deadlines(fleet: Fleet) -> int:
    """The instant by which each case's deadline has passed, with what a running manager would have granted."""
    ends: list[int] = []
    for case, kind, name, more in (
        ("reply", "Invited", "reply_within_ms", 0),
        ("lease", "Awarded", "lease_ms", 1_000),
        ("result", "Awarded", "work_within_ms", 0),
    ):
        rows = fleet.rows(ledger_of(fleet, case))
        terms = next(row.body["terms"] for row in rows if row.type == "Opened")
        ends.append(max(row.at for row in rows if row.type == kind) + terms[name] + more)
    return max(ends)


def wait_for_the_deadlines(fleet: Fleet) -> None:
    end = deadlines(fleet) + 200
    until("all deadlines have passed", lambda: time.time() * 1000 > end)


def assert_all_is_well(fleet: Fleet, managers: dict[str, Process]) -> None:
    for case, manager in managers.items():
        assert manager.wait(90) == 0, (case, manager.err)
        ledger = ledger_of(fleet, case)
        assert_settled(fleet.folder / f"tasks-{case}.jsonl", ledger.with_suffix(".jsonl"), expected)
        rows = assert_clean(fleet, ["firsts", "seconds"], ledger)
        awards = [(row.body["epoch"], row.body["participant"]) for row in rows if row.type == "Awarded"]
        assert awards == [(1, f"first_{case}")] * 2, case
        assert not [row for row in rows if row.type in ("LeaseLapsed", "Freed")]
        assert_replays([ledger])
    assert_replays(map(fleet.journal, ("firsts", "seconds")))


def test_the_broker_is_killed_in_the_middle_of_a_batch(tmp_path: Path, own_node: PrivateNode) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", 60, SKILLS, pause=0.3)
    with Fleet(tmp_path, own_node.vhost()) as fleet:
        for agent in DAEMONS:
            fleet.worker(agent)
        manager = fleet.call(tasks, "--reserve", "0.05", "--reply-within", "5", "--require-settled")
        fleet.awaits("Ended", count=5)
        own_node.settle()
        own_node.kill9()
        manager.says("no broker")
        assert len([row for row in fleet.rows() if row.type == "Ended"]) < 60
        own_node.restart()
        manager.says("the broker is back")
        assert manager.wait(90) == 0, manager.err
        assert_settled(tasks, fleet.results, expected)
        rows = assert_clean(fleet, DAEMONS)
        assert [row for row in rows if row.type == "Grace"]
        assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])


def test_the_broker_is_away_across_each_deadline(tmp_path: Path, own_node: PrivateNode) -> None:
    with Fleet(tmp_path, own_node.vhost()) as fleet:
        contractors(fleet)
        managers = begin(fleet)
        own_node.settle()
        own_node.kill9()
        wait_for_the_deadlines(fleet)
        own_node.restart()
        assert_all_is_well(fleet, managers)


def test_the_manager_is_away_across_each_deadline(markets: Fleet) -> None:
    managers = begin(markets)
    for manager in managers.values():
        manager.kill9()
    wait_for_the_deadlines(markets)
    assert_all_is_well(markets, {case: call(markets, case) for case in managers})
