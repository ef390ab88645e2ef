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

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contractnet.messages.contents import (
    AcceptContent,
    CancelContent,
    CancelFailureContent,
    CancelledContent,
    CfpContent,
    ChoiceContent,
    Content,
    HostedAgent,
    NotUnderstoodContent,
    ProgressContent,
    ProposeContent,
    RefuseContent,
    RejectContent,
    RequestContent,
    ResultContent,
    TaskFailureContent,
)
from contractnet.messages.joint import JointRequestContent, SettledContent
from contractnet.messages.values import (
    AgentId,
    ConversationId,
    DurationMs,
    Instant,
    MessageId,
    Receiver,
    Starts,
)

ONTOLOGY: Final = "contractnet/1"
CONTRACT_NET: Final = "fipa-contract-net"
ITERATED_CONTRACT_NET: Final = "fipa-iterated-contract-net"
MEDIATION: Final = "contractnet-mediation"
BARGAINING: Final = "contractnet-bargaining"  #: its acts are in `bargaining`

ProtocolName = Literal["fipa-contract-net", "fipa-iterated-contract-net", "contractnet-mediation"]
AnyProtocol = ProtocolName | Literal["contractnet-bargaining"]


class Envelope(
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


class Act(Envelope, frozen=True):
    """An act of a contract net, or of a mediation."""

    protocol: ProtocolName


# ---- what the initiator says


class Cfp(Act, frozen=True, tag="cfp"):
    """Call for proposals (SC00029 R1; SC00030 R13)."""

    content: CfpContent


class AcceptProposal(Act, frozen=True, tag="accept-proposal"):
    """Takes the offer: the participant is committed (R4)."""

    content: AcceptContent


class RejectProposal(Act, frozen=True, tag="reject-proposal"):
    """Does not take the offer (R3, R6)."""

    content: RejectContent


class Cancel(Act, frozen=True, tag="cancel"):
    """No longer wants the action done (R9)."""

    content: CancelContent


# ---- what the participant says


class Propose(Act, frozen=True, tag="propose"):
    """Offers the task under its own terms (R2)."""

    content: ProposeContent


class Refuse(Act, frozen=True, tag="refuse"):
    """Will not do it, or withdraws the offer before acceptance (R2, G5)."""

    content: RefuseContent


class Inform(Act, frozen=True, tag="inform"):
    """Done or result (R5), cancelled (R9), progress (X), choice (X), settled (X)."""

    content: ResultContent | ProgressContent | CancelledContent | ChoiceContent | SettledContent


class Failure(Act, frozen=True, tag="failure"):
    """Was committed, and it did not happen (R5); or could not cancel (R9)."""

    content: TaskFailureContent | CancelFailureContent


# ---- what either says


class NotUnderstood(Act, frozen=True, tag="not-understood"):
    """Could not interpret the named message (R8); never in answer to a not-understood."""

    content: NotUnderstoodContent


# ---- mediation (X)


class Request(Act, frozen=True, tag="request"):
    """Asks a mediator to settle a deadlock (table MI)."""

    content: RequestContent | JointRequestContent


class Agree(Act, frozen=True, tag="agree"):
    """The mediator took it (table MP)."""

    content: Content


# ---- presence (not an act: it may be lost)


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
