"""Manager and contractors over the embedded transport: all settled, nothing doubled, whatever the transport does."""

from __future__ import annotations

import asyncio
import time

import pytest

from contractnet.ledger.records import Misheard
from contractnet.transport.faults import Faults
from tests.support.town import HOUR_S, Town

pytestmark = pytest.mark.looptime


async def test_tenders_settle_and_the_cheapest_wins() -> None:
    async with Town() as town:
        town.host("d1", town.agent("cheap", "0.01"), town.agent("dear", "0.03"))
        town.host("over", town.agent("over", "0.5"))
        town.start()
        await town.tenders(20)
        ends = await town.ends()
        assert {(one.status, one.price) for one in ends} <= {("settled", 10_000), ("settled", 30_000)}
        for number, one in enumerate(ends):
            result = town.result(one)
            assert (result["n"], result["secret"], result["by"]) == (number, f"s{number}", one.winner)
        await town.quiet()
        town.check()


FAULTS = [
    Faults(seed, lose=60_000, unsure=60_000, double=100_000, delay_ms=400, reorder=100_000) for seed in range(4)
] + [Faults(seed, lose=20_000, unsure=20_000, cut=10_000, double=50_000, delay_ms=100) for seed in range(4, 8)]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: f"seed{faults.seed}")
async def test_all_settle_under_loss_repetition_delay_and_reordering(faults: Faults) -> None:
    async with Town(faults) as town:
        town.host("d1", town.agent("a", "0.01"), town.agent("b", "0.02"))
        town.host("c", town.agent("c", "0.02"))
        town.start()
        await town.tenders(25)
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        assert [town.result(one)["n"] for one in ends] == list(range(25))
        assert set(town.worked.values()) == {1}
        await town.quiet()
        town.check()
        assert not [entry for entry in town.ledger.entries() if entry.type == Misheard.__name__]


async def test_an_hour_of_work_takes_no_time() -> None:
    began = time.monotonic()
    async with Town() as town:
        town.host("a", town.agent("a", work_s=HOUR_S))
        town.start()
        await town.tender(work_within_ms=2 * 3_600_000)
        (end,) = await town.ends()
        assert end.status == "settled"
        await town.quiet()
        town.check()
    assert time.monotonic() - began < 60


async def test_a_one_hour_deadline_passes_in_no_time() -> None:
    began = time.monotonic()
    async with Town() as town:
        town.host("a", town.agent("a", work_s=2 * HOUR_S))
        town.start()
        await town.tender(work_within_ms=3_600_000)
        (end,) = await town.ends()
        assert (end.status, end.reason) in {("failed", "result-deadline"), ("failed", "failed")}
        assert asyncio.get_running_loop().time() > HOUR_S
        await town.quiet()
        town.check()
    assert time.monotonic() - began < 60


async def test_a_failing_winner_is_followed_by_the_runner_up() -> None:
    async def broken(_: object) -> dict[str, object]:
        raise RuntimeError("s3cret details")

    async with Town() as town:
        town.host("a", town.agent("a", "0.01", work=broken))
        town.host("b", town.agent("b", "0.02"))
        town.start()
        await town.tenders(4)
        ends = await town.ends()
        assert {(one.status, one.winner, one.price) for one in ends} == {("settled", "b", 20_000)}
        await town.quiet()
        town.check()
        assert "s3cret" not in str(list(town.ledger.entries()))


async def test_more_tenders_than_places_wait_for_their_turn() -> None:
    """Capacity 2, 40 tenders, 16 at once: busy agents are asked again, and nobody promises more than it can do."""
    running, most = 0, 0

    async def work(award: object) -> dict[str, object]:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(3)
        running -= 1
        return {"ok": 1}

    async with Town() as town:
        town.host("a", town.agent("a", capacity=2, work=work))
        town.start()
        await town.tenders(40)
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        assert most == 2
        await town.quiet()
        town.check()


async def test_a_bidder_that_never_answers_delays_and_harms_nobody() -> None:
    """Every round waits for its whole window; offers held at best are withdrawn for room, and all still settle."""

    async def sleepy(_: object) -> dict[str, object]:
        return {"ok": 1}

    async with Town() as town:
        town.host("a", town.agent("a", "0.01", capacity=2, work_s=30))
        town.host("b", town.agent("b", "0.02", capacity=2, work_s=30))
        quiet = town.agent("quiet", work=sleepy)
        object.__setattr__(quiet, "bid", lambda _: asyncio.Event().wait())
        town.host("quiet", quiet)
        town.start()
        await town.tenders(12, within_ms=6_000_000)
        ends = await town.ends()
        assert {one.status for one in ends} == {"settled"}
        await town.quiet()
        town.check()
