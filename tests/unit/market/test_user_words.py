"""Words of the caller's own code that are no UTF-8 do not bring a market down."""

from __future__ import annotations

from typing import Any

from contractnet import Award, Call, Market, Proposal, Task, bidder
from contractnet.bidders.decorator import FunctionAgent

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
