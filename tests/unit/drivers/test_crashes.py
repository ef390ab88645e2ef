"""A process that dies in one of its commits, before it is durable or just after, and starts again: nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from contractnet.ledger.records import Heard
from contractnet.manager.records import Ended, Granted
from tests.support.town import MANAGER, Town, virtual_wall

pytestmark = pytest.mark.looptime


async def _reincarnate(town: Town, name: str, dies_at: int, recorded: bool, away_s: float) -> None:
    """The process dies at that commit, and starts again a while later."""
    ledger = town.ledger if name == MANAGER else town.journals[name]
    ledger.dies_at, ledger.recorded = dies_at, recorded
    await ledger.died.wait()
    await town.kill(name)
    await asyncio.sleep(away_s)
    if name == MANAGER:
        town.start()
    else:
        town.host(name)


async def _deaths(town: Town, names: list[str], most: int) -> int:
    """They die in turn, each a few commits after it started, as long as there are commits; returns how often."""
    for turn in range(most):
        name = names[turn % len(names)]
        ledger = town.ledger if name == MANAGER else town.journals[name]
        try:
            async with asyncio.timeout(120):
                await _reincarnate(town, name, ledger.commits + 1 + turn * 7 % 23, bool(turn % 2), away_s=turn % 4)
        except TimeoutError:
            ledger.dies_at = None
            return turn
    return most


async def _begin(town: Town) -> None:
    """Two daemons and a manager that knows them."""
    town.host("a", town.agent("a", "0.01", work_s=3))
    town.host("b", town.agent("b", "0.02", work_s=3))
    town.start()
    await asyncio.sleep(6)


async def commits_of_a_run(name: str) -> int:
    """How often a process commits in a run in which nobody dies."""
    async with Town() as town:
        await _begin(town)
        await town.tenders(2)
        await town.ends()
        await town.quiet()
        ledger = town.ledger if name == MANAGER else town.journals[name]
        return ledger.commits


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
async def test_the_manager_dies_at_every_commit(recorded: bool) -> None:
    """From the opening on to the last confirm: as many runs as there are commits."""
    deaths = 0
    for dies_at in range(1, await commits_of_a_run(MANAGER) + 1):
        async with Town() as town:
            await _begin(town)
            if dies_at <= town.ledger.commits:
                continue
            death = asyncio.create_task(_reincarnate(town, MANAGER, dies_at, recorded, away_s=2))
            opening = asyncio.create_task(town.tenders(2))
            await asyncio.wait([death], timeout=900)
            opening.cancel()  # its manager is dead
            assert death.done(), f"commit {dies_at} does not come"
            for number in range(2):  # a caller opens again what is not in the ledger
                if f"t{number}" not in town.manager.book.tenders:
                    await town.tender(number)
            ends = await town.ends()
            assert [one.status for one in ends] == ["settled", "settled"], f"died at commit {dies_at}"
            assert set(town.worked.values()) == {1}
            await town.quiet()
            town.check()
            deaths += 1
    assert deaths > 10


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
async def test_a_contractor_dies_at_every_commit(recorded: bool) -> None:
    """It takes up its work again, or the runner-up does it."""
    deaths = 0
    for dies_at in range(1, await commits_of_a_run("a") + 1):
        async with Town() as town:
            await _begin(town)
            if dies_at <= town.journals["a"].commits:
                continue
            death = asyncio.create_task(_reincarnate(town, "a", dies_at, recorded, away_s=2))
            await town.tenders(2)
            ends = await town.ends()
            assert [one.status for one in ends] == ["settled", "settled"], f"died at commit {dies_at}"
            await asyncio.wait([death], timeout=900)
            assert death.done(), f"commit {dies_at} does not come"
            await town.quiet()
            town.check()
            deaths += 1
    assert deaths > 8


async def test_the_manager_dies_again_and_again_under_load() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=4))
        town.host("b", town.agent("b", "0.02", work_s=4))
        town.start()
        await town.tenders(30)
        deaths = await _deaths(town, [MANAGER], 25)
        assert deaths > 8
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        assert sorted(town.result(one)["n"] for one in ends) == list(range(30))
        assert set(town.worked.values()) == {1}
        await town.quiet()
        town.check()


async def test_both_sides_die_under_load() -> None:
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=4))
        town.host("b", town.agent("b", "0.02", work_s=4))
        town.start()
        await town.tenders(30, within_ms=3_600_000)
        deaths = await _deaths(town, ["a", MANAGER, "b"], 24)
        assert deaths > 5
        ends = await town.ends()
        assert {one.status for one in ends} <= {"settled", "failed"}
        assert sum(one.status == "settled" for one in ends) >= 28  # three attempts at most, then `restart`
        await town.quiet()
        town.check()


async def test_a_tender_that_ended_is_over_for_the_next_process_too() -> None:
    async with Town() as town:
        town.host("a", town.agent("a"))
        town.start()
        tender = await town.tender()
        end = await town.manager.ended(tender)
        await town.kill()
        town.start()
        assert await town.manager.ended(town.manager.book.tenders["t0"]) == end
        ends = [entry for entry in town.ledger.entries() if entry.type == Ended.__name__]
        assert len(ends) == 1


async def test_a_grant_given_again_after_a_restart_does_not_add() -> None:
    async with Town() as town:
        town.start().grant(100_000, "USD")
        await asyncio.sleep(1)
        await town.kill()
        town.start().grant(100_000, "USD")
        await asyncio.sleep(1)
        assert sum(entry.type == Granted.__name__ for entry in town.ledger.entries()) == 1
        assert town.manager.book.accounts.granted == 100_000


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_wall_clock_that_was_set_between_two_starts(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """Time of a ledger never goes back (D14), and no deadline waits for a wall clock to catch up."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=3))
        town.start()
        await town.tender(0)
        await town.ends()
        await town.kill()
        await town.kill("a")
        virtual_wall(monkeypatch, ahead_s=hours * 3_600)
        town.host("a")
        town.start()
        began = asyncio.get_running_loop().time()
        await town.tender(1)
        ends = await town.ends()
        assert ends[1].status == "settled"
        assert asyncio.get_running_loop().time() - began < 30
        await town.tender(2, skill="text.translate", wait_for_agents_ms=30_000)
        await town.ends()
        assert asyncio.get_running_loop().time() - began < 90
        await town.quiet()
        town.check()


async def test_mail_is_acked_only_when_it_is_recorded() -> None:
    """D3: the manager dies before a bid is durable, so the bid comes again."""
    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work_s=3))
        town.start()
        await asyncio.sleep(6)
        await town.tender()
        heard = 0
        while not heard:
            await asyncio.sleep(0)
            town.ledger.dies_at, town.ledger.recorded = town.ledger.commits + 1, False
            heard = sum(entry.type == Heard.__name__ for entry in town.ledger.entries())
            if town.ledger.died.is_set():
                break
        await town.ledger.died.wait()
        await town.kill()
        town.start()
        (end,) = await town.ends()
        assert end.status == "settled"
        await town.quiet()
        town.check()
