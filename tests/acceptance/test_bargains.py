"""Managers that bargain with workers over a real broker: the award is at the agreed price, also where the manager is
killed in the middle of it, and every ledger and journal replays. The matrix of all failpoints is a campaign.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from contractnet.market.market import Market
from tests.acceptance.test_settle import expected
from tests.support.fleet import Fleet, assert_clean, assert_replays, assert_settled, lines_of, until, write_tasks

SKILLS = ("text.count", "text.reverse", "text.digest")
DAEMONS = ("keen_1", "calm_1")
OPTIONS = ("--reserve", "0.05", "--reply-within", "5", "--lease", "10", "--max-rounds", "2", "--require-settled")
BARGAIN = ("--bargain", "2", "--bargain-turns", "6", "--bargain-within", "10")
#: as in the matrix of a tender without bargaining
POINTS = (
    "ledger.after-commit",
    "ledger.before-commit",
    "outbox.after-publish",
    "outbox.before-publish",
    "recorder.after-commit",
    "recorder.before-commit",
)


def start(fleet: Fleet) -> None:
    for agent in DAEMONS:
        fleet.worker(agent)


def checked(fleet: Fleet, tasks: Path, ledger: Path, count: int) -> None:
    """One award a tender, at what was agreed with its winner; all is clean and replays."""
    assert_settled(tasks, ledger.with_suffix(".jsonl"), expected)
    rows = assert_clean(fleet, DAEMONS, ledger)
    agreed = {row.conversation: row.body["agreed"] for row in rows if row.type == "Bargained"}
    awarded = [row for row in rows if row.type == "Awarded"]
    assert len(awarded) == len(agreed) == count
    for row in awarded:
        assert row.body["epoch"] == 1
        assert row.body["price"] == agreed[row.conversation][row.body["participant"]]["price"]
        assert row.body["price"] < 45_000
    decided = [row.body for row in rows if row.type == "Decided"]
    asked = sum(len(body["invited"]) for body in decided if body.get("course") == "bargain")  # who was not busy
    assert sum(row.type == "BargainOpened" for row in rows) == asked >= count
    for line in lines_of(ledger.with_suffix(".jsonl")):
        assert float(line["price"]) < 0.045
    assert_replays([ledger, *map(fleet.journal, DAEMONS)])


def test_tenders_are_bargained_for_and_awarded_at_the_agreed_price(tmp_path: Path, amqp_url: str) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", 4, SKILLS)
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        call = fleet.call(tasks, *OPTIONS, *BARGAIN)
        assert call.wait(60) == 0, call.err
        checked(fleet, tasks, fleet.ledger, 4)


def test_a_line_of_a_tasks_file_may_say_it(tmp_path: Path, amqp_url: str) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, SKILLS)
    (line,) = lines_of(tasks)
    tasks.write_text(json.dumps(line | {"terms": {"bargain": 2, "bargain_turns": 4}}) + "\n")
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        call = fleet.call(tasks, *OPTIONS)
        assert call.wait(60) == 0, call.err
        checked(fleet, tasks, fleet.ledger, 1)


def test_killed_in_the_middle_of_a_bargaining_it_goes_on_and_awards_once(tmp_path: Path, amqp_url: str) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, SKILLS)
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        call = fleet.call(tasks, *OPTIONS, *BARGAIN)
        fleet.awaits("TurnDecided", count=2)
        call.kill9()
        rows = fleet.rows()
        assert not [row for row in rows if row.type in ("Bargained", "BargainEnded")]
        again = fleet.call(tasks, *OPTIONS, *BARGAIN)
        assert again.wait(60) == 0, again.err
        checked(fleet, tasks, fleet.ledger, 1)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_pass_of_a_tender_with_bargaining(point: str, tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        number, died = 0, True
        while died:
            number += 1
            tasks = write_tasks(tmp_path / f"tasks-{number}.jsonl", 1, SKILLS, seed=number)
            ledger = tmp_path / f"manager-{number}.db"
            call = fleet.call(tasks, *OPTIONS, *BARGAIN, failpoint=f"{point}:{number}", ledger=ledger)
            code = call.wait(60)
            assert code in (0, -9), (number, call.err)
            died = code == -9
            if died:
                again = fleet.call(tasks, *OPTIONS, *BARGAIN, ledger=ledger)
                assert again.wait(60) == 0, (number, again.err)
            checked(fleet, tasks, ledger, 1)
        print(f"{point}: killed at each of {number - 1} passes")
        assert number > 10


def test_a_market_bargains_by_itself_with_an_agent_behind_the_broker(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        start(fleet)
        ledger = tmp_path / "own.db"
        result = asyncio.run(_bargain(amqp_url, ledger))
        assert result.agreed
        assert 0.02 <= float(result.price) <= 0.05

        def ended() -> bool:
            return any(row.type == "BargainEnded" for row in fleet.rows(fleet.journal("keen_1")))

        until("the agent's own end of it", ended)
        assert_replays([ledger, fleet.journal("keen_1")])


async def _bargain(url: str, ledger: Path) -> Any:
    async with Market.open(url, ledger=str(ledger)) as market:
        return await market.bargain("keen_1", "a report", limit="0.05", high="0.09", turns=6)
