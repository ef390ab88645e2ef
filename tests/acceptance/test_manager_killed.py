"""The manager dies by kill -9 at every failpoint between its first entry and the settlement, and is run again with the
same arguments: each tender ends once, is awarded once for each slot and epoch, and its result counts once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.test_settle import expected
from tests.support.fleet import ROOT, Fleet, assert_clean, assert_replays, assert_settled, write_tasks

POINTS = (
    "ledger.after-commit",
    "ledger.before-commit",
    "manager.ended",
    "outbox.after-publish",
    "outbox.before-publish",
    "recorder.after-commit",
    "recorder.before-commit",
)
#: at the how manyeth pass the process dies; at every one in a longer run
PASSES = {"manager.ended": (1, 2, 3)}
USUAL = (1, 3, 6)
DAEMONS = ("ada", "bob")
SKILLS = ("text.count", "text.reverse", "text.digest")
OPTIONS = ("--reserve", "0.05", "--reply-within", "5", "--lease", "10", "--require-settled")
#: so that commits and publishes are not gathered, and each point is passed often
ONE_BY_ONE = ("--concurrency", "1")


def test_every_failpoint_is_walked_through() -> None:
    code = (
        "import contractnet.market.market, contractnet.agent.daemon, contractnet.ledger.sql\n"
        "from contractnet.telemetry.failpoints import names\nprint(*sorted(names()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert tuple(done.stdout.split()) == POINTS


@pytest.fixture(scope="module")
def contractors(tmp_path_factory: pytest.TempPathFactory, amqp_url_of_module: str) -> Iterator[Fleet]:
    """They outlive every manager; what they wrote of all of them replays at the end."""
    with Fleet(tmp_path_factory.mktemp("managers"), amqp_url_of_module) as fleet:
        start(fleet)
        yield fleet
        assert_replays(map(fleet.journal, DAEMONS))


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point: str, tmp_path: Path, contractors: Fleet) -> None:
    passes = PASSES.get(point, USUAL)
    with ThreadPoolExecutor(3) as pool:
        died = list(pool.map(lambda number: killed_once(contractors, point, number, tmp_path, *ONE_BY_ONE), passes))
    assert all(died), f"{point} was not passed so often: {dict(zip(passes, died, strict=True))}"


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_pass(point: str, tmp_path: Path, amqp_url: str) -> None:
    """As often as the point is passed in a run of three tenders."""
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        number = 1
        while killed_once(fleet, point, number, tmp_path):
            number += 1
        print(f"{point}: killed at each of {number - 1} passes")
        assert number > 2
        assert_replays(map(fleet.journal, DAEMONS))


def start(fleet: Fleet) -> None:
    for agent in DAEMONS:
        fleet.worker(agent)


def killed_once(fleet: Fleet, point: str, number: int, folder: Path, *more: str) -> bool:
    """One ledger, one death, one run more; returns whether it died."""
    tasks = write_tasks(folder / f"tasks-{number}.jsonl", 3, SKILLS, seed=number, pause=0.05)
    ledger = folder / f"manager-{number}.db"
    call = fleet.call(tasks, *OPTIONS, *more, failpoint=f"{point}:{number}", ledger=ledger)
    died = call.wait(60) == -9
    if died:
        call = fleet.call(tasks, *OPTIONS, *more, ledger=ledger)
        assert call.wait(60) == 0, (number, call.err)
    assert_settled(tasks, ledger.with_suffix(".jsonl"), expected)
    rows = assert_clean(fleet, DAEMONS, ledger)
    assert [row.body["epoch"] for row in rows if row.type == "Awarded"] == [1, 1, 1]
    assert_replays([ledger])
    return died
