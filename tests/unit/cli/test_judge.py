"""`contractnet judge`: a verdict from the shell, and what keeps it from being given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from contractnet.cli.main import run
from contractnet.ledger.lock import FileLock
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.urls import open_ledger
from contractnet.manager.records import Judged
from tests.support.bench import MANAGER
from tests.support.ledgers import LEDGERS


async def stored(path: Path, entries: Sequence[Entry]) -> str:
    ledger = open_ledger(str(path), kind="ledger", owner=MANAGER, now=entries[0].at)
    names = Draft.__struct_fields__
    await ledger.append([Draft(**{name: getattr(entry, name) for name in names}) for entry in entries[1:]])
    await ledger.aclose()
    return str(path)


@pytest.fixture
async def ledger(tmp_path: Path) -> str:
    return await stored(tmp_path / "market.db", LEDGERS["settled"]().entries)


def test_a_verdict_is_told_and_stands(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["judge", ledger, "ticket-17", "ok", "--note", "on second thoughts"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "tender t is judged good"
    assert second.endswith("text.summarise: 1 of 1 good; counts as 27.8 % before, 72.2 % now")
    assert run(["judge", ledger, "t", "bad", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["tender"], told["key"], told["ok"], told["winners"][0]["good"]) == ("t", "ticket-17", False, 0)
    assert run(["log", ledger, "--type", Judged.__name__]) == 0
    assert [line.split("judged ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "bad: too short",
        "good: on second thoughts",
        "bad",
    ]
    assert run(["replay", ledger]) == 0


def test_a_ledger_that_is_being_written_is_left_alone(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock = FileLock(Path(ledger))
    try:
        assert run(["judge", ledger, "t", "ok"]) == 3
    finally:
        lock.release()
    assert "is being written by this process itself: stop it first" in capsys.readouterr().err


def test_what_it_cannot_judge(ledger: str, settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code, words in (
        ([ledger, "u", "ok"], 2, "'u' is no tender of this ledger"),
        ([ledger, "t", "perhaps"], 2, "'perhaps' is not one of 'ok', 'bad'"),
        ([str(tmp_path / "absent.db"), "t", "ok"], 3, "absent.db does not exist"),
        ([settled, "t", "ok"], 3, "settled.jsonl"),
        (["memory://", "t", "ok"], 2, "memory://"),
    ):
        assert run(["judge", *arguments]) == code, arguments
        assert words in capsys.readouterr().err
    assert not (tmp_path / "absent.db").exists()
