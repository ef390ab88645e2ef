"""The embedded market: the promises a program relies on, over the real core, codec, transport and ledger."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contractnet import (
    Award,
    BudgetExceeded,
    Call,
    ContractFailed,
    Market,
    NoAward,
    Proposal,
    Refusal,
    SyncMarket,
    Task,
    bidder,
)
from contractnet.bidders.decorator import FunctionAgent
from contractnet.errors import DefinitionError, TransportClosed
from contractnet.ledger.urls import open_reader
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings

SKILL = "text.summarise"


def agent(
    name: str, price: str, *, fails: bool = False, capacity: int = 4, gate: asyncio.Event | None = None
) -> FunctionAgent:
    """A scripted agent; `gate`: its work waits for it."""

    @bidder(skill=SKILL, capacity=capacity, name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal(price=price, eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        if gate is not None:
            await gate.wait()
        if fails:
            raise RuntimeError("no")
        return {"by": name, **award.input}

    return bid


def market(agents: Sequence[FunctionAgent] = (), ledger: str = "memory://", **more: Any) -> Market:
    return Market.open("memory://", agents=agents, ledger=ledger, **more)


async def test_the_cheapest_wins_and_the_private_part_reaches_only_the_winner() -> None:
    seen: list[dict[str, Any]] = []
    cheap, dear = agent("cheap", "0.01"), agent("dear", "0.02")

    @bidder(skill=SKILL, name="curious")
    async def curious(call: Call) -> Refusal:
        seen.append(dict(call.input))
        return Refusal("unfit")

    @curious.perform
    async def never(award: Award) -> dict[str, Any]:
        raise AssertionError("a refusal was awarded")

    async with market([cheap, dear, curious]) as here:
        task = Task("x", SKILL, input={"n": 1}, private={"secret": "s"})
        contract = await here.tender(task, reserve="0.05")
        assert await contract.result() == {"by": "cheap", "n": 1, "secret": "s"}
    assert (contract.winner, contract.price, contract.status) == ("cheap", "0.01", "settled")
    assert seen == [{"n": 1}]


async def test_a_failing_winner_is_followed_by_the_runner_up() -> None:
    async with market([agent("first", "0.01", fails=True), agent("second", "0.02")]) as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05")
        assert (await contract.result())["by"] == "second"
    assert contract.story() == ["first lost slot 1: failed (error)"]


async def test_nobody_under_the_reserve_is_no_award_with_its_reason() -> None:
    async with market([agent("dear", "0.10")]) as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05")
        with pytest.raises(NoAward) as caught:
            await contract.result()
    assert caught.value.reason == "over-reserve"


async def test_nobody_there_ends_after_the_wait() -> None:
    async with market() as here:
        contract = await here.tender(Task("x", SKILL), wait_for_agents=0.05)
        with pytest.raises(NoAward) as caught:
            await contract.result()
    assert caught.value.reason == "no-bidders"


@pytest.mark.parametrize(("verdict", "status"), [(True, "settled"), (False, "failed")])
async def test_the_check_decides(verdict: bool, status: str) -> None:
    async with market([agent("one", "0.01")]) as here:
        contract = await here.tender(Task("x", SKILL, check=lambda result: verdict), reserve="0.05")
        assert (await contract.ended()).status == status
        if not verdict:
            with pytest.raises(ContractFailed) as caught:
                await contract.result()
            assert caught.value.reason == "check"


async def test_a_result_outside_its_schema_never_leaves_the_contractor() -> None:
    schema = {"type": "object", "required": ["summary"]}
    async with market([agent("one", "0.01")]) as here:
        contract = await here.tender(Task("x", SKILL, result_schema=schema), reserve="0.05")
        with pytest.raises(ContractFailed):
            await contract.result()
    assert contract.story() == ["one lost slot 1: failed (error)"]


async def test_a_result_that_does_not_travel_is_a_failure_that_says_so() -> None:
    @bidder(skill=SKILL, name="one")
    async def one(call: Call) -> Proposal:
        return Proposal(price="0.01", eta=5)

    @one.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"text": "x" * 800_000}

    async with market([one]) as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05")
        assert (await contract.ended()).status == "failed"
        task = Task("x", SKILL, input={"n": "x" * 60_000}, private={"m": "y" * 700_000})
        contract = await here.tender(task, reserve="0.05")
        assert contract.winner == "one", "the largest task still travels"


async def test_the_same_key_never_buys_twice(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    task = Task("x", SKILL, input={"n": 1}, key="k")
    async with market([agent("one", "0.01")], file) as here:
        first = await here.tender(task)
        assert await first.result() == {"by": "one", "n": 1}
        again = await here.tender(task)
        assert again.id == first.id
    async with market([agent("one", "0.01")], file) as here:
        later = await here.tender(task)
        assert (later.id, await later.result()) == (first.id, {"by": "one", "n": 1})
        assert len(here.contracts()) == 1
        with pytest.raises(DefinitionError, match="another task under it"):
            await here.tender(Task("y", SKILL, key="k"))


async def test_a_tender_goes_on_after_its_market_was_left(tmp_path: Path) -> None:
    file, gate = str(tmp_path / "m.db"), asyncio.Event()
    task = Task("x", SKILL, key="k")
    async with market([agent("one", "0.01", gate=gate)], file, grace=0) as here:
        contract = await here.tender(task, wait_for_agents=5)
        assert contract.status == "working"
    gate.set()
    quick = Settings(listen_ms=0, grace_ms=100)
    async with market([agent("one", "0.01", gate=gate)], file, settings=quick) as here:
        later = await here.tender(task)
        assert later.id == contract.id
        assert (await later.result())["by"] == "one"


async def test_a_budget_is_a_hard_cap_also_after_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    for run in range(2):
        async with market([agent("one", "0.04")], file, budget="0.10") as here:
            contracts = [await here.tender(Task(f"t{run}{n}", SKILL), reserve="0.05") for n in range(2)]
            ends = [(await contract.ended()).status for contract in contracts]
            assert here.manager.book.accounts.spent <= 100_000
        if run == 0:
            assert ends == ["settled", "settled"]
        else:
            assert ends == ["cancelled", "cancelled"]
            with pytest.raises(BudgetExceeded):
                await contracts[0].result()


async def test_a_budget_needs_a_reserve_and_one_unit() -> None:
    async with market([agent("one", "0.01")], budget="1.00") as here:
        with pytest.raises(DefinitionError, match="needs a reserve"):
            await here.tender(Task("x", SKILL))
        with pytest.raises(DefinitionError, match="the budget is in USD"):
            await here.tender(Task("x", SKILL), reserve="0.05", unit="EUR")


async def test_a_budget_comes_not_over_a_running_tender_that_it_could_not_hold(tmp_path: Path) -> None:
    file, gate = str(tmp_path / "m.db"), asyncio.Event()
    async with market([agent("one", "50", gate=gate)], file, grace=0) as here:
        assert (await here.tender(Task("x", SKILL, key="k"))).status == "working"
    with pytest.raises(DefinitionError, match="has no reserve; let it end first"):
        async with market([agent("one", "50", gate=gate)], file, budget="1.00"):
            raise AssertionError("the budget was taken")


async def test_who_waits_when_the_market_is_left_hears_so() -> None:
    gate = asyncio.Event()
    async with market([agent("one", "0.01", gate=gate)], grace=0) as here:
        contract = await here.tender(Task("x", SKILL))
        waiting = asyncio.create_task(contract.result())
        await asyncio.sleep(0)
    with pytest.raises((TransportClosed, ContractFailed)):
        await waiting
    with pytest.raises(DefinitionError, match="not open"):
        await here.tender(Task("y", SKILL))


@pytest.mark.parametrize(("raises", "truth"), [(False, "already-done"), (True, "undone")])
async def test_a_cancel_of_work_in_a_thread_is_answered_when_the_thread_has_ended(raises: bool, truth: str) -> None:
    """A thread cannot be stopped: what it returned was done."""
    go, running = threading.Event(), threading.Event()

    @bidder(skill=SKILL, name="one")
    def one(call: Call) -> Proposal:
        return Proposal(price="0.01", eta=5)

    @one.perform
    def work(award: Award) -> dict[str, Any]:
        running.set()
        go.wait(30)
        if raises:
            raise RuntimeError("no")
        return {}

    async with market([one]) as here:
        contract = await here.tender(Task("x", SKILL))
        await asyncio.to_thread(running.wait, 30)
        cancelling = asyncio.create_task(contract.cancel())
        done, _ = await asyncio.wait([cancelling], timeout=0.3)
        assert not done, "said to have stopped while its thread ran"
        go.set()
        assert (await cancelling).status == "cancelled"
        assert contract.truth == {"one": truth}


async def test_many_tenders_wait_for_money_and_end_where_it_is_spent() -> None:
    async with market([agent("one", "0.40", capacity=50)], budget="1.00") as here:
        tasks = [Task(f"t{n}", SKILL, reserve="0.50") for n in range(300)]
        ended = [contract.status async for contract in here.tender_many(tasks)]
    assert (ended.count("settled"), ended.count("cancelled")) == (2, 298)


async def test_cancel_stops_running_work() -> None:
    gate = asyncio.Event()
    async with market([agent("one", "0.01", gate=gate)]) as here:
        contract = await here.tender(Task("x", SKILL))
        assert contract.status == "working"
        assert (await contract.cancel()).status == "cancelled"
        with pytest.raises(ContractFailed) as caught:
            await contract.result()
    assert caught.value.reason == "user"


async def test_many_tenders_and_two_markets_in_one_loop(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with (
        market([agent("one", "0.01"), agent("two", "0.02")], file) as left,
        market([agent("one", "0.03")]) as right,
    ):
        tasks = [Task(f"t{n}", SKILL, input={"n": n}) for n in range(40)]
        seen = {contract.task async for contract in left.tender_many(tasks, reserve="0.05")}
        other = await right.tender(Task("x", SKILL))
        assert (await other.result())["by"] == "one"
    assert seen == {task.task for task in tasks}
    reader = open_reader(file)
    entries = list(reader.entries())
    reader.close()
    assert replay(entries[0].agent, entries).awards == 40


def test_the_sync_facade() -> None:
    with SyncMarket(market([agent("one", "0.01")])) as here:
        contract = here.tender(Task("x", SKILL, input={"n": 2}))
        assert (contract.winner, contract.price, contract.result()) == ("one", "0.01", {"by": "one", "n": 2})
        ended = list(here.tender_many([Task("y", SKILL), Task("z", SKILL)]))
        assert sorted(one.contract.task for one in ended) == ["y", "z"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Task("", SKILL), "task"),
        (lambda: Task("x", "summarise"), "skill"),
        (lambda: Task("x", SKILL, reserve="-1"), "reserve"),
        (lambda: Task("x", SKILL, reserve="0.0000001"), "reserve"),
        (lambda: Task("x", SKILL, reserve=0.05), "float"),  # type: ignore[arg-type]  # on purpose
        (lambda: Task("x", SKILL, input={"n": float("nan")}), "input"),
        (lambda: Task("x", SKILL, input={"n": "x" * 70_000}), "more than the"),
        (lambda: Task("x", SKILL, private={"n": "x" * 800_000}), "private"),
        (lambda: Task("x", SKILL, result_schema={"pattern": "a"}), "pattern"),
        (lambda: Proposal(price="-1", eta=5), "price"),
        (lambda: Proposal(price="1", eta=0), "eta"),
        (lambda: Proposal(price="1", eta=5, confidence=1.5), "confidence"),
        (lambda: Refusal("tired"), "tired"),
        (lambda: bidder(skill="x")(lambda call: None), "agent id"),
        (lambda: Market.open("http://x"), "http"),
        (lambda: Market.open(concurrency=0), "concurrency"),
    ],
)
def test_what_is_wrong_is_said(make: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        make()
