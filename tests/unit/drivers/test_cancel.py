"""Cancels through the real drivers, in virtual time: by the user, by a lapsed lease, by a result that is overdue, by a
shutdown; under faults of the transport and deaths of both sides. What is known of each is what its journal says.
"""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest

from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.errors import TransportBroken
from contractnet.manager.records import TRUTHS, CancelAsked, Closed
from contractnet.manager.tender import Tender
from contractnet.mediators.scripted import arbiter
from contractnet.transport.faults import Faults
from contractnet.transport.memory import MemoryLink, MemoryTransport
from contractnet.transport.port import Outcome, Parcel, ToEveryManager, ToManager
from contractnet.transport.topology import Route
from tests.support import cancels
from tests.support.bench import SKILL
from tests.support.town import HOUR_S, MANAGER, Town, rows

pytestmark = pytest.mark.looptime

USER = CancelAsked(reason="user")


def agent(town: Town, name: str, kind: str = "", price: str = "0.01", work_s: float = HOUR_S) -> Agent:
    """Of these kinds: slow, finishing, stubborn, failing; left out, of the kind that its name says."""
    kind = kind or name.partition("_")[0]

    async def work(award: Award) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        end = loop.time() + work_s
        while (left := end - loop.time()) > 0.01:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                if kind == "slow":
                    raise
                if kind == "failing":
                    raise RuntimeError("no") from None
                if kind == "finishing":
                    break
                end = min(end, loop.time() + 60)  # a minute of deafness
        return {"by": name}

    return town.agent(name, price, work=work, capacity=20)


async def working(town: Town, tender: Tender) -> None:
    """Until every slot is taken, and all have begun."""
    async with asyncio.timeout(60):
        while not all(slot.holder for slot in tender.slots):
            await asyncio.sleep(0.1)
    await asyncio.sleep(5)


def known(tender: Tender) -> dict[str, str]:
    return dict(tender.calls[-1].truth)


async def audited(town: Town) -> None:
    """After quiet: everything replays, and nobody was told what a journal does not say."""
    await town.quiet()
    town.check()
    ledger, journals = rows(town.ledger), [rows(journal) for journal in town.journals.values()]
    assert cancels.lies(ledger, journals, []) == []
    assert cancels.credited_late(ledger) == []
    assert cancels.twice_answered(journals) == []


KINDS = {"slow": "undone", "failing": "undone", "finishing": "already-done", "stubborn": "could-not-stop"}


@pytest.mark.parametrize("reason", ["user", "shutdown"])
async def test_by_the_caller(reason: Any) -> None:
    async with Town() as town:
        for kind in KINDS:
            town.host(kind, agent(town, kind))
        town.start()
        tender = await town.tender(slots=4)
        await working(town, tender)
        if reason == "shutdown":
            await town.manager.wind_up(30)
            assert tender.ended is not None
        else:
            town.manager.cancel(tender, USER)
        (end,) = await town.ends()
        assert (end.status, end.spent, known(tender)) == ("cancelled", 0, KINDS)
        await audited(town)


class Choked(MemoryTransport):
    """While `choked`, beats of daemons are lost, and what they say to managers does not get through yet."""

    beats = words = False

    def publish(self, link: MemoryLink, parcel: Parcel, to: Route) -> Outcome:
        if self.beats and isinstance(parcel.to, ToEveryManager):
            return Outcome.TAKEN
        if self.words and isinstance(parcel.to, ToManager):
            raise TransportBroken("no confirm came; send again")
        return super().publish(link, parcel, to)


async def test_by_a_lapsed_lease() -> None:
    """Their beats are lost while they work: the slots are free, and the tender ends before they answer."""
    async with Town() as town:
        hub = town.hub = Choked()
        for kind in KINDS:
            town.host(kind, agent(town, kind))
        town.start()
        tender = await town.tender(slots=4, lease_ms=30_000, within_ms=1_000)
        await working(town, tender)
        hub.beats = True
        (end,) = await town.ends()
        assert (end.status, end.reason, end.spent) == ("failed", "lease", 0)
        (closed,) = [entry for entry in town.ledger.entries() if entry.type == Closed.__name__]
        assert closed.body.count("unanswered") == 4
        await asyncio.sleep(60)
        assert known(tender) == KINDS
        await audited(town)


async def test_by_a_result_that_is_overdue() -> None:
    """Both sides know the deadline: the work has failed when it is cancelled."""
    async with Town() as town:
        for kind in ("slow", "failing", "finishing"):
            town.host(kind, agent(town, kind))
        town.start()
        tender = await town.tender(slots=3, work_within_ms=40_000, within_ms=1_000)
        (end,) = await town.ends()
        assert (end.status, end.spent) == ("failed", 0)
        await asyncio.sleep(60)
        assert set(known(tender).values()) <= {"undone"}
        await audited(town)


async def test_a_result_that_comes_after_its_lease_was_done_and_is_not_credited() -> None:
    """It was said in time, and did not get through."""
    async with Town() as town:
        hub = town.hub = Choked()
        town.host("a", agent(town, "a", "slow", work_s=20))
        town.start()
        tender = await town.tender(lease_ms=20_000, within_ms=1_000)
        await working(town, tender)
        hub.beats = hub.words = True
        (end,) = await town.ends()
        assert (end.reason, end.spent, known(tender)) == ("lease", 0, {"a": "unanswered"})
        await asyncio.sleep(60)
        hub.words = False
        await asyncio.sleep(60)
        assert known(tender) == {"a": "already-done"}
        assert tender.calls[-1].participants["a"].late_result is not None
        await audited(town)


async def test_work_in_a_thread_comes_to_its_end() -> None:
    """Nothing stops it: what it returned was done."""
    go, running = threading.Event(), threading.Event()

    @bidder(SKILL, name="thread")
    def bid(call: Call) -> Proposal:
        return Proposal("0.01", eta=5)

    @bid.perform
    def work(award: Award) -> dict[str, Any]:
        running.set()
        go.wait(30)
        return {"n": 1}

    async with Town() as town:
        town.host("thread", bid.agent())
        town.start()
        tender = await town.tender()
        while not running.is_set():
            await asyncio.sleep(0.1)
        town.manager.cancel(tender, USER)
        go.set()
        await town.ends()
        assert known(tender)["thread"] in ("already-done", "could-not-stop")  # virtual time may run ahead of a thread
        await audited(town)


async def test_who_was_away_is_unanswered_until_it_is_back() -> None:
    async with Town() as town:
        town.host("slow", agent(town, "slow"))
        town.start()
        tender = await town.tender()
        await working(town, tender)
        await town.kill("slow")
        town.manager.cancel(tender, USER)
        (end,) = await town.ends()
        assert (end.status, known(tender)) == ("cancelled", {"slow": "unanswered"})
        town.host("slow")
        await asyncio.sleep(30)
        assert known(tender) == {"slow": "undone"}
        (closed,) = [entry for entry in town.ledger.entries() if entry.type == Closed.__name__]
        assert '"truth":{"slow":"unanswered"}' in closed.body
        await audited(town)


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_manager_that_dies_over_a_cancel_goes_on_with_it(recorded: bool) -> None:
    """In the commit of the cancel: not durable, nobody hears of it; durable, it is said at the next start."""
    async with Town() as town:
        for kind in ("slow", "finishing"):
            town.host(kind, agent(town, kind))
        town.start()
        tender = await town.tender(slots=2)
        await working(town, tender)
        town.ledger.dies_at, town.ledger.recorded = town.ledger.commits + 1, recorded
        town.manager.cancel(tender, USER)
        await town.ledger.died.wait()
        await town.kill()
        await asyncio.sleep(3)
        town.start()
        again = town.manager.book.tenders["t0"]
        await asyncio.sleep(30)
        if recorded:
            assert again.ended is not None
        else:
            assert again.ended is None
            town.manager.cancel(again, USER)
        (end,) = await town.ends()
        assert (end.status, known(again)) == ("cancelled", {"slow": "undone", "finishing": "already-done"})
        await audited(town)


async def test_a_result_under_check_is_cancelled_as_done_though_its_contractor_dies() -> None:
    async with Town() as town:
        town.host("a", agent(town, "a", "slow", work_s=1))
        town.start()
        tender = await town.tender(checked=True)
        async with asyncio.timeout(60):
            while not tender.slots[0].checking:
                await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        await town.kill("a")
        town.manager.cancel(tender, USER)
        (end,) = await town.ends()
        assert (end.status, end.spent, known(tender)) == ("cancelled", 0, {"a": "already-done"})
        town.host("a")
        await asyncio.sleep(30)
        await audited(town)


FAULTS = [Faults(seed, lose=60_000, unsure=60_000, double=100_000, delay_ms=400, reorder=200_000) for seed in range(6)]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: f"seed{faults.seed}")
async def test_cancels_at_random_moments_among_deaths(faults: Faults) -> None:
    """Thirty tenders, cancelled within twenty seconds of their opening; meanwhile everybody dies now and then."""
    draw = random.Random(faults.seed)
    async with Town(faults) as town:
        town.host("one", agent(town, "slow_1"), agent(town, "failing_1", "failing", "0.02", 3), agent(town, "slow_4"))
        town.host("two", agent(town, "finishing_2"), agent(town, "stubborn_2"), arbiter.agent())
        town.host("three", agent(town, "slow_3", price="0.06"))
        town.start()
        opened: dict[str, Any] = {}
        due: dict[str, float] = {}
        loop = asyncio.get_running_loop()

        async def die() -> None:
            name = draw.choice([MANAGER, "one", "two", "three"])
            await town.kill(name)
            await asyncio.sleep(draw.choice((0, draw.uniform(0, 3), draw.uniform(0, 50 if name != MANAGER else 3))))
            if name == MANAGER:
                town.start()
            else:
                town.host(name)

        for number in range(30):
            key = f"t{number}"
            opened[key] = {
                "slots": draw.randint(1, 3),
                "max_rounds": draw.randint(1, 3),
                "mediator": draw.choice((None, "arbiter")),
                "lease_ms": draw.choice((20_000, 60_000)),
                "reserve": draw.choice((50_000, 15_000, 5_000)),
            }
            due[key] = loop.time() + draw.uniform(0, 30)
        over = loop.time() + 200

        def unwanted(key: str, tender: Tender) -> bool:
            late_s = loop.time() - due[key]
            if tender.ended is not None or late_s < 0:
                return False
            return late_s > 5 if not tender.calls else not tender.calls[-1].machine.has("cancelling")

        while loop.time() < over or any(one.ended is None for one in town.manager.book.tenders.values()):
            for number, key in enumerate(opened):
                tender = town.manager.book.tenders.get(key)
                if tender is None:
                    opening = asyncio.create_task(town.tender(number, **opened[key]))
                    await asyncio.wait([opening], timeout=5)
                    opening.cancel()
                elif unwanted(key, tender):
                    town.manager.cancel(tender, USER)
            if draw.random() < 0.15 and loop.time() < over:
                await die()
            await asyncio.sleep(1)
        await asyncio.sleep(HOUR_S / 10)
        await audited(town)
        truths = [
            truth for one in town.manager.book.tenders.values() for call in one.calls for truth in call.truth.values()
        ]
        assert len(truths) > 20
        assert set(truths) <= set(TRUTHS)  # which of them it is depends on when somebody died
