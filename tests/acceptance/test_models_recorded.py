"""A market with models that was recorded runs again without an endpoint, and every bid, refusal and result is the same,
byte for byte.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import offline
from tests.support.audit import Row, read
from tests.support.chat import Body, Reply, completion, endpoint, middle, schema_of
from tests.support.fleet import ROOT, assert_replays
from tests.support.llama import llama
from tests.support.models import SCHEMA, SKILL, asked, assert_adds_up, write_agent

NAMES = ("ada", "bob", "cleo")
IDS = ("conversation_id", "result_of")
MORE = {"ada": ('persona = "careful"',), "bob": ('mode = "bounded"',), "cleo": ('reads = "task"',)}

#: places enough that nobody takes an offer back for room, which is a matter of time
PLACES = 64
#: so far apart that no two offers tie: a tie is drawn by the seed of the tender, which is another one each time
COSTS = {
    name: f'per_1k_tokens = "{rate}"\nmargin_pct = 20\nfloor = "0.000001"'
    for name, rate in zip(NAMES, ("0.0020", "0.0151", "0.0307"), strict=True)
}


def given(name: str) -> dict[str, Any]:
    """Of an agent: its places and its cost."""
    return {"capacity": PLACES, "cost": COSTS[name]}


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
            if row.content.get("reason") == "withdrawn":  # as the market is left: how far it had come is chance
                continue
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


def troubled() -> Callable[[Body], Reply | Body]:
    """A quick model whose answers differ from request to request, and whose endpoint is out of order now and then: not
    for the first request, which finds out for all what it can do.
    """
    counter = itertools.count(1)

    def answer(body: Body) -> Reply | Body:
        number = next(counter)
        if number % 11 == 0:
            return Reply(b"loading", 503)
        if number % 13 == 0:
            return Reply(b"{}", 429, {"Retry-After": "0.05"})
        if number % 17 == 0:
            return Reply(completion("x" * 500), cut=100)
        schema = schema_of(body)
        if schema is None:
            return completion(f"Gladly, as the {('first', 'second', 'third')[number % 3]} of my days begins.")
        if number % 19 == 0:
            return completion("I would rather talk about it.")
        found = middle(schema)
        if "effort_tokens" in found:
            found["effort_tokens"] += number % 5
        return completion(json.dumps(found))

    return answer


def test_fifty_tenders_with_trouble_run_again_without_an_endpoint(tmp_path: Path) -> None:
    with endpoint(troubled()) as server:
        outcomes = runs_again(tmp_path, server.url, 50)
    assert {"ok", "out-of-order", "unreachable", "overloaded", "no-json"} <= set(outcomes)


@pytest.mark.campaign
def test_a_real_model_server_that_was_recorded_runs_again_without_it(tmp_path: Path) -> None:
    with llama() as url:
        runs_again(tmp_path, url, 50)


def runs_again(tmp_path: Path, url: str, count: int) -> Counter[str]:
    """A market with recording, then again from the recording alone; returns what became of requests the first time."""
    live, again = tmp_path / "live", tmp_path / "again"
    live.mkdir()
    again.mkdir()
    tasks = write_tasks(tmp_path / "tasks.jsonl", count)
    agents = [
        write_agent(live, name, url, "record = true", *MORE[name], capacity=PLACES, cost=COSTS[name]) for name in NAMES
    ]
    asyncio.run(offline.run(tasks.read_text(), live / "m.db", live / "j.db", agents))
    first = told(live / "m.db", live / "j.db")
    assert not [row.body["ties"] for row in read(live / "m.db") if row.type == "Decided" and row.body.get("ties")]
    assert len([key for key in first if key.endswith(" end")]) == count
    assert {key.split()[-1] for key in first if "Bade" in key} == set(NAMES)

    recording = f'answers = "{live / "j.db"}"'
    replays = [
        write_agent(again, name, url, recording, *MORE[name], capacity=PLACES, cost=COSTS[name]) for name in NAMES
    ]
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
    return Counter(one["outcome"] for one in asked(read(live / "j.db")))
