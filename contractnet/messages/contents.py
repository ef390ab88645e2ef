"""The contents: one frozen Struct for what each act says, with bounds on every field.

Source: our own extensions where protocols/README.md marks X; the acts that carry them are in `acts`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from contractnet.messages.values import (
    MOST_BUNDLES,
    AgentId,
    CancelFailure,
    CancelReason,
    Capacity,
    Digest,
    DurationMs,
    Epoch,
    Instant,
    Items,
    LateMs,
    Micros,
    ModelName,
    NotUnderstoodReason,
    OfferId,
    Parts,
    Path,
    Ppm,
    RefuseReason,
    RejectReason,
    Round,
    Score,
    Seconds,
    Skill,
    Slot,
    TaskFailure,
    TaskText,
    Text,
    Unit,
)

#: any JSON object of the user's: bounded by the size of its act, and in nesting by the codec
Payload = dict[str, Any]


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all contents."""


class BondTerms(Content, frozen=True):
    """A part of what is paid goes by a proper scoring rule, so that the true chance is the best one to state: with p
    stated a good result is paid bonus - stake * (1 - p)^2 beside the price, a lost award costs stake * p^2.
    """

    bonus: Micros
    stake: Micros


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
    bond: BondTerms | None = None  #: absent: the price is all that is paid
    parts: Parts | None = None  #: a divisible task: prices and reserve are for one of so many; absent: of one piece
    items: Items | None = None  #: bought in bundles: what there is; absent: the task is bought as a whole


class Bundle(Content, frozen=True):
    """Some of the items of a call, each named once, all of them or none."""

    items: Items
    price: Micros  #: asked for all of them together


class Feedback(Content, frozen=True):
    """What a revised cfp tells (stated fields, never prose)."""

    reason: RejectReason | None = None  #: why the offer on file would lose; absent: it would win
    rank: Annotated[int, Meta(ge=1, le=100_000)] | None = None  #: the receiver's own rank in the round before
    best_score: Score | None = None  #: best score of the round before


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
    parts: Parts | None = None  #: of a divisible task: how many this award is for; the price is for all of them
    items: Items | None = None  #: of items that are bought in bundles: those of the bundle that is taken


class RejectContent(Content, frozen=True):
    """Why not. With `offer`: that offer only; without: the whole conversation (D8)."""

    reason: RejectReason
    offer: OfferId | None = None
    late_by_ms: LateMs | None = None  #: reason late: by how much
    score: Score | None = None  #: own score, only in a single reject


class CancelContent(Content, frozen=True):
    """Why the action is no longer wanted."""

    reason: CancelReason


class ProposeContent(Content, frozen=True):
    """A sealed offer: price, eta, confidence, and how long it stands."""

    offer: OfferId
    round: Round
    unit: Unit
    price: Micros  #: asked for the whole task, for one part of a divisible one
    eta: Seconds  #: from the award to the result
    confidence: Ppm  #: the contractor's own chance of success; calibrated before use, once outcomes are known
    valid_for_ms: DurationMs  #: how long the offer stands, from its sending (G4)
    rationale: Text = ""  #: public words; no rule reads them
    model: ModelName = ""  #: the model behind it; no score reads it, the alarm of a panel of one model does
    parts: Parts | None = None  #: of a divisible task: the most that it can do; absent: all
    bundles: Annotated[tuple[Bundle, ...], Meta(max_length=MOST_BUNDLES)] = ()  #: of items: at most one of these is
    #: taken, and the price above is the least of theirs; none named: all items, at the price above


class RefuseContent(Content, frozen=True):
    """No commitment, and why."""

    reason: RefuseReason
    round: Round
    text: Text = ""


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


class FieldError(Content, frozen=True):
    """One thing wrong in a message."""

    path: Path  #: such as `$.content.price`
    text: Text


class LiveOffer(Content, frozen=True):
    """A recorded offer, as a mediator sees it."""

    offer: OfferId
    price: Micros
    eta: Seconds
    confidence: Ppm


class NotUnderstoodContent(Content, frozen=True):
    """What was not understood, and why. Never echoes more than 200 characters of the input."""

    reason: NotUnderstoodReason
    about: Annotated[str, Meta(max_length=32)]  #: the performative of the message meant, or `unknown`
    fields: Annotated[tuple[FieldError, ...], Meta(max_length=32)] = ()
    time_left_ms: LateMs | None = None  #: to the deadline, where a repair is still possible
    offers: Annotated[tuple[LiveOffer, ...], Meta(max_length=1_000)] = ()  #: to a mediator: the list as it is now


class RequestContent(Content, frozen=True, tag_field="kind", tag="call"):
    """What a mediator is asked about a call: the live offers of a deadlocked call, and the choices that are allowed."""

    offers: Annotated[tuple[LiveOffer, ...], Meta(max_length=1_000)]
    choices: Annotated[tuple[Literal["offer", "round", "none"], ...], Meta(min_length=1, max_length=3)]
    reply_within_ms: DurationMs
    terms: Terms
    limit: Micros | None = None  #: an offer over it cannot be chosen; absent: any can


class HostedAgent(Content, frozen=True):
    """One agent of a daemon."""

    agent: AgentId
    skills: Annotated[tuple[Skill, ...], Meta(min_length=1, max_length=64)]
    capacity: Capacity  #: tasks at once
    free: Capacity  #: of them free now
    since: Instant  #: when this host started offering it
