"""A manager bargains between two rounds and by itself, with real daemons: killed, cut off, cancelled, in virtual time.

Over a transport that loses, doubles and reorders; the manager dies at each of its commits; each tender has one end, at
the agreed price, and every ledger replays to the live state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from contractnet.bargaining.player import Asking, Owed, Refusal
from contractnet.bargaining.records import BargainEnded, BargainMediated, BargainOpened, Plan, Timers, TurnTaken
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Strategist
from contractnet.contractor.ports import Agent, Call, Proposal
from contractnet.ledger.records import Returned
from contractnet.manager.conditions import BargainTerms
from contractnet.manager.records import Awarded, Bargained, CancelAsked
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.messages.bargaining import BargainRequestContent, IssueContent
from contractnet.messages.values import show_amount
from contractnet.transport.faults import Faults
from tests.support.town import Town

pytestmark = pytest.mark.looptime

TERMS = BargainTerms(best=2, turns=6, within_ms=10_000, strategy="linear")
FAULTS = [None] + [
    Faults(seed, lose=60_000, unsure=60_000, double=100_000, delay_ms=400, reorder=100_000) for seed in range(3)
]


class Selling(Strategist):
    """Sells, never under its cost; words take a while, so that there are instants to die in."""

    def __init__(self, cost: int, turn_s: float = 0.5) -> None:
        super().__init__(self._plan, "template")
        self._cost, self._turn_s = cost, turn_s

    def _plan(self, asked: Asking) -> Plan | Refusal:
        return Plan(strategy="linear", mandate=Mandate(preferences=PricePreferences(side="seller", limit=self._cost)))

    async def word(self, owed: Owed) -> str:
        await asyncio.sleep(self._turn_s)
        return await super().word(owed)


def asks(price: int) -> Callable[[Call], Proposal]:
    """A bidder that asks this, micros, until it has agreed to less."""

    def answer(call: Call) -> Proposal:
        return Proposal(price=show_amount(price if call.agreed is None else call.agreed), eta=5, confidence=0.9)

    return answer


def seller(town: Town, name: str, price: int, cost: int, turn_s: float = 0.5) -> Agent:
    return replace(town.agent(name, answers=asks(price)), bargain=Selling(cost, turn_s))


def house(town: Town, turn_s: float = 0.5) -> None:
    """Two who bargain, and a third who is dearer."""
    town.host("d1", seller(town, "a", 45_000, 20_000, turn_s), seller(town, "b", 60_000, 20_000, turn_s))
    town.host("c", town.agent("c", answers=asks(70_000)))


def of(town: Town, kind: type[Any]) -> list[Any]:
    return [msgspec.json.decode(one.body, type=kind) for one in town.ledger.entries() if one.type == kind.__name__]


def settled_as_agreed(town: Town, ends: list[Any], count: int) -> None:
    """Each tender was awarded once, at what was agreed with its winner."""
    assert len(ends) == count
    agreed = [one.agreed for one in of(town, Bargained)]
    assert len(agreed) == count
    for ended in ends:
        assert ended.status == "settled"
        assert ended.price in {one[ended.winner].price for one in agreed if ended.winner in one}
        assert ended.price < 45_000
    assert len(of(town, Awarded)) == count
    assert len(of(town, BargainOpened)) == 2 * count


@pytest.mark.parametrize("faults", FAULTS, ids=lambda one: "calm" if one is None else f"seed{one.seed}")
async def test_the_best_two_are_bargained_with_and_the_award_is_at_the_agreed_price(faults: Faults | None) -> None:
    async with Town(faults) as town:
        house(town)
        town.start()
        await town.tenders(3, max_rounds=2, bargain=TERMS)
        settled_as_agreed(town, await town.ends(), 3)
        await town.quiet()
        town.check()


async def _commits() -> int:
    async with Town() as town:
        house(town)
        town.start()
        await town.tender(max_rounds=2, bargain=TERMS)
        settled_as_agreed(town, await town.ends(), 1)
        await town.quiet()
        return town.ledger.commits


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
async def test_a_manager_dies_at_every_commit_of_a_tender_with_bargaining(recorded: bool) -> None:
    """It starts again on its ledger, takes the turn that it owes, and there is one award at the agreed price."""
    deaths = 0
    for dies_at in range(2, await _commits() + 1):
        async with Town() as town:
            house(town)
            town.start()
            town.ledger.dies_at, town.ledger.recorded = town.ledger.commits + dies_at, recorded
            opening = asyncio.create_task(town.tender(max_rounds=2, bargain=TERMS))
            died = asyncio.create_task(town.ledger.died.wait())
            await asyncio.wait([died], timeout=600)
            opening.cancel()
            await asyncio.wait([opening])
            if not died.done():
                died.cancel()
                continue
            deaths += 1
            await town.kill()
            town.start()
            if not town.manager.book.tenders:
                await town.tender(max_rounds=2, bargain=TERMS)
            ends = await town.ends()
            await town.quiet()
            town.check()
            assert len(ends) == 1
            assert ends[0].status == "settled", dies_at
            assert len(of(town, Awarded)) == 1
            if ends[0].price is not None and of(town, Bargained)[0].agreed:
                settled_as_agreed(town, ends, 1)
    assert deaths >= 15


async def test_cut_off_in_the_middle_it_goes_on_when_the_broker_is_back() -> None:
    async with Town() as town:
        house(town, turn_s=5)
        town.start()
        await town.tender(max_rounds=2, bargain=TERMS)
        while not of(town, BargainOpened):
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        town.hub.down()
        await asyncio.sleep(3)
        town.hub.restore()
        settled_as_agreed(town, await town.ends(), 1)
        await town.quiet()
        town.check()


async def test_an_agent_that_is_gone_is_not_waited_for() -> None:
    async with Town() as town:
        town.host("a", seller(town, "a", 45_000, 20_000, turn_s=8))
        town.host("b", seller(town, "b", 40_000, 20_000, turn_s=8))
        town.start()
        await town.tender(max_rounds=2, bargain=msgspec.structs.replace(TERMS, turns=40))
        while not of(town, BargainOpened):
            await asyncio.sleep(0.1)
        await asyncio.sleep(12)
        await town.kill("a")
        ends = await town.ends()
        assert [(one.status, one.winner) for one in ends] == [("settled", "b")]
        assert {one.state for one in of(town, BargainEnded)} >= {"CANCELLED", "AGREED"}


async def test_cancelled_while_it_bargains_there_is_one_end_and_both_sides_know() -> None:
    async with Town() as town:
        house(town, turn_s=5)
        town.start()
        tender = await town.tender(max_rounds=2, bargain=TERMS)
        while not of(town, BargainOpened):
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        (ended,) = await town.ends()
        assert ended.status == "cancelled"
        await town.quiet()
        town.check()
        assert all(side.machine.finished for side in town.daemons["d1"].diary.bargains.values())
        assert {one.state for one in of(town, BargainEnded)} == {"CANCELLED"}


async def test_nobody_is_paid_over_the_reserve_or_over_what_was_agreed() -> None:
    """Agents who agreed, and then ask more: a bad bid, twice, and no award to them."""

    def greedy(call: Call) -> Proposal:
        return Proposal(price="0.045" if call.agreed is None else show_amount(call.agreed + 1), eta=5, confidence=0.9)

    async with Town() as town:
        town.host("a", replace(town.agent("a", answers=greedy), bargain=Selling(20_000)))
        town.host("b", town.agent("b", answers=asks(48_000)))
        town.start()
        await town.tender(max_rounds=2, bargain=TERMS)
        (ended,) = await town.ends()
        assert (ended.winner, ended.price) == ("b", 48_000)
        await town.quiet()
        town.check()


def own(turns: int = 6) -> BargainOpened:
    """A bargaining of the manager's own, with `a`."""
    issue = IssueContent(name="price", low=0, high=90_000, tick=10, unit="USD")
    request = BargainRequestContent(
        subject="a report",
        issues=(issue,),
        turns=turns,
        reply_within_ms=20_000,
        turn_within_ms=20_000,
        buyer="initiator",
    )
    mine = Plan(strategy="linear", mandate=Mandate(preferences=PricePreferences(side="buyer", limit=50_000)))
    return BargainOpened(peer="a", request=request, plan=mine, timers=Timers(), seed="5eed" * 8)


async def _over(town: Town) -> None:
    async with asyncio.timeout(3_600):
        while not all(one.machine.finished for one in town.manager.book.bargains.values()):
            await asyncio.sleep(1)
    await town.quiet()


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
async def test_a_manager_dies_at_every_commit_of_a_bargaining_of_its_own(recorded: bool) -> None:
    deaths = 0
    for dies_at in range(2, 40):
        async with Town() as town:
            town.host("a", seller(town, "a", 45_000, 20_000))
            town.start()
            town.ledger.dies_at, town.ledger.recorded = town.ledger.commits + dies_at, recorded
            opening = asyncio.create_task(town.manager.bargain("t.b", own()))
            died = asyncio.create_task(town.ledger.died.wait())
            await asyncio.wait([died], timeout=300)
            opening.cancel()
            await asyncio.wait([opening])
            if not died.done():
                died.cancel()
                break
            deaths += 1
            await town.kill()
            town.start()
            if not town.manager.book.bargains:
                await town.manager.bargain("t.b", own())
            await _over(town)
            town.check()
            (mine,) = town.manager.book.bargains.values()
            (theirs,) = town.daemons["a"].diary.bargains.values()
            assert (mine.machine.state, theirs.machine.state) == ("AGREED", "AGREED"), dies_at
            assert mine.taken is not None
            assert theirs.taken is not None
            assert mine.taken.terms == theirs.taken.terms
            assert 20_000 <= mine.taken.terms[0] <= 50_000
    assert deaths >= 8


async def test_an_agent_that_is_nowhere_is_not_waited_for() -> None:
    async with Town() as town:
        town.start()
        begun = asyncio.get_running_loop().time()
        bargain = await town.manager.bargain("t.b", own())
        await town.manager.bargained(bargain)
        assert bargain.machine.state == "DECLINED"
        assert asyncio.get_running_loop().time() - begun < 1
        town.check()


async def test_a_mediator_that_is_nowhere_is_not_waited_for() -> None:
    async with Town() as town:
        town.host("a", seller(town, "a", 45_000, 70_000))
        town.start()
        opened = own()
        request = msgspec.structs.replace(opened.request, mediator="nobody")
        bargain = await town.manager.bargain("t.b", msgspec.structs.replace(opened, request=request))
        await _over(town)
        assert bargain.appeal is not None
        assert bargain.appeal.machine.finished
        assert [one.why for one in of(town, BargainMediated)] == ["the request reached nobody"]
        assert len(of(town, Returned)) == 1


async def test_a_manager_that_leaves_without_a_word_on_what_it_accepted_hears_it_when_it_is_back() -> None:
    """Its queue stays, and so the late word settles it on both sides (B27)."""
    async with Town() as town:
        town.host("a", seller(town, "a", 45_000, 20_000))
        town.start()
        opened = own(turns=7)
        opened = msgspec.structs.replace(opened, plan=msgspec.structs.replace(opened.plan, strategy="boulware"))
        bargain = await town.manager.bargain("t.b", opened, Selling(0, turn_s=1))
        while not accepts(bargain):
            assert not bargain.machine.finished
            await asyncio.sleep(0.1)
        await town.kill("a")
        await town.manager.bargained(bargain)
        assert bargain.machine.state == "UNKNOWN"
        await town.manager.leave()
        assert not town.manager._link.retired  # type: ignore[attr-defined]  # of memory
        await town.kill()
        town.host("a")
        await asyncio.sleep(60)
        town.start()
        await asyncio.sleep(20)
        (theirs,) = town.daemons["a"].diary.bargains.values()
        assert (town.manager.book.bargains["t.b"].machine.state, theirs.machine.state) == ("AGREED", "AGREED")
        town.check()


def accepts(bargain: Bargain) -> bool:
    """Whether the turn that is being played is an acceptance."""
    if not bargain.machine.has("ours"):
        return False
    return bargain.decision(TurnTaken(turn=bargain.turn), 0).said.act == "accept"
