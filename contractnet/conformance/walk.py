"""What the logs of all sides have in common: the clock, the envelope, and the other side behind its messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final, NamedTuple

from contractnet.conformance.envelope import INVALID, Envelopes
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden import Hidden
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.owed import INVALID_ACT, NOT_IN_SEQUENCE, Debts
from contractnet.conformance.tables import Protocols, Row

#: the event of a cfp for a round that was seen: no table has it (the gate, step 4)
SEEN_ROUND: Final = "?cfp:seen"


class Taken(NamedTuple):
    """A row that was taken."""

    row: str
    state: str
    event: str


class Walk(ABC):
    """One side's log on its own tables, line by line."""

    def __init__(self, header: Header, protocols: Protocols, *names: str) -> None:
        """Nothing was logged yet.

        Args:
            names: of this side's tables.
        """
        self.header = header
        self.taken: set[Taken] = set()  #: of this side's tables
        tables = [protocols.table(name, header.protocol) for name in names]
        self.debts = Debts(lambda message: frozenset[str]().union(*(table.rules_sending(message) for table in tables)))
        self._envelopes = Envelopes(header, protocols.schema, tables)
        self._at = 0

    def take(self, line: Line) -> None:
        """Take one line.

        Raises:
            BrokenRuleError: it breaks the protocol, or the lines before it left something undone.
        """
        if line.at < self._at:
            raise BrokenRuleError("order", {"M7"}, "an instant before the one of the line before")
        self._at = line.at
        if line.message is None:
            self.own(line)
        elif line.event == INVALID:
            self._invalid(line)
        elif self._envelopes.seen_before(line):
            if line.event is not None:
                self.taken.add(Taken("gate 2", "", line.event))  # nothing moves; its answer may be said again
        elif line.event is None:
            self.said(line)
            for peer in line.peers:
                self.hidden(peer).told(line.message)
        else:
            (peer,) = line.peers
            if peer not in self.header.faulty:
                self.hidden(peer).explain(line.message, line.event)
            self.heard(line)

    def _invalid(self, line: Line) -> None:
        """An act that is none: it moves nothing, and is answered not-understood (`schema`) by the default rule."""
        try:
            self._envelopes.seen_before(line)
        except BrokenRuleError as broken:
            if line.peers[0] not in self.header.faulty or line.spoken["performative"] == "propose":
                raise
            if broken.kind not in ("schema", "envelope") or broken.breaks.isdisjoint({"schema", "M3"}):
                raise
            self._envelopes.remember(line)
            self.without_row(line)
            return
        raise misread(line.spoken, INVALID, {"M3", "schema"})

    @abstractmethod
    def hidden(self, peer: str) -> Hidden[Any]:
        """The other side that has this name. Raises BrokenRuleError (`envelope`) where nobody may have it."""

    @abstractmethod
    def heard(self, line: Line) -> None:
        """A message was taken, and the other side may have said it."""

    @abstractmethod
    def said(self, line: Line) -> None:
        """A message was said."""

    @abstractmethod
    def own(self, line: Line) -> None:
        """Something was decided, or a timer fired."""

    @abstractmethod
    def end(self) -> None:
        """The transcript is over. Raises BrokenRuleError (`owed` or `open-end`)."""

    def without_row(self, line: Line) -> None:
        """The gate: a cfp of a round already seen is recorded, and so is a not-understood; else the default answer."""
        if line.event == SEEN_ROUND:
            self.taken.add(Taken("gate 4", "", line.event))
            return
        row = INVALID_ACT if line.event == INVALID else NOT_IN_SEQUENCE
        if self.debts.add_default(line.peers[0], row, line.spoken):
            self.taken.add(Taken(row.name, "", str(line.event)))

    def note(self, row: Row, state: str, event: str) -> None:
        """A row was taken."""
        self.taken.add(Taken(row.name, state, event))


def no_row(name: str, event: str, state: str, rules: frozenset[str]) -> BrokenRuleError:
    """An event of our own that the table has no row for."""
    return BrokenRuleError("no-row", rules, f"table {name} has no row for {event} in {state}")


def plain_event(message: Message) -> str:
    """The event that a message is by its performative and kind alone."""
    performative, content = message["performative"], message["content"]
    return f"?{performative}:{content.get('kind')}" if performative in ("inform", "failure") else f"?{performative}"


def misread(message: Message, event: str, rules: frozenset[str] | set[str]) -> BrokenRuleError:
    """A message that is not the event that it was taken for."""
    return BrokenRuleError("misread", rules, f"{message['performative']} is no {event}")
