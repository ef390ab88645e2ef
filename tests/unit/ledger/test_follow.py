"""Entries as they come."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

from contractnet.ledger.follow import follow
from contractnet.ledger.urls import open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER, draft


async def test_what_is_there_and_then_what_comes(tmp_path: Path) -> None:
    url = str(tmp_path / "x.db")
    ledger = open_ledger(url, kind="ledger", owner=OWNER, now=NOW)
    await ledger.append([draft(1), draft(2)])
    async with asyncio.timeout(30), aclosing(follow(open_reader(url), after=1, poll_s=0.001)) as entries:
        assert [(await anext(entries)).version for _ in range(2)] == [1, 2]
        waiting = asyncio.ensure_future(anext(entries))
        for version in range(3, 20):
            await ledger.append([draft(version)])
        seen = [await waiting] + [await anext(entries) for _ in range(16)]
        assert [entry.version for entry in seen] == list(range(3, 20))
        last = asyncio.ensure_future(anext(entries))
        await asyncio.sleep(0)
        await ledger.append([draft(20)])
        await ledger.aclose()
        assert (await last).version == 20
