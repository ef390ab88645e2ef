"""The ports of who plays a side: what is asked of it, what it is given, what it gives back.

Rules:

1. Two kinds, by type. A `Player` words what its plan's strategy has decided: it is given `Owed`, all of it public to
   both sides, and gives words. A `Proposer`, such as a model that may move numbers, is given `OwnTurn` with the private
   view, and gives a move; the guard has the last word on it.
2. Whoever plays has part of what is left of the window. Late, or raising, it is replaced: the strategy of the plan
   plays the turn, a request is declined.
3. What is asked of a model on the way goes to `note`, for the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from contractnet.bargaining.records import Plan
from contractnet.ledger.records import Asked
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Side
from contractnet.mechanisms.bargaining.shape import Act, Rules, View
from contractnet.messages.bargaining import BargainRequestContent
from contractnet.messages.contents import Terms as CallTerms
from contractnet.messages.refusal import Refusal as Refusal

Note = Callable[[Asked], None]


def unnoted(asked: Asked) -> None:
    """Where there is no journal."""


@dataclass(frozen=True, slots=True)
class Task:
    """The call that a bargaining belongs to, as we know it."""

    task: str
    skill: str
    input: Mapping[str, Any]
    terms: CallTerms
    standing: int | None  #: price of the own offer that is out, micros


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to bargain: what it is about, who asks."""

    agent: str  #: who is asked
    peer: str  #: who asks
    conversation: str
    parent: str | None  #: conversation of the call that it belongs to; None: it stands alone
    request: BargainRequestContent
    rules: Rules
    time_left_s: float  #: until whoever is asked is replaced
    task: Task | None = None  #: of the parent; None: there is none that this peer opened and that we know
    note: Note = field(default=unnoted, repr=False, compare=False)

    @property
    def side(self) -> Side | None:
        """Which side of a price is ours; None: it is about several issues."""
        return self.rules.side(1)


@dataclass(frozen=True, slots=True)
class Owed:
    """Our turn, decided: for who words it. Nothing private has a field here."""

    agent: str
    peer: str
    conversation: str
    subject: str  #: what the deal is about, from the request
    rules: Rules
    me: Literal[0, 1]  #: 0 moves first
    turn: int
    mine: tuple[Terms, ...]  #: own offers so far, the first one first
    theirs: tuple[Terms, ...]  #: the other side's
    act: Act  #: that was decided
    terms: Terms | None  #: of an offer or an acceptance
    time_left_s: float
    note: Note = field(default=unnoted, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class OwnTurn:
    """Our turn, not decided: for who proposes the move. Private: it holds the mandate."""

    agent: str
    peer: str
    conversation: str
    subject: str
    view: View = field(repr=False)
    time_left_s: float
    note: Note = field(default=unnoted, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Move:
    """What a proposer wants said; the guard has the last word."""

    act: Act
    terms: Terms | None = None  #: of an offer; of an acceptance what to offer where none may be
    words: str = ""  #: sent only beside the terms that they are about
    words_for: Terms | None = None  #: those terms, as the guard will leave them; None: the words are of walking away


class Considers(Protocol):
    """Answers requests."""

    async def consider(self, asked: Asking) -> Plan | Refusal:
        """How to play, or why not. Not called for a bargaining that we opened ourselves."""
        ...


@runtime_checkable
class Player(Considers, Protocol):
    """Plays by its plan's strategy, and words what that decides."""

    async def word(self, owed: Owed) -> str:
        """The words that go with a decided act; empty: none."""
        ...


@runtime_checkable
class Proposer(Considers, Protocol):
    """Proposes its own moves."""

    async def propose(self, own: OwnTurn) -> Move | None:
        """The move of this turn; None: the strategy of the plan plays it."""
        ...


AnyPlayer = Player | Proposer
