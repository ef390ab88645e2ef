"""What the tests of the drivers share: virtual time, on the wall too."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.town import virtual_wall

# looptime asks for the current loop around plain functions, too; on 3.11 that makes one that nobody closes, and a later
# test fails for it. Once it is set to none, asking raises, and looptime leaves the function alone.
asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
async def _wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock follows the loop's virtual time."""
    virtual_wall(monkeypatch)
