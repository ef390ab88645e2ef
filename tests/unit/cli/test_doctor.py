"""doctor, as far as it needs no broker: packages, the ledger's file, exit codes and the form of its lines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contractnet.cli import doctor_python
from contractnet.cli.doctor_python import pinned, within
from contractnet.cli.main import run
from contractnet.ledger.checkup import look
from contractnet.ledger.urls import open_ledger
from contractnet.telemetry.findings import Finding, Level
from tests.suites.ledger import NOW, OWNER

ROOT = Path(__file__).parents[3]


def levels(found: list[Finding]) -> dict[str, Level]:
    return {one.what: one.level for one in found}


@pytest.mark.parametrize(
    ("version", "bounds", "inside"),
    [
        ("7.2.4", ">=7.2.4,<8", True),
        ("7.2.3", ">=7.2.4,<8", False),
        ("7.10", ">=7.2.4,<8", True),
        ("8.0", ">=7.2.4,<8", False),
        ("8", "<8.0.1", True),
        ("1.5.0", "==1.5", True),
        ("1.5.1", "==1.5", False),
        ("2.0+local", ">=2", True),
        ("3", "", True),
    ],
)
def test_bounds(version: str, bounds: str, inside: bool) -> None:
    assert within(version, bounds) is inside


def test_pins_of_this_checkout() -> None:
    pins = pinned(ROOT / "requirements" / "core.txt")
    assert {"aiormq", "click", "msgspec", "rich", "sqlalchemy"} <= set(pins)
    assert all(re.match(r"\d", version) for version in pins.values())
    assert pinned(None) == pinned(ROOT / "none.txt") == {}


def test_python_and_packages_are_as_they_should_be() -> None:
    found = doctor_python.look()
    assert {one.level for one in found} <= {Level.OK, Level.WARNING}
    assert {one.area for one in found} == {"python"}


def test_a_package_that_is_too_old_or_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_python, "_needs", lambda: ["click>=99", "no-such-package>=1", "rich>=1"])
    found = {one.what: one for one in doctor_python.look()}
    assert found["click"].level is Level.PROBLEM
    assert ">=99 is needed" in found["click"].found
    assert found["no-such-package"].found == "is not installed"
    assert "rich" not in found


def test_a_ledger_that_is_not_there_yet(tmp_path: Path) -> None:
    found = look(str(tmp_path / "new.db"))
    bad = {one.what: one.level for one in found if one.level is not Level.OK}
    assert bad in ({}, {"file system": Level.UNSEEN})  # in a changed root its kind cannot be seen
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_a_ledger_that_is_there_and_one_that_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    ledger = open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
    try:
        lock = next(one for one in look(str(path)) if one.what == "lock")
        assert re.fullmatch(r"process \d+ writes it now", lock.found)
    finally:
        ledger.close()
    found = {one.what: one for one in look(str(path))}
    assert found["lock"].found == "free: no process writes it"
    assert found["chain"].found == "all 1 hashes hold"
    assert found["file"].found.startswith(f"ledger of {OWNER}, 1 entries")


@pytest.mark.parametrize(
    ("make", "what", "said"),
    [
        (lambda path: path.write_bytes(b"no database" * 100), "file", "SQLite"),
        (lambda path: path.write_bytes(b""), "file", "is empty, which a ledger never is"),
        (lambda path: path.mkdir(), "file", "is a folder"),
    ],
)
def test_what_is_no_ledger(make: object, what: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert callable(make)
    make(path)
    found = {one.what: one for one in look(str(path))}
    assert found[what].level is Level.PROBLEM
    assert said in found[what].found


def test_a_damaged_chain_is_a_problem_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW).close()
    raw = path.read_bytes()
    path.write_bytes(raw.replace(OWNER.encode(), b"z" * len(OWNER)))
    assert run(["doctor", "--only", "ledger", "--ledger", str(path)]) == 1
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("problem")]
    assert "restore a copy" in line


def test_no_folder_is_a_problem_and_memory_is_none(tmp_path: Path) -> None:
    assert levels(look(str(tmp_path / "no" / "x.db")))["folder"] is Level.PROBLEM
    assert levels(look("memory://")) == {"SQLite": Level.OK, "place": Level.OK}


def test_json_is_one_finding_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["doctor", "--json", "--only", "python", "--only", "ledger", "--ledger", str(tmp_path / "x.db")]
    assert run(arguments) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert {row["area"] for row in rows} == {"python", "ledger"}
    assert all(set(row) == {"level", "area", "what", "found", "todo", "asked"} for row in rows)
    assert captured.err == ""


def test_in_a_pipe_each_finding_is_one_line_without_escapes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert run(["doctor", "--only", "ledger", "--ledger", str(tmp_path / "x.db")]) == 0
    captured, found = capsys.readouterr(), look(str(tmp_path / "x.db"))
    assert len(captured.out.splitlines()) == len(found) == 5
    assert "\x1b" not in captured.out
    unseen = sum(one.level is Level.UNSEEN for one in found if one.what == "file system")  # in a changed root
    assert captured.err == f"contractnet doctor: {5 - unseen} ok{f', {unseen} unseen' if unseen else ''}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--broker", "localhost"], "is not of the form amqp://USER:PASSWORD@HOST:PORT/VHOST"),
        (["--only", "broker", "--broker", "amqp://u:secret@127.0.0.1:x/"], "cannot be read"),
        (["--ledger", "redis://x"], "redis:// is no ledger"),
        (["--only", "nothing"], "'nothing' is not one of"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "secret" not in captured.err


def test_a_broker_that_is_not_there_is_a_problem_and_says_what_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--only", "broker", "--broker", "amqp://guest:guest@127.0.0.1:1/"]) == 1
    out = capsys.readouterr().out
    assert "no broker answers at 127.0.0.1:1 (connection refused): start it, or name another one" in out
    assert "memory://" in out
