"""A daemon at work: patience, busy, room, leases, cancels, restarts, an orderly stop (D2, D3, D7, D9, G7)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from contractnet.contractor.ports import Award, Call, Proposal, Refusal
from contractnet.contractor.records import Began, Declined, LeaseLost, Timed, Timers, Withdrew
from contractnet.contractor.replay import replay
from contractnet.contractor.settings import Settings as DaemonSettings
from contractnet.ledger.records import Heard, Said
from contractnet.manager.records import CancelAsked, Decided, Freed
from contractnet.messages import acts as a
from contractnet.messages.values import TaskFailure
from tests.support.side import picture
from tests.support.town import Town

pytestmark = pytest.mark.looptime


def count(town: Town, kind: type, daemon: str = "") -> int:
    ledger = town.journals[daemon] if daemon else town.ledger
    return sum(entry.type == kind.__name__ for entry in ledger.entries())


def failures(town: Town) -> set[TaskFailure]:
    """Why work ended without a result, by what the manager heard."""
    heard = [
        entry.body for entry in town.ledger.entries() if entry.type == Heard.__name__ and '"kind":"task"' in entry.body
    ]
    return {reason for reason in TaskFailure for body in heard if f'"reason":"{reason.value}"' in body}


# ---- capacity


async def test_a_full_agent_is_patient_then_busy() -> None:
    """Capacity 1, two calls at once: the second is kept for a second, then refused; it is asked again and done."""
    async with Town() as town:
        town.host("a", town.agent("a", capacity=1, work_s=10))
        town.start()
        await asyncio.sleep(6)
        began = asyncio.get_running_loop().time()
        await town.tenders(2)
        await asyncio.sleep(0.9)
        assert count(town, Declined, "a") == 0
        await asyncio.sleep(0.3)
        assert count(town, Declined, "a") == 1
        (entry,) = [entry for entry in town.journals["a"].entries() if entry.type == Declined.__name__]
        assert '"busy"' in entry.body
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        assert asyncio.get_running_loop().time() - began < 40
        await town.quiet()
        town.check()


async def test_a_kept_call_is_bid_on_as_soon_as_there_is_a_place() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", capacity=1, work_s=0.5))
        town.start()
        await asyncio.sleep(6)
        await town.tenders(2)
        await town.ends()
        assert count(town, Declined, "a") == 0
        town.check()


async def test_an_offer_past_its_round_is_withdrawn_for_room() -> None:
    """`b` is held as runner-up of a long work; a new call needs its place."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", capacity=1, work_s=60))
        town.host("b", town.agent("b", "0.02", capacity=1, work_s=5))
        town.start()
        await asyncio.sleep(6)
        await town.tender(0)
        await asyncio.sleep(10)
        await town.tender(1)  # a is full, b's offer is inside its round: nobody bids now
        ends = await town.ends()
        assert [(one.status, one.winner) for one in ends] == [("settled", "a"), ("settled", "b")]
        assert count(town, Withdrew, "b") == 1
        await town.quiet()
        town.check()


async def test_a_bidder_that_raises_refuses_and_its_text_is_not_told() -> None:
    def broken(_: Call) -> Proposal:
        raise ValueError("my reservation price is 7")

    async with Town() as town:
        town.host("a", town.agent("a", answers=broken))
        town.host("b", town.agent("b", answers=lambda _: Refusal("unfit", "not mine")))
        town.start()
        await asyncio.sleep(6)
        await town.tender()
        (end,) = await town.ends()
        assert (end.status, end.reason) == ("no-award", "refused")
        assert "reservation" not in str(list(town.ledger.entries())) + str(list(town.journals["a"].entries()))
        town.check()


async def test_a_bidder_that_is_too_slow_sends_nothing_late() -> None:
    async with Town() as town:
        slow = town.agent("a")

        async def bid(_: Call) -> Proposal:
            await asyncio.sleep(25)
            return Proposal(price="0.01", eta=1)

        object.__setattr__(slow, "bid", bid)
        town.host("a", slow)
        town.start()
        await asyncio.sleep(6)
        await town.tender(within_ms=20_100)
        (end,) = await town.ends()
        assert end.reason == "silent"
        await asyncio.sleep(60)
        assert count(town, Said, "a") == 0
        town.check()


# ---- work


async def test_work_that_is_cancelled_stops() -> None:
    stopped: list[str] = []

    async def work(award: Award) -> dict[str, Any]:
        try:
            await asyncio.sleep(1_000)
        except asyncio.CancelledError:
            stopped.append(award.fence)
            raise
        return {}

    async with Town() as town:
        town.host("a", town.agent("a", work=work))
        town.start()
        tender = await town.tender()
        await asyncio.sleep(20)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        (end,) = await town.ends()
        assert (end.status, end.price, stopped) == ("cancelled", None, ["t0.1/1/1"])
        assert town.daemons["a"].places_free("a") == 4
        await town.quiet()
        town.check()


async def test_work_that_does_not_stop_says_so_after_a_while() -> None:
    async def stubborn(_: Award) -> dict[str, Any]:
        for _second in range(100):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue
        return {}

    async with Town() as town:
        town.host("a", town.agent("a", work=stubborn))
        town.start()
        tender = await town.tender()
        await asyncio.sleep(20)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        (end,) = await town.ends()
        assert end.status == "cancelled"
        assert tender.calls[-1].participants["a"].machine.state == "CANCEL_FAILED"
        await asyncio.sleep(200)
        town.check()


async def test_beats_keep_a_lease_for_hours() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", work_s=7_000))
        town.start()
        await town.tender(work_within_ms=8_000_000, lease_ms=5_000)
        (end,) = await town.ends()
        assert (end.status, count(town, Freed)) == ("settled", 0)
        assert count(town, Heard) == 2  # the bid and the result: progress is not recorded
        town.check()


async def test_work_without_a_confirmed_beat_is_lost_while_the_broker_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: what the worker says of its lease does not get through, though all else does."""
    async with Town() as town:
        town.host("a", town.agent("a", work_s=500))
        town.host("b", town.agent("b", "0.02", work_s=5))
        town.start()
        await asyncio.sleep(6)
        workshop = town.daemons["a"]._workshop

        async def unheard(*_: object) -> str:
            return "nobody took it"

        monkeypatch.setattr(workshop, "_beat", unheard)
        await town.tender()
        (end,) = await town.ends()
        assert (end.status, end.winner) == ("settled", "b")
        (lost,) = [one.body for one in town.journals["a"].entries() if one.type == LeaseLost.__name__]
        assert "ms; of the last one: nobody took it" in lost
        assert TaskFailure.LEASE_LOST in failures(town)  # it gave up before the manager gave it up
        await town.quiet()
        town.check()


async def test_progress_of_the_work_itself_is_said() -> None:
    async def work(award: Award) -> dict[str, Any]:
        for step in range(3):
            await award.progress(f"step {step}")
            await asyncio.sleep(1)
        return {"fence": award.fence, "attempt": award.attempt, "deadline": award.deadline > 0}

    async with Town() as town:
        town.host("a", town.agent("a", work=work))
        town.start()
        await town.tender()
        (end,) = await town.ends()
        assert town.result(end) == {"fence": "t0.1/1/1", "attempt": 1, "deadline": True}
        town.check()


async def test_a_result_that_is_no_json_object_is_a_failure() -> None:
    async def work(_: Award) -> Any:
        return {"when": object()}

    async with Town() as town:
        town.host("a", town.agent("a", work=work))
        town.start()
        await town.tender()
        (end,) = await town.ends()
        assert (end.status, failures(town)) == ("failed", {TaskFailure.ERROR})
        town.check()


# ---- restarts


async def test_work_that_a_restart_interrupted_begins_again() -> None:
    attempts: list[int] = []

    async def work(award: Award) -> dict[str, Any]:
        attempts.append(award.attempt)
        await asyncio.sleep(10)
        return {"attempt": award.attempt}

    async with Town() as town:
        town.host("a", town.agent("a", work=work))
        town.start()
        await town.tender()
        await asyncio.sleep(10)
        await town.kill("a")
        await asyncio.sleep(3)
        town.host("a")
        (end,) = await town.ends()
        assert (end.status, town.result(end), attempts) == ("settled", {"attempt": 2}, [1, 2])
        assert count(town, Began, "a") == 2
        await town.quiet()
        town.check()


async def test_a_journal_is_read_with_the_timers_it_was_written_with() -> None:
    """Timers are settings: a daemon may be started with others, and replay is not told any."""
    async with Town() as town:
        scaled = DaemonSettings(timers=Timers(margin_least_ms=300, stop_ms=500, offer_grace_ms=70))
        town.host("a", town.agent("a", work_s=10), settings=scaled)
        town.start()
        await asyncio.sleep(6)
        await town.tender(0)
        await town.ends()
        await town.tender(1)
        await asyncio.sleep(20.2)
        await town.stop("a", 60)
        town.host("a", settings=DaemonSettings())
        await asyncio.sleep(6)
        await town.tender(2)
        await town.ends()
        again = replay("a", town.journals["a"].entries())
        used = [one.timers for one in again.engagements.values()]
        assert used == [scaled.timers] * (len(used) - 1) + [Timers()]
        assert picture(again) == picture(town.daemons["a"].diary)
        assert count(town, Timed, "a") == 2
        town.check()


async def test_work_that_is_interrupted_too_often_fails_as_restart() -> None:
    attempts: list[int] = []

    async def work(award: Award) -> dict[str, Any]:
        attempts.append(award.attempt)
        await asyncio.sleep(100)
        return {}

    settings = DaemonSettings(max_attempts=2)
    async with Town() as town:
        town.host("a", town.agent("a", work=work), settings=settings)
        town.host("b", town.agent("b", "0.02"))
        town.start()
        await town.tender()
        for _ in range(2):
            await asyncio.sleep(10)
            await town.kill("a")
            town.host("a", settings=settings)
        (end,) = await town.ends()
        assert (end.winner, failures(town), attempts) == ("b", {TaskFailure.RESTART}, [1, 2])
        await town.quiet()
        town.check()


async def test_a_call_that_was_taken_before_a_restart_is_bid_on_after_it() -> None:
    """D3: it was acked when it was journalled, before any bidder ran."""
    async with Town() as town:
        agent = town.agent("a")
        bid, gate = agent.bid, asyncio.Event()

        async def slow(call: Call) -> Proposal | Refusal:
            await gate.wait()
            return await bid(call)

        object.__setattr__(agent, "bid", slow)
        town.host("a", agent)
        town.start()
        await asyncio.sleep(6)
        await town.tender()
        await asyncio.sleep(2)
        assert town.hub.depth("d.a.cfp") == 0
        await town.kill("a")
        gate.set()
        town.host("a")
        (end,) = await town.ends()
        assert (end.status, end.conversation_id) == ("settled", "t0.1")
        await town.quiet()
        town.check()


@pytest.mark.parametrize("after_s", [0.0, 0.5, 6.0])
async def test_a_daemon_that_was_cancelled_moves_nothing_any_more(after_s: float) -> None:
    """With a bid out, a call kept for its patience, and work: none of their timers goes on."""
    async with Town() as town:
        town.host("a", town.agent("a", capacity=1, work_s=50))
        town.start()
        await asyncio.sleep(6)
        await town.tenders(3)
        await asyncio.sleep(after_s)
        await town.cancel("a")
        entries = len(list(town.journals["a"].entries()))
        await asyncio.sleep(2_000)
        assert len(list(town.journals["a"].entries())) == entries


# ---- an orderly stop


async def test_a_stop_lets_work_finish_and_takes_no_more() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", work_s=20))
        town.start()
        await town.tender(0)
        await asyncio.sleep(10)
        stopping = asyncio.create_task(town.stop("a", grace_s=60))
        await asyncio.sleep(1)
        await town.tender(1, wait_for_agents_ms=5_000)
        await stopping
        ends = await town.ends()
        assert [(one.status, one.reason) for one in ends] == [("settled", None), ("no-award", "no-bidders")]
        town.check()


async def test_a_stop_hands_back_what_does_not_finish_in_time() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", work_s=500))
        town.host("b", town.agent("b", "0.02", work_s=5))
        town.start()
        await town.tender()
        await asyncio.sleep(10)
        await town.stop("a", grace_s=20)
        (end,) = await town.ends()
        assert (end.winner, failures(town)) == ("b", {TaskFailure.HANDED_BACK})
        assert asyncio.get_running_loop().time() < 45  # no lease had to lapse
        await town.quiet()
        town.check()


async def test_a_stop_withdraws_offers_and_refuses_calls() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=50))
        town.host("b", town.agent("b", "0.02"))
        town.start()
        await town.tender()
        await asyncio.sleep(10)
        assert town.manager.book.tenders["t0"].calls[0].participants["b"].machine.state == "HELD"
        await town.stop("b")
        assert count(town, Withdrew, "b") == 1
        await asyncio.sleep(1)
        assert town.manager.book.tenders["t0"].calls[0].participants["b"].machine.state == "NO_BID"
        await town.ends()
        town.check()


async def test_a_second_process_stands_by_until_the_first_is_gone() -> None:
    """D9: two hosts of one agent are never up at once."""
    async with Town() as town:
        town.host("a", town.agent("a"))
        town.start()
        await asyncio.sleep(6)
        again = Town()
        again.hub = town.hub
        second = again.host("a", again.agent("a", "0.02"))
        await asyncio.sleep(1)
        assert type(second.state).__name__ == "Standby"
        await town.tender(0)
        ends = await town.ends()
        assert ends[0].price == 10_000
        await town.quiet()
        await town.kill("a")
        await asyncio.sleep(1)
        assert type(second.state).__name__ == "Up"
        await town.tender(1)
        ends = await town.ends()
        assert ends[1].price == 20_000
        await again.close()


async def test_the_loser_hears_its_reason_and_only_that() -> None:
    async with Town() as town:
        town.host("d", town.agent("a", "0.01"), town.agent("b", "0.02"), town.agent("c", "0.03"))
        town.start()
        await town.tender()
        await town.ends()
        await town.quiet()
        rejects = [one for one in said(town) if isinstance(one, a.RejectProposal)]
        assert {one.content.reason.value for one in rejects} == {"outbid"}
        assert all(one.receivers and set(one.receivers) <= {"b", "c"} for one in rejects)
        assert count(town, Decided) == 1
        town.check()


def said(town: Town) -> list[a.AnyAct]:
    """What the manager said."""
    bodies = [entry.body for entry in town.ledger.entries() if entry.type == Said.__name__]
    return [msgspec.json.decode(body, type=Said).message for body in bodies]
