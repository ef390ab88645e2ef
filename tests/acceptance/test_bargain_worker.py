"""Workers that bargain over a real broker: an agent of a file, and one that is killed in the middle of its turns."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contractnet.market.market import Market
from tests.acceptance.test_bargains import BARGAIN, DAEMONS, OPTIONS, SKILLS, start
from tests.acceptance.test_settle import expected
from tests.support.fleet import Fleet, assert_clean, assert_replays, assert_settled, until, write_tasks

AGENT = """
id = "filed"
skills = ["text.count"]
capacity = 2
[cost]
per_1k_tokens = "0.4"
margin_pct = 100
[perform]
command = ["python3", "count.py"]
[bargain]
words = "template"
"""
PROGRAM = 'import json, sys\nprint(json.dumps({"words": len(json.load(sys.stdin)["input"]["text"].split())}))\n'


def test_an_agent_of_a_file_bargains_by_its_cost(tmp_path: Path, amqp_url: str) -> None:
    (tmp_path / "count.py").write_text(PROGRAM)
    path = tmp_path / "filed.toml"
    path.write_text(AGENT)
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ("text.count",))
    with Fleet(tmp_path, amqp_url) as fleet:
        worker = fleet.run(
            "worker", "worker", str(path), "--broker", amqp_url, "--journal", str(fleet.journal("filed"))
        )
        worker.says("connected")
        call = fleet.call(tasks, *OPTIONS, *BARGAIN)
        assert call.wait(60) == 0, call.err
        rows = assert_clean(fleet, ("filed",))
        (agreed,) = [row.body["agreed"] for row in rows if row.type == "Bargained"]
        (awarded,) = [row for row in rows if row.type == "Awarded"]
        assert awarded.body["price"] == agreed["filed"]["price"]
        asked, proposed = [row.body["price"] for row in fleet.rows(fleet.journal("filed")) if row.type == "Bade"]
        assert asked // 2 <= awarded.body["price"] == proposed < asked
        said = [row for row in fleet.rows(fleet.journal("filed")) if row.type == "SaidTurn"]
        assert any(
            row.body["message"]["content"].get("text", "").startswith(("offer 0.0", "accept 0.0")) for row in said
        )
        assert_replays([fleet.ledger, fleet.journal("filed")])


def test_a_worker_killed_in_the_middle_of_a_tender_with_bargaining_ends_it_once(tmp_path: Path, amqp_url: str) -> None:
    """Its lease may lapse before it is back: then the manager calls its bargaining off, and awards what it has."""
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, SKILLS)
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        call = fleet.call(tasks, *OPTIONS, *BARGAIN)
        fleet.awaits("TurnDecided", fleet.journal("keen_1"))
        fleet.processes("keen_1").kill9()
        assert _ends(fleet, fleet.journal("keen_1")) == []
        fleet.worker("keen_1")
        assert call.wait(60) == 0, call.err
        _checked(fleet, tasks)
        until("the agent's own end of it", lambda: len(_ends(fleet, fleet.journal("keen_1"))) == 1)


def test_a_worker_killed_in_the_middle_of_a_bargaining_goes_on_to_the_agreement(tmp_path: Path, amqp_url: str) -> None:
    ledger = tmp_path / "own.db"
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker("keen_1")
        asyncio.run(_bargain_and_kill(fleet, amqp_url, ledger))
        (end,) = _ends(fleet, ledger)
        assert end["state"] == "AGREED"
        until("the agent's own end of it", lambda: _ends(fleet, fleet.journal("keen_1")) == [end])
        assert_replays([ledger, fleet.journal("keen_1")])


async def _bargain_and_kill(fleet: Fleet, url: str, ledger: Path) -> None:
    async with Market.open(url, ledger=str(ledger)) as market:
        running = asyncio.create_task(market.bargain("keen_1", "a report", limit="0.05", high="0.09", within=30))
        await asyncio.to_thread(fleet.awaits, "TurnDecided", fleet.journal("keen_1"))
        fleet.processes("keen_1").kill9()
        assert not running.done()
        assert _ends(fleet, fleet.journal("keen_1")) == []
        await asyncio.to_thread(fleet.worker, "keen_1")
        assert (await running).agreed


def _ends(fleet: Fleet, path: Path) -> list[Any]:
    return [row.body for row in fleet.rows(path) if row.type == "BargainEnded"]


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "point", ["recorder.before-commit", "recorder.after-commit", "outbox.before-publish", "outbox.after-publish"]
)
def test_a_worker_killed_at_every_pass_of_a_tender_with_bargaining(point: str, tmp_path: Path, amqp_url: str) -> None:
    number, died = 0, True
    while died:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        with Fleet(folder, amqp_url) as fleet:
            died = _killed_at(fleet, folder, f"{point}:{number}")
    print(f"{point}: killed at each of {number - 1} passes")
    assert number > 6


def _killed_at(fleet: Fleet, folder: Path, failpoint: str) -> bool:
    """Whether a worker came to that pass; killed there, it starts again."""
    tasks = write_tasks(folder / "tasks.jsonl", 1, SKILLS)
    dying = fleet.worker("keen_1", failpoint=failpoint, connected=False)
    fleet.worker("calm_1")
    call = fleet.call(tasks, *OPTIONS, *BARGAIN)
    until("it dies, or is not needed", lambda: not (dying.alive and call.alive))
    died = not dying.alive
    if died:
        fleet.worker("keen_1")
    assert call.wait(90) == 0, (failpoint, call.err)
    _checked(fleet, tasks)
    return died


def _checked(fleet: Fleet, tasks: Path) -> None:
    """Settled once, at what was agreed where anything was; both sides of a bargaining agree, or neither knows of it."""
    assert_settled(tasks, fleet.ledger.with_suffix(".jsonl"), expected)
    rows = assert_clean(fleet, DAEMONS)
    agreed = {row.conversation: row.body["agreed"] for row in rows if row.type == "Bargained"}
    for row in rows:
        if row.type == "Awarded" and row.body["participant"] in agreed.get(row.conversation, {}):
            assert row.body["price"] <= agreed[row.conversation][row.body["participant"]]["price"]
    ends = {row.conversation: row.body for row in rows if row.type == "BargainEnded"}
    for name in DAEMONS:
        own = {row.conversation: row.body for row in fleet.rows(fleet.journal(name)) if row.type == "BargainEnded"}
        for conversation, mine in own.items():
            pair = (mine, ends[conversation])
            if "AGREED" in {one["state"] for one in pair} and "UNKNOWN" not in {one["state"] for one in pair}:
                assert pair[0] == pair[1]
    assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])
