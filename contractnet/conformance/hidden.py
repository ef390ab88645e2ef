"""The other side, of which only its messages are known: is there a run of its table that says them?

A transcript is one side's log. What that side said is known to have been on its way, not when it arrived, nor whether.
So all that the other side may be in is followed at once: a set of standings, each with the messages that may still
arrive. Before a message of the other side is explained, every standing is taken through the moves that nobody can see
(arrivals, decisions and timers that send nothing); then those that can say the message, and no others, are followed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from typing import Generic, NamedTuple, TypeVar

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table

S = TypeVar("S", bound=Hashable)


class Move(NamedTuple, Generic[S]):
    """Something that may happen there."""

    row: Row | None  #: None: a message arrives that has no row
    after: S


class Said(NamedTuple):
    """A message that is to be explained."""

    message: Message
    event: str  #: what the log takes it for
    about: Message | None  #: the message whose arrival it would answer; None for a decision or a timer


class Hidden(ABC, Generic[S]):
    """Everything one agent may be in; a subclass knows its table."""

    def __init__(self, table: Table, start: S) -> None:
        self.table = table
        self._told: list[Message] = []
        self._may_be: set[tuple[frozenset[int], S]] = {(frozenset(), start)}  #: with indices of `_told` on their way

    # ---- what a table knows

    @abstractmethod
    def arrives(self, now: S, message: Message) -> Iterator[Move[S]]:
        """What a message may be taken for there, and what comes of it."""

    @abstractmethod
    def decides(self, now: S) -> Iterator[Move[S]]:
        """Its own decisions and timers."""

    @abstractmethod
    def drifts(self, now: S) -> Iterator[S]:
        """What changes without a row."""

    @abstractmethod
    def says(self, before: S, move: Move[S], said: Said) -> S | None:
        """Where it stands when the row of a move says this message, or None where the row cannot."""

    def remember(self, message: Message) -> None:
        """It said this, for certain."""

    # ---- what the log tells

    def told(self, message: Message) -> None:
        """This was said to it."""
        self._told.append(message)
        number = len(self._told) - 1
        self._may_be = {(coming | {number}, standing) for coming, standing in self._may_be}

    def explain(self, message: Message, event: str) -> None:
        """It said this: follow only what can have said it.

        Raises:
            BrokenRuleError: `unexplained`: nothing can.
        """
        found = {after for before in self._closure() for after in self._saying(*before, message, event)}
        if not found:
            rules = set(self.table.rules_sending(message)) or {"R11"}
            if message["performative"] == "cancel":
                rules.add("R9")
            if message["performative"] == "not-understood":
                rules.add("R8")
            text = f"no run of table {self.table.name} lets it say {message['performative']} here"
            raise BrokenRuleError("unexplained", rules, text)
        self._may_be = found
        self.remember(message)

    def _closure(self) -> set[tuple[frozenset[int], S]]:
        seen, todo = set(self._may_be), list(self._may_be)
        while todo:
            for one in self._unseen(*todo.pop()):
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
        return seen

    def _unseen(self, coming: frozenset[int], now: S) -> Iterator[tuple[frozenset[int], S]]:
        """Moves that send nothing."""
        for at in coming:
            for move in self.arrives(now, self._told[at]):
                if move.row is None or not move.row.sends:
                    yield coming - {at}, move.after
        for move in self.decides(now):
            if move.row is not None and not move.row.sends:
                yield coming, move.after
        for after in self.drifts(now):
            yield coming, after

    def _saying(
        self, coming: frozenset[int], now: S, message: Message, event: str
    ) -> Iterator[tuple[frozenset[int], S]]:
        """Moves that send this message."""
        for at in coming:
            about = self._told[at]
            for move in self.arrives(now, about):
                if move.row is None and _by_default(message, about):
                    yield coming - {at}, move.after
                elif move.row is not None and move.row.sends_this(message):
                    after = self.says(now, move, Said(message, event, about))
                    if after is not None:
                        yield coming - {at}, after
        for move in self.decides(now):
            if move.row is not None and move.row.sends_this(message):
                after = self.says(now, move, Said(message, event, None))
                if after is not None:
                    yield coming, after


def _by_default(message: Message, about: Message) -> bool:
    """Whether a message is what another one without a row is answered with; a not-understood is never answered."""
    told = message["performative"] == "not-understood" and message["content"].get("reason") != "schema"
    return bool(told and about["performative"] != "not-understood")
