"""The broker, the manager, agents away: all settle afterwards, without help, and no good work is fenced off."""

from __future__ import annotations

import asyncio

import pytest

from contractnet.manager.records import Awarded, Freed
from contractnet.manager.settings import Settings
from tests.support.town import HOUR_S, Town

pytestmark = pytest.mark.looptime

#: seconds that the broker is away: within the round, over its deadline, the lease, the offers, and much longer
AWAY_S = [3, 25, 80, 140, 400]


def count(town: Town, kind: type) -> int:
    return sum(entry.type == kind.__name__ for entry in town.ledger.entries())


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("after_s", [0.0, 0.2, 2.0])
async def test_the_broker_goes_while_bids_are_made(away_s: float, after_s: float) -> None:
    """From the first instant of a call, while its cfp, its bids or its awards are on their way."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01"))
        town.host("b", town.agent("b", "0.02"))
        town.start()
        await asyncio.sleep(6)
        await town.tenders(6)
        await asyncio.sleep(after_s)
        town.hub.down()
        await asyncio.sleep(away_s)
        town.hub.restore()
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        await town.quiet()
        town.check()


@pytest.mark.parametrize("away_s", [30, 80, 700, 2_000])
async def test_the_broker_goes_while_work_is_done(away_s: float) -> None:
    """Over the lease, and over the result deadline: the work of an award is credited, once (D5)."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=60))
        town.host("b", town.agent("b", "0.02", work_s=60))
        town.start()
        await town.tenders(4)
        await asyncio.sleep(20)
        town.hub.down()
        await asyncio.sleep(away_s)
        town.hub.restore()
        ends = await town.ends()
        assert {(one.status, one.winner) for one in ends} == {("settled", "a")}
        assert (count(town, Freed), set(town.worked.values())) == (0, {1})
        await town.quiet()
        town.check()


async def test_the_broker_comes_and_goes() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=9))
        town.host("b", town.agent("b", "0.02", work_s=9))
        town.start()
        await town.tenders(20)
        for turn in range(40):
            await asyncio.sleep(1 + turn % 7)
            town.hub.down()
            await asyncio.sleep(1 + turn % 4)
            town.hub.restore()
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        assert set(town.worked.values()) == {1}
        await town.quiet()
        town.check()


async def test_one_party_is_cut_off_again_and_again() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=5))
        town.host("b", town.agent("b", "0.02", work_s=5))
        town.start()
        await town.tenders(12)
        for turn in range(60):
            await asyncio.sleep(0.3)
            town.hub.cut(["a", "b", "mgr"][turn % 3])
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        await town.quiet()
        town.check()


async def test_a_daemon_that_goes_for_good_is_replaced_by_the_runner_up() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=300))
        town.host("b", town.agent("b", "0.02", work_s=5))
        town.start()
        await town.tenders(3, work_within_ms=3_600_000)
        await asyncio.sleep(30)
        await town.kill("a")
        ends = await town.ends()
        assert {(one.status, one.winner) for one in ends} == {("settled", "b")}
        assert count(town, Awarded) == 6


# ---- the manager away


@pytest.mark.parametrize("away_s", [1, 25, 80, 140, 400])
@pytest.mark.parametrize("after_s", [0.0, 0.3])
async def test_the_manager_is_away_while_bids_are_made(away_s: float, after_s: float) -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01"))
        town.host("b", town.agent("b", "0.02"))
        town.start()
        await asyncio.sleep(6)
        await town.tenders(6)
        await asyncio.sleep(after_s)
        await town.kill()
        await asyncio.sleep(away_s)
        town.start()
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        await town.quiet()
        town.check()


@pytest.mark.parametrize("away_s", [30, 80, 700, 2_000])
async def test_the_manager_is_away_while_work_is_done(away_s: float) -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=60))
        town.host("b", town.agent("b", "0.02", work_s=60))
        town.start()
        await town.tenders(4)
        await asyncio.sleep(20)
        await town.kill()
        await asyncio.sleep(away_s)
        town.start()
        ends = await town.ends()
        assert {(one.status, one.winner) for one in ends} == {("settled", "a")}
        assert (count(town, Freed), set(town.worked.values())) == (0, {1})
        await town.quiet()
        town.check()


async def test_a_zombies_result_comes_after_the_runner_up_was_awarded() -> None:
    """A winner that is cut off works on; when it is back, its result is recorded and not paid."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=100))
        town.host("b", town.agent("b", "0.02", work_s=300))
        town.start()
        await town.tender(work_within_ms=3_600_000)
        await asyncio.sleep(20)
        await town.kill("a")
        await asyncio.sleep(100)
        assert town.manager.book.tenders["t0"].slots[0].holder == "b"
        town.host("a")
        (end,) = await town.ends()
        assert (end.winner, end.price) == ("b", 20_000)
        await town.quiet()
        town.check()


# ---- waiting for agents


async def test_a_tender_waits_for_agents_and_goes_on_when_one_comes() -> None:
    async with Town() as town:
        town.start()
        await town.tender(wait_for_agents_ms=60_000)
        await asyncio.sleep(55)
        town.host("a", town.agent("a"))
        (end,) = await town.ends()
        assert end.status == "settled"


async def test_a_tender_that_nobody_comes_for_ends() -> None:
    async with Town() as town:
        town.start()
        await town.tender(wait_for_agents_ms=60_000)
        (end,) = await town.ends()
        assert (end.status, end.reason) == ("no-award", "no-bidders")
        assert 65 <= asyncio.get_running_loop().time() < 70, "the wait, after one beat was listened for"


async def test_tenders_that_wait_for_a_place_survive_a_short_absence_of_all_agents() -> None:
    """D1: a tender waits for agents without a break; that somebody was there is a break."""
    async with Town(settings=Settings(concurrency=1)) as town:
        town.host("a", town.agent("a", work_s=50))
        town.start()
        await town.tenders(5, wait_for_agents_ms=60_000)
        await asyncio.sleep(110)  # longer than any may wait for agents
        await town.stop("a", grace_s=100)
        await asyncio.sleep(5)
        town.host("a")
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        await town.quiet()
        town.check()


async def test_tenders_that_wait_for_a_place_survive_a_restart_of_the_manager() -> None:
    async with Town(settings=Settings(concurrency=1)) as town:
        town.host("a", town.agent("a", work_s=20))
        town.start()
        await town.tenders(4, wait_for_agents_ms=30_000)
        await asyncio.sleep(3)
        await town.kill()
        await asyncio.sleep(HOUR_S / 4)
        town.start()
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}


async def test_a_restarted_manager_does_not_wait_for_agents_for_ever() -> None:
    async with Town() as town:
        town.start()
        await town.tender(wait_for_agents_ms=30_000)
        await asyncio.sleep(3)
        await town.kill()
        await asyncio.sleep(100)
        town.start()
        began = asyncio.get_running_loop().time()
        (end,) = await town.ends()
        assert end.reason == "no-bidders"
        assert asyncio.get_running_loop().time() - began < 60


async def test_the_broker_is_away_while_tenders_wait() -> None:
    async with Town(settings=Settings(concurrency=1)) as town:
        town.host("a", town.agent("a", work_s=5))
        town.start()
        await town.tenders(4, wait_for_agents_ms=30_000)
        await asyncio.sleep(3)
        town.hub.down()
        await asyncio.sleep(300)
        town.hub.restore()
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}


async def test_nothing_is_due_before_the_coming_of_the_broker_is_heard() -> None:
    """The link is up a moment before its event is read: no offer lapses and no work is lost then (D5)."""
    async with Town() as town:
        daemon = town.host("a", town.agent("a", "0.01", work_s=2_000))
        town.start()
        await town.tender(work_within_ms=60_000)
        await asyncio.sleep(40)
        (engagement,) = daemon.diary.engagements.values()
        assert engagement.machine.has("committed")
        town.hub.down()
        await asyncio.sleep(200)
        assert engagement.due(daemon.now()) is not None
        town.hub.restore()
        while not daemon._link.up:
            await asyncio.sleep(0)
        daemon._on_alarm(engagement)
        assert engagement.machine.has("committed")
