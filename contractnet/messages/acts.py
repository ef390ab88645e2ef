"""The acts: one frozen Struct per performative, tagged by `performative`, with its content.

Rules:

1. An act is immutable and complete: what decides an award is a field, never prose.
2. `message_id` stays the same when the message is sent again; every effect is keyed by it. `reply_with` is what an
   answer names in `in_reply_to`; we set it to the message id.
3. Instants are by the sender's clock and are information for others; durations (`*_ms`) and the manager's clock decide.
4. A whole-conversation `reject-proposal` and a `cancel` are equal bytes for all their receivers: no offer, no
   `in_reply_to`, no score (D8).
5. An envelope names its sender's daemon, so that answers that several agents of one daemon share travel once (D10).

Source: FIPA SC00061 (parameters), SC00037 (acts), SC00029 and SC00030 (protocols); our own fields are marked X in
protocols/README.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from contractnet.messages.values import (
    AgentId,
    CancelFailure,
    CancelReason,
    Capacity,
    ConversationId,
    Digest,
    DurationMs,
    Epoch,
    Instant,
    LateMs,
    MessageId,
    Micros,
    NotUnderstoodReason,
    OfferId,
    Path,
    Ppm,
    Receiver,
    RefuseReason,
    RejectReason,
    Round,
    Score,
    Seconds,
    Skill,
    Slot,
    Starts,
    TaskFailure,
    TaskText,
    Text,
    Unit,
)

ONTOLOGY: Final = "contractnet/1"
CONTRACT_NET: Final = "fipa-contract-net"
ITERATED_CONTRACT_NET: Final = "fipa-iterated-contract-net"
MEDIATION: Final = "contractnet-mediation"

ProtocolName = Literal["fipa-contract-net", "fipa-iterated-contract-net", "contractnet-mediation"]
#: any JSON object of the user's: bounded by the size of its act, and in nesting by the codec
Payload = dict[str, Any]


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all contents."""


class Act(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="performative",
    tag=True,
):
    """The envelope: who says it to whom, in which dialogue, in answer to what (SC00061)."""

    message_id: MessageId
    conversation_id: ConversationId
    protocol: ProtocolName
    sender: AgentId  #: who says it; `sealed`: equals the broker-validated user
    daemon: AgentId  #: the sender's daemon (D10); a manager is its own
    receiver: Receiver  #: whom it is for
    reply_with: MessageId  #: what an answer names; equal to `message_id` in ours
    in_reply_to: MessageId | None = None  #: the message answered; absent on equal rejects and cancels (D8)
    receivers: Annotated[tuple[AgentId, ...], Meta(max_length=256)] | None = (
        None  #: only agents of the one daemon it goes to (D10)
    )
    reply_by: Instant | None = None  #: latest time for the answer, sender's clock
    manager_epoch: Starts | None = None  #: how often this manager started; information, never a filter (D4)
    parent: ConversationId | None = None  #: the conversation this one follows or belongs to
    ontology: Literal["contractnet/1"] = "contractnet/1"
    language: Literal["json"] = "json"
    encoding: Literal["utf-8"] = "utf-8"


# ---- what the initiator says


class Terms(Content, frozen=True):
    """What every bidder may know of the conditions. Scores are normalised against these, never against other bids."""

    unit: Unit  #: what prices are counted in
    rule: Annotated[str, Meta(max_length=64)]  #: the award rule's name
    work_within_ms: DurationMs  #: result deadline, from the award
    lease_ms: DurationMs  #: a winner without progress for so long loses the slot (G7)
    valid_for_ms: DurationMs  #: how long an offer is asked to stand (G4)
    reserve: Micros | None = None  #: most that will be paid; absent where the reserve is secret
    value: Micros | None = None  #: worth of a good result, where the rule uses it and it is public
    eta_cost: Micros | None = None  #: cost of a second of waiting, micros per second, where the rule uses it


class Feedback(Content, frozen=True):
    """What a revised cfp tells (stated fields, never prose)."""

    best_score: Score | None = None  #: best score of the round before
    rank: Annotated[int, Meta(ge=1, le=100_000)] | None = None  #: the receiver's own rank in it


class CfpContent(Content, frozen=True):
    """The call: abstract of the task and conditions. What is private travels only with the award (G10)."""

    task: TaskText
    skill: Skill
    round: Round
    max_rounds: Round
    reply_within_ms: DurationMs  #: the reply window, from the cfp on; decides together with the manager's clock
    terms: Terms
    input: Payload = {}  #: goes to every invited bidder
    result_schema: Payload | None = None  #: the subset of JSON Schema that a result must meet
    spec_digest: Digest | None = None  #: salted digest of the full spec that the award will carry (G10)
    offer: OfferId | None = None  #: revised cfp: the receiver's offer on file (G14)
    feedback: Feedback | None = None  #: revised cfp: what is told of the round before


class Cfp(Act, frozen=True, tag="cfp"):
    """Call for proposals (SC00029 R1; SC00030 R13)."""

    content: CfpContent


class AcceptContent(Content, frozen=True):
    """The award: the offer taken, its fence, and all that the winner needs."""

    offer: OfferId
    round: Round
    slot: Slot
    epoch: Epoch  #: of the slot; results under an older one are never credited (G8)
    price: Micros  #: what will be paid for a good result
    work_within_ms: DurationMs  #: result deadline, from the award (G6)
    lease_ms: DurationMs
    pickup_ms: DurationMs  #: added to the first lease
    private: Payload = {}  #: for the winner only; merged into the input
    salt: Digest | None = None  #: with the spec gives the digest of the cfp


class AcceptProposal(Act, frozen=True, tag="accept-proposal"):
    """Takes the offer: the participant is committed (R4)."""

    content: AcceptContent


class RejectContent(Content, frozen=True):
    """Why not. With `offer`: that offer only; without: the whole conversation (D8)."""

    reason: RejectReason
    offer: OfferId | None = None
    late_by_ms: LateMs | None = None  #: reason late: by how much
    score: Score | None = None  #: own score, only in a single reject


class RejectProposal(Act, frozen=True, tag="reject-proposal"):
    """Does not take the offer (R3, R6)."""

    content: RejectContent


class CancelContent(Content, frozen=True):
    """Why the action is no longer wanted."""

    reason: CancelReason


class Cancel(Act, frozen=True, tag="cancel"):
    """No longer wants the action done (R9)."""

    content: CancelContent


# ---- what the participant says


class ProposeContent(Content, frozen=True):
    """A sealed offer: price, eta, confidence, and how long it stands."""

    offer: OfferId
    round: Round
    unit: Unit
    price: Micros  #: asked for the whole task
    eta: Seconds  #: from the award to the result
    confidence: Ppm  #: the contractor's own chance of success; calibrated before use, once outcomes are known
    valid_for_ms: DurationMs  #: how long the offer stands, from its sending (G4)
    rationale: Text = ""  #: public words; no rule reads them


class Propose(Act, frozen=True, tag="propose"):
    """Offers the task under its own terms (R2)."""

    content: ProposeContent


class RefuseContent(Content, frozen=True):
    """No commitment, and why."""

    reason: RefuseReason
    round: Round
    text: Text = ""


class Refuse(Act, frozen=True, tag="refuse"):
    """Will not do it, or withdraws the offer before acceptance (R2, G5)."""

    content: RefuseContent


class ResultContent(Content, frozen=True, tag_field="kind", tag="result"):
    """The work is done."""

    slot: Slot
    epoch: Epoch
    result: Payload


class ProgressContent(Content, frozen=True, tag_field="kind", tag="progress"):
    """Still at work: renews the lease. May be lost."""

    slot: Slot
    epoch: Epoch
    text: Text = ""


class CancelledContent(Content, frozen=True, tag_field="kind", tag="cancelled"):
    """Stopped: nothing of it will follow."""

    text: Text = ""


class ChoiceContent(Content, frozen=True, tag_field="kind", tag="choice"):
    """A mediator's choice: one recorded offer by id, one extra round, or no award."""

    choice: Literal["offer", "round", "none"]
    offer: OfferId | None = None


class Inform(Act, frozen=True, tag="inform"):
    """Done or result (R5), cancelled (R9), progress (X), choice (X)."""

    content: ResultContent | ProgressContent | CancelledContent | ChoiceContent


class TaskFailureContent(Content, frozen=True, tag_field="kind", tag="task"):
    """The accepted task did not happen."""

    reason: TaskFailure
    slot: Slot | None = None
    epoch: Epoch | None = None
    text: Text = ""


class CancelFailureContent(Content, frozen=True, tag_field="kind", tag="cancel"):
    """Cancelling failed: what was done already."""

    reason: CancelFailure
    text: Text = ""
    result: Payload | None = None


class Failure(Act, frozen=True, tag="failure"):
    """Was committed, and it did not happen (R5); or could not cancel (R9)."""

    content: TaskFailureContent | CancelFailureContent


# ---- what either says


class FieldError(Content, frozen=True):
    """One thing wrong in a message."""

    path: Path  #: such as `$.content.price`
    text: Text


class NotUnderstoodContent(Content, frozen=True):
    """What was not understood, and why. Never echoes more than 200 characters of the input."""

    reason: NotUnderstoodReason
    about: Annotated[str, Meta(max_length=32)]  #: the performative of the message meant, or `unknown`
    fields: Annotated[tuple[FieldError, ...], Meta(max_length=32)] = ()
    time_left_ms: LateMs | None = None  #: to the deadline, where a repair is still possible


class NotUnderstood(Act, frozen=True, tag="not-understood"):
    """Could not interpret the named message (R8); never in answer to a not-understood."""

    content: NotUnderstoodContent


# ---- mediation (X)


class LiveOffer(Content, frozen=True):
    """A recorded offer that a mediator may choose."""

    offer: OfferId
    price: Micros
    eta: Seconds
    confidence: Ppm


class RequestContent(Content, frozen=True):
    """What a mediator may choose from."""

    offers: Annotated[tuple[LiveOffer, ...], Meta(max_length=1_000)]
    choices: Annotated[tuple[Literal["offer", "round", "none"], ...], Meta(min_length=1, max_length=3)]
    reply_within_ms: DurationMs
    terms: Terms


class Request(Act, frozen=True, tag="request"):
    """Asks a mediator to settle a deadlock (table MI)."""

    content: RequestContent


class Agree(Act, frozen=True, tag="agree"):
    """The mediator took it (table MP)."""

    content: Content


# ---- presence (not an act: it may be lost)


class HostedAgent(Content, frozen=True):
    """One agent of a daemon."""

    agent: AgentId
    skills: Annotated[tuple[Skill, ...], Meta(min_length=1, max_length=64)]
    capacity: Capacity  #: tasks at once
    free: Capacity  #: of them free now
    since: Instant  #: when this host started offering it


class Presence(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="performative",
    tag="presence",
):
    """A daemon is there, with these agents, for as long as the lease; `goodbye` ends it at once."""

    daemon: AgentId
    incarnation: Instant  #: when the daemon started: a restarted one is told from the old
    sequence: Annotated[int, Meta(ge=0, le=10**12)]  #: of beats of this incarnation; an older beat changes nothing
    lease_ms: DurationMs
    agents: Annotated[tuple[HostedAgent, ...], Meta(max_length=1_000)]
    goodbye: bool = False


AnyAct = (
    Cfp
    | AcceptProposal
    | RejectProposal
    | Cancel
    | Propose
    | Refuse
    | Inform
    | Failure
    | NotUnderstood
    | Request
    | Agree
)
#: what may come through the presence lane
AnyBeat = Presence | Inform
