"""What a full agent costs, and which offers it takes back for room (D2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from contractnet.contractor import bidding
from contractnet.contractor.records import Declined
from tests.support.town import Town

pytestmark = pytest.mark.looptime


def count(town: Town, kind: type, daemon: str) -> int:
    return sum(entry.type == kind.__name__ for entry in town.journals[daemon].entries())


async def test_many_calls_at_a_full_agent_are_counted_in_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scan goes over all conversations: their number must not grow with that of the calls."""
    scans: Counter[str] = Counter()

    def counted(name: str) -> None:
        real: Callable[..., Any] = getattr(bidding, name)

        def scan(*given: Any) -> Any:
            scans[name] += 1
            return real(*given)

        monkeypatch.setattr(bidding, name, scan)

    async with Town() as town:
        town.host("a", town.agent("a", capacity=1, work_s=2_000))
        town.start()
        await town.tender(999, work_within_ms=4_000_000)
        await asyncio.sleep(30)
        counted("taken")
        counted("withdrawable")
        await town.tenders(100)
        await asyncio.sleep(3)
        refused = count(town, Declined, "a")
        assert refused >= 40
        assert scans["taken"] <= refused
        assert scans["withdrawable"] <= refused
