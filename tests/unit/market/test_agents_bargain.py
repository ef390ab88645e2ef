"""Agents that open bargainings themselves: for their market's caller, and in the middle of their work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contractnet.bargaining.player import Asking, Move, Owed, OwnTurn, Refusal
from contractnet.bargaining.result import BargainResult
from contractnet.bargaining.strategist import Strategist, unsupported
from contractnet.bidders.bargainer import seller
from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Agent, Award, Call, Hostable, Proposal
from contractnet.contractor.replay import replay
from contractnet.errors import DefinitionError
from contractnet.ledger.urls import open_reader
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.mediators.scripted import arbiter

SKILL = "text.summarise"
BUYS: dict[str, Any] = {"side": "buyer", "limit": "0.05", "high": "0.09"}


def agent(name: str, **given: Any) -> Agent:
    """One that sells at a cost of 0.02."""

    @bidder(skill=f"skill.{name}", name=name, bargain=seller("0.02", **given))
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.045", eta=5)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"by": name}

    return bid.agent()


def buyer(results: list[BargainResult], **options: Any) -> Agent:
    """One whose work is done by bargaining with ada."""

    @bidder(skill=SKILL, name="bob")
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.05", eta=5)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        both = [award.bargain("ada", "raw material", **{**BUYS, **options}) for _ in range(2)]
        results.extend(await asyncio.gather(*both))  # the second finds the first
        return {"paid": results[-1].price}

    return bid.agent()


async def test_an_agent_opens_one_with_another(tmp_path: Path) -> None:
    journal = str(tmp_path / "agents.db")
    agents = (agent("ada"), agent("eve"))
    async with Market.open("memory://", agents=agents, ledger="memory://", journal=journal) as market:
        result = await market.bargain("ada", "a report", by="eve", key="first", **BUYS)
        again = await market.bargain("ada", "a report", by="eve", key="first", **BUYS)
    assert (result.status, result.agent, again) == ("agreed", "ada", result)
    assert result.price is not None
    assert 0.02 <= float(result.price) <= 0.05
    assert {act.by for act in result.acts} == {"ada", "eve"}
    assert {side.agent: side.machine.state for side in _sides(journal)} == {"ada": "AGREED", "eve": "AGREED"}
    async with Market.open("memory://", agents=agents, ledger="memory://", journal=journal) as market:
        assert await market.bargain("ada", "a report", by="eve", key="first", **BUYS) == result
        assert await market.bargain("ada", "a report", by="eve", key="first") == result
        with pytest.raises(DefinitionError, match="another bargaining"):
            await market.bargain("ada", "a lamp", by="eve", key="first", **BUYS)
        with pytest.raises(DefinitionError, match="goes by other terms"):
            await market.bargain("ada", "a report", by="eve", key="first", **{**BUYS, "limit": "0.01"})


def _sides(journal: str) -> list[Any]:
    reader = open_reader(journal)
    try:
        entries = list(reader.entries())
        return list(replay(entries[0].agent, entries).bargains.values())
    finally:
        reader.close()


async def test_work_buys_from_another_agent_once() -> None:
    results: list[BargainResult] = []
    async with Market.open("memory://", agents=[agent("ada"), buyer(results)], ledger="memory://") as market:
        contract = await market.tender(Task("a summary", SKILL), reserve="0.10")
        assert await contract.result() == {"paid": results[0].price}
    assert results[0].agreed
    assert results[0] == results[1]


async def test_nobody_of_that_name_is_not_waited_for() -> None:
    async with Market.open("memory://", agents=[agent("eve")], ledger="memory://") as market:
        result = await asyncio.wait_for(market.bargain("nobody", "a report", by="eve", within=60, **BUYS), 5)
    assert (result.status, result.turns) == ("declined", 0)


@pytest.mark.parametrize(
    ("by", "agent_id", "given", "named"),
    [
        ("nobody", "ada", {}, "by: 'nobody'"),
        ("eve", "eve", {}, "cannot bargain with itself"),
        ("eve", "not an id", {}, "agent"),
        ("eve", "ada", {"limit": 0.05}, "limit"),
        ("eve", "ada", {"key": "no key"}, "key"),
        ("eve", "ada", {"sale": 5}, "sale: bargain"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_said(
    by: str, agent_id: str, given: dict[str, Any], named: str
) -> None:
    async with Market.open("memory://", agents=[agent("ada"), agent("eve")], ledger="memory://") as market:
        with pytest.raises(DefinitionError, match=named):
            await market.bargain(agent_id, "a report", by=by, **{**BUYS, **given})


async def test_a_cancelled_wait_calls_it_off(tmp_path: Path) -> None:
    class Slow(Strategist):
        async def word(self, owed: object) -> str:
            await asyncio.sleep(60)
            return ""

    journal = str(tmp_path / "agents.db")
    slow = replace(agent("eve"), bargain=Slow())
    async with Market.open("memory://", agents=[agent("ada"), slow], ledger="memory://", journal=journal) as market:
        wait = asyncio.create_task(market.bargain("ada", "a report", by="eve", within=60, **BUYS))
        contractor = market._host_of("eve")
        async with asyncio.timeout(30):
            while not any(side.machine.has("ours") for side in contractor.diary.bargains.values()):
                await asyncio.sleep(0.01)
            wait.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wait
            while not all(side.machine.finished for side in contractor.diary.bargains.values()):
                await asyncio.sleep(0.01)
    assert [side.machine.state for side in _sides(journal)] == ["CANCELLED", "CANCELLED"]


async def test_words_are_the_openers_own_and_nobody_elses() -> None:
    async def mine(owed: Owed) -> str:
        await asyncio.sleep(0.05)
        return "mine"

    async def other(owed: Owed) -> str:
        return "other"

    async with Market.open("memory://", agents=[agent("ada"), agent("eve")], ledger="memory://") as market:
        running = asyncio.create_task(market.bargain("ada", "x", by="eve", key="k", words=mine, **BUYS))
        await asyncio.sleep(0)
        with pytest.raises(DefinitionError, match="another bargaining"):
            await market.bargain("ada", "y", by="eve", key="k", words=other, **BUYS)
        result = await running
    said = {act.text for act in result.acts if act.by == "eve"}
    assert "mine" in said
    assert "other" not in said


class Proposer:
    """Moves numbers of its own."""

    async def consider(self, asked: Asking) -> Refusal:
        return unsupported(asked)

    async def propose(self, own: OwnTurn) -> Move:
        return Move("offer", (50_000,))


async def test_what_an_agent_opens_goes_by_the_strategy_that_is_named() -> None:
    """A player of its own that moves numbers answers requests, and moves none of these."""
    terms: list[Any] = []
    for eve in (agent("eve"), replace(agent("eve"), bargain=Proposer())):
        async with Market.open("memory://", agents=[agent("ada"), eve], ledger="memory://") as market:
            result = await market.bargain("ada", "x", by="eve", opening="0.01", **BUYS)
            terms.append([act.terms for act in result.acts])
    assert terms[0] == terms[1]


async def test_keys_of_an_award_are_its_own() -> None:
    found: list[Any] = []

    @bidder(skill=SKILL, name="bob")
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.05", eta=5)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        first = await award.bargain("ada", "ink", key="k", **BUYS)
        other = await award.bargain("ada", "k", **BUYS)
        found.append(first.conversation_id == other.conversation_id)
        with pytest.raises(DefinitionError, match="ada about this subject: bob holds a bargaining under it"):
            await award.bargain("ada", "k", **{**BUYS, "limit": "0.01"})
        for peer, subject, key in (
            ("eve", "ink", "k"),
            ("ada", "lamp", "k"),
            ("ada", "ink", "no key"),
            ("ada", "ink", 7),
        ):
            try:
                await award.bargain(peer, subject, key=key, **BUYS)  # type: ignore[arg-type]  # one is no text
            except DefinitionError as error:
                found.append(str(error).partition(":")[0])
        return {}

    agents = [agent("ada"), agent("eve"), bid.agent()]
    async with Market.open("memory://", agents=agents, ledger="memory://") as market:
        for _ in range(2):  # the next award knows nothing of them
            assert await (await market.tender(Task("a", SKILL), reserve="0.10")).result() == {}
    assert found == [False, "key 'k'", "key 'k'", "key", "key"] * 2


async def test_both_sides_turn_to_a_mediator() -> None:
    agents: list[Agent | Hostable] = [agent("ada", mediators=["arbiter"]), agent("eve"), arbiter]
    async with Market.open("memory://", agents=agents, ledger="memory://") as market:
        terms = {**BUYS, "turns": 1, "mediator": "arbiter", "ladder": ["sealed-reservations"], "strategy": "boulware"}
        result = await market.bargain("ada", "a report", by="eve", **terms)
    assert (result.status, result.rung) == ("agreed", "sealed-reservations")
