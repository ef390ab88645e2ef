"""A ledger in memory: no thread, no file; what is appended is recorded when `append` returns.

For virtual-time tests, simulations, and the agents of an embedded market. It keeps every rule of the port but the one
that a process may die.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from contractnet.errors import LedgerBroken, VersionConflict
from contractnet.ledger.chain import verify
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Draft, Entry


class MemoryLedger:
    """The one writer of a ledger that ends with its object."""

    def __init__(self, owner: str, kind: Kind | str = Kind.LEDGER, now: int = 0) -> None:
        self._owner = owner
        self._places = Places()
        self._entries: list[Entry] = self._places.place([founding_draft(Kind(kind), owner, now)])
        self._closed = False

    @property
    def owner(self) -> str:
        return self._owner

    @property
    def head(self) -> Entry | None:
        return self._places.head

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[Sequence[Entry]]:
        future: asyncio.Future[Sequence[Entry]] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_exception(LedgerBroken(f"the ledger of {self._owner} in memory is closed"))
            return future
        try:
            entries = self._places.place(drafts)
        except VersionConflict as conflict:
            future.set_exception(conflict)
            return future
        self._entries += entries
        future.set_result(entries)
        return future

    def entries(self, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
        position = max(after, 0)
        while position < len(self._entries):  # by position: entries may be appended between two steps
            entry = self._entries[position]
            position += 1
            if conversation is None or entry.conversation == conversation:
                yield entry

    def check(self) -> None:
        verify(self._entries)

    def close(self) -> None:
        self._closed = True

    async def aclose(self) -> None:
        self.close()
