"""Calling: what a round's cfp says, to everybody with the skill at first, to each of a subset in a later round.

Rules:

1. The first cfp is one message for all (R1); a revised one goes to each of those who proposed that are called again,
   and names that participant's own offer on file (R13, G14).
2. What a revised cfp tells of the round before is a stated field of the terms, `feedback`; never prose, never a rival's
   name, and a rival's price only as the best score, where the rule scores by the price alone.
3. Each round has its own reply window (R14).

Source: SC00029, SC00030; rows C1, C8, C11, I22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contractnet.manager.call import Call, Step
from contractnet.manager.state import Participant
from contractnet.mechanisms.awards.shape import LossReason, Standing
from contractnet.messages.acts import Cfp
from contractnet.messages.codec import spec_digest
from contractnet.messages.contents import BondTerms, CfpContent, Feedback, Terms
from contractnet.messages.values import RejectReason


def open_call(call: Call, step: Step, expected: Mapping[str, str]) -> None:
    """C1: say the cfp to everybody with the skill, or, for a direct award, to the one; those expected, agent id ->
    daemon, are waited for.
    """
    call.move(step, "#open", bidders=bool(expected))
    for agent in sorted(expected):
        call.join(agent, expected[agent], expected=True)
    call.reply_due = step.at + call.terms.reply_within_ms
    header = step.scribe.header(call.conversation)
    call.cfp_ids.add(header["message_id"])
    receiver = f"skill:{call.spec.skill}" if call.posted is None else next(iter(expected))
    cfp = Cfp(**header, receiver=receiver, reply_by=call.reply_due, parent=call.parent, content=_content(call))
    step.scribe.say(cfp, () if call.posted is None else tuple(expected), expires_ms=call.terms.reply_within_ms)


def call_again(call: Call, step: Step, invited: Sequence[Standing]) -> None:
    """I22: the next round, for those; `invited` as the round before ranked them."""
    call.round += 1
    call.reply_due = step.at + call.terms.reply_within_ms
    call.extended = False
    best = max((ranked.score for ranked in invited), default=0)
    for ranked in invited:
        participant = call.participants[ranked.participant]
        call.move_one(step, participant, "#reinvite")
        call.wait_for(participant)
        _say_again(call, step, participant, _feedback(call, ranked, best))


def why_not(call: Call, one: Standing) -> RejectReason | None:
    """What this bid hears of why it gets no slot; None: it does, or would."""
    if one.barred is not None:
        return one.barred.told
    if call.losing is not None:
        why = call.losing.get(one.participant)
        return None if why in (None, LossReason.TOO_FEW_BIDS) else why.told
    return None if one.rank <= len(call.slots) else LossReason.OUTBID.told


def public_terms(call: Call) -> Terms:
    """What every bidder may know of the conditions; the reserve only where it is public."""
    terms = call.terms
    return Terms(
        unit=terms.unit,
        rule=terms.rule,
        work_within_ms=terms.work_within_ms,
        lease_ms=terms.lease_ms,
        valid_for_ms=terms.reply_within_ms + terms.lease_ms + call.timers.valid_for_extra_ms + _bargain_ms(call),
        reserve=call.reserve if terms.public_reserve or call.posted is not None else None,
        eta_cost=terms.eta_cost or None,
        bond=None if terms.bond is None else BondTerms(bonus=terms.bond.bonus, stake=terms.bond.stake),
        parts=len(call.slots) if terms.divisible else None,
        items=items_of(call) or None,
    )


def _bargain_ms(call: Call) -> int:
    """How much longer offers must stand because they are bargained over, milliseconds."""
    may = call.terms.bargain if call.talks is None else None
    return 0 if may is None else call.timers.bargain_ms(may)


def items_of(call: Call) -> tuple[str, ...]:
    """What is called for in bundles, an item a slot; empty: the task is bought as a whole."""
    return call.terms.names(slot.number for slot in call.slots)


def _say_again(call: Call, step: Step, participant: Participant, feedback: Feedback | None) -> None:
    offer = participant.offer
    assert offer is not None  # I22 leaves from PROPOSED
    header = step.scribe.header(call.conversation)
    call.cfp_ids.add(header["message_id"])
    cfp = Cfp(
        **header,
        receiver=participant.agent,
        in_reply_to=offer.message.reply_with,
        reply_by=call.reply_due,
        parent=call.parent,
        content=_content(call, offer.id, feedback),
    )
    step.scribe.say(cfp, (participant.agent,), expires_ms=call.terms.reply_within_ms)


def _content(call: Call, offer: str | None = None, feedback: Feedback | None = None) -> CfpContent:
    spec = call.spec
    return CfpContent(
        task=spec.task,
        skill=spec.skill,
        round=call.round,
        max_rounds=max(call.terms.max_rounds, call.round),
        reply_within_ms=call.terms.reply_within_ms,
        terms=public_terms(call),
        input=spec.input,
        result_schema=spec.result_schema,
        spec_digest=spec_digest(spec.task, spec.input, spec.private, call.salt),
        offer=offer,
        feedback=feedback,
    )


def _feedback(call: Call, ranked: Standing, best: int) -> Feedback | None:
    """What this participant is told, as the terms say."""
    told = call.terms.feedback
    if told == "nothing":
        return None
    return Feedback(
        reason=why_not(call, ranked),
        rank=None if told == "reason" else ranked.rank,
        best_score=best if told == "best-score" else None,
    )
