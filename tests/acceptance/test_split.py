"""`contractnet call --split`: a model behind a real socket drafts, the tasks are bought over a real broker, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contractnet.cli.main import run
from tests.support.chat import Body, completion, endpoint, middle, schema_of
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays

PLAN = [
    {"id": "facts", "task": "Gather", "skill": "text.reverse", "text": "one two", "after": [], "share_pct": 60},
    {"id": "count", "task": "Count", "skill": "text.count", "text": "a b c", "after": ["facts"], "share_pct": 40},
]


def planner(body: Body) -> Body:
    """Fills in the form of a plan; of any other form something valid."""
    schema = schema_of(body)
    assert schema is not None
    answer: Any = {"tasks": PLAN} if "tasks" in schema["properties"] else middle(schema)
    return completion(json.dumps(answer))


def split(fleet: Fleet, url: str, *options: str, job: str = "Report on two words") -> Process:
    ledger = ("--ledger", str(fleet.ledger), "--out", str(fleet.results))
    terms = ("--broker", fleet.broker, "--split", "--model", url, "--wait-for-agents", "20", *ledger)
    return fleet.run("call", "call", job, *terms, *options)


def test_a_job_is_split_bought_and_not_bought_again(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet, endpoint(planner) as model:
        fleet.worker("ada")
        call = split(fleet, model.url, "--yes", "--budget", "0.5")
        assert call.wait(60) == 0, call.err
        asked = len(model.seen)
        assert "splits the job into 2 tasks" in call.err
        assert "count: text.count, at most 0.2, after facts: Count" in call.err
        assert "2 of 2 tasks of the plan settled" in call.err
        lines = [json.loads(line) for line in fleet.results.read_text().splitlines()]
        assert [(line["status"], line["key"].partition("/")[2]) for line in lines] == [
            ("settled", "facts"),
            ("settled", "count"),
        ]
        assert lines[1]["result"] == {"words": 3}
        again = split(fleet, model.url, "--yes", "--budget", "0.5")
        assert again.wait(60) == 0, again.err
        assert len(model.seen) == asked  # the ledger knows the plan
        rows = assert_clean(fleet, ["ada"])
        assert [row.type for row in rows].count("Drafted") == 1
        assert len([row for row in rows if row.type == "Awarded"]) == 2
        assert_replays([fleet.ledger, fleet.journal("ada")])


def test_a_plan_that_breaks_the_rules_buys_nothing(tmp_path: Path, amqp_url: str) -> None:
    def circular(body: Body) -> Body:
        schema = schema_of(body)
        assert schema is not None
        loop = [{**PLAN[0], "after": ["count"]}, PLAN[1]]
        return completion(json.dumps({"tasks": loop} if "tasks" in schema["properties"] else middle(schema)))

    with Fleet(tmp_path, amqp_url) as fleet, endpoint(circular) as model:
        fleet.worker("ada")
        call = split(fleet, model.url, "--yes", "--budget", "0.5")
        assert call.wait(60) == 3, call.err
        assert "depend on each other" in call.err
        assert not [row for row in fleet.rows() if row.type == "Opened"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--split",), "--split needs a job and a model"),
        (("--split", "--model", "http://127.0.0.1:1/v1"), "there is no terminal: add --yes"),
        (("--split", "--yes", "--model", "no url"), "base_url"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_opened(
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["call", "A report", *options]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
