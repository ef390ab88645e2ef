"""A contractor dies by kill -9 at every failpoint, or in the middle of its work: started again it goes on where it was,
or ends the task in failure; if it never comes back the runner-up works.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.test_manager_killed import POINTS
from tests.acceptance.test_settle import expected
from tests.support.audit import Row
from tests.support.fleet import Fleet, assert_clean, assert_replays, assert_settled, lines_of, until, write_tasks

DEATHS = tuple(point for point in POINTS if point != "manager.ended")
#: a daemon starts with two commits of its own, before it hears anything; all passes in a longer run
USUAL = {"recorder.before-commit": (1, 2, 4), "recorder.after-commit": (1, 3, 5)}
#: more often no point is passed
MOST = 60
OPTIONS = ("--reserve", "0.05", "--reply-within", "5", "--lease", "5", "--concurrency", "1", "--require-settled")


@pytest.mark.parametrize("point", DEATHS)
def test_killed_at(point: str, tmp_path: Path, amqp_url: str) -> None:
    passes = USUAL.get(point, (1, 2, 4))
    with Fleet(tmp_path, amqp_url) as fleet, ThreadPoolExecutor(3) as pool:
        fleet.worker(*(f"second_{number}" for number in passes), options=("--name", "others"))
        died = list(pool.map(lambda number: killed_once(fleet, point, number, tmp_path), passes))
    assert all(died), f"{point} was not passed so often: {dict(zip(passes, died, strict=True))}"


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", DEATHS)
def test_killed_at_every_pass(point: str, tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker(*(f"second_{number}" for number in range(1, MOST)), options=("--name", "others"))
        number = 1
        while number < MOST and killed_once(fleet, point, number, tmp_path):
            number += 1
        print(f"{point}: killed at each of {number - 1} passes")
        assert 2 < number < MOST


def killed_once(fleet: Fleet, point: str, number: int, folder: Path) -> bool:
    """The winner of a skill of its own, three tasks one after another; returns whether the winner died."""
    winner = f"first_{number}"
    worker = fleet.worker(winner, failpoint=f"{point}:{number}", connected=False)
    until("the winner is there, or is dead", lambda: not worker.alive or "connected" in worker.err)
    tasks = write_tasks(folder / f"tasks-{number}.jsonl", 3, [f"case.{number}"], seed=number, pause=0.05)
    ledger = folder / f"manager-{number}.db"
    call = fleet.call(tasks, *OPTIONS, ledger=ledger)
    until("the winner is dead, or all is settled", lambda: not (worker.alive and call.alive))
    died = not worker.alive
    if died:
        assert worker.wait() == -9
        fleet.worker(winner)
    assert call.wait(60) == 0, (number, call.err)
    assert_settled(tasks, ledger.with_suffix(".jsonl"), expected)
    assert_clean(fleet, [winner, "others"], ledger)
    fleet.workers[winner].kill9()
    assert_replays([ledger, fleet.journal(winner), fleet.journal("others")])
    return died


# ---- in the middle of the work


def begin(fleet: Fleet, folder: Path, pause: float, *options: str) -> Path:
    """One task at work at the winner; returns the folder in which attempts leave their marks."""
    marks = folder / "marks"
    marks.mkdir()
    tasks = write_tasks(folder / "tasks.jsonl", 1, ["case.x"], pause=pause, marks=str(marks))
    fleet.worker("second_x")
    fleet.worker("first_x")
    fleet.call(tasks, *OPTIONS, *options)
    until("the work has begun", lambda: list(marks.iterdir()))
    return marks


def line(fleet: Fleet) -> dict[str, object]:
    (found,) = lines_of(fleet.results)
    return found


def epochs(rows: list[Row]) -> list[tuple[int, str]]:
    return [(row.body["epoch"], row.body["participant"]) for row in rows if row.type == "Awarded"]


def attempts(marks: Path) -> list[str]:
    """`first_x.1`, `first_x.2` … as they left marks."""
    return sorted(path.name.partition(".")[2].partition(".")[2] for path in marks.iterdir())


def wait_for(marks: Path, attempt: str) -> None:
    until(attempt, lambda: attempt in attempts(marks))


def test_work_goes_on_after_a_restart(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        marks = begin(fleet, tmp_path, 1.5, "--lease", "10")
        fleet.workers["first_x"].kill9()
        fleet.worker("first_x")
        assert fleet.processes("call").wait(60) == 0
        rows = assert_clean(fleet, ["first_x", "second_x"])
        assert (line(fleet)["winner"], line(fleet)["status"]) == ("first_x", "settled")
        assert epochs(rows) == [(1, "first_x")]
        assert attempts(marks) == ["first_x.1", "first_x.2"]
        assert_replays([fleet.ledger, fleet.journal("first_x"), fleet.journal("second_x")])


def test_work_that_restarts_interrupt_too_often_fails_and_the_runner_up_works(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        marks = begin(fleet, tmp_path, 1.5, "--lease", "10")
        for attempt in (1, 2, 3):
            wait_for(marks, f"first_x.{attempt}")
            fleet.workers["first_x"].kill9()
            fleet.worker("first_x")
        assert fleet.processes("call").wait(60) == 0
        rows = assert_clean(fleet, ["first_x", "second_x"])
        assert line(fleet)["winner"] == "second_x"
        assert epochs(rows) == [(1, "first_x"), (2, "second_x")]
        (freed,) = [row.body for row in rows if row.type == "Freed"]
        assert (freed["reason"], freed["detail"]) == ("failed", "restart")
        assert attempts(marks) == ["first_x.1", "first_x.2", "first_x.3", "second_x.1"]
        assert_replays([fleet.ledger, fleet.journal("first_x"), fleet.journal("second_x")])


def test_a_winner_that_never_comes_back_loses_its_lease_to_the_runner_up(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        marks = begin(fleet, tmp_path, 0.5, "--lease", "1.5")
        assert attempts(marks) == ["first_x.1"]
        fleet.workers["first_x"].kill9()
        assert fleet.processes("call").wait(60) == 0
        rows = assert_clean(fleet, ["second_x"])
        assert line(fleet)["winner"] == "second_x"
        assert epochs(rows) == [(1, "first_x"), (2, "second_x")]
        (lapsed,) = [row for row in rows if row.type == "LeaseLapsed"]
        first = next(row for row in rows if row.type == "Awarded")
        assert lapsed.at - first.at >= 1_500
        assert_replays([fleet.ledger, fleet.journal("second_x")])
