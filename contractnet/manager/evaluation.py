"""The evaluation of a closed round: the set of offers is ranked by the stated rule, then a course is taken.

The courses, and when each is taken:

1. award: the rule fills every slot; or it fills some, and another round could not fill more.
2. iterate: slots are left, somebody bid over the reserve and may come down, somebody is still there, and a round is
   left (R13, R16).
3. mediate: nobody can be awarded, offers stand, a mediator is named and was not asked in this conversation (G15).
4. no award.

Never two of them (R13). The decision, with every bid's score and reason, is one entry.
Source: table C, C5 to C9; G2, G9, G17; D8.
"""

from __future__ import annotations

from collections.abc import Sequence

from contractnet.manager.award import award, lapse, ranking, reject
from contractnet.manager.call import Call, Step
from contractnet.manager.calling import call_again, why_not
from contractnet.manager.mediation import escalate
from contractnet.manager.records import Assessed, Course, Decided
from contractnet.mechanisms.rules import Ranked
from contractnet.messages.values import RefuseReason, RejectReason


def evaluate(call: Call, step: Step) -> None:
    """The round is closed: take the course that its offers give."""
    lapse(call, step)
    ranked = ranking(call, call.having("biddable"))
    seats = len(call.slots)
    eligible = [one for one in ranked if one.eligible]
    course = _course(call, ranked, eligible)
    winners = eligible[:seats] if course == "award" else []
    held = eligible[seats : 2 * seats] if course == "award" else []
    invited = _shortlist(call, ranked) if course == "iterate" else ()
    call.decided = _decided(call, ranked, winners, held, course, invited)
    step.scribe.note(call.conversation, call.decided)
    if not ranked:
        call.move(step, "=no-live-offer")
    elif course == "iterate":
        call.move(step, "#iterate", more_rounds=True)
        next_round(call, step, ranked, invited)
    elif course == "mediate":
        escalate(call, step)
    elif course == "no-award":
        call.move(step, "#no-award")
        reject_rest(call, step, ranked)
    else:
        call.move(step, "#award")
        _award(call, step, winners, held)
        reject_rest(call, step, ranked)


def next_round(call: Call, step: Step, ranked: Sequence[Ranked], invited: Sequence[Ranked]) -> None:
    """A revised cfp to some of those who proposed, a reject to the others (R13)."""
    call_again(call, step, invited)
    reject_rest(call, step, ranked, RejectReason.NOT_SHORTLISTED)


def reject_rest(call: Call, step: Step, ranked: Sequence[Ranked], reason: RejectReason | None = None) -> None:
    """Reject whoever of these has still an offer to be decided on; for `reason`, or for what the ranking says."""
    for one in ranked:
        participant = call.participants[one.participant]
        if participant.machine.has("biddable"):
            reject(call, step, participant, reason or why_not(call, one) or RejectReason.NO_AWARD)


def _course(call: Call, ranked: Sequence[Ranked], eligible: Sequence[Ranked]) -> Course:
    short = len(eligible) < min(len(call.slots), len(ranked))
    if (
        short
        and call.round < call.terms.max_rounds
        and any(not call.participants[one.participant].gone for one in ranked)
    ):
        return "iterate"
    if eligible:
        return "award"
    if ranked and call.terms.mediator is not None and call.mediation is None:
        return "mediate"
    return "no-award"


def _shortlist(call: Call, ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    """Who is called again: the best of those who are still there, then of the others; as ranked."""
    there = sorted(ranked, key=lambda one: call.participants[one.participant].gone)
    chosen = {one.participant for one in there[: call.terms.shortlist]}
    return [one for one in ranked if one.participant in chosen]


def _award(call: Call, step: Step, winners: Sequence[Ranked], held: Sequence[Ranked]) -> None:
    """C5: each slot gets its winner; at most one runner-up a slot is held (G9)."""
    for slot, one in zip(call.slots, winners, strict=False):
        award(call, step, slot, call.participants[one.participant])
    for slot in call.slots[len(winners) :]:
        slot.abandoned = True
    for one in held:
        call.move_one(step, call.participants[one.participant], "#hold")


def _decided(
    call: Call,
    ranked: Sequence[Ranked],
    winners: Sequence[Ranked],
    held: Sequence[Ranked],
    course: Course,
    invited: Sequence[Ranked],
) -> Decided:
    """The decision entry: each bid with its score and reason, who refused and why, who was silent."""
    refused = {
        agent: RefuseReason(participant.refusal)
        for agent, participant in sorted(call.participants.items())
        if participant.refusal is not None and participant.refusal in RefuseReason._value2member_map_
    }
    tied = winners[-1].score if winners and winners[-1].tied else None
    return Decided(
        round=call.round,
        rule=call.terms.rule,
        bids=tuple(_assessed(call, one) for one in ranked),
        refused=refused,
        silent=tuple(participant.agent for participant in call.having("silent")),
        winner=winners[0].participant if winners else None,
        runner_up=held[0].participant if held else None,
        ties=tuple(sorted(one.participant for one in ranked if one.eligible and one.score == tied)),
        course=course,
        invited=tuple(sorted(one.participant for one in invited)),
    )


def _assessed(call: Call, one: Ranked) -> Assessed:
    offer = call.participants[one.participant].offer
    assert offer is not None  # a biddable state has an offer on file
    content = offer.message.content
    return Assessed(
        participant=one.participant,
        offer=one.offer,
        price=content.price,
        eta=content.eta,
        confidence=content.confidence,
        probability=content.confidence,
        score=one.score,
        margin=one.margin,
        rank=one.rank,
        tied=one.tied,
        reason=why_not(call, one),
    )
