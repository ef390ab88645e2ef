"""What a user's bidder or work raises: a refusal or a failure, told to the operator and to nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.contractor.replay import replay
from contractnet.messages.values import TaskFailure
from tests.support.side import picture
from tests.support.town import Town

pytestmark = pytest.mark.looptime

RAISED = [ValueError("secret 7"), SystemExit("secret 7"), asyncio.CancelledError("secret 7")]


def told(town: Town) -> str:
    return str([entry.body for ledger in (town.ledger, town.journals["a"]) for entry in ledger.entries()])


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_work_that_raises_is_a_failure(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    async def work(_: Award) -> dict[str, Any]:
        raise error

    async with Town() as town:
        town.host("a", town.agent("a", work=work))
        town.start()
        await town.tender()
        (end,) = await town.ends()
        assert end.status == "failed"
        assert f'"reason":"{TaskFailure.ERROR.value}"' in told(town)
        assert "secret 7" not in told(town)
        await town.quiet()
        town.check()
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("contractnet.contractor", "ERROR")
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_a_bidder_that_raises_refuses(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Call) -> Proposal:
        raise error

    async with Town() as town:
        town.host("a", town.agent("a", answers=broken))
        town.start()
        await town.tender()
        (end,) = await town.ends()
        assert (end.status, end.reason) == ("no-award", "refused")
        assert "secret 7" not in told(town)
        await town.quiet()
        town.check()
    assert [record.name for record in caplog.records] == ["contractnet.contractor"]
    assert "secret 7" in caplog.text


async def test_work_that_does_not_let_itself_be_cancelled_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """An orderly stop ends: what was handed back is told, and what the task does later is not."""
    gate = asyncio.Event()

    async def stubborn(_: Award) -> dict[str, Any]:
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue
        return {}

    async with Town() as town:
        town.host("a", town.agent("a", work=stubborn))
        town.start()
        await town.tender()
        await asyncio.sleep(20)
        began = asyncio.get_running_loop().time()
        await asyncio.wait_for(town.stop("a", 5), 60)
        assert asyncio.get_running_loop().time() - began < 5 + 10 + 12
        assert f'"reason":"{TaskFailure.HANDED_BACK.value}"' in told(town)
        before = told(town)
        gate.set()
        await asyncio.sleep(1)
        assert told(town) == before
        town.journals["a"].check()
        assert picture(replay("a", town.journals["a"].entries())) == picture(town.daemons["a"].diary)
    assert "work t0.1 does not end though it was cancelled: left behind" in caplog.text


async def test_a_stop_takes_no_new_work_though_its_goodbye_is_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Town() as town:
        daemon = town.host("a", town.agent("a"))
        town.start()
        await asyncio.sleep(6)

        async def blocked() -> None:
            await asyncio.sleep(15)

        monkeypatch.setattr(daemon._announcer, "goodbye", blocked)
        stopping = asyncio.create_task(town.stop("a", 5))
        await asyncio.sleep(0.1)
        assert all(desk.closed for desk in daemon._desks.values())
        began = asyncio.get_running_loop().time()
        await stopping
        assert asyncio.get_running_loop().time() - began < 11
