"""What was recorded against what the facts before it give: the one comparison of replay."""

from __future__ import annotations

from typing import Final

from contractnet.errors import ReplayDifference
from contractnet.ledger.port import Draft, Entry

_COMPARED: Final = ("type", "agent", "conversation", "version", "at", "direction", "sender", "message_id", "body")


def compare(entry: Entry, draft: Draft) -> None:
    """The recorded entry is what was derived, byte for byte.

    Raises:
        ReplayDifference: it is not; names the position and the first differing field.
    """
    for name in _COMPARED:
        recorded, derived = getattr(entry, name), getattr(draft, name)
        if recorded != derived:
            text = (
                f"position {entry.position}: the recorded {name} of this `{entry.type}` entry is "
                f"{str(recorded)[:200]!r}, the facts before it give {str(derived)[:200]!r}"
            )
            raise ReplayDifference(text, entry.position)
