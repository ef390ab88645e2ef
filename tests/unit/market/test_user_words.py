"""Words of the caller's own code that are no UTF-8 do not bring a market down."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from contractnet import Award, Call, Choice, Market, Proposal, Task, bidder, mediator
from contractnet.bidders.decorator import FunctionAgent
from contractnet.contractor.ports import Dispute
from contractnet.errors import DefinitionError
from contractnet.market.planning import Verdict

SKILL = "text.summarise"
ODD = "a\udc80b"


def agent() -> FunctionAgent:
    @bidder(skill=SKILL, name="odd")
    async def bid(call: Call) -> Proposal:
        return Proposal(price="0.01", eta=5, rationale=ODD)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"done": True}

    return bid


async def test_a_rationale_and_a_verdicts_note_may_hold_a_lone_surrogate() -> None:
    async with Market.open("memory://", agents=[agent()], ledger="memory://") as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.05")
        assert await contract.result() == {"done": True}
        contract.judge(False, ODD)
        again = await here.tender(Task("x", SKILL), reserve="0.05")
        assert await again.result() == {"done": True}


@pytest.mark.parametrize("text", ["a\x00b", "\udc80"])
def test_a_task_that_no_agent_could_read_is_refused_at_once(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"^task: \$\.task "):
        Task(text, SKILL)


async def test_what_no_ledger_could_give_back_is_not_recorded(tmp_path: Path) -> None:
    ledger, wrong = str(tmp_path / "m.db"), cast("Any", 1)
    task, drafts = Task("x", SKILL), [{"id": "a", "task": "x", "skill": SKILL}]
    async with Market.open("memory://", agents=[agent()], ledger=ledger) as here:
        contract = await here.tender(task, reserve="0.05")
        await contract.result()
        with pytest.raises(DefinitionError, match=r"^Judged: ok: is a whole number; it must be true or false"):
            contract.judge(wrong)
        with pytest.raises(DefinitionError, match=r"^public_reserve: '1' is neither"):
            await here.tender(task, reserve="0.05", public_reserve=wrong)
        with pytest.raises(DefinitionError, match=r"^key: \$\.key "):
            Task("x", SKILL, key=ODD)
        with pytest.raises(DefinitionError, match=r"^key: \$\.key "):
            await here.decompose("x", lambda _: drafts, key=ODD)
        with pytest.raises(DefinitionError, match=r"^Drafted: .*job"):
            await here.decompose(wrong, lambda _: drafts, key="a")
        with pytest.raises(DefinitionError, match=r"^Approved: .*ok"):
            await here.decompose("x", lambda _: drafts, key="b", approve=lambda _: Verdict(wrong, "anna"))
        assert len(here.contracts()) == 1
    async with Market.open("memory://", ledger=ledger) as here:
        assert [one.status for one in here.contracts()] == ["settled"]


async def test_a_mediator_that_names_what_is_no_offer_is_a_mediation_that_failed() -> None:
    @mediator(name="arbiter")
    async def arbiter(dispute: Dispute) -> Choice:
        return Choice("offer", ODD)

    async with Market.open("memory://", agents=[agent(), arbiter], ledger="memory://") as here:
        contract = await here.tender(Task("x", SKILL), reserve="0.001", max_rounds=1, mediator="arbiter")
        assert (contract.status, contract.reason) == ("no-award", "over-reserve")


@pytest.mark.parametrize(
    ("name", "value"), [("parts", "x"), ("price", "0.01"), ("eta", -1), ("rationale", "\0" * 10**6), ("model", 7)]
)
async def test_a_proposal_that_was_changed_is_no_bid_and_the_others_go_on(name: str, value: object) -> None:
    @bidder(skill=SKILL, name="changed")
    async def odd(call: Call) -> Proposal:
        made = Proposal(price="0.001", eta=5)
        setattr(made, name, value)
        return made

    @odd.perform
    async def never(award: Award) -> dict[str, Any]:
        raise AssertionError("a changed proposal was awarded")

    async with Market.open("memory://", agents=[agent(), odd], ledger="memory://") as here:
        for _ in range(2):
            contract = await here.tender(Task("x", SKILL), reserve="0.05")
            await contract.result()
            assert contract.winner != "changed"
