"""The acts of a bargaining: the same envelope and performatives, with contents of their own.

Rules:

1. The protocol's name decides which acts are meant: `acts.AnyAct` and `AnyBargainAct` share performatives, and no
   message is of both.
2. Whole numbers only. What is bargained over is a grid that both know: issues with bounds and a tick. A single price is
   one issue, in micros.
3. Limits, preferences and deadlines of one side have no field: they are never told.
4. An acceptance names an offer by its id and copies its terms from the record; it retypes nothing.

Source: our own extension; protocols/README.md, section 8; protocols/bargaining.toml says what may be said when.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from contractnet.messages.acts import AnyAct, Envelope
from contractnet.messages.contents import (
    CancelContent,
    CancelFailureContent,
    CancelledContent,
    Content,
    NotUnderstoodContent,
    RefuseContent,
    TaskFailureContent,
)
from contractnet.messages.joint import DealTerms as DealTerms
from contractnet.messages.joint import IssueContent as IssueContent
from contractnet.messages.values import (
    AgentId,
    DurationMs,
    EndReason,
    LateMs,
    OfferId,
    Rungs,
    TaskText,
    Text,
    Turn,
    Turns,
    Unit,
)

# ---- contents


class BargainRequestContent(Content, frozen=True):
    """What is bargained over, and by which rules. All of it is public to both, none of it a limit of one."""

    subject: TaskText  #: what the deal is about, for both
    issues: Annotated[tuple[IssueContent, ...], Meta(min_length=1, max_length=16)]
    turns: Turns
    reply_within_ms: DurationMs  #: for the answer to this request
    turn_within_ms: DurationMs  #: for each turn, from the act before
    buyer: Literal["initiator", "participant"] | None = None  #: who pays; stated for a single price, and only there
    monotone: bool = False  #: agreed: no offer of a side takes back what an earlier one gave; a single price only
    standing: bool = False  #: agreed: earlier offers stay live beside newer ones of the same side
    lifetime: Turns | None = None  #: turns for which an offer is live; absent: no limit
    offer: OfferId | None = None  #: the offer of the parent conversation that the bargaining is about
    mediator: AgentId | None = None  #: agreed: whom both may turn to when the turns are over; absent: nobody mediates
    ladder: Rungs = ()  #: agreed: what the mediator may try, in order; empty: the default of section 8
    mediate_within_ms: DurationMs | None = None  #: agreed: for the mediator, where that is more than a turn's and 10 s
    answer_to: Literal["manager", "agent"] = "manager"  #: how who asks is reached: a manager's queues, an agent's inbox


class OfferContent(Content, frozen=True):
    """An offer: one value for each issue. Words bind nobody."""

    offer: OfferId  #: unique in the conversation, on both sides
    turn: Turn
    terms: DealTerms
    unit: Unit | None = None  #: of a single price; the issue's
    valid_for_ms: DurationMs | None = None  #: how long it stands, from its sending (G4); absent: for the next turn
    text: Text = ""


class AcceptanceContent(Content, frozen=True):
    """Takes an offer of the other side: its id, and its terms as they were said."""

    offer: OfferId  #: of the other side, as it stands in the record
    turn: Turn
    terms: DealTerms
    unit: Unit | None = None
    text: Text = ""


class EndingContent(Content, frozen=True):
    """No agreement. With `offer`: that one came after the end; without: this is the end."""

    reason: EndReason
    offer: OfferId | None = None  #: the one that came after the end
    late_by_ms: LateMs | None = None  #: reason late: by how much
    text: Text = ""


class AgreedContent(Content, frozen=True, tag_field="kind", tag="agreed"):
    """The acceptance came while the offer was live: both are bound by its terms."""

    offer: OfferId  #: the one that was accepted
    terms: DealTerms


# ---- acts


class BargainAct(Envelope, frozen=True):
    """An act of a bargaining."""

    protocol: Literal["contractnet-bargaining"]


class BargainRequest(BargainAct, frozen=True, tag="request"):
    """Asks to bargain, by stated rules."""

    content: BargainRequestContent


class BargainAgree(BargainAct, frozen=True, tag="agree"):
    """Takes the request: by its rules, and the initiator begins."""

    content: Content


class BargainRefuse(BargainAct, frozen=True, tag="refuse"):
    """Does not want to bargain, or not by these rules; the round is 1."""

    content: RefuseContent


class BargainPropose(BargainAct, frozen=True, tag="propose"):
    """The offer of a turn: binds who makes it while it is live."""

    content: OfferContent


class BargainAccept(BargainAct, frozen=True, tag="accept-proposal"):
    """Takes a live offer; agreed is it when the other side says so."""

    content: AcceptanceContent


class BargainReject(BargainAct, frozen=True, tag="reject-proposal"):
    """Walks away, or rejects what came after the end."""

    content: EndingContent


class BargainCancel(BargainAct, frozen=True, tag="cancel"):
    """Calls it off; either side may."""

    content: CancelContent


class BargainInform(BargainAct, frozen=True, tag="inform"):
    """Agreed; or cancelled."""

    content: AgreedContent | CancelledContent


class BargainFailure(BargainAct, frozen=True, tag="failure"):
    """The accepted offer was over; or a cancel came after the agreement."""

    content: TaskFailureContent | CancelFailureContent


class BargainNotUnderstood(BargainAct, frozen=True, tag="not-understood"):
    """Could not take the named act; each field's text begins with the code of the fault."""

    content: NotUnderstoodContent


AnyBargainAct = (
    BargainRequest
    | BargainAgree
    | BargainRefuse
    | BargainPropose
    | BargainAccept
    | BargainReject
    | BargainCancel
    | BargainInform
    | BargainFailure
    | BargainNotUnderstood
)
#: an act of whichever protocol
AnyMessage = AnyAct | AnyBargainAct
