"""What a bidder sees of its own record while it bids."""

from __future__ import annotations

from typing import Any

from contractnet import Market, Proposal, Task, bidder
from contractnet.contractor.ports import Award, Call


async def test_a_bidder_reads_how_its_awards_ended_beside_what_it_stated() -> None:
    seen: list[tuple[int, int, int] | None] = []

    @bidder(skill="text.summarise")
    async def learner(call: Call) -> Proposal:
        record = call.record
        seen.append(None if record is None else (record.n, record.successes, record.score))
        return Proposal(price="0.01", eta=1, confidence=0.8)

    @learner.perform
    async def work(award: Award) -> dict[str, Any]:
        if award.task == "fail":
            raise ValueError("no")
        return {"ok": 1}

    async with Market.open("memory://", agents=[learner], ledger="memory://") as market:
        for task in ("first", "fail", "last"):
            contract = await market.tender(Task(task, skill="text.summarise"), reserve="0.05", max_rounds=1)
            await contract.ended()
    assert seen == [None, (1, 1, 40_000), (2, 1, 340_000)]  # .2^2; then (.2^2 + .8^2) / 2
