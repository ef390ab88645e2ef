"""An agent buys from another in the middle of its work, with real daemons in virtual time: killed, cut off, unlucky.

Over a transport that loses, doubles and reorders; either daemon dies at each of its commits; there is one bargaining,
with one end that both sides know, and every journal replays to the live state.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contractnet.bargaining.opening import BargainOptions
from contractnet.bargaining.records import BargainEnded, BargainOpened
from contractnet.contractor.ports import Agent, Award
from contractnet.contractor.settings import Settings as DaemonSettings
from contractnet.errors import TransportClosed
from contractnet.manager.records import CancelAsked
from contractnet.transport.faults import Faults
from tests.support.town import MortalLedger, Town
from tests.unit.drivers.test_bargains import FAULTS, Selling

pytestmark = pytest.mark.looptime

#: the daemon that opens it, and the other one
OPENER, OTHER = "b", "s"


async def buys(award: Award) -> dict[str, Any]:
    """Work that is a purchase."""
    found = await award.bargain("s", "raw material", limit="0.05", high="0.09", within=60)
    return {"status": found.status, "price": found.price}


def seller(town: Town, turn_s: float = 0.5) -> Agent:
    return replace(town.agent("s"), skills=("case.other",), bargain=Selling(20_000, turn_s))


def start(town: Town) -> None:
    town.host(OPENER, town.agent("b", work=buys))
    town.host(OTHER, seller(town))
    town.start()


def of(town: Town, name: str, kind: type[Any]) -> list[Any]:
    entries = [one for one in town.journals[name].entries() if one.type == kind.__name__]
    return [msgspec.json.decode(one.body, type=kind) for one in entries]


async def checked(town: Town) -> None:
    """One bargaining, agreed between both limits, and the work's result is what was agreed."""
    (end,) = await town.ends()
    await town.quiet()
    town.check()
    assert end.status == "settled"
    assert len(of(town, OPENER, BargainOpened)) == 1
    (mine,), (theirs,) = of(town, OPENER, BargainEnded), of(town, OTHER, BargainEnded)
    assert mine == theirs
    assert mine.state == "AGREED"
    assert 20_000 <= mine.terms[0] <= 50_000
    result = town.result(end)
    assert (result["status"], Decimal(result["price"])) == ("agreed", Decimal(mine.terms[0]) / 1_000_000)


@pytest.mark.parametrize("faults", FAULTS, ids=lambda one: "calm" if one is None else f"seed{one.seed}")
async def test_work_buys_what_it_needs(faults: Faults | None) -> None:
    async with Town(faults) as town:
        start(town)
        await town.tender()
        await checked(town)


async def _dies(journal: MortalLedger) -> bool:
    """Whether it comes to the commit at which it is to die."""
    died = asyncio.create_task(journal.died.wait())
    await asyncio.wait([died], timeout=600)
    died.cancel()
    return journal.died.is_set()


async def _commits(name: str) -> int:
    async with Town() as town:
        start(town)
        await town.tender()
        await checked(town)
        return town.journals[name].commits


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
@pytest.mark.parametrize("name", [OPENER, OTHER])
async def test_either_daemon_dies_at_every_commit(name: str, recorded: bool) -> None:
    """It starts again on its journal; work that begins again finds the bargaining that it had begun."""
    deaths = 0
    for dies_at in range(2, await _commits(name) + 1):
        async with Town() as town:
            start(town)
            journal = town.journals[name]
            journal.dies_at, journal.recorded = dies_at, recorded
            await town.tender()
            if not await _dies(journal):
                continue
            deaths += 1
            await town.kill(name)
            town.host(name)
            await checked(town)
    assert deaths >= 8


async def test_cut_off_in_the_middle_it_goes_on_when_the_broker_is_back() -> None:
    async with Town() as town:
        start(town)
        await town.tender()
        await _begun(town)
        town.hub.down()
        await asyncio.sleep(3)
        town.hub.restore()
        await checked(town)


async def test_work_that_is_cancelled_calls_its_bargaining_off() -> None:
    async with Town() as town:
        start(town)
        tender = await town.tender()
        await _begun(town)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        (end,) = await town.ends()
        await town.quiet()
        town.check()
        assert end.status == "cancelled"
        (mine,), (theirs,) = of(town, OPENER, BargainEnded), of(town, OTHER, BargainEnded)
        assert (mine.state, theirs.state) == ("CANCELLED", "CANCELLED")


@pytest.mark.parametrize("recorded", [False, True], ids=["before it is durable", "after"])
async def test_a_daemon_of_both_sides_dies_at_every_commit(recorded: bool) -> None:
    deaths, dies_at, died = 0, 1, True
    while died:
        dies_at += 1
        async with Town() as town:
            town.host("d", town.agent("b", work=buys), seller(town))
            town.start()
            journal = town.journals["d"]
            journal.dies_at, journal.recorded = dies_at, recorded
            await town.tender()
            died = await _dies(journal)
            if died:
                deaths += 1
                await town.kill("d")
                town.host("d")
            (end,) = await town.ends()
            await town.quiet()
            town.check()
            mine, theirs = of(town, "d", BargainEnded)
            assert mine == theirs
            assert (mine.state, town.result(end)["status"]) == ("AGREED", "agreed")
    assert deaths >= 8


async def test_work_that_has_its_grace_bargains_to_the_end_though_its_daemon_stops() -> None:
    async with Town() as town:
        start(town)
        await town.tender()
        await _begun(town)
        await town.stop(OPENER)
        await checked(town)


async def test_work_that_has_its_grace_opens_what_it_needs() -> None:
    async def buys_twice(award: Award) -> dict[str, Any]:
        first = await buys(award)
        second = await award.bargain("s", "more", limit="0.05", high="0.09", within=60)
        return {"first": first["status"], "second": second.status}

    async with Town() as town:
        town.host(OPENER, town.agent("b", work=buys_twice))
        town.host(OTHER, seller(town))
        town.start()
        await town.tender()
        await _begun(town)
        await town.stop(OPENER)
        (end,) = await town.ends()
        assert town.result(end) == {"first": "agreed", "second": "agreed"}


async def test_without_grace_the_bargaining_is_called_off_with_its_work() -> None:
    async with Town() as town:
        start(town)
        await town.tender()
        await _begun(town)
        await town.stop(OPENER, 0)
        await asyncio.sleep(60)
        (mine,), (theirs,) = of(town, OPENER, BargainEnded), of(town, OTHER, BargainEnded)
        assert (mine.state, theirs.state) == ("CANCELLED", "CANCELLED")


@pytest.mark.parametrize("sleeps_s", [0, 5])
async def test_work_cancelled_while_its_daemon_is_down_leaves_no_bargaining_behind(sleeps_s: float) -> None:
    """Nobody waits for it any more when the daemon is back."""

    async def late(award: Award) -> dict[str, Any]:
        if award.attempt > 1:
            await asyncio.sleep(sleeps_s)
        return await buys(award)

    async with Town() as town:
        town.host(OPENER, town.agent("b", work=late))
        town.host(OTHER, seller(town, turn_s=20))
        town.start()
        tender = await town.tender()
        await _begun(town)
        await town.kill(OPENER)
        town.manager.cancel(tender, CancelAsked(reason="user"))
        town.host(OPENER)
        (end,) = await town.ends()
        await town.quiet()
        await asyncio.sleep(300)
        town.check()
        assert end.status == "cancelled"
        assert [one.state for one in of(town, OPENER, BargainEnded)] == ["CANCELLED"]
        assert [one.state for one in of(town, OTHER, BargainEnded)] == ["CANCELLED"]


async def test_work_that_may_not_begin_again_leaves_no_bargaining_behind() -> None:
    once = DaemonSettings(max_attempts=1)
    async with Town() as town:
        town.host(OPENER, town.agent("b", work=buys), settings=once)
        town.host(OTHER, seller(town, turn_s=20))
        town.start()
        await town.tender()
        await _begun(town)
        await town.kill(OPENER)
        town.host(OPENER, settings=once)
        await town.ends()
        await town.quiet()
        town.check()
        assert [one.state for one in of(town, OPENER, BargainEnded)][:1] == ["CANCELLED"]


async def test_who_waits_when_the_daemon_has_ended_is_told() -> None:
    terms: BargainOptions = {"limit": "0.05", "high": "0.09", "key": "k"}
    async with Town() as town:
        start(town)
        daemon = town.daemons[OPENER]
        opened = asyncio.create_task(daemon.own.bargain("b", "s", "paper", "USD", terms))
        await _begun(town)
        await town.kill(OPENER)
        with pytest.raises(TransportClosed, match="the daemon has ended"):
            await opened
        with pytest.raises(TransportClosed, match="the daemon has ended"):
            await asyncio.wait_for(daemon.own.bargain("b", "s", "paper", "USD", terms), 10)


async def _begun(town: Town) -> None:
    """The other side has heard of it."""
    while not town.daemons[OTHER].diary.bargains:
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("stops", [OPENER, OTHER])
@pytest.mark.parametrize(("grace_s", "status"), [(30, "agreed"), (0, "cancelled")])
async def test_a_daemon_that_stops_bargains_on_within_its_grace(stops: str, grace_s: float, status: str) -> None:
    async with Town() as town:
        start(town)
        terms: BargainOptions = {"limit": "0.05", "high": "0.09"}
        opened = asyncio.create_task(town.daemons[OPENER].own.bargain("b", "s", "a report", "USD", terms))
        await _begun(town)
        await town.stop(stops, grace_s)
        assert (await opened).status == status
        await town.quiet()
        (mine,), (theirs,) = of(town, OPENER, BargainEnded), of(town, OTHER, BargainEnded)
        assert {mine.state, theirs.state} == {status.upper()}


async def test_who_is_back_when_nobody_waits_for_its_answer_is_not_asked() -> None:
    async with Town() as town:
        start(town)
        await asyncio.sleep(1)
        await town.kill(OTHER)
        terms: BargainOptions = {"limit": "0.05", "high": "0.09", "within": 10}
        found = await town.daemons[OPENER].own.bargain("b", "s", "a report", "USD", terms)
        assert found.status == "expired"
        town.host(OTHER)
        await asyncio.sleep(30)
        assert not [one for one in town.daemons[OTHER].diary.bargains.values() if one.request is not None]
        assert {one.state for one in of(town, OTHER, BargainEnded)} <= {"CANCELLED"}  # it hears of the end
