"""Managers and workers killed at random moments under load, and run again with the same arguments: one line a task,
nothing lost, nothing doubled.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from contractnet.testing.node import PrivateNode
from tests.acceptance.test_settle import DAEMONS, SKILLS, expected
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, assert_settled, until, write_tasks

SEED_VARIABLE = "CONTRACTNET_TEST_SEED"
#: a lease outlives a restart; work is interrupted at most three times before it fails and is called again
OPTIONS = ("--reserve", "0.05", "--reply-within", "5", "--lease", "20", "--require-settled")


@pytest.mark.timeout(280)
def test_20_kills_at_random_moments(tmp_path: Path, amqp_url: str) -> None:
    """The same draws each time; others, and many more of them, in a longer run."""
    batch(tmp_path, amqp_url, int(os.environ.get(SEED_VARIABLE) or 1), kills=20, tasks=60)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(10))
def test_200_kills_in_ten_batches(number: int, tmp_path: Path, amqp_url: str) -> None:
    batch(tmp_path, amqp_url, int(os.environ.get(SEED_VARIABLE) or 1000 + number), kills=20, tasks=60)


def batch(folder: Path, broker: str, seed: int, *, kills: int, tasks: int) -> None:
    """Run the tasks to their end while so many kills fall."""
    print(f"{SEED_VARIABLE}={seed}")
    draw = random.Random(seed)
    file = write_tasks(folder / "tasks.jsonl", tasks, SKILLS, seed=seed, pause=2.0)
    with Fleet(folder, broker) as fleet:
        for agent in DAEMONS:
            fleet.worker(agent)
        call = fleet.call(file, *OPTIONS)
        fleet.awaits("Awarded")
        done = 0
        while done < kills and call.alive:
            wait_until(time.monotonic() + draw.uniform(0, 1.2))
            victim = draw.choice(("call", "call", *DAEMONS))
            process = call if victim == "call" else fleet.workers[victim]
            if not call.alive:
                break
            process.kill9()
            done += 1
            if victim == "call":
                call = fleet.call(file, *OPTIONS)
            else:
                fleet.worker(victim, connected=False)
        print(f"{done} kills")
        assert done == kills, f"the batch was over after {done} kills: give it more work"
        ended(call)
        assert_settled(file, fleet.results, expected)
        rows = assert_clean(fleet, DAEMONS)
        starts = len([row for row in rows if row.type == "Started"])
        print(f"{starts} starts of the manager, {len([row for row in rows if row.type == 'Awarded'])} awards")
        assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(5))
def test_the_broker_is_among_the_victims(number: int, tmp_path: Path, own_node: PrivateNode) -> None:
    """Manager, workers and broker fall at random moments, also while another one is away."""
    seed = int(os.environ.get(SEED_VARIABLE) or 2000 + number)
    print(f"{SEED_VARIABLE}={seed}")
    draw = random.Random(seed)
    file = write_tasks(tmp_path / "tasks.jsonl", 60, SKILLS, seed=seed, pause=2.0)
    with Fleet(tmp_path, own_node.vhost()) as fleet:
        for agent in DAEMONS:
            fleet.worker(agent)
        call = fleet.call(file, *OPTIONS)
        fleet.awaits("Awarded")
        own_node.settle()
        fallen: list[str] = []
        while len(fallen) < 12 and call.alive:
            wait_until(time.monotonic() + draw.uniform(0, 2))
            victim = draw.choice(("broker", "call", *DAEMONS))
            fallen.append(victim)
            if victim == "broker":
                own_node.kill9()
                wait_until(time.monotonic() + draw.uniform(0, 3))
                own_node.start()
            elif victim == "call":
                call.kill9()
                call = fleet.call(file, *OPTIONS)
            else:
                fleet.workers[victim].kill9()
                fleet.worker(victim, connected=False)
        print(*fallen)
        ended(call)
        assert_settled(file, fleet.results, expected)
        assert_clean(fleet, DAEMONS)
        assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])


def wait_until(moment: float) -> None:
    until("the next moment", lambda: time.monotonic() > moment)


def ended(call: Process) -> None:
    assert call.wait(150) == 0, call.err
