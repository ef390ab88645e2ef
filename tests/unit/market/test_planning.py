"""Plans: drafted by whomever, checked, approved, recorded; bought in the order of their dependencies, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contractnet import Market, Proposal, bidder
from contractnet.errors import DefinitionError, PlanRefused
from contractnet.ledger.urls import open_reader
from contractnet.manager.plans import Drafted
from contractnet.manager.replay import replay
from contractnet.market.plan import faults, read_draft
from contractnet.market.planning import Bought, Job, Plan, Verdict

SKILLS = ("text.count", "text.write")


def task(name: str, *after: str, skill: str = "text.write", **more: Any) -> dict[str, Any]:
    return {"id": name, "task": f"Do {name}", "skill": skill, "after": list(after), **more}


REPORT = {"tasks": [task("facts"), task("draft", "facts"), task("count", "draft", skill="text.count"), task("cover")]}


def writer() -> Any:
    @bidder(skill=list(SKILLS), name="writer", capacity=4)
    async def bid(call: object) -> Proposal:
        return Proposal("0.01", eta=1)

    @bid.perform
    async def work(award: Any) -> dict[str, Any]:
        if award.input.get("fails"):
            raise RuntimeError("no")
        await asyncio.sleep(0)
        return {"did": award.task, "saw": award.input.get("results", {})}

    return bid


class Scripted:
    """A drafter that gives these drafts in turn, and keeps what it was told."""

    def __init__(self, *drafts: Any) -> None:
        self.drafts = list(drafts)
        self.told: list[Job] = []

    async def __call__(self, job: Job) -> Any:
        self.told.append(job)
        return self.drafts.pop(0)


def market(ledger: str = "memory://", **more: Any) -> Market:
    return Market.open("memory://", agents=[writer()], ledger=ledger, **more)


async def ready(market: Market) -> None:
    """Wait until the agent is known."""
    async with asyncio.timeout(10):
        while not market.manager.directory.listings():
            await asyncio.sleep(0.01)


async def bought(market: Market, plan: Plan, **options: Any) -> list[Bought]:
    return [one async for one in market.buy(plan, **options)]


# ---- buying


async def test_tasks_wait_for_what_they_depend_on_and_see_its_result() -> None:
    async with market() as open_market:
        await ready(open_market)
        plan = await open_market.decompose("A report", Scripted(REPORT), key="report-1", by="script")
        found = {one.task.id: one for one in await bought(open_market, plan, reserve="0.05")}
        order = [contract.key for contract in open_market.ended()]
        assert order.index("report-1/facts") < order.index("report-1/draft") < order.index("report-1/count")
        draft, count = found["draft"].contract, found["count"].contract
        assert draft is not None
        assert count is not None
        assert (await draft.result())["saw"] == {"facts": {"did": "Do facts", "saw": {}}}
        assert set((await count.result())["saw"]) == {"draft"}  # and nothing of what that saw itself


async def test_what_needs_a_task_that_failed_is_not_bought() -> None:
    plan_of = {"tasks": [task("a", input={"fails": True}), task("b", "a"), task("c", "b"), task("d")]}
    async with market() as open_market:
        await ready(open_market)
        plan = await open_market.decompose("j", Scripted(plan_of), key="k")
        found = {one.task.id: one.contract for one in await bought(open_market, plan)}
        assert {name: contract.status if contract else None for name, contract in found.items()} == {
            "a": "failed",
            "b": None,
            "c": None,
            "d": "settled",
        }
        assert len(open_market.contracts()) == 2


async def test_two_at_once_under_one_key_get_one_plan() -> None:
    drafter, asked = Scripted(REPORT, REPORT), list[Drafted]()

    async def slow(job: Job) -> Any:
        await asyncio.sleep(0.05)
        return await drafter(job)

    async def approve(drafted: Drafted) -> bool:
        asked.append(drafted)
        await asyncio.sleep(0.05)
        return True

    async with market() as open_market:
        await ready(open_market)
        one, other = await asyncio.gather(
            *(open_market.decompose("A report", slow, key="k", approve=approve) for _ in range(2))
        )
        assert one == other
        assert (len(drafter.told), len(asked)) == (1, 1)
        with pytest.raises(DefinitionError, match="the plan of another job"):
            await open_market.decompose("Another", slow, key="k")


async def test_run_again_it_buys_nothing_twice_and_asks_nobody(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path / 'm.db'}"
    asked: list[Drafted] = []

    def approve(drafted: Drafted) -> Verdict:
        asked.append(drafted)
        return Verdict(True, "anna", "looks right")

    async with market(ledger) as open_market:
        await ready(open_market)
        plan = await open_market.decompose("A report", Scripted(REPORT), key="r", by="script", approve=approve)
        async for _ in open_market.buy(plan):
            break  # the pipeline dies after the first
    async with market(ledger) as open_market:
        again = await open_market.decompose("A report", Scripted(), key="r", approve=approve)
        assert again == plan
        found = await bought(open_market, again)
        assert {one.task.id for one in found} == {"facts", "draft", "count", "cover"}
        assert len(open_market.contracts()) == 4
        owner = open_market.manager.book.owner
    assert len(asked) == 1
    reader = open_reader(ledger)
    book = replay(owner, reader.entries())
    reader.close()
    assert book.plans["r"].drafted.tasks == plan.tasks
    assert book.plans["r"].approved is not None
    assert (book.plans["r"].approved.by, book.plans["r"].approved.why) == ("anna", "looks right")


async def test_a_draft_that_was_recorded_is_not_drafted_again(tmp_path: Path) -> None:
    """The process died between the draft and the word on it: only the word is asked for."""
    ledger = f"sqlite:///{tmp_path / 'm.db'}"

    async def dies(_: Drafted) -> bool:
        raise KeyboardInterrupt

    async with market(ledger) as open_market:
        await ready(open_market)
        with pytest.raises(KeyboardInterrupt):
            await open_market.decompose("j", Scripted({"tasks": [task("a")]}), key="k", approve=dies)
    async with market(ledger) as open_market:
        plan = await open_market.decompose("j", Scripted(), key="k", approve=lambda _: True)
        assert [one.id for one in plan.tasks] == ["a"]


# ---- drafting and approving


async def test_a_faulty_draft_is_repaired_once() -> None:
    drafter = Scripted({"tasks": [task("a", "b")]}, {"tasks": [task("a")]})
    async with market() as open_market:
        await ready(open_market)
        plan = await open_market.decompose("j", drafter, key="k", reserve="0.02", budget="0.05")
        assert [one.id for one in plan.tasks] == ["a"]
    first, second = drafter.told
    assert (first.skills, first.reserve, first.budget, first.errors) == (SKILLS, 20_000, 50_000, ())
    assert second.errors == ("a: it depends on b, which is no task of the plan",)


async def test_twice_faulty_is_no_plan_and_nothing_is_recorded() -> None:
    async with market() as open_market:
        await ready(open_market)
        with pytest.raises(PlanRefused, match=r"draft of clever cannot be used: plan.0.: 'id' is missing"):
            await open_market.decompose("j", Scripted({"tasks": [{}]}, {"tasks": [{}]}), key="k", by="clever")
        assert open_market.manager.book.plans == {}


@pytest.mark.parametrize("answer", [False, "no", Verdict(False, "anna", "too dear")])
async def test_what_is_not_approved_stays_so(answer: Any) -> None:
    async with market() as open_market:
        await ready(open_market)
        for _ in range(2):
            with pytest.raises(PlanRefused, match=r"not approved by (caller|anna: too dear); use another key"):
                await open_market.decompose("j", Scripted(REPORT), key="k", approve=lambda _: answer)


async def test_one_key_one_job() -> None:
    async with market() as open_market:
        await ready(open_market)
        await open_market.decompose("j", Scripted(REPORT), key="k")
        with pytest.raises(DefinitionError, match="the plan of another job"):
            await open_market.decompose("another", Scripted(), key="k")


# ---- the checks


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([], "0 tasks; a plan has 1 to 64"),
        ([task("a"), task("a")], "the id a appears twice"),
        ([task("a", skill="text.fly")], "a: nobody offers text.fly; there is text.count, text.write"),
        ([task("a", "z")], "a: it depends on z"),
        ([task("a", "a")], "these depend on each other: a -> a"),
        ([task("a", "b"), task("b", "c"), task("c", "a")], "these depend on each other"),
        ([task("a"), task("b", "a", input={"results": 1})], "b: its input has `results` already"),
        ([task("a", reserve="0.06"), task("b")], "the reserves come to 0.08, and the budget is 0.07"),
    ],
)
def test_what_speaks_against_a_plan(tasks: list[Any], words: str) -> None:
    found = faults(read_draft({"tasks": tasks}), SKILLS, 20_000, 70_000)
    assert any(one.startswith(words) for one in found), found


@pytest.mark.parametrize(
    ("size", "after", "words"),
    [(200_000, 0, "200000 tasks"), (1, 65, "a list of at most 64 entries")],
    ids=["tasks", "after"],
)
def test_a_draft_of_any_size_is_answered_at_once(size: int, after: int, words: str) -> None:
    draft = [task(f"t{n}", *map(str, range(after))) for n in range(size)]
    with pytest.raises(DefinitionError, match=f"^plan.*: .*{words}"):
        read_draft(draft)


async def test_a_plans_key_leaves_room_for_those_of_its_tasks() -> None:
    async with market() as open_market:
        await ready(open_market)
        with pytest.raises(DefinitionError, match="key: 151 characters"):
            await open_market.decompose("j", Scripted(), key="k" * 151)
        plan = await open_market.decompose("j", Scripted([task("t" * 48)]), key="k" * 150)
        assert [one.contract.status for one in await bought(open_market, plan) if one.contract] == ["settled"]


async def test_a_task_without_a_reserve_has_that_of_its_plan() -> None:
    async with market() as open_market:
        await ready(open_market)
        plan = await open_market.decompose("j", Scripted([task("a")]), key="k", reserve="0.001", budget="0.001")
        (found,) = await bought(open_market, plan)
        assert found.contract is not None
        assert (found.contract.status, found.contract.reason) == ("no-award", "over-reserve")


def test_a_budget_needs_reserves() -> None:
    assert faults(read_draft([task("a")]), SKILLS, None, 1) == ["with a budget every task needs a reserve"]


@pytest.mark.parametrize(
    "draft",
    [None, "a plan", {"tasks": 3}, [{"id": "a"}], [task("A b")], [task("a", skill="x")], [task("a", reserve="-1")]],
)
def test_what_is_no_draft_is_named(draft: Any) -> None:
    with pytest.raises(DefinitionError, match=r"^plan"):
        read_draft(draft)


async def test_a_result_that_is_too_large_for_the_next_stops_no_other_branch() -> None:
    @bidder(skill="text.write", name="large", capacity=4)
    async def bid(call: object) -> Proposal:
        return Proposal("0.01", eta=1)

    @bid.perform
    async def work(award: Any) -> dict[str, Any]:
        return {"text": "x" * 100_000}

    async with Market.open("memory://", agents=[bid], ledger="memory://") as open_market:
        plan = await open_market.decompose("j", Scripted([task("a"), task("b", "a"), task("c")]), key="k")
        found = {one.task.id: one for one in await bought(open_market, plan)}
        assert found["b"].contract is None
        assert "task, input and result_schema together" in found["b"].why
        assert [found[name].contract is not None for name in "ac"] == [True, True]


async def test_a_budget_is_for_one_winner_a_task() -> None:
    async with market() as open_market:
        plan = await open_market.decompose("j", Scripted([task("a")]), key="k", reserve="0.02", budget="0.02")
        with pytest.raises(DefinitionError, match="one winner's reserve"):
            await bought(open_market, plan, slots=2)


async def test_nobody_there_is_told_in_time() -> None:
    async with Market.open("memory://", ledger="memory://") as empty:
        with pytest.raises(PlanRefused, match=r"nobody offered a skill within 0\.1 s"):
            await empty.decompose("j", Scripted([task("a")]), key="k", wait_for_agents=0.1)
