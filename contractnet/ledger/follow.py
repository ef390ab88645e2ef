"""Entries as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from contractnet.ledger.port import Entry, LedgerReader

#: how often a quiet ledger is looked at; one look is one query by position
POLL_S = 0.2


async def follow(reader: LedgerReader, after: int = 0, poll_s: float = POLL_S) -> AsyncGenerator[Entry, None]:
    """The entries with a position over `after`, those that are there and then those that come; never ends by itself.

    Raises:
        LedgerDamaged: the file cannot be read as what it was.
    """
    while True:
        for entry in reader.entries(after):
            after = entry.position
            yield entry
        await asyncio.sleep(poll_s)
