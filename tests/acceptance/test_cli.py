"""The command as a process: how fast its help is, what it loads, pipes, signals, files."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.market.market import Market
from contractnet.market.task import Task
from tests.support.commands import ROOT, command, environment, ran, started

HELP_S = 0.35


@bidder(skill="text.count")
async def ada(call: Call) -> Proposal:
    return Proposal("0.01", eta=5)


@ada.perform
async def work(award: Award) -> dict[str, object]:
    return {"words": len(str(award.input["text"]).split())}


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    """A ledger in a SQLite file, of one settled tender."""
    path = tmp_path / "market.db"
    async with Market.open("memory://", agents=[ada], ledger=str(path)) as market:
        contract = await market.tender(Task("Count", "text.count", {"text": "one two"}), reserve="0.05")
        assert await contract.result() == {"words": 2}
    return path


def test_help_is_fast(tmp_path: Path) -> None:
    took: list[float] = []
    for _ in range(10):
        begun = time.perf_counter()
        assert ran(tmp_path, "--help").returncode == 0
        took.append(time.perf_counter() - begun)
        if len(took) >= 3 and min(took) < HELP_S:
            break
    assert min(took) < HELP_S, took


def test_help_loads_nothing_of_weight(tmp_path: Path) -> None:
    code = "import sys; from contractnet.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert not loaded & {"msgspec", "rich", "sqlalchemy", "alembic", "aio_pika", "aiormq", "asyncio", "yarl"}


@pytest.mark.parametrize(("called", "kept"), [("main", True), ("run", False)])
def test_a_command_of_its_own_process_keeps_what_it_loaded(called: str, kept: bool, tmp_path: Path) -> None:
    """Out of the collector's sight, which otherwise works as ever; a program that calls `run` has its own things."""
    code = (
        "import contextlib, gc, contractnet.cli.main as cli\n"
        f"with contextlib.suppress(SystemExit): cli.{called}(['replay', '--help'])\n"
        f"assert gc.isenabled() and (gc.get_freeze_count() > 10_000) is {kept}, gc.get_freeze_count()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, check=True)


def test_a_pipe_that_is_closed_is_no_error(ledger: Path) -> None:
    for arguments in (["export", str(ledger)], ["log", str(ledger)], ["--help"]):
        process = subprocess.Popen(
            command(arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr is not None
        with process.stderr:
            assert process.stderr.read() == ""


def test_a_closed_stdout_is_told_before_anything_is_done(ledger: Path, tmp_path: Path) -> None:
    for arguments in (["call", "x", "--skill", "a.b"], ["export", str(ledger)], ["worker", "a.toml"]):
        line = shlex.join(command(arguments)) + " >&-"
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 3
        assert done.stderr.startswith(f"contractnet {arguments[0]}: stdout is closed: leave it open")
        assert done.stderr.count("\n") == 1


def test_replay_export_and_log_of_a_file(ledger: Path, tmp_path: Path) -> None:
    copy = tmp_path / "market.jsonl"
    assert ran(tmp_path, "export", str(ledger), "--out", str(copy)).returncode == 0
    exported = ran(tmp_path, "export", str(ledger))
    assert exported.stdout == copy.read_text()
    for path in (str(ledger), str(copy), f"sqlite:///{ledger.name}"):
        done = ran(tmp_path, "replay", path)
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            "1 of 1 awards re-derived, 0 differences, 0 model calls\n",
            "",
        )
    rows = [json.loads(line) for line in ran(tmp_path, "log", str(ledger), "--json").stdout.splitlines()]
    assert rows[-1]["type"] == "Ended"
    again = ran(tmp_path, "export", str(copy), "--out", str(tmp_path / "absent" / "x.jsonl"))
    assert again.returncode == 2
    assert "cannot be written (No such file or directory): name another file with --out" in again.stderr


def test_one_changed_byte_of_the_file_is_found(ledger: Path, tmp_path: Path) -> None:
    raw = ledger.read_bytes()
    at = raw.index(b'"price":10000')
    ledger.write_bytes(raw[:at] + b'"price":10001' + raw[at + 13 :])
    done = ran(tmp_path, "replay", str(ledger))
    assert done.returncode == 1
    assert "its content does not have its hash" in done.stderr
    assert done.stdout.splitlines()[-1].endswith(" of 1 awards re-derived, 1 difference, 0 model calls")


def test_log_follows_until_ctrl_c(ledger: Path, tmp_path: Path) -> None:
    with started(tmp_path, "log", str(ledger), "--follow", "--type", "Ended") as log:
        log.says("tender ended: settled, ada for 0.01 USD")
        log.send(signal.SIGINT)
        assert log.wait() == 0
        assert log.err == ""


def test_schema_checks_and_writes(tmp_path: Path) -> None:
    assert ran(tmp_path, "schema", "--check").returncode == 0
    done = ran(tmp_path, "schema", "--check", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert "message.schema.json is missing; run `contractnet schema`" in done.stdout
    assert ran(tmp_path, "schema", "--folder", str(tmp_path)).returncode == 0
    assert ran(tmp_path, "schema", "--check", "--folder", str(tmp_path)).returncode == 0
    assert (tmp_path / "asyncapi.json").read_bytes() == (ROOT / "protocols" / "asyncapi.json").read_bytes()
