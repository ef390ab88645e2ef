"""Rounds, slots, mediation and cancels through the real drivers, under a transport that loses, doubles and reorders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from contractnet.contractor.ports import Call, Choice, Dispute, Proposal, Refusal
from contractnet.manager.records import CancelAsked, Mediated
from contractnet.mediators.decorator import FunctionMediator
from contractnet.mediators.scripted import arbiter
from contractnet.transport.faults import Faults
from tests.support.town import HOUR_S, Town

pytestmark = pytest.mark.looptime

FAULTS = [None] + [
    Faults(seed, lose=60_000, unsure=60_000, double=100_000, delay_ms=400, reorder=100_000) for seed in range(4)
]


def ids(faults: Faults | None) -> str:
    return "calm" if faults is None else f"seed{faults.seed}"


def falling(*prices: str) -> Callable[[Call], Proposal | Refusal]:
    """A bidder that asks these prices, round by round."""

    def answer(call: Call) -> Proposal | Refusal:
        return Proposal(price=prices[min(call.round, len(prices)) - 1], eta=5, confidence=0.9)

    return answer


@pytest.mark.parametrize("faults", FAULTS, ids=ids)
async def test_prices_come_down_until_one_fits(faults: Faults | None) -> None:
    async with Town(faults) as town:
        told: list[tuple[int, str | None, int | None]] = []

        def answer(call: Call) -> Proposal | Refusal:
            told.append((call.round, call.feedback.reason if call.feedback else None, call.standing))
            return falling("0.09", "0.06", "0.04")(call)

        town.host("d1", town.agent("a", answers=answer), town.agent("b", answers=falling("0.08", "0.07")))
        town.host("c", town.agent("c", answers=falling("0.2")))
        town.start()
        await town.tenders(6, max_rounds=3)
        ends = await town.ends()
        assert {(one.status, one.winner, one.price) for one in ends} == {("settled", "a", 40_000)}
        assert {one for one in told if one[0] == 3} == {(3, "over-reserve", 60_000)}
        await town.quiet()
        town.check()


@pytest.mark.parametrize("faults", FAULTS, ids=ids)
async def test_several_slots_have_several_winners(faults: Faults | None) -> None:
    async with Town(faults) as town:
        for name in "abcd":
            town.host(name, town.agent(name, f"0.0{'abcd'.index(name) + 1}"))
        town.start()
        await town.tenders(5, slots=3, reserve=50_000)
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        for one in ends:
            assert [filled.slot for filled in one.filled] == [1, 2, 3]
            winners = {filled.winner for filled in one.filled}
            assert len(winners) == 3
            assert one.spent == sum(filled.price for filled in one.filled)
        await town.quiet()
        town.check()


async def test_a_slot_that_a_death_emptied_is_called_for_again() -> None:
    """Two slots, two bidders, one dies for good and comes back later: the other's result counts, its slot is filled."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01"))
        town.host("b", town.agent("b", "0.02", work_s=HOUR_S / 60))
        town.start()
        await town.tender(slots=2, lease_ms=30_000, within_ms=3_600_000)
        await asyncio.sleep(8)
        await town.kill("b")
        await asyncio.sleep(120)
        town.host("b")
        (end,) = await town.ends()
        assert (end.status, len(end.filled)) == ("settled", 2)
        await town.quiet()
        town.check()


async def test_slots_that_nobody_fills_end_as_partial() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01"), town.agent("b", answers=lambda _: Refusal("unfit")))
        town.start()
        await town.tender(slots=2)
        (end,) = await town.ends()
        assert (end.status, end.reason, [one.winner for one in end.filled]) == ("partial", "refused", ["a"])
        await town.quiet()
        town.check()


@pytest.mark.parametrize("faults", FAULTS, ids=ids)
async def test_a_mediator_ends_a_deadlock(faults: Faults | None) -> None:
    async with Town(faults) as town:
        town.host("d1", town.agent("a", "0.06"), town.agent("b", "0.07"))
        town.host("arbiter", arbiter.agent())
        town.start()
        await town.tenders(5, mediator="arbiter", mediation_limit=65_000)
        ends = await town.ends()
        assert {(one.status, one.winner, one.price) for one in ends} == {("settled", "a", 60_000)}
        await town.quiet()
        town.check()


@pytest.mark.parametrize(
    ("answer", "status", "choice"),
    [
        (lambda dispute: Choice("round"), "settled", "round"),
        (lambda dispute: Choice("none"), "no-award", "none"),
        (lambda dispute: Refusal("policy"), "no-award", "none"),
        (lambda dispute: Choice("offer", dispute.offers[0].offer), "no-award", "none"),  # over the limit, twice
        (lambda dispute: 1 / 0, "no-award", "none"),
        (lambda dispute: "the first", "no-award", "none"),
    ],
)
async def test_whatever_a_mediator_answers(answer: Any, status: str, choice: str) -> None:
    seen: list[Dispute] = []

    def mediate(dispute: Dispute) -> Choice | Refusal:
        seen.append(dispute)
        result: Choice | Refusal = answer(dispute)
        return result

    async with Town() as town:
        town.host("d1", town.agent("a", answers=falling("0.09", "0.04")))
        town.host("m", FunctionMediator(mediate, "judge").agent())
        town.start()
        await town.tender(mediator="judge", max_rounds=1)
        (end,) = await town.ends()
        assert end.status == status
        records = [entry for entry in town.ledger.entries() if entry.type == Mediated.__name__]
        assert f'"choice":"{choice}"' in records[0].body
        assert [one.price for one in seen[0].offers] == [90_000]
        assert seen[0].limit == 50_000
        assert len(seen) == (2 if "offers" in answer.__code__.co_names else 1)
        await town.quiet()
        town.check()


@pytest.mark.parametrize("where", ["nowhere", "bidder", "dead", "slow"])
async def test_without_a_mediator_that_answers_there_is_no_award(where: str) -> None:
    async with Town() as town:
        town.host("d1", town.agent("a", "0.06"))
        if where == "dead":
            town.host("m", arbiter.agent())
            town.start()
            await asyncio.sleep(10)
            await town.kill("m")
        elif where == "slow":

            async def never(_: Dispute) -> Choice:
                await asyncio.sleep(HOUR_S)
                return Choice("none")

            town.host("m", FunctionMediator(never, "arbiter").agent())
            town.start()
        else:
            town.start()
        await town.tender(mediator="a" if where == "bidder" else "arbiter")
        (end,) = await town.ends()
        assert (end.status, end.reason) == ("no-award", "over-reserve")
        await town.quiet()
        town.check()


async def test_a_mediator_goes_on_after_its_daemon_was_killed() -> None:
    lives: list[float] = []

    async def slowly(dispute: Dispute) -> Choice:
        lives.append(dispute.time_left_s)
        await asyncio.sleep(20)
        return Choice("offer", dispute.offers[0].offer)

    async with Town() as town:
        town.host("d1", town.agent("a", "0.06"))
        town.host("m", FunctionMediator(slowly, "arbiter").agent())
        town.start()
        await town.tender(mediator="arbiter", mediation_limit=70_000, mediate_within_ms=60_000)
        await asyncio.sleep(15)
        assert len(lives) == 1
        await town.kill("m")
        town.host("m")
        (end,) = await town.ends()
        assert (end.status, len(lives)) == ("settled", 2)
        assert lives[1] < lives[0]
        await town.quiet()
        town.check()


async def test_what_is_known_of_those_that_are_cancelled() -> None:
    """Four winners: one stops, one is done just then, one does not let itself be stopped, one is dead."""

    done, finish = asyncio.Event(), asyncio.Event()

    async def stubborn(_: Any) -> dict[str, Any]:
        while not finish.is_set():
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue
        return {}

    async def until_told(_: Any) -> dict[str, Any]:
        await done.wait()
        return {}

    async with Town() as town:
        town.host("stops", town.agent("stops", work_s=100))
        town.host("done", town.agent("done", work=until_told))
        town.host("stubborn", town.agent("stubborn", work=stubborn))
        town.host("dead", town.agent("dead", work_s=100))
        town.start()
        tender = await town.tender(slots=4)
        while not all(slot.holder for slot in tender.slots):
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        await town.kill("dead")
        town.hub.down()  # the result of `done` is said, and does not come through
        done.set()
        await asyncio.sleep(0.5)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        town.hub.restore()
        (end,) = await town.ends()
        assert end.status == "cancelled"
        truth = tender.calls[-1].truth
        assert truth == {
            "stops": "undone",
            "done": "already-done",
            "stubborn": "could-not-stop",
            "dead": "unanswered",
        }
        assert end.filled == ()
        town.host("dead")
        async with asyncio.timeout(HOUR_S):
            while tender.calls[-1].truth["dead"] != "undone":  # it answers when it is back
                await asyncio.sleep(1)
        finish.set()
        await town.quiet()
        town.check()
