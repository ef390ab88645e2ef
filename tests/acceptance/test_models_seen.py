"""A model behind the demo and under doctor's eyes: a real llama.cpp server with random weights, and endpoints that are
not well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat import Body, Reply, completion, middle, schema_of
from tests.support.chat import endpoint as chat
from tests.support.commands import ran
from tests.support.llama import llama

SCRIPTED = 'id = "plain"\nskills = ["text.count"]\n[cost]\nprice = "0.01"\n[perform]\ncommand = ["true"]\n'
MODELLED = """id = "asked"
skills = ["text.count"]
[cost]
per_1k_tokens = "0.01"
margin_pct = 20
[model]
base_url = "{url}"
name = "local"
price_in_per_1k = "0.001"
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The base URL of a server."""
    with llama() as url:
        yield url


def examined(folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = ran(folder, "doctor", "--json", "--only", "models", *arguments)
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_an_endpoint_that_is_well(endpoint: str, tmp_path: Path) -> None:
    code, found = examined(tmp_path, "--model", endpoint)
    assert code == 0
    assert [(one["what"], one["level"]) for one in found] == [("endpoint", "ok"), ("structure", "ok"), ("limits", "ok")]
    assert found[1]["found"] == "keeps to a JSON schema (json_schema)"
    assert " tokens in, " in found[0]["found"]


def test_agents_are_asked_by_their_files_and_one_endpoint_once(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "asked.toml").write_text(MODELLED.format(url=endpoint))
    (tmp_path / "again.toml").write_text(MODELLED.format(url=endpoint).replace('"asked"', '"again"'))
    (tmp_path / "plain.toml").write_text(SCRIPTED)
    code, found = examined(
        tmp_path, *(word for name in ("asked", "again", "plain") for word in ("--agent", f"{name}.toml"))
    )
    assert code == 0
    assert [one["what"] for one in found] == ["endpoint", "structure", "limits", "agent"]
    assert found[2]["level"] == "warning", "it costs money, and has no budget"
    assert found[3]["found"] == "plain.toml is scripted: no model is asked"


def test_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    code, found = examined(tmp_path, "--model", "http://127.0.0.1:1/v1")
    assert code == 1
    assert "127.0.0.1:1/local: the model's endpoint was not reached" in found[0]["found"]


def test_an_address_that_is_no_api(endpoint: str, tmp_path: Path) -> None:
    code, found = examined(tmp_path, "--model", endpoint.removesuffix("/v1") + "/nothing")
    assert code == 1
    assert "404" in found[0]["found"]


def test_an_endpoint_that_knows_the_older_limit_on_tokens_alone(tmp_path: Path) -> None:
    def older(body: Body) -> Reply | Body:
        schema = schema_of(body)
        if "max_completion_tokens" in body or schema is None:
            return Reply(b"{}", 400)
        return completion(json.dumps(middle(schema)))

    with chat(older) as server:
        code, found = examined(tmp_path, "--model", server.url)
    assert (code, [one["level"] for one in found]) == (0, ["ok"] * 3)
    assert found[2]["found"].endswith("it knows `max_tokens`, not `max_completion_tokens`")


def test_a_file_that_is_wrong_and_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("id = 5\n")
    code, found = examined(tmp_path, "--agent", "wrong.toml", "--agent", "absent.toml")
    assert code == 1
    assert [one["level"] for one in found] == ["problem", "problem"]
    code, found = examined(tmp_path)
    assert (code, found[0]["level"]) == (0, "unseen")


def test_a_model_takes_a_seat_of_the_demo(endpoint: str, tmp_path: Path) -> None:
    done = ran(tmp_path, "demo", "--model", endpoint, timeout_s=120)
    assert done.returncode == 0, done.stderr
    assert "0 differences, 0 model calls" in done.stdout
    assert " model " in done.stdout
    assert " steady " not in done.stdout
    replayed = ran(tmp_path, "replay", "contractnet-demo.db")
    assert replayed.returncode == 0


def test_the_demo_goes_on_where_its_model_does_not_answer(tmp_path: Path) -> None:
    task = {"task": "Summarise", "skill": "text.summarise", "input": {"text": "It rains. Again."}, "reserve": "0.05"}
    (tmp_path / "one.jsonl").write_text(json.dumps(task))
    one = ("--tasks", "one.jsonl", "--ledger", "memory://")
    done = ran(tmp_path, "demo", "--model", "http://127.0.0.1:1/v1", *one, timeout_s=120)
    assert done.returncode == 0, done.stderr
    assert "refuses: busy" in done.stdout
    assert "settled: eager" in done.stdout


def test_an_address_that_cannot_be_one(tmp_path: Path) -> None:
    done = ran(tmp_path, "demo", "--model", "localhost")
    assert done.returncode == 2
    assert "--model: model.base_url: 'localhost' is no http:// or https:// address" in done.stderr
