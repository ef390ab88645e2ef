"""What a user's bidder or work raises: a refusal or a failure, told to the operator and to nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.messages.values import TaskFailure
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
