"""Two workers over a real broker: one buys from the other in its work, and either is killed in the middle of that."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contractnet.market.market import Market
from contractnet.market.task import Task
from tests.support.fleet import Fleet, assert_clean, assert_replays, until

DAEMONS = ("buyer_1", "keen_1")


#: the daemon that dies, and after which of its publishes: its first offer, or its agreement to bargain
KILLS = [("buyer_1", "3"), pytest.param("keen_1", "1", marks=pytest.mark.campaign)]


@pytest.mark.parametrize(("killed", "publish"), KILLS)
def test_work_that_buys_from_another_worker_survives_either_of_them(
    killed: str, publish: str, tmp_path: Path, amqp_url: str
) -> None:
    """It is bargained once, and the result of the work is what both journals say was agreed."""
    with Fleet(tmp_path, amqp_url) as fleet:
        for name in DAEMONS:
            fleet.worker(name, failpoint=f"outbox.after-publish:{publish}" if name == killed else None)
        result = asyncio.run(_bought(fleet, killed))
        (end,) = _ends(fleet, "buyer_1")
        assert (end["state"], result["status"]) == ("AGREED", "agreed")
        assert 20_000 <= end["terms"][0] == int(Decimal(result["price"]) * 1_000_000) <= 50_000
        until("the other side's own end of it", lambda: _ends(fleet, "keen_1") == [end])
        assert_clean(fleet, DAEMONS)
        assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])


async def _bought(fleet: Fleet, killed: str) -> dict[str, Any]:
    async with Market.open(fleet.broker, ledger=str(fleet.ledger), grace=0) as market:
        task = Task("buy", "case.buys", {"from": "keen_1"})
        contract = await market.begin(task, reserve="0.10", reply_within=5, lease=10)
        assert await asyncio.to_thread(fleet.processes(killed).wait, 60) == -9
        assert _ends(fleet, killed) == []
        await asyncio.to_thread(fleet.worker, killed)
        return dict(await contract.result())


def _ends(fleet: Fleet, name: str) -> list[Any]:
    return [row.body for row in fleet.rows(fleet.journal(name)) if row.type == "BargainEnded"]
