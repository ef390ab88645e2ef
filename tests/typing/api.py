"""The public face, as programs use it: checked by the type checkers, never run."""

from typing import Any, assert_type

from contractnet import (
    Award,
    Bargaining,
    BargainResult,
    BudgetExceeded,
    Call,
    Choice,
    Contract,
    ContractFailed,
    Decision,
    Dispute,
    LimitReached,
    Market,
    NoAward,
    Proposal,
    Refusal,
    SyncMarket,
    Task,
    bidder,
    mediator,
)


@bidder(skill="text.summarise", capacity=2)
async def summariser(call: Call) -> Proposal | Refusal:
    assert_type(call.task, str)
    assert_type(call.skill, str)
    assert_type(call.round, int)
    if call.terms.reserve is not None and call.terms.reserve < 10_000:
        return Refusal("over-reserve")
    return Proposal(price="0.01", eta=5, confidence=0.9)


@summariser.perform
async def work(award: Award) -> dict[str, Any]:
    assert_type(award.attempt, int)
    assert_type(award.fence, str)
    assert_type(award.price, int)
    assert_type(award.deadline, int)
    await award.progress("half")
    return {"summary": str(award.input["text"])[:10]}


@bidder(skill=["text.count", "text.translate"], name="other")
def plain(call: Call) -> Proposal:
    return Proposal(price=1, eta=5)


@mediator
async def arbiter(dispute: Dispute) -> Choice | Refusal:
    assert_type(dispute.limit, int | None)
    return Choice("offer", dispute.possible[0].offer) if dispute.possible else Choice("round")


@mediator(name="judge")
def judge(dispute: Dispute) -> Choice:
    return Choice("none")


async def pipeline() -> None:
    async with Market.open(
        "memory://", agents=[summariser, plain, arbiter, judge], ledger="sqlite:///market.db", budget="1.00"
    ) as market:
        task = Task(
            "Summarise this ticket", skill="text.summarise", input={"text": "…"}, private={"s": 1}, key="ticket-17"
        )
        contract = await market.tender(
            task, reserve="0.05", unit="USD", reply_within=20, rule="best-value", max_rounds=3
        )
        assert_type(contract, Contract)
        assert_type(contract.winner, str | None)
        assert_type(contract.price, str | None)
        try:
            assert_type(await contract.result(), dict[str, Any])
        except (NoAward, ContractFailed, BudgetExceeded) as error:
            assert_type(error.reason, str)
        many = await market.tender(
            task, slots=3, shortlist=5, feedback="rank", mediator="judge", mediation_limit="0.10"
        )
        assert_type(await many.results(), dict[int, dict[str, Any]])
        assert_type(many.truth, dict[str, str])
        contract.judge(True, "as asked")
        await contract.cancel()
        assert_type(contract.truth, dict[str, str])
        async for ended in market.tender_many([task], reserve="0.05"):
            assert_type(ended, Contract)
        assert_type(market.contracts(), list[Contract])
        async with market.child("team-a", budget="0.50", on_limit=decide, decide_within=60) as child:
            assert_type(await child.tender(task, reserve="0.05", budget="0.10", slots=3), Contract)
            assert_type(child.receipt().released, int | None)
        assert_type(market.receipt().spent, int)
        result = await market.bargain("ada", "a report", side="buyer", limit="0.05", high="0.09", turns=6, key="b-1")
        assert_type(result, BargainResult)
        assert_type(result.price, str | None)
        assert_type([spoken.terms for spoken in result.acts], list[tuple[int, ...] | None])
        haggled = Task("x", skill="text.summarise", bargain=Bargaining(best=2, turns=6, strategy="boulware"))
        assert_type(await market.tender(haggled, reserve="0.05", max_rounds=2), Contract)
        assert_type(await market.tender(task, bargain=2, bargain_turns=4), Contract)


async def decide(limit: LimitReached) -> Decision:
    assert_type(limit.needs, str)
    return Decision.grant("0.50", by="kim") if limit.waiting > 3 else Decision.stop(why="enough")


def script() -> None:
    with SyncMarket(Market.open("amqp://guest:guest@127.0.0.1/", ledger="memory://", on_leave="keep")) as market:
        contract = market.tender(Task("x", skill="text.summarise"), reserve="0.05")
        assert_type(contract.result(), dict[str, Any])
