"""What a full agent costs, and which offers it takes back for room (D2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from contractnet.bidders.decorator import bidder
from contractnet.contractor import bidding
from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.contractor.records import Declined
from tests.support.town import SKILL, Town

pytestmark = pytest.mark.looptime


def count(town: Town, kind: type, daemon: str) -> int:
    return sum(entry.type == kind.__name__ for entry in town.journals[daemon].entries())


async def test_many_calls_at_a_full_agent_are_counted_in_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scan goes over all conversations: their number must not grow with that of the calls."""
    scans: Counter[str] = Counter()

    def counted(name: str) -> None:
        real: Callable[..., Any] = getattr(bidding, name)

        def scan(*given: Any) -> Any:
            scans[name] += 1
            return real(*given)

        monkeypatch.setattr(bidding, name, scan)

    async with Town() as town:
        town.host("a", town.agent("a", capacity=1, work_s=2_000))
        town.start()
        await town.tender(999, work_within_ms=4_000_000)
        await asyncio.sleep(30)
        counted("taken")
        counted("withdrawable")
        await town.tenders(100)
        await asyncio.sleep(3)
        refused = count(town, Declined, "a")
        assert refused >= 40
        assert scans["taken"] <= refused
        assert scans["withdrawable"] <= refused


async def test_a_later_round_of_an_offer_that_stands_is_not_held_up_by_calls_without_a_place() -> None:
    """They come all the time, and each is to be answered sooner: the agent that has its place bids in its round."""

    def answers(call: Call) -> Proposal:
        return Proposal(price="0.09" if call.round == 1 else "0.04", eta=5)

    @bidder(skill=SKILL, name="b", capacity=100)
    async def slow(call: Call) -> Proposal:
        await asyncio.sleep(2)
        return Proposal(price="0.20", eta=5)

    @slow.perform
    async def work(award: Award) -> dict[str, Any]:
        return {}

    async with Town() as town:
        town.start()
        town.host("a", town.agent("a", capacity=1, answers=answers))
        town.host("b", slow.agent())
        await asyncio.sleep(6)
        tender = await town.tender(0, max_rounds=2, reply_within_ms=60_000)
        for number in range(1, 20):
            await town.tender(number, max_rounds=1, reply_within_ms=20_000)
            await asyncio.sleep(0.3)
        await town.ends()
        first = tender.calls[0].decided
        assert first is not None
        assert (first.round, first.winner) == (2, "a")
