"""What a contractor's journal holds beside what is common: answers of bidders, ends of work, what a daemon hosts.

Facts: `Heard`, `Misheard`, `Fired`, `Sent`, `Asked` (common), and those below. Conclusions: `Moved`, `Said` (common).
The journal re-derives its conclusions as a manager's ledger does.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from msgspec import Struct

from contractnet.bargaining.records import (
    BargainCalledOff,
    BargainDeclined,
    BargainEnded,
    BargainMediated,
    BargainOpened,
    BargainTaken,
    TurnDecided,
    TurnTaken,
)
from contractnet.ledger.questions import Answered, Pending
from contractnet.ledger.records import (
    Asked,
    Fired,
    Heard,
    HeardTurn,
    Misheard,
    Moved,
    Quarantined,
    Record,
    Returned,
    Said,
    SaidTurn,
    Sent,
)
from contractnet.messages.acts import AnyProtocol
from contractnet.messages.contents import Bundle, FieldError
from contractnet.messages.values import AgentId, Micros, ModelName, Parts, Ppm, RefuseReason, Seconds, TaskFailure, Text


class Bade(Record, frozen=True):
    """A bidder's answer is a proposal: what it asks and promises."""

    price: Micros  #: of the call's unit
    eta: Seconds
    confidence: Ppm
    rationale: Text = ""
    model: ModelName = ""  #: the model behind it, as the manager is told
    prompt: ModelName = ""  #: SHA-256 of the prompts and the persona behind it, hex; empty: no model was asked
    parts: Parts | None = None  #: of a divisible task, whose price is for one part: the most that it can do; None: all
    bundles: tuple[Bundle, ...] = ()  #: of items that are bought in bundles: of which at most one is taken


class Declined(Record, frozen=True):
    """A bidder's answer is a refusal, or there was no room."""

    reason: RefuseReason
    text: str = ""


class Withdrew(Record, frozen=True):
    """The offer is taken back (G5)."""


class Began(Record, frozen=True):
    """Work on the accepted task began: the first time, or again after a restart."""

    attempt: int


class Finished(Record, frozen=True):
    """The work is done."""

    result: dict[str, Any]


class Failed(Record, frozen=True):
    """The work will not be done."""

    reason: TaskFailure
    text: str = ""


class Stopped(Record, frozen=True):
    """The work was stopped after a cancel."""


class CannotStop(Record, frozen=True):
    """The work came to its end although it was cancelled: there was nothing left to stop."""

    result: dict[str, Any]


class LeaseLost(Record, frozen=True):
    """No beat was confirmed for a whole lease although the broker was there (G7)."""

    text: str = ""  #: for how long, and what became of the last beat


class Took(Record, frozen=True):
    """A mediator of ours looks at the request."""


class Passed(Record, frozen=True):
    """A rung of a mediator's ladder has passed it on; after a restart the next one is tried."""

    rung: str
    why: str = ""


class Chose(Record, frozen=True):
    """A mediator of ours has chosen in a call: one offer by id, one extra round, or no award."""

    choice: Literal["offer", "round", "none"]
    offer: str | None = None
    rung: str = ""  #: of its ladder; empty: it has none
    decision: str = ""  #: by which a person chose; empty: none did


class Settled(Record, frozen=True):
    """A rung of a mediator of ours has ended a bargaining for both sides; what it gives is derived."""

    rung: str = ""  #: empty: none did
    offer: str | None = None  #: the recorded one that a model or a person chose
    decision: str = ""  #: by which a person chose; empty: none did


class Hosted(Record, frozen=True):
    """The daemon hosts these agents from now on: agent id -> skills."""

    agents: dict[str, list[str]]


class MisheardOpening(Quarantined, frozen=True, kw_only=True):
    """A cfp or a request came that does not decode: nobody is moved, and who it was for tell its sender. `about`: what
    the answer names.
    """

    agents: tuple[AgentId, ...]  #: hosted here, that it is for
    fields: tuple[FieldError, ...]  #: what is wrong with it
    protocol: AnyProtocol
    by_inbox: bool = False  #: it asks for an answer to an agent's inbox, not by a manager's lanes


class Seeded(Record, frozen=True):
    """The journal's own seed: its ids are unlike those of any other journal of the same agents."""

    seed: str  #: 32 hex digits


class Timers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of D7 that the participant's core uses, milliseconds. Recorded in full: a default may change."""

    margin_ppm: int = 50_000  #: of the reply window: bidding stops this long before its end
    margin_least_ms: int = 100
    margin_most_ms: int = 2_000
    offer_grace_ms: int = 10_000  #: an offer is honoured this long after its end
    room_margin_ms: int = 2_000  #: an offer is held at best only so long after its round's end: an accept may travel
    stop_ms: int = 10_000  #: cancelled work has so long to stop
    max_faults: int = 5


class Timed(Record, frozen=True):
    """Conversations that begin from now on go by these timers; those that are there keep theirs."""

    timers: Timers


Fact = (
    Heard
    | Misheard
    | Fired
    | Bade
    | Declined
    | Withdrew
    | Began
    | Finished
    | Failed
    | Stopped
    | CannotStop
    | LeaseLost
    | Took
    | Passed
    | Chose
    | Settled
    | HeardTurn
    | Returned
    | BargainOpened
    | BargainTaken
    | BargainDeclined
    | TurnTaken
    | BargainCalledOff
)
LooseFact = Sent | Quarantined | MisheardOpening | Hosted | Seeded | Timed | Asked | Pending | Answered
Conclusion = Moved | Said | SaidTurn | TurnDecided | BargainEnded | BargainMediated

FACTS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(Fact)}
LOOSE: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(LooseFact)}
CONCLUSIONS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in get_args(Conclusion)}
