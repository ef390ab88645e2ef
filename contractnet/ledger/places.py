"""What a writer knows in order to give places: the head, the last versions, the message keys.

Both ledgers decide with it, at the call and before anything is written, so a conflict never costs a place and the
unique indexes of a database are a second line that must never be reached. It is filled while a ledger is opened
(every entry is read then anyway, for the chain). It grows with the ledger: about 90 bytes a message and 250 bytes a
(agent, conversation); a million messages in 100,000 conversations are about 115 MB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from contractnet.errors import LedgerDamaged, VersionConflict
from contractnet.ledger.chain import Chain, seal
from contractnet.ledger.port import Draft, Entry


def _message_key(draft: Draft) -> bytes | None:
    """128 bits that stand for (agent, direction, sender, message id), or None where no message is recorded."""
    if draft.message_id is None:
        return None
    key = "\0".join((draft.agent, str(draft.direction), str(draft.sender), draft.message_id))
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


class Places(Chain):
    """A chain that gives drafts their places."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: set[bytes] = set()

    def admit(self, entry: Entry) -> None:
        """As `Chain.admit`; a message that is recorded twice is damage too."""
        super().admit(entry)
        key = _message_key(entry)
        if key is None:
            return
        if key in self._messages:
            position = entry.position
            raise LedgerDamaged(f"position {position}: {_named(entry)} is recorded twice", position)
        self._messages.add(key)

    def place(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Give the drafts the next places, all or none.

        Raises:
            VersionConflict: a version is not the next one, or a message is recorded already; nothing has changed.
            ValueError: `at` goes back, or the fields of a message are not set together: a mistake of the caller.
        """
        position, previous = self.next
        at = 0 if self.head is None else self.head.at
        versions: dict[tuple[str, str], int] = {}
        messages: set[bytes] = set()
        entries: list[Entry] = []
        for draft in drafts:
            _check(draft, at)
            stream = (draft.agent, draft.conversation)
            version = versions.get(stream, self.versions.get(stream, 0)) + 1
            if draft.version != version:
                raise VersionConflict(
                    f"{draft.type} of {draft.agent} in {draft.conversation}: version {draft.version}, not {version}"
                )
            key = _message_key(draft)
            if key is not None:
                if key in self._messages or key in messages:
                    raise VersionConflict(f"{_named(draft)} is recorded already")
                messages.add(key)
            entry = seal(draft, position, previous)
            entries.append(entry)
            versions[stream] = version
            position, previous, at = position + 1, entry.hash, draft.at
        if entries:
            self.head = entries[-1]
            self.versions.update(versions)
            self._messages |= messages
        return entries


def _check(draft: Draft, at: int) -> None:
    if draft.at < at:
        raise ValueError(f"{draft.type} of {draft.conversation}: its time {draft.at} lies before {at}, the last one")
    whole = (draft.direction in ("in", "out"), draft.sender is not None, draft.message_id is not None)
    if any(whole) is not all(whole):
        raise ValueError(f"{draft.type} of {draft.conversation}: direction, sender and message id go together")


def _named(draft: Draft) -> str:
    return f"message {draft.message_id} of {draft.sender} ({draft.direction}, {draft.agent})"
