"""The bargainings of a ledger or a journal, counted as it is derived again. Pure.

Rules: one is a conversation that its own side opened, took, or saw the end of; what two agents of one daemon say to
each other is one. It is agreed where one side's record says so, by themselves or by a mediator whose terms it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contractnet.bargaining.records import BargainEnded, BargainMediated, BargainOpened, BargainTaken
from contractnet.interaction.definition import load
from contractnet.ledger.port import Entry

_BEGIN: Final = frozenset(kind.__name__ for kind in (BargainOpened, BargainTaken, BargainEnded))


class Bargainings:
    """Counts what passes."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}  #: conversation -> position of its last entry
        self._agreed: dict[str, int] = {}  #: conversation -> position at which it was agreed first

    def counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass the entries on."""
        for entry in entries:
            if entry.conversation in self._last or entry.type in _BEGIN:
                self._last[entry.conversation] = entry.position
            agreed = self._agreement(entry)
            if agreed is not None:
                self._agreed.setdefault(agreed, entry.position)
            yield entry

    def line(self, before: int | None) -> str | None:
        """How many were derived again, and how many of those were agreed; None: there are none.

        Args:
            before: the position of the first difference; None: there is none.
        """
        total, found, agreed = len(self._last), len(self._last), len(self._agreed)
        if not total:
            return None
        if before is not None:
            whole = {name for name, last in self._last.items() if last < before}
            found, agreed = len(whole), sum(1 for name in whole if self._agreed.get(name, before) < before)
        count = f"{found}" if before is None else f"{found} of {total}"
        return f"{count} bargaining{'' if total == 1 else 's'} re-derived ({agreed} agreed)"

    def _agreement(self, entry: Entry) -> str | None:
        """The bargaining of which this entry says that it is agreed."""
        try:
            if entry.type == BargainEnded.__name__:
                ended = msgspec.json.decode(entry.body, type=BargainEnded)
                return entry.conversation if "agreed" in load("bargaining").states[ended.state].has else None
            if entry.type == BargainMediated.__name__:  # in a conversation of its own: the bargaining's id and a suffix
                mediated = msgspec.json.decode(entry.body, type=BargainMediated)
                return entry.conversation.rpartition(".")[0] if mediated.taken else None
        except (msgspec.MsgspecError, LookupError):  # replay will say so
            pass
        return None
