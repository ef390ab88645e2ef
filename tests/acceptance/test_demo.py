"""The demo as its first user sees it: in time, the same for one seed, and with commands that work when pasted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from contractnet.market.sample import SKILLS, lots
from tests.support.commands import environment, ran, started, until, waits
from tests.support.terminal import Terminal

TOGETHER_S = 30.0
STORIES = (
    "late by 0.",  # a bid that came too late, and by how much
    "not understood (unit: the call is in USD), then repaired, wins",
    "refuses: unfit (1280 characters: I read 1,000 at most)",
    "won, then failed (lost the thread after 40 words)",
    "won, then failed the check (",
    "takes over",
    "3 rounds",
    "2 winners",
    "a deadlock: arbiter takes the offer of steady",
    "then cancelled: undone",
    "settled: steady",
    "no-award: over-reserve",
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float]:
    """The folder, the output in a pipe, and how long it took."""
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    done = ran(folder, "demo", "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout, time.monotonic() - began


def test_it_is_over_in_half_a_minute(shown: tuple[Path, str, float]) -> None:
    assert shown[2] < TOGETHER_S


@pytest.mark.parametrize("story", STORIES)
def test_it_tells(story: str, shown: tuple[Path, str, float]) -> None:
    words = " ".join(shown[1].split())
    assert story in words


def test_every_task_and_skill_is_there_and_the_end_adds_up(shown: tuple[Path, str, float]) -> None:
    folder, out, _ = shown
    for lot in lots():
        assert lot.task.task in out
    assert all(skill in out for skill in SKILLS)
    assert "14 tasks in " in out
    assert ": 12 settled, 1 cancelled, 1 no-award" in out
    assert "replayed: 16 of 16 awards re-derived, 0 differences, 0 model calls" in out
    assert [path.name for path in folder.iterdir()] == ["contractnet-demo.db"]
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_the_three_commands_work_as_they_stand(shown: tuple[Path, str, float]) -> None:
    folder, out, _ = shown
    commands = [line.strip() for line in out.partition("Try next:\n")[2].splitlines()]
    assert len(commands) == 3
    for line in commands:
        done = subprocess.run(
            ["sh", "-c", line], cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        assert done.stdout.strip(), line
    assert "16 of 16 awards re-derived" in done.stdout


def _outcomes(stdout: str) -> list[tuple[Any, ...]]:
    rows = [json.loads(line) for line in stdout.splitlines()]
    rows.sort(key=lambda row: row["conversation_id"])
    return [(row["status"], row["reason"], row["winner"], row["price"]) for row in rows]


def test_one_seed_gives_the_same_prices_and_winners_again(tmp_path: Path) -> None:
    """Three at the same time, since most of a demo is waiting; the second in a folder where there was one before."""

    def demo(name: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / name).mkdir()
        if name == "again":
            (tmp_path / name / "contractnet-demo.db").touch()
        return ran(tmp_path / name, "demo", "--json", "--seed", "4" if name == "other" else "3")

    with ThreadPoolExecutor(3) as pool:
        first, again, other = pool.map(demo, ("first", "again", "other"))
    assert first.returncode == again.returncode == other.returncode == 0
    assert len(_outcomes(first.stdout)) == len(lots())
    assert _outcomes(first.stdout) == _outcomes(again.stdout)
    assert [row[:3] for row in _outcomes(first.stdout)] == [row[:3] for row in _outcomes(other.stdout)]
    assert _outcomes(first.stdout) != _outcomes(other.stdout)
    assert first.stderr == "contractnet demo: the ledger is contractnet-demo.db\n"
    assert again.stderr == "contractnet demo: the ledger is contractnet-demo-2.db\n"


def test_tasks_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(
        '{"task": "Count", "skill": "text.count", "input": {"text": "one two"}, "reserve": "0.05"}\n'
        '{"task": "Paint", "skill": "image.paint"}\n'
    )
    done = ran(tmp_path, "demo", "--tasks", "mine.jsonl", "--ledger", "memory://")
    assert done.returncode == 0
    assert "settled: eager" in done.stdout
    assert "nobody bid" in done.stdout
    assert "nobody here offers image.paint; the demo's agents do text.summarise, " in done.stderr
    assert "Try next" not in done.stdout, "a ledger in memory is gone"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.jsonl"]


def test_run_again_on_one_ledger_it_shows_its_own_tenders_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"task": "Count", "skill": "text.count", "input": {"text": "one two"}}\n')
    for _ in range(2):  # the same key: nothing is bought twice
        done = ran(tmp_path, "demo", "--tasks", "mine.jsonl", "--ledger", "mine.db")
        assert done.returncode == 0
        assert "1 of 1 awards re-derived" in done.stdout
    assert "1 tasks in " in done.stdout


def test_a_bar_runs_while_it_runs_and_is_gone_at_the_end(tmp_path: Path) -> None:
    with Terminal(tmp_path, "demo", columns=120) as terminal:
        terminal.shows("/14")
        assert terminal.wait() == 0
    assert "settled, eager: Summarise the ticket" in terminal.text
    assert not [line for line in terminal.lines if "14/14" in line]


def test_ctrl_c_in_the_middle_says_where_it_is_and_loses_nothing(tmp_path: Path) -> None:
    with Terminal(tmp_path, "demo") as terminal:
        terminal.shows("settled")
        terminal.interrupt()
        assert terminal.wait() == 130
    words = " ".join(terminal.text.split())
    assert "contractnet demo: interrupted; what was said so far is in contractnet-demo.db" in words
    assert "Traceback" not in words
    replayed = ran(tmp_path, "replay", "contractnet-demo.db")
    assert (replayed.returncode, replayed.stderr) == (0, "")
    assert replayed.stdout.endswith(" awards re-derived, 0 differences, 0 model calls\n")


def test_ctrl_c_without_a_terminal(tmp_path: Path) -> None:
    with started(tmp_path, "demo", "--ledger", "memory://") as demo:
        until("it runs", lambda: waits(demo.process.pid))  # nothing is said before the end
        demo.send(signal.SIGINT)
        assert demo.wait() == 130
        assert demo.out == ""
        assert demo.err == "contractnet demo: interrupted; nothing was kept; run it again\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = ran(tmp_path, "demo", "--ledger", "no/such/folder.db")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no/such: make it first, or name another file" in done.stderr


def test_in_plain_ascii(tmp_path: Path) -> None:
    env = {**environment(), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "COLUMNS": "120"}
    (tmp_path / "mine.jsonl").write_text('{"task": "Count", "skill": "text.count", "input": {"text": "one two"}}\n')
    done = subprocess.run(
        [sys.executable, "-m", "contractnet", "demo", "--tasks", "mine.jsonl", "--ledger", "memory://"],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "= settled: eager" in done.stdout.decode("ascii")
