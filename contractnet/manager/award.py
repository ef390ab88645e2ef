"""The award: the closed set of offers is ranked by the stated rule, slots are given, runners-up held, losers told why.

Source: tables C (C5 to C7, C14 to C18) and I (I19 to I21); G8, G9, G13, G17; D8, D11.
"""

from __future__ import annotations

from contractnet.manager.call import Call, Step
from contractnet.manager.records import Assessed, Awarded, Decided, Freed, Reason
from contractnet.manager.state import RETURNED, Offer, Participant, Slot
from contractnet.mechanisms.rules import Bid, Conditions, Ranked, rank
from contractnet.messages.acts import (
    AcceptProposal,
)
from contractnet.messages.contents import (
    AcceptContent,
)
from contractnet.messages.values import FINAL_REFUSALS, CancelReason, RefuseReason, RejectReason

#: losses after which the tender may call again (D1 b). `withdrawn` and `offer-expired` go beyond the rule's list: an
#: offer that ended while its accept was on the way is a crossing like a death, not a failure of the task
RECALLABLE = frozenset({"lease", "restart", "handed-back", "unknown-offer", "lease-lost", "withdrawn", "offer-expired"})


def evaluate(call: Call, step: Step) -> None:
    """The round is closed: award, or reject everybody."""
    lapse(call, step)
    bidders = {participant.agent: participant for participant in call.having("biddable")}
    ranking = _ranking(call, list(bidders.values()))
    seats = len(call.slots)
    eligible = [ranked for ranked in ranking if ranked.eligible]
    winners, rest = eligible[:seats], eligible[seats:]
    held = rest[:seats]
    call.decided = _decided(call, bidders, ranking, winners, held)
    step.scribe.note(call.conversation, call.decided)
    if not bidders:
        call.move(step, "=no-live-offer")
        return
    if not winners:
        call.move(step, "#no-award")
    else:
        call.move(step, "#award")
        for slot, ranked in zip(call.slots, winners, strict=False):
            award(call, step, slot, bidders[ranked.participant])
        for slot in call.slots[len(winners) :]:
            slot.abandoned = True
    chosen = {ranked.participant for ranked in winners}
    kept = {ranked.participant for ranked in held}
    for ranked in ranking:
        if ranked.participant in kept:
            call.move_one(step, bidders[ranked.participant], "#hold")
        elif ranked.participant not in chosen:
            reject(call, step, bidders[ranked.participant], ranked.reason or RejectReason.OUTBID)


def _ranking(call: Call, bidders: list[Participant]) -> tuple[Ranked, ...]:
    terms = call.terms
    conditions = Conditions(reserve=terms.reserve, value=terms.value, eta_cost=terms.eta_cost)
    bids = [_bid(participant, participant.offer) for participant in bidders if participant.offer is not None]
    return rank(terms.rule, bids, conditions, call.seed, f"{call.conversation}|{call.round}")


def _bid(participant: Participant, offer: Offer) -> Bid:
    content = offer.message.content
    return Bid(
        participant=participant.agent,
        offer=content.offer,
        price=content.price,
        eta=content.eta,
        probability=content.confidence,
    )


def _decided(
    call: Call,
    bidders: dict[str, Participant],
    ranking: tuple[Ranked, ...],
    winners: list[Ranked],
    held: list[Ranked],
) -> Decided:
    """The decision entry: each bid with its score and reason, who refused and why, who was silent."""
    offers = {agent: participant.offer for agent, participant in bidders.items()}
    awarded = {ranked.participant for ranked in winners}
    assessed: list[Assessed] = []
    for ranked in ranking:
        offer = offers[ranked.participant]
        assert offer is not None  # a biddable state has an offer on file
        content = offer.message.content
        assessed.append(
            Assessed(
                participant=ranked.participant,
                offer=ranked.offer,
                price=content.price,
                eta=content.eta,
                confidence=content.confidence,
                probability=content.confidence,
                score=ranked.score,
                margin=ranked.margin,
                rank=ranked.rank,
                tied=ranked.tied,
                reason=None if ranked.participant in awarded else (ranked.reason or RejectReason.OUTBID),
            )
        )
    refused = {
        agent: RefuseReason(participant.refusal)
        for agent, participant in sorted(call.participants.items())
        if participant.refusal is not None and participant.refusal in RefuseReason._value2member_map_
    }
    tied = winners[-1].score if winners and winners[-1].tied else None
    return Decided(
        round=call.round,
        rule=call.terms.rule,
        bids=tuple(assessed),
        refused=refused,
        silent=tuple(participant.agent for participant in call.having("silent")),
        winner=winners[0].participant if winners else None,
        runner_up=held[0].participant if held else None,
        ties=tuple(sorted(ranked.participant for ranked in ranking if ranked.eligible and ranked.score == tied)),
    )


def award(call: Call, step: Step, slot: Slot, participant: Participant) -> None:
    """Give the slot under its present epoch; the full task goes to this participant only (I19, G10)."""
    call.move_one(step, participant, "#award")
    offer = participant.offer
    assert offer is not None  # I19 leaves from states with an offer on file
    terms, timers, content = call.terms, call.timers, offer.message.content
    slot.awards += 1
    slot.holder, slot.price = participant.agent, content.price
    slot.awarded_at = step.at
    slot.lease_due = step.at + terms.lease_ms + timers.pickup_ms
    slot.result_due = step.at + terms.work_within_ms
    slot.result, slot.checking, slot.abandoned = None, False, False
    step.scribe.note(
        call.conversation,
        Awarded(slot=slot.number, epoch=slot.epoch, participant=participant.agent, offer=offer.id, price=content.price),
    )
    header = step.scribe.header(call.conversation)
    participant.accept_id = header["message_id"]
    accept = AcceptContent(
        offer=offer.id,
        round=content.round,
        slot=slot.number,
        epoch=slot.epoch,
        price=content.price,
        work_within_ms=terms.work_within_ms,
        lease_ms=terms.lease_ms,
        pickup_ms=timers.pickup_ms,
        private=call.spec.private,
        salt=call.salt,
    )
    step.scribe.say(
        AcceptProposal(
            **header,
            receiver=participant.agent,
            in_reply_to=offer.message.reply_with,
            reply_by=slot.result_due,
            content=accept,
        ),
        (participant.agent,),
    )


def lapse(call: Call, step: Step) -> None:
    """No offer is used beyond its end, whatever kept its timer from firing: an outage, a grace (G4, I23)."""
    for participant in call.having("offer"):
        if participant.offer is not None and participant.offer.usable_until <= step.at:
            call.move_one(step, participant, "@offer-lapse")
            participant.refusal = RejectReason.OFFER_LAPSED.value
            step.farewells.reject(participant.agent, RejectReason.OFFER_LAPSED)


def reject(call: Call, step: Step, participant: Participant, reason: RejectReason) -> None:
    """The conversation ends for this participant (I20)."""
    call.move_one(step, participant, "#reject")
    step.farewells.reject(participant.agent, reason)


def free(call: Call, step: Step, participant: Participant, reason: Reason, detail: str = "") -> None:
    """A holder left without a result: fence, then award the runner-up or give the slot up (C14, C15)."""
    slot = call.slot_of(participant.agent)
    if slot is None:
        return
    slot.epoch += 1
    slot.holder, slot.result, slot.checking = None, None, False
    slot.lost, slot.again = reason, (detail or reason) in RECALLABLE
    lost = Freed(
        slot=slot.number,
        epoch=slot.epoch,
        participant=participant.agent,
        reason=reason,
        again=slot.again,
        detail=detail,
    )
    call.lost.append(lost)
    step.scribe.note(call.conversation, lost)
    if not call.machine.has("awaiting"):
        return
    runner_up = _runner_up(call, step)
    live = runner_up is not None and slot.awards < call.timers.max_awards
    call.move(step, "=slot-freed", runner_up_live=live)
    if live and runner_up is not None:
        award(call, step, slot, runner_up)
    else:
        slot.abandoned = True


def _runner_up(call: Call, step: Step) -> Participant | None:
    """The best held offer that stands, by the rule that ranked it."""
    lapse(call, step)
    held = {participant.agent: participant for participant in call.having("held")}
    ranking = _ranking(call, list(held.values()))
    return held[ranking[0].participant] if ranking else None


def credit(call: Call, participant: Participant) -> None:
    """Its result counts: the slot is done."""
    slot = call.slot_of(participant.agent)
    assert slot is not None  # I25 leaves from AWARDED only
    slot.checking, slot.done = False, True


def cancel(call: Call, step: Step, reason: CancelReason) -> None:
    """C19: everyone who is not final is told; their answers are awaited for a while. A slot at work gets a new
    epoch.
    """
    call.move(step, "#cancel")
    call.closed_at = call.closed_at or step.at
    call.cancel_due = step.at + call.timers.cancel_ms
    for agent in sorted(call.participants):
        participant = call.participants[agent]
        if participant.machine.can("#cancel"):
            call.cancel_one(step, participant, "#cancel", reason)
            free(call, step, participant, "user")


def settle(call: Call, step: Step) -> None:
    """Derived events: the round closes by itself, slots add up to an end, a cancelled conversation is answered."""
    if call.machine.has("collecting") and call.all_answered:
        call.close_round(step, "=all-answered")
        evaluate(call, step)
    if call.machine.has("awaiting") and all(slot.done or slot.abandoned for slot in call.slots):
        done = sum(slot.done for slot in call.slots)
        end = "all" if done == len(call.slots) else "some" if done else "none"
        call.move(step, f"=slots-{end}-done")
        for participant in call.having("held"):
            reject(call, step, participant, RejectReason.OUTBID)
    if call.machine.has("cancelling") and all(one.machine.finished for one in call.participants.values()):
        call.move(step, "=all-settled")
    call.say_farewells(step)


def no_award_reason(call: Call) -> tuple[Reason, bool]:
    """Why nothing was awarded, and whether asking again may help: somebody was busy, silent or gone (D1 a)."""
    expected = [participant for participant in call.participants.values() if participant.expected]
    if not expected:
        return "no-bidders", True
    refusals = [participant.refusal for participant in call.participants.values() if participant.refusal]
    busy = any(reason == RefuseReason.BUSY for reason in refusals)
    no_words = (RefuseReason.BUSY, RejectReason.OFFER_LAPSED, RETURNED)
    unsettled = [one for one in expected if one.machine.has("silent") or one.refusal in no_words]
    again = bool(unsettled) or any(one.refusal is not None and one.refusal not in FINAL_REFUSALS for one in expected)
    if call.decided is not None and call.decided.bids:
        return "over-reserve", again
    if busy:
        return "busy", again
    if unsettled:
        return "silent", again
    if refusals and all(reason == RefuseReason.OVER_RESERVE for reason in refusals):
        return "over-reserve", again
    return "refused", again
