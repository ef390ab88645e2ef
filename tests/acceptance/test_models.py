"""Model agents as processes over a real broker: with a real llama.cpp server, and with endpoints that fail.

Every call gets a valid proposal or a refusal before its deadline, nothing hangs, tokens and money add up.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.audit import Row
from tests.support.chat import Body, Reply, completion, endpoint, middle, schema_of
from tests.support.fleet import Fleet, assert_clean, assert_replays, lines_of
from tests.support.fleet import write_tasks as write_tasks_of
from tests.support.llama import llama
from tests.support.models import SCHEMA, SKILL, asked, assert_adds_up, unanswered, write_agent


@pytest.fixture(scope="module")
def noise() -> Iterator[str]:
    """The base URL of a llama.cpp server whose model is noise."""
    with llama() as url:
        yield url


def write_tasks(path: Path, count: int, schema: dict[str, Any] | None = None) -> Path:
    lines = (
        {"task": f"Count the words, {n}", "skill": SKILL, "input": {"text": "a b " * (n % 9)}, "result_schema": schema}
        for n in range(count)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def settle(fleet: Fleet, tasks: Path, daemons: list[str], *options: str, wait_s: float = 120) -> list[Row]:
    """Work a tasks file off, and return what the daemons' journals hold; all that must hold of any run is checked."""
    call = fleet.call(tasks, "--reserve", "0.5", "--wait-for-agents", "5", *options)
    assert call.wait(wait_s) == 0, call.err
    assert_clean(fleet, daemons)
    assert_replays([fleet.ledger, *map(fleet.journal, daemons)])
    journals = [fleet.rows(fleet.journal(name)) for name in daemons]
    assert [wrong for rows in journals for wrong in unanswered(rows)] == []
    assert sorted(line["position"] for line in lines_of(fleet.results)) == list(range(1, len(lines_of(tasks)) + 1))
    return [row for rows in journals for row in rows]


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.campaign)])
def test_a_real_model_server_behind_two_daemons(tmp_path: Path, amqp_url: str, noise: str, count: int) -> None:
    write_agent(tmp_path, "ada", noise, 'persona = "careful"')
    write_agent(tmp_path, "bob", noise, 'mode = "bounded"')
    write_agent(tmp_path, "cleo", noise, 'reads = "task"', 'persona = "brisk"')
    tasks = write_tasks(tmp_path / "tasks.jsonl", count, SCHEMA)
    with Fleet(tmp_path, amqp_url) as fleet:
        workers = [
            fleet.run("one", "worker", "ada.toml", "bob.toml", "--broker", amqp_url, "--name", "one"),
            fleet.run("two", "worker", "cleo.toml", "--broker", amqp_url, "--name", "two"),
        ]
        for worker in workers:
            worker.says("connected")
        rows = settle(fleet, tasks, ["one", "two"], "--concurrency", "6", "--reply-within", "15", wait_s=240)
    bids = [row for row in rows if row.type == "Bade"]
    assert {row.agent for row in bids} == {"ada", "bob", "cleo"}
    assert len({row.body["prompt"] for row in bids}) == 3
    results = lines_of(fleet.results)
    ends = Counter(line["status"] for line in results)
    assert ends["settled"] >= count * 9 // 10, ends
    assert all(0 <= line["result"]["words"] <= 99 for line in results if line["status"] == "settled")
    told = asked(rows)
    assert Counter(one["purpose"] for one in told)["probe"] == 2  # once a process
    usual = {"ok", "invalid", "declined", "cut-short", "unreachable", "cancelled"}
    assert {one["outcome"] for one in told} <= usual | {"limit", "timeout"}  # on a machine that has no time
    tokens_in, tokens_out, cost = assert_adds_up(rows)
    assert min(tokens_in, tokens_out, cost) > 0
    assert not [one for one in told if one.get("guessed") and one["outcome"] == "ok"]  # llama.cpp counts


# ---- endpoints that fail


def answers(body: Body) -> Body:
    """A good model."""
    schema = schema_of(body)
    return completion("Gladly." if schema is None else json.dumps(middle(schema)))


def broken(reply: Reply) -> Callable[[Body], Reply]:
    return lambda body: reply


FAULTS: dict[str, Callable[[Body], Reply | Body]] = {
    "outage": broken(Reply(b"down", 503)),
    "wrong key": broken(Reply(b"{}", 401)),
    "told to wait too long": broken(Reply(b"{}", 429, {"Retry-After": "600"})),
    "delay": broken(Reply(completion("late"), delay_s=60)),
    "garbage": broken(Reply(b"\x00\xffnot json at all")),
    "a web page": broken(Reply(b"<html>login</html>")),
    "prose": lambda body: completion("I think this takes about an hour!"),
    "another shape": lambda body: completion('{"effort_tokens": "many", "seconds": -4}'),
    "a tool call": lambda body: completion(None, call=("send_email", '{"to": "all"}')),
    "truncated": broken(Reply(completion("x" * 5_000), cut=300)),
    "cut short": lambda body: completion('{"effort_tok', finish="length"),
    "10 MB": broken(Reply(completion("x" * 10_000_000))),
    "nesting": lambda body: completion("[" * 50_000),
    "no choices": broken(Reply({"choices": [], "usage": {"prompt_tokens": 10**18}})),
}


def test_whatever_an_endpoint_does_every_call_is_answered_in_time(tmp_path: Path, amqp_url: str) -> None:
    """One agent for each fault, and one whose endpoint works, in one daemon: the others' faults are not its own."""
    with Fleet(tmp_path, amqp_url) as fleet:
        opened = [endpoint(fault) for fault in (*FAULTS.values(), answers)]
        urls = [one.__enter__() for one in opened]
        try:
            names = [f"a{number}" for number in range(len(urls))]
            for name, server in zip(names, urls, strict=True):
                write_agent(tmp_path, name, server.url, capacity=4)
            files = [f"{name}.toml" for name in names]
            worker = fleet.run("all", "worker", *files, "--broker", amqp_url, "--name", "all")
            worker.says("connected")
            tasks = write_tasks(tmp_path / "tasks.jsonl", 6, SCHEMA)
            rows = settle(fleet, tasks, ["all"], "--concurrency", "3", "--reply-within", "4", "--max-rounds", "1")
            assert worker.alive
        finally:
            for one in opened:
                one.__exit__(None, None, None)
    assert [line["status"] for line in lines_of(fleet.results)] == ["settled"] * 6
    assert {line["winner"] for line in lines_of(fleet.results)} == {names[-1]}
    bids = {row.agent for row in rows if row.type == "Bade"}
    assert bids == {names[-1]}
    reasons = {
        name: {row.body["reason"] for row in rows if row.type == "Declined" and row.agent == name} for name in names
    }
    found = dict(zip(FAULTS, (reasons[name] for name in names[:-1]), strict=True))
    assert found["outage"] == found["delay"] == found["truncated"] == found["told to wait too long"] == {"busy"}
    assert found["wrong key"] == {"unfit"}
    for fault in ("garbage", "a web page", "prose", "another shape", "a tool call", "cut short", "10 MB", "nesting"):
        assert "invalid-proposal" in found[fault], fault
        assert found[fault] <= {"invalid-proposal", "busy"}, fault  # on a machine that has no time the repair is late
    assert "answered 401: the API key is missing or wrong" in worker.err
    assert_adds_up(rows)
    # the circuit: an endpoint that is out of order is left alone
    mine = [row.body for row in rows if row.type == "Asked" and row.agent == names[0]]
    assert {one["outcome"] for one in mine} == {"out-of-order", "circuit"}


def test_faults_that_end(tmp_path: Path, amqp_url: str, llmock: Any) -> None:
    """Another's server (llmock) fails for a while: nothing is lost but the calls of that while, and its own judge of
    clients finds nothing wrong.
    """
    write_agent(tmp_path, "ada", llmock.base_url("openai"), "least_success_pct = 0")  # its numbers are the least
    with Fleet(tmp_path, amqp_url) as fleet:
        worker = fleet.run("ada", "worker", "ada.toml", "--broker", amqp_url)
        worker.says("connected")
        llmock.rate_limit(times=2, retry_after=0.5)
        llmock.fail(500, times=1)
        llmock.delay(0.7, times=2)
        llmock.reply("no JSON here", times=1)
        tasks = write_tasks(tmp_path / "tasks.jsonl", 8, SCHEMA)
        rows = settle(fleet, tasks, ["ada"], "--concurrency", "2", "--reply-within", "8", "--rule", "lowest-price")
        llmock.assert_resilient()
        assert [line["status"] for line in lines_of(fleet.results)] == ["settled"] * 8
        outcomes = Counter(one["outcome"] for one in asked(rows))
        assert outcomes["overloaded"] >= 1
        assert outcomes["out-of-order"] == 1
        sums = assert_adds_up(rows)
        assert sums[2] > 0
        sent = [one for one in llmock.requests if "chat/completions" in one.path]
        assert len(sent) == sum(1 for one in asked(rows) if one["outcome"] not in ("circuit", "limit"))


def test_the_budget_of_an_endpoint_is_a_decision(tmp_path: Path, amqp_url: str) -> None:
    with endpoint(answers) as server, Fleet(tmp_path, amqp_url) as fleet:
        write_agent(tmp_path, "ada", server.url, 'budget = "0.003"')
        worker = fleet.run("ada", "worker", "ada.toml", "--broker", amqp_url)
        worker.says("connected")
        tasks = write_tasks(tmp_path / "tasks.jsonl", 12, SCHEMA)
        rows = settle(fleet, tasks, ["ada"], "--concurrency", "2", "--reply-within", "4", "--within", "5")
        bids = len([row for row in rows if row.type == "Bade"])
        worker.send(signal.SIGTERM)
        assert worker.wait(30) == 0
        again = fleet.run("ada", "worker", "ada.toml", "--broker", amqp_url)
        again.says("connected")
        more = fleet.call(write_tasks(tmp_path / "more.jsonl", 2), "--within", "2", ledger=tmp_path / "second.db")
        assert more.wait(60) == 0
        rows = fleet.rows(fleet.journal("ada"))
        # the journal remembers what was spent: a smaller task may still fit into the rest
        assert len([row for row in rows if row.type == "Bade"]) <= bids + 1
    _, _, cost = assert_adds_up(rows)
    assert 0 < cost <= 3_000
    assert "the budget of the model's endpoint leaves no room" in worker.err
    assert {row.body["reason"] for row in rows if row.type == "Declined"} == {"unfit"}


def test_a_real_model_settles_deadlocks_by_a_closed_choice(tmp_path: Path, amqp_url: str, noise: str) -> None:
    """Random weights choose among letters; what comes of it is a recorded offer, one more round, or no award."""
    (tmp_path / "judge.toml").write_text(
        'id = "judge"\n[mediate]\nladder = ["closed-choice", "standing-offers"]\n'
        f'[model]\nbase_url = "{noise}"\nname = "noise"\n'
    )
    tasks = write_tasks_of(tmp_path / "tasks.jsonl", 8, ["case.dispute"])
    with Fleet(tmp_path, amqp_url) as fleet:
        for agent in ("first_dispute", "second_dispute"):
            fleet.worker(agent)
        fleet.run("judge", "worker", "judge.toml", "--broker", amqp_url).says("connected")
        terms = ("--reserve", "0.0005", "--max-rounds", "1", "--mediator", "judge", "--mediation-limit", "0.002")
        call = fleet.call(tasks, *terms, "--mediate-within", "20")
        assert call.wait(120) == 0, call.err
        rows = assert_clean(fleet, ("first_dispute", "second_dispute", "judge"))
        assert_replays([fleet.ledger, fleet.journal("judge")])
        journal = fleet.rows(fleet.journal("judge"))
    mediated = [row.body for row in rows if row.type == "Mediated"]
    assert len(mediated) == 8
    offers = {row.content["offer"] for row in rows if row.type == "Heard" and row.message["performative"] == "propose"}
    assert {one["offer"] for one in mediated if one["choice"] == "offer"} <= offers
    assert {one["purpose"] for one in asked(journal)} <= {"mediate", "probe"}
    assert len([one for one in asked(journal) if one["purpose"] == "mediate"]) >= 8


@pytest.mark.campaign
@pytest.mark.parametrize("seen", ["Took", "Asked", "Chose"])
def test_a_closed_choice_outlives_the_worker_that_asked_for_it(
    seen: str, tmp_path: Path, amqp_url: str, noise: str
) -> None:
    """Killed when it has taken the request, asked the model, or chosen: one end each, and a replay asks nobody."""
    (tmp_path / "judge.toml").write_text(
        'id = "judge"\n[mediate]\nladder = ["closed-choice", "standing-offers"]\n'
        f'[model]\nbase_url = "{noise}"\nname = "noise"\n'
    )
    tasks = write_tasks_of(tmp_path / "tasks.jsonl", 4, ["case.dispute"])
    with Fleet(tmp_path, amqp_url) as fleet:
        for agent in ("first_dispute", "second_dispute"):
            fleet.worker(agent)
        first = fleet.run("judge", "worker", "judge.toml", "--broker", amqp_url)
        first.says("connected")
        terms = ("--reserve", "0.0005", "--max-rounds", "1", "--mediator", "judge", "--mediation-limit", "0.002")
        call = fleet.call(tasks, *terms, "--mediate-within", "60")
        fleet.awaits(seen, fleet.journal("judge"))
        first.kill9()
        fleet.run("judge", "worker", "judge.toml", "--broker", amqp_url).says("connected")
        assert call.wait(120) == 0, call.err
        rows = assert_clean(fleet, ("first_dispute", "second_dispute", "judge"))
        assert_replays([fleet.ledger, fleet.journal("judge")])
        chosen = [row.conversation for row in fleet.rows(fleet.journal("judge")) if row.type in ("Chose", "Failed")]
    assert len([row for row in rows if row.type == "Mediated"]) == 4
    assert len(chosen) == len(set(chosen)) == 4
