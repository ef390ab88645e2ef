"""The other side, of which only its messages are known: is there a run of its table that says them?

A transcript is one side's log. What that side said is known to have been on its way, not when it arrived, nor whether;
what the other side said is known when it was taken, not when it was said. So all that the other side may be in is
followed at once: a set of standings, each with the messages that may still arrive there, and with those that it has
said and that were overtaken by others. Before a message of the other side is explained, every standing is taken through
the moves that are not seen yet; then those that can say the message, or have said it, and no others, are followed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table

S = TypeVar("S", bound=Hashable)
#: so many messages may be overtaken at a time
MOST_OVERTAKEN: Final = 2


class Mark(NamedTuple):
    """What a message must agree with, as it was when it was said."""

    round: int = 0  #: of a call, or of a proposal
    offer: str | None = None  #: on file
    fence: tuple[int, int] | None = None  #: slot and epoch of the award that it is about


class Move(NamedTuple, Generic[S]):
    """Something that may happen there."""

    row: Row | None  #: None: a message arrives that has no row
    after: S
    mark: Mark = Mark()  #: of what the row says


class Said(NamedTuple):
    """A message that is to be explained."""

    message: Message
    event: str  #: what the log takes it for


class Flight(NamedTuple):
    """A message that was said and has been overtaken."""

    row: str
    about: int | None  #: index of the message whose arrival it answers; None: of a decision or a timer
    mark: Mark


class Place(NamedTuple, Generic[S]):
    """One way that things may stand."""

    coming: frozenset[int]  #: indices of the messages to it that have not arrived
    flying: frozenset[Flight]
    now: S


class Hidden(ABC, Generic[S]):
    """Everything one agent may be in; a subclass knows its table."""

    def __init__(self, table: Table, start: S) -> None:
        self.table = table
        self.rows = {row.name: row for row in table.rows}  #: a subclass may add what other tables say
        self._told: list[Message] = []
        self._may_be: set[Place[S]] = {Place(frozenset(), frozenset(), start)}

    # ---- what a table knows

    @abstractmethod
    def arrives(self, now: S, message: Message) -> Iterator[Move[S]]:
        """What a message may be taken for there, and what comes of it."""

    @abstractmethod
    def decides(self, now: S) -> Iterator[Move[S]]:
        """Its own decisions and timers."""

    def drifts(self, now: S) -> Iterator[S]:
        """What changes without a row."""
        yield from ()

    def stale(self, now: S, message: Message) -> bool:
        """Whether the arrival of a message changes nothing there any more, whatever comes: it need not be followed."""
        return False

    @abstractmethod
    def fits(self, row: Row, mark: Mark, about: Message | None, said: Said) -> bool:
        """Whether a message that a row may say has the content that it must have.

        Args:
            mark: of the move that said it.
            about: the message that it answers.
        """

    def landed(self, now: S, row: Row, message: Message) -> S:
        """What is known more when a message has come."""
        return now

    def remember(self, message: Message) -> None:
        """It said this, for certain."""

    # ---- what the log tells

    def told(self, message: Message) -> None:
        """This was said to it."""
        self._told.append(message)
        number = len(self._told) - 1
        self._may_be = {place._replace(coming=place.coming | {number}) for place in self._may_be}

    def explain(self, message: Message, event: str) -> None:
        """It said this: follow only what can have said it.

        Raises:
            BrokenRuleError: `unexplained`: nothing can.
        """
        said = Said(message, event)
        found = {after for before in self._closure() for after in self._saying(before, said)}
        if not found:
            rules = set(self.table.rules_sending(message))
            if message["performative"] == "cancel":
                rules.add("R9")
            if message["performative"] == "not-understood":
                rules.add("R8")
            text = f"no run of table {self.table.name} lets it say {message['performative']} here"
            raise BrokenRuleError("unexplained", rules, text)
        self._may_be = found
        self.remember(message)

    def _closure(self) -> set[Place[S]]:
        seen, todo = set(self._may_be), list(self._may_be)
        while todo:
            for place in self._unseen(todo.pop()):
                if place not in seen:
                    seen.add(place)
                    todo.append(place)
        return seen

    def _moves(self, place: Place[S]) -> Iterator[tuple[int | None, Move[S]]]:
        """All that may happen, with the index of the message that arrives."""
        for at in place.coming:
            for move in self.arrives(place.now, self._told[at]):
                yield at, move
        for move in self.decides(place.now):
            yield None, move

    def _left(self, place: Place[S], at: int | None, now: S) -> frozenset[int]:
        """What may still arrive when one message has."""
        if at is None:
            return place.coming
        return frozenset(one for one in place.coming if one != at and not self.stale(now, self._told[one]))

    def _unseen(self, place: Place[S]) -> Iterator[Place[S]]:
        """Moves that say nothing, or something that is overtaken."""
        for at, (row, after, mark) in self._moves(place):
            coming = self._left(place, at, after)
            if row is None or not row.sends:
                yield Place(coming, place.flying, after)
            elif len(place.flying) < MOST_OVERTAKEN:
                yield Place(coming, place.flying | {Flight(row.name, at, mark)}, after)
        for after in self.drifts(place.now):
            yield place._replace(now=after)

    def _saying(self, place: Place[S], said: Said) -> Iterator[Place[S]]:
        """Moves that say this message now, and messages on their way that may be this one."""
        for at, (row, after, mark) in self._moves(place):
            about = None if at is None else self._told[at]
            if row is None:
                if about is not None and _by_default(said.message, about):
                    yield Place(self._left(place, at, after), place.flying, after)
            elif row.sends_this(said.message) and self.fits(row, mark, about, said):
                coming = self._left(place, at, after)
                yield Place(coming, place.flying, self.landed(after, row, said.message))
        for flight in place.flying:
            row, about = self.rows[flight.row], None if flight.about is None else self._told[flight.about]
            if row.sends_this(said.message) and self.fits(row, flight.mark, about, said):
                now = self.landed(place.now, row, said.message)
                yield Place(place.coming, place.flying - {flight}, now)


def _by_default(message: Message, about: Message) -> bool:
    """Whether a message is what another one without a row is answered with; a not-understood is never answered."""
    told = message["performative"] == "not-understood" and message["content"].get("reason") != "schema"
    return bool(told and about["performative"] != "not-understood")
