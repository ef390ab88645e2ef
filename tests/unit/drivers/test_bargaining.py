"""A daemon's agent bargains with who asks it, over the memory transport: killed, cut off, stopped, and told twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from contractnet.bargaining.player import AnyPlayer, Asking, Owed, Refusal
from contractnet.bargaining.records import BargainEnded, Plan
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Strategist
from contractnet.bidders.bargainer import WordingModel
from contractnet.bidders.stance import Stance
from contractnet.contractor.ports import Agent, Call, Proposal
from contractnet.contractor.ports import Refusal as NoBid
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Model
from contractnet.messages import acts as a
from contractnet.messages.bargaining import BargainRefuse
from contractnet.messages.codec import encode
from contractnet.messages.values import show_amount
from contractnet.transport.port import Lane
from tests.support.chat import ScriptedChat, ok
from tests.support.haggler import Haggler, plan
from tests.support.side import Side
from tests.support.town import Town

pytestmark = pytest.mark.looptime

LEAST = 40_000_000


def sells(asked: Asking) -> Plan | Refusal:
    return plan("seller", LEAST)


class Slow(Strategist):
    """Words come after a while, so that there are instants to die in."""

    def __init__(self, turn_s: float, answer_s: float = 0.0) -> None:
        super().__init__(sells, "template")
        self.turn_s = turn_s
        self.answer_s = answer_s

    async def consider(self, asked: Asking) -> Plan | Refusal:
        await asyncio.sleep(self.answer_s)
        return await super().consider(asked)

    async def word(self, owed: Owed) -> str:
        await asyncio.sleep(self.turn_s)
        return await super().word(owed)


def seller(town: Town, player: AnyPlayer | None = None, **given: Any) -> Agent:
    return replace(town.agent("a", **given), bargain=player or Strategist(sells))


def theirs(town: Town, conversation: str = "b1") -> Bargain:
    return town.daemons["a"].diary.bargains["a", conversation]


def check(town: Town) -> None:
    """The journal replays to what the daemon holds: a start does it, and compares every entry."""
    journal = town.journals["a"]
    journal.check()
    assert sum(entry.type == BargainEnded.__name__ for entry in journal.entries()) <= 2  # UNKNOWN may be followed


async def settled(town: Town, haggler: Haggler, conversation: str = "b1") -> str:
    """The state of both, when nothing is on its way; the same one, and the same terms."""
    state = await haggler.until(conversation)
    await asyncio.sleep(60)
    mine, other = haggler.sides[conversation], theirs(town, conversation)
    assert other.machine.state == mine.machine.state == state
    if state == "AGREED":
        assert mine.taken is not None
        assert other.taken is not None
        assert mine.taken.terms == other.taken.terms
        assert LEAST <= mine.taken.terms[0] <= 60_000_000
    return state


async def test_an_agent_bargains_and_one_without_a_player_declines() -> None:
    async with Town() as town:
        town.host("a", seller(town))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            assert await settled(town, haggler) == "AGREED"
        check(town)
        await town.kill("a")
        town.host("a", town.agent("a"))
        async with Haggler(town.hub) as haggler:
            haggler.open("b2")
            assert await settled(town, haggler, "b2") == "DECLINED"
            (refusal,) = [one for one in haggler.heard if isinstance(one, BargainRefuse)]
            assert refusal.content.reason.value == "unsupported"


async def _commits(limit: int, end: str) -> int:
    async with Town() as town:
        town.host("a", seller(town, Slow(1.0)))
        async with Haggler(town.hub) as haggler:
            haggler.open(mine=plan("buyer", limit))
            assert await settled(town, haggler) == end
        return town.journals["a"].commits


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
@pytest.mark.parametrize(("limit", "end"), [(60_000_000, "AGREED"), (30_000_000, "ENDED")])
async def test_a_daemon_dies_at_every_commit_of_a_bargaining(limit: int, end: str, recorded: bool) -> None:
    """It starts again on its journal, takes the turn that it owes, and both come to the same one end."""
    deaths = 0
    for dies_at in range(2, await _commits(limit, end) + 1):
        async with Town() as town:
            town.host("a", seller(town, Slow(1.0)))
            await asyncio.sleep(0.5)
            journal = town.journals["a"]
            if dies_at <= journal.commits:
                continue
            journal.dies_at, journal.recorded = dies_at, recorded
            async with Haggler(town.hub) as haggler:
                haggler.open(mine=plan("buyer", limit))
                async with asyncio.timeout(600):
                    await journal.died.wait()
                await town.kill("a")
                await asyncio.sleep(2)
                town.host("a")
                assert await settled(town, haggler) == end, f"died at commit {dies_at}"
            check(town)
            deaths += 1
    assert deaths > 8


@pytest.mark.parametrize("when_s", [0.5, 2.5, 4.5, 6.5])
async def test_a_daemon_is_killed_while_its_player_thinks(when_s: float) -> None:
    async with Town() as town:
        town.host("a", seller(town, Slow(2.0, answer_s=1.0)))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            await asyncio.sleep(when_s)
            await town.kill("a")
            await asyncio.sleep(3)
            town.host("a")
            assert await settled(town, haggler) == "AGREED"
        check(town)


@pytest.mark.parametrize("away_s", [3, 60])
async def test_the_broker_is_away(away_s: float) -> None:
    """While it is, each side makes the turn that it owes and waits for the other's, however long; then both go on."""
    async with Town() as town:
        town.host("a", seller(town, Slow(1.0)))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            await haggler.until("b1", "THEIRS")
            await asyncio.sleep(0.5)
            town.hub.down()
            await asyncio.sleep(away_s)
            town.hub.restore()
            assert await settled(town, haggler) == "AGREED"
        check(town)


async def test_a_turn_window_fires_while_the_broker_is_away() -> None:
    async with Town() as town:
        town.host("a", seller(town, Slow(1_000.0, answer_s=1_000.0)))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            await asyncio.sleep(0.5)
            assert theirs(town).machine.has("asked")
            town.hub.down()
            await asyncio.sleep(19)  # who is late is replaced before that
            assert theirs(town).machine.state == "DECLINED"
            assert town.daemons["a"].diary.unsent
            town.hub.restore()
            assert await settled(town, haggler) == "DECLINED"
        check(town)


async def test_an_orderly_stop_calls_off_what_is_open() -> None:
    async with Town() as town:
        town.host("a", seller(town, Slow(1_000.0)))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            await haggler.until("b1", "THEIRS")
            await asyncio.sleep(0.5)
            await town.stop("a", 5)
            assert await haggler.until() == "CANCELLED"
            assert theirs(town).machine.state == "CANCELLED"
        check(town)


async def test_an_acceptance_without_an_answer_is_said_again_when_the_broker_is_back() -> None:
    """Its first answer got lost: the daemon says the same bytes again, and hears the recorded answer."""
    async with Town() as town:
        town.host("a", replace(seller(town), bargain=Strategist(lambda asked: plan("seller", 1, "takes-any-gain"))))
        async with Haggler(town.hub) as haggler:
            haggler.keeps = b'"agreed"'
            haggler.open()
            assert await haggler.until() == "AGREED"
            await asyncio.sleep(1)
            assert theirs(town).machine.has("accepting")
            assert not haggler.again
            await town.kill("a")
            town.host("a")
            await asyncio.sleep(1)
            assert [encode(one) for one in haggler.again] == [encode(haggler.heard[-1])]
            haggler.send_kept()
            await asyncio.sleep(1)
            assert theirs(town).machine.state == "AGREED"
            await town.kill("a")
            town.host("a")
            await asyncio.sleep(1)
            assert len(haggler.again) == 1
        check(town)


async def test_a_late_word_settles_what_was_unknown() -> None:
    async with Town() as town:
        town.host("a", replace(seller(town), bargain=Strategist(lambda asked: plan("seller", 1, "takes-any-gain"))))
        async with Haggler(town.hub) as haggler:
            haggler.keeps = b'"agreed"'
            haggler.open()
            await haggler.until()
            await asyncio.sleep(60)
            assert theirs(town).machine.state == "UNKNOWN"
            haggler.send_kept()
            await asyncio.sleep(1)
            assert theirs(town).machine.state == "AGREED"
        check(town)


async def test_what_a_model_is_asked_stands_in_the_journal_of_its_bargaining() -> None:
    """By hash and size; the words that came are in the act alone."""
    answers = ok("Gladly, and thank you.")
    model = Model(Endpoint("http://x/v1", "m", structured="json_schema"), ScriptedChat(answers))
    async with Town() as town:
        town.host("a", seller(town, WordingModel(Stance(unit="USD", least=LEAST).plan, model, "", lambda error: None)))
        async with Haggler(town.hub) as haggler:
            haggler.open()
            assert await settled(town, haggler) == "AGREED"
        asked = [one for one in town.journals["a"].entries() if one.type == "Asked"]
        turns = [one for one in town.journals["a"].entries() if one.type == "TurnDecided"]
        assert len(asked) == len(turns) > 1
        assert {(one.agent, one.conversation) for one in asked} == {("a", "b1")}
        assert not any("Gladly" in one.body for one in asked)
        check(town)


async def test_what_was_agreed_is_seen_in_the_next_round_of_the_call() -> None:
    """By the manager of that call alone: nobody else's agreement is taken for its own."""
    calls: list[Call] = []
    asked: list[Asking] = []

    def answers(call: Call) -> Proposal | NoBid:
        calls.append(call)
        return Proposal(price="90" if call.agreed is None else show_amount(call.agreed), eta=5)

    def planner(asking: Asking) -> Plan:
        asked.append(asking)
        return plan("seller", LEAST)

    async with Town() as town:
        town.host("a", seller(town, Strategist(planner), answers=answers))
        async with Haggler(town.hub) as haggler:
            side = Side("a", "a")
            side.now = haggler.clock.now()
            haggler.send(encode(side.cfp_act()), Lane.CFP)
            await _until(haggler, a.Propose, 1)
            first = next(one for one in haggler.heard if isinstance(one, a.Propose))
            mine = haggler.open(parent=side.conversation)
            assert await settled(town, haggler) == "AGREED"
            assert mine.taken is not None
            assert asked[0].task is not None
            assert (asked[0].task.task, asked[0].task.standing) == (calls[0].task, 90_000_000)
            revised = side.cfp_act(2, in_reply_to=first.reply_with, offer=first.content.offer, message_id="m-2")
            haggler.send(encode(revised), Lane.CFP)
            await _until(haggler, a.Propose, 2)
            second = [one for one in haggler.heard if isinstance(one, a.Propose)][1]
            assert [one.agreed for one in calls] == [None, mine.taken.terms[0]]
            assert second.content.price == mine.taken.terms[0]
        check(town)


async def _until(haggler: Haggler, kind: type[a.AnyAct], count: int) -> None:
    async with asyncio.timeout(60):
        while sum(isinstance(one, kind) for one in haggler.heard) < count:
            await asyncio.sleep(0.05)  # virtual
