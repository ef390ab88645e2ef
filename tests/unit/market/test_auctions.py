"""Award rules and direct awards in an embedded market, over the real contractor; each ledger replays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contractnet import Award, Call, Market, Proposal, Task, bidder
from contractnet.bidders.decorator import FunctionAgent
from contractnet.ledger.urls import open_reader
from contractnet.manager.records import Directed
from contractnet.manager.replay import replay

SKILL = "text.summarise"


def agent(name: str, *prices: str) -> FunctionAgent:
    """Asks these prices, tender by tender; the last one from then on."""
    left = list(prices)

    @bidder(skill=SKILL, name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal(price=left.pop(0) if len(left) > 1 else left[0], eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"paid": award.price}

    return bid


def replayed(ledger: Path) -> list[Any]:
    reader = open_reader(str(ledger))
    try:
        entries = list(reader.entries())
    finally:
        reader.close()
    replay("m", entries)
    return [entry for entry in entries if entry.type == Directed.__name__]


async def test_the_winner_of_a_second_price_auction_hears_what_it_is_paid(tmp_path: Path) -> None:
    agents = [agent("a", "0.01"), agent("b", "0.03")]
    async with Market.open("memory://", agents=agents, ledger=f"sqlite:///{tmp_path}/m.db", name="m") as market:
        contract = await market.tender(Task("x", skill=SKILL), reserve="0.05", rule="second-price")
        assert await contract.result() == {"paid": 30_000}
        assert (contract.winner, contract.price) == ("a", "0.03")
    replayed(tmp_path / "m.db")


async def test_a_known_contractor_is_asked_alone_and_where_it_wants_more_all_are(tmp_path: Path) -> None:
    agents = [agent("a", "0.02", "0.02", "0.04"), agent("b", "0.021"), agent("c", "0.022")]
    winners = []
    async with Market.open("memory://", agents=agents, ledger=f"sqlite:///{tmp_path}/m.db", name="m") as market:
        for _ in range(3):
            contract = await market.tender(
                Task("x", skill=SKILL), reserve="0.05", direct=True, bid_cost="0.01", reply_within=1
            )
            await contract.result()
            winners.append((contract.winner, contract.price))
    assert winners == [("a", "0.02"), ("a", "0.02"), ("b", "0.021")]
    assert len(replayed(tmp_path / "m.db")) == 2
