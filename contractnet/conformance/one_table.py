"""A log of a side with one table and one other side: a participant, a mediator, or who asks one.

Every line that is a message taken or an own event is a step of its own: what its row sends is said before the next.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden import Hidden
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.tables import Protocols, Row, Table, after
from contractnet.conformance.walk import Walk, misread, no_row


class OneTable(Walk):
    """Where that side stands in its table."""

    def __init__(self, header: Header, protocols: Protocols, name: str, hidden: Hidden[Any]) -> None:
        super().__init__(header, protocols, name)
        self.table: Table = protocols.table(name, header.protocol)
        self.state = self.table.start
        self._hidden = hidden

    def hidden(self, peer: str) -> Hidden[Any]:
        if peer not in self.header.others:
            raise BrokenRuleError("envelope", {"M1"}, f"{peer} is no side of this conversation")
        return self._hidden

    @abstractmethod
    def read(self, line: Line) -> tuple[str, ...]:
        """What a message taken may be: one event, or several where a check decides that the log does not hold."""

    def heard(self, line: Line) -> None:
        self.debts.settled()
        possible, event, message = self.read(line), str(line.event), line.spoken
        if event not in possible:
            rules = frozenset[str]().union(*(self.table.rules_with(one) for one in possible))
            raise misread(message, event, rules | self.table.rules_with(event))
        row = self.table.step(self.state, event, self.guards)
        if row is None:
            self.without_row(line)
            return
        self.taking(event, message, line.at)
        self.debts.add(line.peers[0], row, about=message["reply_with"])
        self.move(row, event)

    def own(self, line: Line) -> None:
        self.debts.settled()
        event = str(line.event)
        row = self.table.step(self.state, event, self.guards)
        if row is None or event.startswith("?"):
            raise no_row(self.table.name, event, self.state, self.table.rules_with(event))
        self.judge(event, row, line.at)
        self.debts.add(self.header.others[0], row)
        self.move(row, event)

    def said(self, line: Line) -> None:
        self.debts.pay(line.spoken, line.peers)
        self.telling(line.spoken, line.at)

    def end(self) -> None:
        self.debts.settled()
        found = self.table.outcomes.get(self.state, self.state)
        if found != self.header.outcome:
            text = f"ends as {found}, the header says {self.header.outcome}"
            raise BrokenRuleError("open-end", {"R15", *self.last_rules}, text)

    #: rules of the row that was taken last
    last_rules: frozenset[str] = frozenset()

    def move(self, row: Row, event: str) -> None:
        """Take a row."""
        self.note(row, self.state, event)
        self.state, self.last_rules = after(row, self.state), row.rules

    # ---- what a table adds

    @property
    def guards(self) -> Mapping[str, bool]:
        """Of its table."""
        return {}

    def taking(self, event: str, message: Message, at: int) -> None:
        """A message is taken for an event that has a row; the row comes next."""

    def judge(self, event: str, row: Row, at: int) -> None:
        """Whether an own event is in time. Raises BrokenRuleError (`early` or `late`)."""

    def telling(self, message: Message, at: int) -> None:
        """A message that was due was said. Raises BrokenRuleError where its content is not what it must be."""
