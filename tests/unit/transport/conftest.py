"""No event loop outside of tests."""

from __future__ import annotations

import asyncio

# looptime asks for the current loop around plain functions, too; on 3.11 that makes one that nobody closes, and a later
# test fails for it. Once it is set to none, asking raises, and looptime leaves the function alone.
asyncio.set_event_loop(None)
