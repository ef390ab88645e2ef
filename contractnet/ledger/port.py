"""The port of every ledger: an append-only, gap-free, hash-chained sequence of entries with one writer.

Rules every implementation keeps:

1. **Order is decided by the call.** `append` takes its place in the sequence when it is called, not when it is
   awaited; the future it returns resolves once the entries are durable (memory: at once).
2. **All or nothing.** The drafts of one `append` are one transaction.
3. **Gap-free.** Positions are 1, 2, 3 ...; versions of one (agent, conversation) are 1, 2, 3 ...
4. **Chained.** `hash = SHA-256(canonical JSON of everything else of the entry, previous hash included)`.
5. **Unique**: position; (agent, conversation, version); (agent, direction, sender, message id).
6. **A failed commit is the end**: every later call raises LedgerBroken; the process must stop and start again.

Source: decisions D4, D10, D14.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry before it has its place."""

    agent: str  #: whose entry: the manager's id, or a hosted agent's; the ledger's own entries carry its owner
    conversation: str  #: conversation id, tender id, or a stream name of the ledger's own such as `presence`
    version: int  #: 1, 2, 3 ... within (agent, conversation)
    type: str  #: kind of entry, such as `Heard`, `Said`, `Decided`
    at: int  #: milliseconds since the Unix epoch, UTC; never less than that of the entry before
    body: str  #: canonical JSON object
    direction: str | None = None  #: `in` or `out` where the entry records a message, else None
    sender: str | None = None  #: of that message
    message_id: str | None = None  #: of that message, the same when it is sent again


class Entry(Draft, frozen=True, kw_only=True):
    """A recorded entry."""

    position: int  #: 1, 2, 3 ... in the whole ledger
    previous: str  #: hash of the entry before, 64 hex digits; of the first: 64 zeros
    hash: str  #: SHA-256 over the rest, 64 hex digits


class LedgerReader(Protocol):
    """Read access; never blocks the writer."""

    def entries(self, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
        """The durable entries with a position over `after`, in order; of one conversation where named.

        They are not checked on the way (`chain.checked` does it); an iteration sees what was recorded while it ran,
        or not.

        Raises:
            LedgerDamaged: the file cannot be read as what it was.
        """
        ...

    def check(self) -> None:
        """Check everything that is stored: the whole chain, then the structure of the file.

        Raises:
            LedgerDamaged: at the first position that does not hold, or without one where the file itself is damaged.
        """
        ...

    def close(self) -> None:
        """Let go of the file. A writer first records what was appended, and blocks meanwhile: see `Ledger.aclose`."""
        ...


class Ledger(LedgerReader, Protocol):
    """The one writer. Its first entry says whose it is (`founding.Founding`)."""

    @property
    def owner(self) -> str:
        """The manager's id, or the daemon's name, from the first entry."""
        ...

    @property
    def head(self) -> Entry | None:
        """The last entry that was given its place, or None."""
        ...

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[Sequence[Entry]]:
        """Give the drafts their places now; the future resolves with the entries when they are durable.

        Must be called on a running event loop, always the same one. Without drafts it resolves once everything before
        is durable.

        Raises (the future):
            VersionConflict: a version is not the next one, or the message is recorded; nothing of this call was
            written.
            LedgerBroken: disk or server error, or closed; this ledger is over.
        Raises (the call):
            ValueError: a mistake of the caller: `at` goes back, or a message's fields are not set together. Nothing
            was written.
        """
        ...

    async def aclose(self) -> None:
        """Wait for what was appended, then close and let go of the lock."""
        ...
