"""What a sequence diagram shows: lifelines, arrows and notes, whoever draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: of names, bids or the like in one note
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Note:
    """What was decided, or what happened without a message."""

    at: int  #: milliseconds since the Unix epoch
    over: str  #: whose
    words: str
    states: tuple[str, ...] = ()  #: in which it left the conversation and participants, as `SILENT c, d`

    def text(self) -> str:
        """All of its words."""
        return _with_states(self.words, self.states)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message, or several in the same words."""

    at: int
    sender: str
    receivers: tuple[str, ...]
    performative: str
    words: str
    conversation: str
    message: str | None  #: its id
    heard: bool  #: it came in
    lost: bool = False  #: it could not be understood
    states: tuple[str, ...] = ()
    drawn_for: tuple[tuple[str, str], ...] = ()  #: (performative, agent) of each where several are drawn as one

    def text(self) -> str:
        """All of its words."""
        if len(self.drawn_for) < 2:
            return _with_states(self.words, self.states)
        found: dict[str, list[str]] = {}
        for performative, agent in self.drawn_for:
            found.setdefault(performative, []).append(agent)
        return "; ".join(f"{performative} of {len(names)}: {few(names)}" for performative, names in found.items())


Item = Note | Arrow


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to draw."""

    lanes: tuple[str, ...]  #: the initiator first; those who are not drawn one by one last
    items: tuple[Item, ...]


def _with_states(words: str, states: Sequence[str]) -> str:
    return " ".join([*([words] if words else []), *([f"[{'; '.join(states)}]"] if states else [])])


def few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
