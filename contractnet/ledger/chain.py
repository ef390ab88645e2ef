"""The hash chain: how an entry is sealed, and how a sequence of entries is checked.

Rules:

1. `hash` = SHA-256, as 64 hex digits, of the canonical JSON (UTF-8, sorted keys, no spaces) of every other field of
   the entry, `body` as the string it is, absent ones as null.
2. `previous` is the hash of the entry before; of the first entry 64 zeros.
3. Positions are 1, 2, 3 ...; versions of one (agent, conversation) are 1, 2, 3 ...; `at` never goes back.

What the chain shows: any change, loss or move of an entry that has a successor, and any change within the last one.
What it cannot show: that the last entries were cut off cleanly, or that all hashes from some entry on were made anew.

Source: decisions D10, D14.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from contractnet.errors import LedgerDamaged
from contractnet.ledger.port import Draft, Entry

#: `previous` of the first entry
ZERO = "0" * 64

_encode = msgspec.json.Encoder(order="sorted").encode


class _Unsealed(Draft, frozen=True, kw_only=True):
    """What the hash is taken over: an entry without its hash."""

    position: int
    previous: str


def canonical(entry: Entry) -> bytes:
    """The entry as one line of canonical JSON, without a line end."""
    return _encode(entry)


def seal(draft: Draft, position: int, previous: str) -> Entry:
    """Make the entry that this draft becomes at this position after the entry with the hash `previous`."""
    return Entry(
        agent=draft.agent,
        conversation=draft.conversation,
        version=draft.version,
        type=draft.type,
        at=draft.at,
        body=draft.body,
        direction=draft.direction,
        sender=draft.sender,
        message_id=draft.message_id,
        position=position,
        previous=previous,
        hash=_digest(draft, position, previous),
    )


def _digest(draft: Draft, position: int, previous: str) -> str:
    unsealed = _Unsealed(
        agent=draft.agent,
        conversation=draft.conversation,
        version=draft.version,
        type=draft.type,
        at=draft.at,
        body=draft.body,
        direction=draft.direction,
        sender=draft.sender,
        message_id=draft.message_id,
        position=position,
        previous=previous,
    )
    return hashlib.sha256(_encode(unsealed)).hexdigest()


class Chain:
    """A sequence of entries, checked as it grows; remembers its head and each last version."""

    def __init__(self) -> None:
        self.head: Entry | None = None
        self.versions: dict[tuple[str, str], int] = {}  #: (agent, conversation) -> last version

    @property
    def next(self) -> tuple[int, str]:
        """(position, previous) of the entry that comes next."""
        return (1, ZERO) if self.head is None else (self.head.position + 1, self.head.hash)

    def admit(self, entry: Entry) -> None:
        """Check that the entry is the next one, and take it.

        Raises:
            LedgerDamaged: it is not; the position is the one where the entry should have been. Nothing was taken.
        """
        position, previous = self.next
        wrong = self._wrong(entry, position, previous)
        if wrong is not None:
            raise LedgerDamaged(f"position {position}: {wrong}", position)
        self.versions[entry.agent, entry.conversation] = entry.version
        self.head = entry

    def _wrong(self, entry: Entry, position: int, previous: str) -> str | None:
        if entry.position != position:
            return f"the entry is missing, the next one there has position {entry.position}"
        if entry.previous != previous:
            return "its previous hash is not the hash of the entry before"
        # A file that was tampered with may hold a value of any type: from here on it hashes to what was once written.
        if entry.hash != _digest(entry, position, previous):
            return "its content does not have its hash"
        if self.head is not None and entry.at < self.head.at:
            return f"its time {entry.at} lies before {self.head.at}, that of the entry before"
        version = self.versions.get((entry.agent, entry.conversation), 0) + 1
        if entry.version != version:
            return f"it has version {entry.version} of {entry.agent} in {entry.conversation}, where {version} follows"
        return None


def checked(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Pass the entries on, from position 1, each one checked.

    Raises:
        LedgerDamaged: at the first entry that is not the next one.
    """
    chain = Chain()
    for entry in entries:
        chain.admit(entry)
        yield entry


def verify(entries: Iterable[Entry]) -> None:
    """Check the entries of a whole ledger, from position 1.

    Raises:
        LedgerDamaged: at the first entry that is not the next one.
    """
    chain = Chain()
    for entry in entries:
        chain.admit(entry)
