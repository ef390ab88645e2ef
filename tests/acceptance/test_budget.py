"""A budget of 1.00 with tasks worth 3.00, sixteen tenders at once, kill -9 in the middle, over a real broker: it stops
or asks as the policy says, and is never a micro over. What was granted, held and spent is counted here by hand, entry
by entry, from the files alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from contractnet.cli.main import run
from tests.support.audit import Row
from tests.support.fleet import Fleet, assert_clean, assert_replays, lines_of, until

SKILL = "text.price"
RESERVE = 75_000
AGENT = """
import asyncio, hashlib
from contractnet import Award, Call, Proposal, bidder

@bidder("text.price", capacity=16)
async def payee(call: Call) -> Proposal:
    odd = int(hashlib.sha256(call.task.encode()).hexdigest()[:6], 16) % 35_001
    return Proposal(price=f"0.{40_000 + odd:06d}", eta=1, confidence=0.9)

@payee.perform
async def work(award: Award) -> dict:
    await asyncio.sleep(0.05)
    return {"paid": str(award.price)}
"""
OPTIONS = ("--reserve", "0.075", "--reply-within", "5", "--lease", "10", "--concurrency", "16", "--budget", "1.00")


def start(fleet: Fleet, count: int, accounts: Sequence[str] = ()) -> Path:
    (fleet.folder / "money_agents.py").write_text(AGENT)
    fleet.run("payee", "worker", "money_agents:payee", "--broker", fleet.broker).says("connected")
    lines = [{"task": f"Price of {number}", "skill": SKILL} for number in range(count)]
    for number, line in enumerate(lines):
        if accounts:
            line["account"] = accounts[number % len(accounts)]
    tasks = fleet.folder / "tasks.jsonl"
    tasks.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tasks


def counted(rows: Sequence[Row]) -> tuple[dict[str, int], int]:
    """What each account has spent, and how often money moved; holds are never over a grant, at any entry."""
    granted: dict[str, int] = {}
    used: dict[str, int] = {}
    spent: dict[str, int] = {}
    pays = {row.conversation: row.body.get("account", "") for row in rows if row.type == "Opened"}
    held: dict[str, int] = {}
    moves = 0
    for row in rows:
        if row.type == "Granted":
            granted[row.body.get("account", "")] = row.body["amount"]
        elif row.type == "Answered" and row.body["choice"] == "grant":
            granted[""] += row.body["amount"]
        elif row.type in ("Held", "Ended"):
            account, moves = pays[row.tender], moves + 1
            if row.type == "Held":
                held[row.tender] = row.body["amount"]
                used[account] = used.get(account, 0) + held[row.tender]
            else:
                assert row.body["spent"] + row.body["released"] == held.get(row.tender, 0), row
                used[account] = used.get(account, 0) - row.body["released"]
                spent[account] = spent.get(account, 0) + row.body["spent"]
            assert used[account] <= granted[account], f"position {row.position}: {used} of {granted}"
            assert sum(used.values()) <= granted[""], f"position {row.position}: {used} of {granted}"
    return spent, moves


def test_it_stops_and_is_never_a_micro_over(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        tasks = start(fleet, 40)
        first = fleet.call(tasks, *OPTIONS)
        fleet.awaits("Held", count=13)
        fleet.awaits("Ended", count=3)
        first.kill9()
        counted(fleet.rows())
        assert fleet.call(tasks, *OPTIONS).wait() == 0
        lines = lines_of(fleet.results)
        rows = assert_clean(fleet, ["payee"])
        spent, _ = counted(rows)
        assert sorted(line["position"] for line in lines) == list(range(1, 41))
        assert {(line["status"], line["reason"]) for line in lines} == {("settled", None), ("cancelled", "budget")}
        assert sum(round(float(line["price"]) * 1e6) for line in lines if line["price"]) == spent[""]
        assert 1_000_000 - RESERVE < spent[""] <= 1_000_000
        assert "decided by policy" in fleet.processes("call").err
        assert run(["audit", str(fleet.ledger), "--journal", str(fleet.journal("payee"))]) == 0
        assert_replays([fleet.ledger, fleet.journal("payee")])


def test_it_asks_and_goes_on_as_it_is_told(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        tasks = start(fleet, 40)
        first = fleet.call(tasks, *OPTIONS, "--at-limit", "ask")
        first.says("the limit of the market is reached; answer with: contractnet decide")
        first.kill9()  # what is pending stays pending
        second = fleet.call(tasks, *OPTIONS, "--at-limit", "ask")
        second.says("answer with: contractnet decide")
        shown = fleet.run("decide", "decide", str(fleet.ledger))
        assert shown.wait() == 0
        assert "q1" in shown.out
        assert "limit of the market" in shown.out
        for words in (("q1", "grant", "1.00"), ("q2", "stop", "--why", "enough")):
            fleet.awaits("Pending", count=int(words[0][1]))
            answer = fleet.run("decide", "decide", str(fleet.ledger), *words, "--by", "kim")
            assert answer.wait() == 0, answer.err
            assert f"{words[0]}: {words[1]}, taken" in answer.out
        assert second.wait() == 0
        rows = assert_clean(fleet, ["payee"])
        spent, _ = counted(rows)
        assert 2_000_000 - RESERVE < spent[""] <= 2_000_000
        assert [(row.body["choice"], row.body["by"]) for row in rows if row.type == "Answered"] == [
            ("grant", "kim"),
            ("stop", "kim"),
        ]
        assert "grant 1, decided by kim" in second.err
        assert "stop, decided by kim (enough)" in second.err
        assert not (tmp_path / "manager.db.answers").exists()
        assert_replays([fleet.ledger])


def test_children_keep_to_their_own_and_give_the_rest_back(tmp_path: Path, amqp_url: str) -> None:
    with Fleet(tmp_path, amqp_url) as fleet:
        tasks = start(fleet, 30, ("team-a", "team-b"))
        options = (*OPTIONS, "--account", "team-a=0.40", "--account", "team-b=0.60")
        first = fleet.call(tasks, *options)
        fleet.awaits("Ended", count=4)
        first.kill9()
        second = fleet.call(tasks, *options)
        assert second.wait() == 0
        rows = assert_clean(fleet, ["payee"])
        spent, _ = counted(rows)
        assert 400_000 - RESERVE < spent["team-a"] <= 400_000
        assert 600_000 - RESERVE < spent["team-b"] <= 600_000
        closed = {row.body["account"]: row.body["released"] for row in rows if row.type == "AccountClosed"}
        assert closed == {"team-a": 400_000 - spent["team-a"], "team-b": 600_000 - spent["team-b"]}
        assert "account team-a (closed)" in second.err
        assert run(["audit", str(fleet.ledger)]) == 0
        until("the answers' folder is not there", lambda: not (tmp_path / "manager.db.answers").exists())
        assert_replays([fleet.ledger])
