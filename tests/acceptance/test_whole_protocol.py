"""Rounds, slots and a mediator between processes over a real broker; and what was written replays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.acceptance.test_settle import expected
from tests.support.audit import Row
from tests.support.fleet import Fleet, assert_clean, assert_replays, lines_of, until, write_tasks


def said(rows: list[Row], performative: str) -> list[Row]:
    return [row for row in rows if row.type == "Said" and row.says(performative)]


def awards(rows: list[Row]) -> dict[str, str]:
    """Agent at work -> its conversation."""
    return {row.body["participant"]: row.conversation for row in rows if row.type == "Awarded"}


def test_several_winners_and_one_of_them_killed_for_good(tmp_path: Path, amqp_url: str) -> None:
    """Two slots, three agents: a winner dies at work, the runner-up takes its slot, both results are paid for."""
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.slots"], pause=1.0)
    agents = ("first_slots", "second_slots", "third_slots")
    with Fleet(tmp_path, amqp_url) as fleet:
        for agent in agents:
            fleet.worker(agent)
        terms = ("--slots", "2", "--reserve", "0.05", "--lease", "2")
        call = fleet.call(tasks, *terms, "--require-settled")
        fleet.awaits("Began", fleet.journal("first_slots"))
        fleet.workers["first_slots"].kill9()
        assert call.wait(60) == 0, call.err
        fleet.worker("first_slots")
        (line,) = lines_of(fleet.results)
        (task,) = lines_of(tasks)
        assert (line["status"], line["price"]) == ("settled", "0.005")
        assert [one["slot"] for one in line["slots"]] == [1, 2]
        assert {one["winner"] for one in line["slots"]} == {"second_slots", "third_slots"}
        assert all(one["result"] == expected("case.slots", task["input"]) for one in line["slots"])
        assert line["truth"]["first_slots"] in ("unanswered", "undone")
        rows = assert_clean(fleet, agents)
        epochs = [(row.body["slot"], row.body["epoch"]) for row in rows if row.type == "Awarded"]
        assert sorted(epochs) == [(1, 1), (1, 2), (2, 1)]
        assert_replays([fleet.ledger, *map(fleet.journal, agents)])


def test_prices_fall_from_round_to_round(tmp_path: Path, amqp_url: str) -> None:
    """A cost model comes down to its cost, a function answers what it is told; nobody hears of the other."""
    (tmp_path / "thrifty.toml").write_text(
        'id = "thrifty"\nskills = ["case.rounds"]\n'
        '[cost]\nper_1k_tokens = "1"\nmargin_pct = 100\neta_s = 1\n[perform]\ncommand = ["cat"]\n'
    )
    (tmp_path / "haggler.py").write_text(HAGGLER)
    tasks = tmp_path / "tasks.jsonl"
    given = {"text": "x" * 400}
    tasks.write_text(json.dumps({"task": "t", "skill": "case.rounds", "input": given}) + "\n")
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.run("thrifty", "worker", "thrifty.toml", "--broker", amqp_url).says("connected")
        fleet.run("haggler", "worker", "haggler:haggler", "--broker", amqp_url).says("connected")
        call = fleet.call(tasks, "--reserve", "0.11", "--max-rounds", "3", "--feedback", "rank", "--require-settled")
        assert call.wait(60) == 0, call.err
        rows = assert_clean(fleet, ("thrifty", "haggler"))
        decided = [row.body for row in rows if row.type == "Decided"]
        assert [one.get("course", "award") for one in decided] == ["iterate", "iterate", "award"]
        prices = [{bid["participant"]: bid["price"] for bid in one["bids"]} for one in decided]
        assert prices[0]["thrifty"] > prices[1]["thrifty"] > prices[2]["thrifty"] > 100_000
        assert [price["haggler"] for price in prices] == [900_000, 899_998, 899_997]  # its rank, told back
        (line,) = lines_of(fleet.results)
        assert line["winner"] == "thrifty"
        cfps = [row.content for row in said(rows, "cfp") if row.content["round"] > 1]
        assert [one["feedback"] for one in cfps] == 2 * [
            {"rank": 1, "reason": "over-reserve"},
            {"rank": 2, "reason": "over-reserve"},
        ]
        assert_replays([fleet.ledger, fleet.journal("thrifty"), fleet.journal("haggler")])


#: asks less by what it hears of its rank
HAGGLER = """
from contractnet import bidder, Proposal

@bidder(skill="case.rounds")
def haggler(call):
    return Proposal("0.9" if call.round == 1 else f"0.89999{10 - call.round - call.feedback.rank + 2}", eta=1)

@haggler.perform
def work(award):
    return {}
"""


def test_a_mediator_that_is_killed_while_it_thinks(tmp_path: Path, amqp_url: str) -> None:
    """Its daemon comes back, and the deadlock ends with the offer that it chose."""
    (tmp_path / "slow.py").write_text(SLOW)
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.dispute"])
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker("first_dispute")
        fleet.worker("second_dispute")
        first = fleet.run("judge", "worker", "slow:judge", "--broker", amqp_url)
        first.says("connected")
        terms = ("--reserve", "0.0005", "--max-rounds", "1", "--mediator", "judge")
        limits = ("--mediation-limit", "0.002", "--mediate-within", "30")
        call = fleet.call(tasks, *terms, *limits, "--require-settled")
        fleet.awaits("Took", fleet.journal("judge"))
        first.kill9()
        fleet.run("judge", "worker", "slow:judge", "--broker", amqp_url)
        assert call.wait(60) == 0, call.err
        rows = assert_clean(fleet, ("first_dispute", "second_dispute", "judge"))
        (mediated,) = [row.body for row in rows if row.type == "Mediated"]
        (request,) = said(rows, "request")
        assert request.message["parent"] == awards(rows)["second_dispute"]
        assert mediated["offer"] == request.content["offers"][1]["offer"]
        (line,) = lines_of(fleet.results)
        assert (line["winner"], line["price"]) == ("second_dispute", "0.002")
        assert_replays([fleet.ledger, *map(fleet.journal, ("first_dispute", "second_dispute", "judge"))])


#: thinks, and takes the second offer
SLOW = """
import asyncio
from contractnet import mediator, Choice

@mediator
async def judge(dispute):
    await asyncio.sleep(1)
    return Choice("offer", dispute.possible[1].offer)
"""


def test_a_mediator_that_nobody_hosts_is_no_award(tmp_path: Path, amqp_url: str) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", 1, ["case.alone"])
    with Fleet(tmp_path, amqp_url) as fleet:
        fleet.worker("first_alone")
        call = fleet.call(tasks, "--reserve", "0.0005", "--max-rounds", "1", "--mediator", "nobody")
        assert call.wait(60) == 0, call.err
        (line,) = lines_of(fleet.results)
        assert (line["status"], line["reason"]) == ("no-award", "over-reserve")

        def returned() -> list[Any]:
            return [row for row in fleet.rows() if row.type == "Returned" and row.conversation.endswith(".m")]

        until("the request came back", returned)
        assert_clean(fleet, ["first_alone"])
        assert_replays([fleet.ledger])
