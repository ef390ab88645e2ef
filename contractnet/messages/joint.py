"""What the two sides of a bargaining ask a mediator together, and what it answers both.

Rules:

1. Each side asks in a conversation of its own, with the same public part: rules, offers on record, ladder. What differs
   is which side asks, and what it tells in confidence.
2. What is told in confidence has a field in the request alone. Nothing of it has a field in the answer.
3. Both get the same answer: terms that both had said or told they would take, or none, and which rung ended it.

Source: our own extension; protocols/README.md, section 8.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from contractnet.messages.contents import Content
from contractnet.messages.values import (
    PPM,
    AgentId,
    Digest,
    DurationMs,
    IssueValue,
    OfferId,
    Ppm,
    RungName,
    Text,
    Turn,
    Turns,
    Unit,
)

#: one value for each issue, in the order of the request
DealTerms = Annotated[tuple[IssueValue, ...], Meta(min_length=1, max_length=16)]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
#: worth of each value of one issue, in the order of its grid, ppm of the best deal
_Row = Annotated[tuple[Ppm, ...], Meta(min_length=1, max_length=1_000)]
#: offers on record that a request lists at most, the newest
MOST_ON_RECORD = 200


class IssueContent(Content, frozen=True):
    """One thing that is bargained over: low, low + tick, low + 2 ticks … high."""

    name: _Name
    low: IssueValue
    high: IssueValue  #: low + a whole number of ticks
    tick: Annotated[int, Meta(ge=1, le=10**15)] = 1  #: least difference between two values
    unit: Unit | None = None  #: what values are counted in; absent for a choice
    options: Annotated[tuple[_Name, ...], Meta(max_length=256)] = ()  #: names of the values 0, 1, 2 … of a choice


class OnRecord(Content, frozen=True):
    """An offer of the bargaining, as both have it on record. Even turns are the initiator's."""

    offer: OfferId
    turn: Turn
    terms: DealTerms


class _Confidence(Content, frozen=True):
    """What is never printed (promise 8): it is for the mediator alone. The records of both hold it as it was said."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(private)"


class SealedContent(_Confidence, frozen=True, tag_field="kind", tag="price"):
    """For the mediator alone: a reservation price, true or shaded."""

    price: IssueValue  #: the most that a buyer pays, the least that a seller takes; micros, within the issue's bounds
    nonce: Annotated[str, Meta(min_length=16, max_length=64)]  #: fresh, so that the digest cannot be guessed
    commitment: Digest  #: SHA-256 over the UTF-8 of `price|nonce`, the price in decimal; it is in the certificate


class PreferencesContent(_Confidence, frozen=True, tag_field="kind", tag="preferences"):
    """For the mediator alone: what each value of each issue is worth to this side; a deal is worth their sum."""

    scores: Annotated[tuple[_Row, ...], Meta(min_length=1, max_length=16)]  #: of each issue
    reservation: Ppm  #: worth of no deal
    cap: Annotated[int, Meta(ge=0, le=16 * PPM)] | None = None  #: a sum over it counts as it; absent: none


class JointRequestContent(Content, frozen=True, tag_field="kind", tag="bargaining"):
    """What a mediator is asked about a bargaining whose turns are over, by one of its two sides."""

    side: Literal["initiator", "participant"]  #: which of them asks
    answer_to: Literal["manager", "agent"]  #: how it is reached: by a manager's queues, or by an agent's inbox
    initiator: AgentId
    participant: AgentId
    subject: Text  #: what the deal is about, cut
    issues: Annotated[tuple[IssueContent, ...], Meta(min_length=1, max_length=16)]
    turns: Turns
    offers: Annotated[tuple[OnRecord, ...], Meta(max_length=MOST_ON_RECORD)]  #: in the order of their turns
    ladder: Annotated[tuple[RungName, ...], Meta(min_length=1, max_length=16)]  #: that both agreed on, in order
    reply_within_ms: DurationMs
    buyer: Literal["initiator", "participant"] | None = None  #: of a single price
    standing: bool = False  #: as agreed
    lifetime: Turns | None = None  #: as agreed
    confidence: SealedContent | PreferencesContent | None = None  #: for the mediator alone; absent: nothing is told


class CertificateContent(Content, frozen=True):
    """What the sealed reservations gave. With both numbers and nonces anybody can compute it again."""

    buyer: Digest  #: commitment
    seller: Digest  #: commitment
    k: Ppm  #: of the way from the ask to the bid
    price: IssueValue | None = None  #: micros; absent: what was stated leaves no zone of agreement


class SettledContent(Content, frozen=True, tag_field="kind", tag="settled"):
    """How a mediated bargaining ended; the same words to both sides."""

    rung: RungName | None = None  #: which ended it; absent: none did
    terms: DealTerms | None = None  #: of the deal; absent: there is none
    offer: OfferId | None = None  #: the offer on record whose terms these are; absent: of none
    certificate: CertificateContent | None = None  #: where reservations were sealed
