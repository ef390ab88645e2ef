"""What one side of a bargaining records beside what is common: how it plays, what it did in its turns, how it ended.

Facts: `HeardTurn`, `Misheard`, `Returned`, `Fired` (common), and those below that are decided outside: by its owner, or
by a model.
Conclusions: `Moved`, `SaidTurn` (common), `TurnDecided` and `BargainEnded`. A turn that a strategy plays is decided
again by whoever replays; one that a model proposed passes the same guard again. All of it is private to the record's
owner.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from contractnet.ledger.records import Fired, HeardTurn, Misheard, Record, Returned
from contractnet.mechanisms.bargaining.preferences import Mandate, Private
from contractnet.messages.bargaining import BargainRequestContent, DealTerms
from contractnet.messages.joint import CertificateContent
from contractnet.messages.values import (
    AgentId,
    CancelReason,
    ConversationId,
    OfferId,
    RefuseReason,
    RungName,
    Text,
)


class Timers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the times of a bargaining are kept, milliseconds."""

    margin_ppm: int = 50_000  #: of a window: an own act is not sent in this last part of it
    margin_least_ms: int = 100
    margin_most_ms: int = 2_000
    grace_ms: int = 10_000  #: an act of the other side is awaited this long after its window
    max_faults: int = 5  #: not-understood answers to what has no place here

    def margin(self, window_ms: int) -> int:
        """Milliseconds before the end of a window after which an own act would be late."""
        return min(self.margin_most_ms, max(self.margin_least_ms, window_ms * self.margin_ppm // 1_000_000))


class Plan(Private, frozen=True, kw_only=True):
    """How a side plays. Private."""

    strategy: str  #: name of an offer generator with its acceptance rule
    mandate: Mandate
    confides: tuple[AgentId, ...] = ()  #: mediators that may be told the mandate's limit or preferences; others are not


class BargainOpened(Record, frozen=True):
    """We want to bargain."""

    peer: AgentId
    request: BargainRequestContent
    plan: Plan
    timers: Timers
    seed: str  #: of what the strategy draws, and of the ids that are made; 32 hex digits
    parent: ConversationId | None = None
    key: str | None = None  #: the caller's name for it; the same key bargains once
    work: ConversationId | None = None  #: of the award in whose work it is; over with that


class BargainTaken(Record, frozen=True):
    """We take the request."""

    plan: Plan


class BargainDeclined(Record, frozen=True):
    """We do not bargain, or not by these rules."""

    reason: RefuseReason
    text: str = ""


class TurnTaken(Record, frozen=True):
    """Our turn is made: by the strategy, or as a model proposed. The guard has the last word in either case."""

    turn: int  #: for which it was made
    act: Literal["offer", "accept", "quit"] | None = None  #: that a model proposed; None: the strategy decides
    terms: DealTerms | None = None  #: that it proposed with an offer
    words: Text = ""  #: to go with the act
    words_for: DealTerms | None = None  #: the terms that the words are about; beside others they are dropped


class BargainCalledOff(Record, frozen=True):
    """We call it off."""

    reason: CancelReason


class TurnDecided(Record, frozen=True):
    """What our turn came to, and what the guard changed."""

    turn: int
    act: str  #: `offer`, `accept` or `quit`
    terms: DealTerms | None = None
    of: int | None = None  #: of an acceptance: the turn of the offer
    corrected: str | None = None  #: the rule that what was proposed broke
    overruled: int | None = None  #: the turn of an offer that would have been taken, under the own reservation


class BargainEnded(Record, frozen=True):
    """A final state was entered; UNKNOWN may be followed by another."""

    state: str
    offer: OfferId | None = None  #: of an agreement
    terms: DealTerms | None = None  #: of an agreement


class BargainMediated(Record, frozen=True):
    """What a mediator has come to, and whether the own guard takes it."""

    taken: bool  #: it is agreed
    rung: RungName | None = None  #: which ended it; absent: none did, or there was no answer
    terms: DealTerms | None = None
    offer: OfferId | None = None  #: whose terms they are; absent: of none
    certificate: CertificateContent | None = None
    why: Text = ""  #: of no answer


Fact = (
    HeardTurn
    | Misheard
    | Returned
    | Fired
    | BargainOpened
    | BargainTaken
    | BargainDeclined
    | TurnTaken
    | BargainCalledOff
)

#: the facts by name that no other room has; `HeardTurn` begins a side where there is none
FACTS: Final[dict[str, type[Record]]] = {
    kind.__name__: kind
    for kind in (HeardTurn, BargainOpened, BargainTaken, BargainDeclined, TurnTaken, BargainCalledOff)
}
