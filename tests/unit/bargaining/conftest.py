"""Virtual time for the tests of the seats."""

from __future__ import annotations

import asyncio

# looptime asks for the current loop around plain functions, too; see tests/unit/drivers/conftest.py
asyncio.set_event_loop(None)
