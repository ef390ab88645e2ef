"""At the limit of a budget: stop, wait, ask, hand back; each on record with who decided, and never a micro over."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import pytest

from contractnet import Decision, LimitReached, Market, Task
from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered
from contractnet.manager.receipts import Receipt
from tests.unit.market.test_market import SKILL, agent, market


def ruled(receipt: Receipt) -> list[tuple[str | None, str | None]]:
    return [(one.choice, one.by) for one in receipt.limits]


async def run(here: Market, number: int, reserve: str = "0.05") -> list[str]:
    tasks = [Task(f"t{n}", SKILL, reserve=reserve) for n in range(number)]
    return [contract.status async for contract in here.tender_many(tasks)]


async def test_stop_is_one_decision_for_all_that_do_not_fit() -> None:
    async with market([agent("one", "0.05", capacity=50)], budget="1.00") as here:
        ended = await run(here, 60)
        receipt = here.receipt()
    assert (ended.count("settled"), ended.count("cancelled")) == (20, 40)
    assert (receipt.granted, receipt.held, receipt.spent, receipt.released) == (1_000_000, 0, 1_000_000, 0)
    assert ruled(receipt) == [("stop", "policy")]
    assert {cut.what for cut in receipt.cut} == {"stopped"}
    assert len(receipt.cut) == 40


async def test_more_is_granted_until_nobody_grants_more() -> None:
    asked: list[LimitReached] = []

    async def decide(limit: LimitReached) -> Decision:
        asked.append(limit)
        return Decision.grant("0.50", by="kim") if len(asked) < 3 else Decision.stop(by="kim", why="enough")

    async with market([agent("one", "0.05", capacity=50)], budget="1.00", on_limit=decide) as here:
        ended = await run(here, 60)
        receipt = here.receipt()
    assert (ended.count("settled"), ended.count("cancelled")) == (40, 20)
    assert ruled(receipt) == [("grant", "kim"), ("grant", "kim"), ("stop", "kim")]
    assert (receipt.granted, receipt.spent, receipt.limits[-1].why) == (2_000_000, 2_000_000, "enough")
    assert [(one.granted, one.released) for one in asked] == [("1", "0"), ("1.5", "0"), ("2", "0")]
    assert [(one.waiting, one.needs) for one in asked] == [(40, "2"), (30, "1.5"), (20, "1")]


async def test_a_plain_function_may_think_while_the_others_go_on() -> None:
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def decide(limit: LimitReached) -> Decision:
        time.sleep(0.05)
        loop.call_soon_threadsafe(gate.set)  # the loop runs meanwhile
        return Decision.grant("0.10")

    async with market([agent("one", "0.05", gate=gate)], budget="0.05", on_limit=decide) as here:
        first = await here.begin(Task("x", SKILL), reserve="0.05")
        second = await here.begin(Task("y", SKILL), reserve="0.10")
        assert (await second.ended()).status == "settled"
        assert (await first.ended()).status == "settled"
        assert ruled(here.receipt()) == [("grant", "on_limit")]


async def test_slots_that_there_is_no_money_for_are_handed_back() -> None:
    agents = [agent(name, "0.03") for name in ("one", "two", "three")]
    async with market(agents, budget="0.10", at_limit="hand-back") as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05", slots=3)
        ended = await contract.ended()
        assert (ended.status, ended.reason, len(ended.filled)) == ("partial", "budget", 2)
        assert (ended.spent, ended.released) == (60_000, 40_000)
        receipt = here.receipt()
        assert [(cut.what, cut.slots, cut.sought) for cut in receipt.cut] == [("handed-back", 2, 3)]
        assert ruled(receipt) == [("hand-back", "policy")]
        none_left = await here.tender(Task("y", SKILL), reserve="0.05", slots=2)
        assert (await none_left.ended()).reason == "budget"


async def test_what_waits_is_given_money_by_somebody_else() -> None:
    async with market([agent("one", "0.05")], budget="0.05", at_limit="wait") as here:
        contract = await here.begin(Task("x", SKILL), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)
        (pending,) = here.manager.book.questions.open
        with pytest.raises(DefinitionError, match="'maybe' is none of grant, hand-back, stop, wait"):
            here.manager.decide(Answered(id=pending.id, choice="maybe", by="kim"))
        with pytest.raises(DefinitionError, match="needs an amount"):
            here.manager.decide(Answered(id=pending.id, choice="grant", by="kim"))
        here.manager.decide(Answered(id=pending.id, choice="grant", amount=50_000, by="kim"))
        assert (await contract.ended()).status == "settled"
        with pytest.raises(DefinitionError, match="was answered already"):
            here.manager.decide(Answered(id=pending.id, choice="stop", by="kim"))


async def test_nobody_answers_in_time() -> None:
    async def never(limit: LimitReached) -> Decision:
        await asyncio.Event().wait()
        raise AssertionError

    async with market([agent("one", "0.05")], budget="0.05", on_limit=never, decide_within=0.05) as here:
        contract = await here.begin(Task("x", SKILL), reserve="0.10")
        assert (await contract.ended()).reason == "budget"
        assert ruled(here.receipt()) == [("stop", "time")]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
        (TimeoutError("mine"), "TimeoutError: mine"),
        ("yes", "TypeError: on_limit gave a str, and not a Decision"),
        (Decision.grant("nan"), "DefinitionError: "),
        (Decision.grant("0"), "decision q1: a grant needs an amount over 0"),
        (Decision.stop(by="policy"), "ValueError: on_limit: by 'policy' is a word of the manager's own"),
        (Decision("grant", "1", cast("str", None)), "TypeError: on_limit: `by` and `why` are texts"),
        (asyncio.CancelledError("mine"), "CancelledError: mine"),
    ],
)
async def test_who_cannot_decide_has_stopped(answer: object, why: str) -> None:
    async def decide(limit: LimitReached) -> Decision:
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value]

    async with market([agent("one", "0.05")], budget="0.05", on_limit=decide) as here:
        contract = await here.begin(Task("x", SKILL), reserve="0.10")
        assert (await contract.ended()).reason == "budget"
        (limit,) = here.receipt().limits
        assert limit.choice == "stop"
        assert limit.why.startswith(why)


async def test_what_was_pending_when_the_market_was_left_is_asked_again(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with market([agent("one", "0.05")], file, budget="0.05", at_limit="ask", grace=0) as here:
        await here.begin(Task("x", SKILL, key="k"), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)

    async def decide(limit: LimitReached) -> Decision:
        return Decision.grant("0.05")

    for _ in range(2):  # the second time the same budget does not take the grant back
        async with market([agent("one", "0.05")], file, budget="0.05", on_limit=decide) as here:
            contract = await here.tender(Task("x", SKILL, key="k"), reserve="0.10")
            assert (await contract.ended()).status == "settled"
            assert (here.receipt().granted, ruled(here.receipt())) == (100_000, [("grant", "on_limit")])


async def test_what_another_policy_settled_does_not_bind_the_next_run(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with market([agent("one", "0.05")], file, budget="0.05") as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.10")
        assert (await contract.ended()).reason == "budget"

    async def decide(limit: LimitReached) -> Decision:
        return Decision.grant("0.05")

    async with market([agent("one", "0.05")], file, budget="0.05", on_limit=decide) as here:
        contract = await here.tender(Task("y", SKILL), reserve="0.10")
        assert (await contract.ended()).status == "settled"
        assert ruled(here.receipt()) == [("stop", "policy"), ("grant", "on_limit")]


async def test_a_question_of_an_earlier_run_is_settled_by_the_policy_of_this_one(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    async with market([agent("one", "0.05")], file, budget="0.05", at_limit="wait", grace=0) as here:
        await here.begin(Task("x", SKILL, key="k"), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)
    async with market([agent("one", "0.05")], file, budget="0.05") as here:
        contract = await here.tender(Task("x", SKILL, key="k"), reserve="0.10")
        assert (await contract.ended()).reason == "budget"


async def test_nobody_is_asked_for_what_waits_no_longer(tmp_path: Path) -> None:
    file, asked = str(tmp_path / "m.db"), list[LimitReached]()
    async with market([agent("one", "0.05")], file, budget="0.05", at_limit="ask", on_leave="cancel") as here:
        contract = await here.begin(Task("x", SKILL), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)
        assert (await contract.cancel()).reason == "user"

    async def decide(limit: LimitReached) -> Decision:
        asked.append(limit)
        return Decision.stop()

    async with market([agent("one", "0.05")], file, budget="0.05", on_limit=decide) as here:
        await (await here.tender(Task("y", SKILL), reserve="0.05")).ended()
        assert asked == []
        await (await here.tender(Task("z", SKILL), reserve="0.05")).ended()
        assert len(asked) == 1


async def test_a_larger_budget_answers_the_question() -> None:
    async with market([agent("one", "0.05")], budget="0.05", at_limit="wait") as here:
        contract = await here.begin(Task("x", SKILL), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)
        here.manager.grant(100_000, "USD")
        assert (await contract.ended()).status == "settled"
        assert ruled(here.receipt()) == [("wait", "budget")]


async def test_a_tenders_own_budget_is_for_its_slots_at_their_worst() -> None:
    agents = [agent(name, "0.03") for name in ("one", "two", "three")]
    async with market(agents) as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05", slots=3, budget="0.12")
        ended = await contract.ended()
        assert (ended.status, ended.reason, ended.spent, ended.released) == ("partial", "budget", 60_000, 40_000)
        with pytest.raises(DefinitionError, match=r"one slot may cost 0\.05"):
            await here.tender(Task("x", SKILL), reserve="0.05", budget="0.04")
        with pytest.raises(DefinitionError, match="it needs a reserve"):
            await here.tender(Task("x", SKILL), budget="0.04")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"at_limit": "never"}, "'never' is none of stop, wait, ask, hand-back"),
        ({"at_limit": "stop", "decide_within": 3}, "with at_limit 'stop' nobody is asked"),
        ({"at_limit": "ask", "decide_within": 0}, "decide_within: 0 is not a number"),
    ],
)
def test_wrong_policies(more: dict[str, Any], why: str) -> None:
    with pytest.raises(DefinitionError, match=why):
        market(budget="1.00", **more)
