"""`contractnet agents --spent`: what journals say of requests to models adds up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contractnet.cli.main import run
from contractnet.ledger.port import Draft
from contractnet.ledger.records import Asked
from contractnet.ledger.urls import open_ledger
from contractnet.messages.codec import canonical

DIGEST = "d" * 64


def asked(purpose: str = "estimate", **more: object) -> Asked:
    fields = {"purpose": purpose, "endpoint": "h:1/m", "prompt": DIGEST, "request": DIGEST, "request_bytes": 9}
    return Asked(**{"outcome": "ok", **fields, **more})  # type: ignore[arg-type]  # a dict of several types


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    path = tmp_path / "ada.journal.db"
    ledger = open_ledger(str(path), kind="journal", owner="ada", now=1)
    made = [
        asked(tokens_in=100, tokens_out=20, cost=1_500),
        asked(tokens_in=50, cost=500, outcome="timeout", guessed=True),
        asked("narrate", tokens_in=10, tokens_out=5, cost=250),
    ]
    drafts = [
        Draft(agent="ada", conversation="c", version=n, type="Asked", at=1, body=canonical(one).decode())
        for n, one in enumerate(made, 1)
    ]
    await ledger.append(drafts)
    await ledger.aclose()
    return path


def test_what_a_journal_says_adds_up(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--spent", str(journal)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["ada", "h:1/m", "estimate", "2", "1", "about", "150", "about", "20", "0.002", "USD"]
    assert lines[2] == ["ada", "h:1/m", "narrate", "1", "0", "10", "5", "0.00025", "USD"]
    assert lines[3] == ["total", "3", "1", "160", "25", "0.00225", "USD"]


def test_the_same_as_json(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--spent", str(journal), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["purpose"], line["requests"], line["cost"]) for line in lines] == [
        ("estimate", 2, 2000),
        ("narrate", 1, 250),
    ]


def test_no_journal_and_none_that_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agents", "--spent", str(tmp_path / "absent.db")]) == 3
    assert "absent.db" in capsys.readouterr().err
