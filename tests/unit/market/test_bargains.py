"""`Market.bargain` as a program uses it: a price and several issues, agreed and not, kept and called off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.player import Asking, Owed, Refusal
from contractnet.bargaining.records import Plan
from contractnet.bargaining.result import Spoken
from contractnet.bargaining.strategist import Strategist
from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.errors import DefinitionError
from contractnet.market.bargaining import Bargaining
from contractnet.market.market import Market
from contractnet.market.sync import SyncMarket
from contractnet.market.task import Task
from contractnet.market.terms import terms
from contractnet.mechanisms.bargaining import brought
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.issues import Terms, agenda, choice
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, weighted
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.mediators.scripted import arbiter
from contractnet.messages.values import RefuseReason, show_amount

SKILL = "text.summarise"
ISSUES = (choice("speed", "slow", "fast"), choice("report", "none", "short", "long"))
BUYER = weighted(agenda(*ISSUES), [700_000, 300_000], [[0, 1], [0, 1, 3]], 300_000)
SELLER = weighted(agenda(*ISSUES), [200_000, 800_000], [[1, 0], [2, 1, 0]], 300_000)


def sells(asked: Asking) -> Plan | Refusal:
    """At a cost of 0.02, or by the issues; nothing about lamps."""
    if "lamp" in asked.request.subject:
        return Refusal(RefuseReason.POLICY, "no lamps")
    if asked.side is None:
        return Plan(strategy="micro", mandate=Mandate(preferences=SELLER))
    limit = 20_000 if asked.side == "seller" else 70_000
    mandate = Mandate(preferences=PricePreferences(side=asked.side, limit=limit))
    return Plan(strategy="linear", mandate=mandate, confides=("arbiter",))


def agent(name: str = "ada", player: Strategist | None = None) -> Agent:
    @bidder(skill=SKILL, name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.045" if call.agreed is None else show_amount(call.agreed), eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"by": name}

    return replace(bid.agent(), bargain=player or Strategist(sells, "template"))


class Slow(Strategist):
    """Takes its time for words."""

    async def word(self, owed: Owed) -> str:
        await asyncio.sleep(60)
        return ""


def market(*agents: Agent, ledger: str = "memory://", **given: Any) -> Market:
    return Market.open("memory://", agents=agents or (agent(),), ledger=ledger, **given)


async def test_a_price_is_agreed_between_both_limits() -> None:
    async with market() as one:
        result = await one.bargain("ada", "a report", side="buyer", limit="0.05", high="0.09")
    assert result.agreed
    assert result.status == "agreed"
    assert result.price is not None
    assert 0.02 <= float(result.price) <= 0.05
    assert result.terms is not None
    assert result.unit == "USD"
    assert [spoken.act for spoken in result.acts][:2] == ["request", "agree"]
    assert result.acts[-1].act in ("inform", "accept-proposal")
    assert {spoken.by for spoken in result.acts} == {"ada", one_other(result.acts)}
    assert result.turns == len([spoken for spoken in result.acts if spoken.turn is not None])
    assert "0.05" not in str([spoken.text for spoken in result.acts if spoken.by != "ada"])


def one_other(acts: Sequence[Spoken]) -> str:
    return next(spoken.by for spoken in acts if spoken.by != "ada")


async def test_a_seller_bargains_too() -> None:
    async with market() as one:
        result = await one.bargain("ada", "old paper", side="seller", limit="0.03", high="0.09", turns=9)
    assert result.agreed
    assert result.price is not None
    assert 0.03 <= float(result.price) <= 0.07


async def test_several_issues_are_traded() -> None:
    async with market() as one:
        result = await one.bargain("ada", "terms", issues=ISSUES, preferences=BUYER, strategy="micro", turns=40)
    assert result.agreed
    assert result.price is None
    assert result.terms is not None
    assert set(result.terms) == {"speed", "report"}
    assert result.terms["speed"] in ("slow", "fast")


async def test_without_room_it_ends_and_a_refusal_declines() -> None:
    async with market() as one:
        result = await one.bargain("ada", "a report", limit="0.01", high="0.09", turns=4)
        assert (result.status, result.price, result.terms) == ("ended", None, None)
        result = await one.bargain("ada", "a lamp", limit="0.05", high="0.09")
        assert (result.status, result.turns) == ("declined", 0)


async def test_nobody_of_that_name_has_a_queue_and_is_not_waited_for(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path}/m.db"
    async with market(ledger=ledger) as one, asyncio.timeout(30):
        result = await one.bargain("nobody", "a report", limit="0.05", high="0.09", within=300, key="k")
    assert (result.status, result.turns) == ("declined", 0)
    async with market(ledger=ledger) as one:
        assert await one.bargain("nobody", "a report", key="k") == result


async def test_what_a_generator_that_was_brought_raises_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name = "broken"

        def check(self, rules: Rules, mandate: Mandate) -> None:
            raise OSError("no such file")

        def propose(self, view: View) -> Terms | None:
            return None

    monkeypatch.setattr(brought, "_brought", lambda _: Strategy(Broken(), AcceptNext()))
    async with market() as one:
        with pytest.raises(DefinitionError, match="strategy: broken raised OSError at these terms"):
            await one.bargain("ada", "a report", limit="0.05", high="0.09", strategy="broken")
        assert not one.manager.book.bargains


async def test_words_are_the_callers_and_it_is_given_nothing_private() -> None:
    told: list[Owed] = []

    def words(owed: Owed) -> str:
        told.append(owed)
        return "what do you say?" if owed.turn else "35 USD is my last word"

    async with market() as one:
        result = await one.bargain("ada", "a report", limit="0.05", high="0.09", words=words)
    assert result.agreed
    assert told
    assert all(not hasattr(owed, "mandate") and "50000" not in repr(owed) for owed in told)
    texts = [spoken.text for spoken in result.acts if spoken.by != "ada" and spoken.turn is not None]
    assert texts[0] == "offer 0 USD"  # a number that binds nobody is not said
    assert set(texts[1:]) == {"what do you say?"}


async def test_a_key_bargains_once_and_a_restart_gives_it_again(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path}/m.db"
    async with market(ledger=ledger) as one:
        first = await one.bargain("ada", "a report", limit="0.05", high="0.09", key="k")
        assert await one.bargain("ada", "a report", limit="0.05", high="0.09", key="k") == first
    async with market(ledger=ledger) as one:
        assert await one.bargain("ada", "a report", key="k") == first
        with pytest.raises(DefinitionError, match="holds another bargaining under it"):
            await one.bargain("ada", "another", key="k")
        given: dict[str, Any] = {"limit": "0.05", "high": "0.09", "key": "k"}
        others: list[dict[str, Any]] = [{"limit": "0.01"}, {"side": "seller"}, {"turns": 5}, {"high": "0.08"}]
        for other in others:
            with pytest.raises(DefinitionError, match="goes by other terms") as caught:
                await one.bargain("ada", "a report", **{**given, **other})
            assert "0.0" not in str(caught.value)


async def test_a_market_that_is_left_calls_off_what_its_own_agents_bargain_over(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path}/m.db"
    async with market(agent(player=Slow(sells)), grace=0, ledger=ledger, on_leave="keep") as one:
        rules: dict[str, Any] = {"limit": "0.05", "high": "0.09", "within": 300, "key": "k"}
        wait = asyncio.create_task(one.bargain("ada", "a report", **rules))
        while not any(side.turn for side in one.manager.book.bargains.values()):
            await asyncio.sleep(0.01)
    await asyncio.wait([wait])
    async with market(ledger=ledger) as one:
        assert (await one.bargain("ada", "a report", key="k")).status == "cancelled"


async def test_what_the_turns_do_not_end_a_named_mediator_may() -> None:
    async with Market.open("memory://", agents=[agent(), arbiter], ledger="memory://") as one:
        rules: dict[str, Any] = {"limit": "0.05", "high": "0.09", "turns": 1, "mediator": "arbiter"}
        result = await one.bargain("ada", "a report", **rules)
        assert (result.status, result.turns) == ("agreed", 1)
        assert result.price is not None
        assert 0.02 <= float(result.price) <= 0.05
        assert result.rung is not None
        result = await one.bargain("ada", "a report", **rules | {"limit": "0.01"})
        assert (result.status, result.price) == ("ended", None)


@pytest.mark.parametrize(("agreed", "asked_ms"), [({}, 20_000), ({"mediate_within": 300}, 300_000)])
async def test_a_mediator_has_a_turns_time_or_what_is_agreed(agreed: dict[str, Any], asked_ms: int) -> None:
    async with Market.open("memory://", agents=[agent(), arbiter], ledger="memory://") as one:
        rules: dict[str, Any] = {"limit": "0.05", "high": "0.09", "turns": 1, "mediator": "arbiter", "within": 20}
        assert (await one.bargain("ada", "a report", **rules, **agreed)).rung is not None
        appeals = [side for side in one.manager.book.bargains.values() if isinstance(side, Appeal)]
        assert [side.asked.reply_within_ms for side in appeals if side.asked is not None] == [asked_ms]


async def test_a_mediator_is_none_of_the_two() -> None:
    async with market(agent()) as one:
        for name in ("ada", one.manager.book.owner):
            result = await one.bargain("ada", "a report", limit="0.05", high="0.09", mediator=name)
            assert result.status == "declined"


async def test_who_stops_waiting_calls_it_off() -> None:
    async with market(agent(player=Slow(sells))) as one:
        wait = asyncio.create_task(one.bargain("ada", "a report", limit="0.05", high="0.09", within=300, key="k"))
        while not any(side.turn for side in one.manager.book.bargains.values()):
            await asyncio.sleep(0.01)
        wait.cancel()
        await asyncio.wait([wait])
        assert (await one.bargain("ada", "a report", key="k")).status == "cancelled"


async def test_who_stops_waiting_before_it_is_recorded_calls_it_off_too() -> None:
    async with market(agent(player=Slow(sells))) as one:
        wait = asyncio.create_task(one.bargain("ada", "a report", limit="0.05", high="0.09", within=300, key="k"))
        await asyncio.sleep(0)
        assert [side.machine.state for side in one.manager.book.bargains.values()] == ["ASKING"]
        wait.cancel()
        await asyncio.wait([wait])
        assert wait.cancelled()
        assert (await one.bargain("ada", "a report", key="k")).status == "cancelled"


async def test_it_goes_on_while_somebody_waits_for_it() -> None:
    async with market(agent(player=Slow(sells))) as one:
        first = asyncio.create_task(one.bargain("ada", "a report", limit="0.05", high="0.09", within=300, key="k"))
        while not any(side.turn for side in one.manager.book.bargains.values()):
            await asyncio.sleep(0.01)
        second, third = (asyncio.create_task(one.bargain("ada", "a report", key="k")) for _ in range(2))
        await asyncio.sleep(0)
        for gone in (first, third):
            gone.cancel()
            await asyncio.wait([gone])
            assert not any(side.machine.finished for side in one.manager.book.bargains.values())
        second.cancel()
        await asyncio.wait([second])
        assert (await one.bargain("ada", "a report", key="k")).status == "cancelled"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "limit, high: a price needs your own limit"),
        ({"limit": "0.05"}, "limit, high: a price needs"),
        ({"limit": "0.05", "high": "0.09", "side": "both"}, "side: 'both' is neither buyer nor seller"),
        ({"limit": "0.05", "high": "0.09", "low": "1"}, "low, high: there is nothing between 1 and 0.09"),
        ({"limit": "0.05", "high": "0.09", "tick": "1"}, "tick: it must be over 0, and no more than"),
        ({"limit": "0.05", "high": "0.09", "opening": "0.06"}, "opening: your first offer is worse for you"),
        ({"limit": "0.05", "high": "0.09", "strategy": "none"}, "strategy 'none' is not known"),
        ({"limit": "0.05", "high": "0.09", "strategy": "logrolling-frequency"}, "there is nothing to trade"),
        ({"limit": "0.05", "high": "0.09", "turns": 0}, "turns: 0 is not a whole number from 1 to 1000"),
        ({"limit": "0.05", "high": "0.09", "turns": "6"}, "turns: '6' is not a whole number"),
        ({"limit": "0.05", "high": "0.09", "ladder": ["human"]}, "ladder: it needs a mediator to climb it"),
        ({"limit": "0.05", "high": "0.09", "ladder": 5, "mediator": "m"}, "ladder: "),
        ({"limit": "0.05", "high": "0.09", "mediate_within": 60}, "mediate_within: nobody mediates"),
        ({"limit": "0.05", "high": "0.09", "strategy": 5}, "strategy: '5' is not a text"),
        ({"limit": "0.05", "high": "0.09", "monotone": 5}, "bargain: monotone: is a whole number"),
        ({"issues": ["price"], "preferences": BUYER}, "issues: give each as an Issue"),
        ({"limit": "0.05", "high": "0.09", "colour": 1}, "colour: bargain\\(\\) has no such argument"),
        ({"limit": 0.05, "high": "0.09"}, "limit: write an amount as a string"),
        ({"issues": ISSUES}, "preferences: several issues need"),
        ({"issues": ISSUES, "preferences": BUYER, "monotone": True}, "monotone"),
        ({"limit": "0.05", "high": "0.09", "within": 0}, "within: 0 is not a number of seconds"),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_recorded(given: dict[str, Any], text: str) -> None:
    async with market() as one:
        with pytest.raises(DefinitionError, match=text):
            await one.bargain("ada", "a report", **given)
        assert not one.manager.book.bargains


def test_the_sync_facade_waits() -> None:
    with SyncMarket(market()) as one:
        assert one.bargain("ada", "a report", limit="0.05", high="0.09").agreed


# ---- between two rounds


async def test_a_task_is_bargained_for_and_bought_at_what_was_agreed() -> None:
    async with market(agent("ada"), agent("bob")) as one:
        task = Task("Summarise", skill=SKILL, bargain=Bargaining(best=2, turns=6))
        contract = await one.tender(task, reserve="0.05", max_rounds=2)
        assert await contract.result() == {"by": contract.winner}
        assert contract.price is not None
        assert float(contract.price) < 0.045


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"max_rounds": 1}, "max_rounds must be 2 at least"),
        ({"parts": 3, "rule": "lowest-price"}, "does not go with parts"),
        ({"slots": 3}, "2 is less than slots, 3"),
        ({"rule": "second-price"}, "second-price pays another price"),
        ({"bargain_strategy": "logrolling-frequency"}, "nothing to trade in a single price"),
        ({"bargain_strategy": "none"}, "strategy 'none' is not known"),
        ({"bargain_turns": 1_000, "bargain_within": 600}, "offers would have to stand for more than a day"),
        ({"bargain_turns": 1}, "bargain_turns: 1 is not a whole number from 2 to 1000"),
        ({"bargain_ladder": ["standing-offers"]}, "bargain_ladder: it needs a bargain_mediator"),
        ({"bargain_ladder": ["No!"], "bargain_mediator": "eve"}, r"bargain_ladder\[0\]: must be lower-case words"),
        ({"bargain": 0}, "bargain: 0 is not a whole number"),
        ({"bargain": Bargaining(), "bargain_turns": 4}, "bargain_turns: the Bargaining says it already"),
    ],
)
def test_terms_that_do_not_go_with_bargaining_are_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(DefinitionError, match=text):
        terms(Task("x", skill=SKILL), reserve="0.05", **{"bargain": 2} | given)


def test_a_task_says_it_and_an_argument_overrides_it() -> None:
    task = Task("x", skill=SKILL, bargain=Bargaining(best=3, turns=4, within=2, strategy="boulware"))
    found = terms(task, reserve="0.05").bargain
    assert found is not None
    assert (found.best, found.turns, found.within_ms, found.strategy) == (3, 4, 2_000, "boulware")
    found = terms(task, reserve="0.05", bargain=1).bargain
    assert found is not None
    assert (found.best, found.turns) == (1, 4)
    assert terms(Task("x", skill=SKILL), reserve="0.05").bargain is None
    mediated = Bargaining(mediator="eve", ladder=["standing-offers", "sealed-reservations"])
    found = terms(Task("x", skill=SKILL), reserve="0.05", bargain=mediated).bargain
    assert found is not None
    assert (found.mediator, found.ladder) == ("eve", ("standing-offers", "sealed-reservations"))
    assert terms(Task("x", skill=SKILL, terms={"bargain": 2}), reserve="0.05").bargain is not None
