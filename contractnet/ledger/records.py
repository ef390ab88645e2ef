"""Entries that manager and contractor have in common: what was heard and said, which rows were taken, which timer
fired, which model was asked.

A record is the body of an entry; its class's name is the entry's type. Facts (`Heard`, `HeardTurn`, `Misheard`,
`Fired`, `Sent`) are given; conclusions (`Moved`, `Said`, `SaidTurn`) are derived again by replay (D14). Heard entries
are the inbox, Said entries without a matching Sent are the outbox.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.messages.acts import (
    AnyAct,
)
from contractnet.messages.bargaining import AnyBargainAct
from contractnet.messages.contents import (
    FieldError,
)


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all records; the entry's type is the class's name."""


class Heard(Record, frozen=True):
    """A message came in."""

    message: AnyAct
    digest: str  #: SHA-256 of the bytes that came
    lane: str


class HeardTurn(Record, frozen=True):
    """A message of a bargaining came in."""

    message: AnyBargainAct
    digest: str  #: SHA-256 of the bytes that came
    lane: str


class Misheard(Record, frozen=True):
    """An act came in that is not one: what could be told of it, and what was wrong."""

    digest: str
    lane: str
    sender: str
    message_id: str | None
    performative: str
    fields: tuple[FieldError, ...]
    offer: str | None = None  #: the id of the offer that a propose names
    reply_with: str | None = None  #: what an answer names in its `in_reply_to`
    round: int | None = None  #: that a propose names


class Quarantined(Record, frozen=True):
    """Something came in that belongs nowhere; nobody was moved and nobody answered."""

    digest: str
    lane: str
    why: str
    sender: str | None = None
    message_id: str | None = None
    performative: str | None = None
    conversation: str | None = None  #: the one it named
    about: str | None = None  #: set: its sender is told `unknown-conversation`, about this message


class Fired(Record, frozen=True):
    """A timer's instant came; each side names its own."""

    timer: str


class Returned(Record, frozen=True):
    """The broker knew no queue for a call, or for a request."""

    agents: tuple[str, ...]


class Sent(Record, frozen=True):
    """The broker confirmed a message for these receivers."""

    message_id: str
    receivers: tuple[str, ...]


class Move(Record, frozen=True, array_like=True):
    """One row taken: (table, participant or empty, row, state after it)."""

    table: str
    who: str
    row: str
    state: str


class Moved(Record, frozen=True):
    """The rows that a step took, in order."""

    moves: tuple[Move, ...]


class Said(Record, frozen=True):
    """A message to be sent: durable before it is sent (promise 1). `receivers` empty: an open call by skill."""

    message: AnyAct
    receivers: tuple[str, ...]
    expires_ms: int | None = None


class SaidTurn(Record, frozen=True):
    """A message of a bargaining to be sent; as `Said`."""

    message: AnyBargainAct
    receivers: tuple[str, ...]
    expires_ms: int | None = None


#: what is to be sent, whatever its protocol
Spoken = Said | SaidTurn


class Asked(Record, frozen=True):
    """One request to a language model has ended; a fact that moves nobody. Bodies are kept only where asked for.

    What was asked and answered stands here by hash and size; so a run's tokens and money add up from the record.
    """

    purpose: Literal["probe", "estimate", "narrate", "perform", "split", "mediate"]
    endpoint: str  #: host, port and model
    prompt: str  #: SHA-256 of prompt and persona, hex
    request: str  #: SHA-256 of the request's canonical body, hex
    request_bytes: int
    outcome: str  #: `ok`, or one word for what came in its place
    about: str = ""  #: SHA-256 of the task it was asked for, hex: the same whoever calls, and whenever
    attempt: int = 1  #: of this request
    rung: str = ""  #: how structure was asked for; empty: it was not
    reply: str | None = None  #: SHA-256 of the reply's body, hex
    reply_bytes: int = 0
    status: int | None = None  #: of HTTP
    tokens_in: int = 0
    tokens_out: int = 0
    guessed: bool = False  #: the endpoint did not say how many tokens: these are estimates
    cost: int = 0  #: micros of `unit`, by the prices that the operator wrote
    unit: str = "USD"
    latency_ms: int = 0
    request_body: str | None = None
    reply_body: str | None = None
