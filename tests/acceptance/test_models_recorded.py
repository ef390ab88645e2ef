"""A market with models that was recorded runs again without an endpoint, and every bid, refusal and result is the same,
byte for byte.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support import offline
from tests.support.audit import Row, read
from tests.support.fleet import ROOT, assert_replays
from tests.support.llama import llama
from tests.support.models import SCHEMA, SKILL, asked, assert_adds_up, write_agent

NAMES = ("ada", "bob", "cleo")
IDS = ("conversation_id", "result_of")
MORE = {"ada": ('persona = "careful"',), "bob": ('mode = "bounded"',), "cleo": ('reads = "task"',)}


def write_tasks(path: Path, count: int) -> Path:
    """Many of one shape, so that a model that sees facts alone is asked the same thing again and again."""
    words = [f"word{n % 7} " * (1 + n % 5) for n in range(count)]
    lines = [
        {"task": f"Count, number {n:02}", "skill": SKILL, "input": {"text": words[n]}, "result_schema": SCHEMA}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def told(ledger: Path, journal: Path) -> dict[str, Any]:
    """All that was decided by models and about their offers, by the task's key: without ids and instants."""
    keys = {row.conversation: row.body["key"] for row in read(ledger) if row.type == "Opened"}
    found: dict[str, Any] = {}

    def note(row: Row, what: str, value: Any) -> None:
        call = row.conversation.partition(".")[2]
        found[f"{keys[row.tender]} {call} {what}"] = value

    for row in read(journal):
        if row.type in ("Bade", "Declined", "Finished", "Failed"):
            note(row, f"{row.type} of {row.agent}", json.dumps(row.body, sort_keys=True))
        if row.type == "Said" and row.message["performative"] in ("propose", "refuse", "inform"):
            content = {name: value for name, value in row.content.items() if name != "offer"}
            note(row, f"{row.message['performative']} of {row.agent}", json.dumps(content, sort_keys=True))
    for row in read(ledger):
        if row.type == "Ended":
            ended = {name: value for name, value in row.body.items() if name not in IDS}
            ended["filled"] = [
                {name: slot[name] for name in slot if name not in IDS} for slot in row.body.get("filled", ())
            ]
            note(row, "end", json.dumps(ended, sort_keys=True))
    return found


@pytest.mark.campaign
@pytest.mark.parametrize("count", [15, 50])
def test_a_recorded_market_runs_again_without_an_endpoint(tmp_path: Path, count: int) -> None:
    live, again = tmp_path / "live", tmp_path / "again"
    live.mkdir()
    again.mkdir()
    tasks = write_tasks(tmp_path / "tasks.jsonl", count)
    with llama() as url:
        agents = [write_agent(live, name, url, "record = true", *MORE[name]) for name in NAMES]
        asyncio.run(offline.run(tasks.read_text(), live / "m.db", live / "j.db", agents))
    first = told(live / "m.db", live / "j.db")
    assert len([key for key in first if key.endswith(" end")]) == count
    assert {key.split()[-1] for key in first if "Bade" in key} == set(NAMES)

    recording = f'answers = "{live / "j.db"}"'
    replays = [write_agent(again, name, url, recording, *MORE[name]) for name in NAMES]
    arguments = [tasks, again / "m.db", again / "j.db", *replays]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "support" / "offline.py"), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    second = told(again / "m.db", again / "j.db")
    assert {key: (first.get(key), second.get(key)) for key in first | second if first.get(key) != second.get(key)} == {}
    outcomes = Counter(one["outcome"] for one in asked(read(again / "j.db")))
    assert "not-recorded" not in outcomes
    assert outcomes["ok"] > count
    assert assert_adds_up(read(live / "j.db"))[2] > 0
    assert_replays([live / "m.db", live / "j.db", again / "m.db", again / "j.db"])
