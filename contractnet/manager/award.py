"""The award and what comes after it: a slot is given, fenced and freed, its runner-up awarded; offers lapse, are
rejected, are cancelled.

Source: tables C (C14, C15, C19) and I (I19, I20, I23, I30); G8, G9, G13, G17; D8, D11.
"""

from __future__ import annotations

from collections.abc import Sequence

from contractnet.manager.call import Call, Step
from contractnet.manager.outcomes import counts
from contractnet.manager.paid import Forfeit
from contractnet.manager.ranking import payment_without, ranking, standing_bids
from contractnet.manager.records import Awarded, Freed, Reason
from contractnet.manager.speech import reject_one
from contractnet.manager.state import Participant, Slot
from contractnet.mechanisms.calibration.bond import forfeit
from contractnet.messages.acts import (
    AcceptProposal,
)
from contractnet.messages.contents import (
    AcceptContent,
)
from contractnet.messages.values import CancelReason, RejectReason

#: losses after which the tender may call again (D1 b). `withdrawn` and `offer-expired` go beyond the rule's list: an
#: offer that ended while its accept was on the way is a crossing like a death, not a failure of the task
RECALLABLE = frozenset({"lease", "restart", "handed-back", "unknown-offer", "lease-lost", "withdrawn", "offer-expired"})


def award(
    call: Call, step: Step, slot: Slot, participant: Participant, price: int, joined: Sequence[Slot] = ()
) -> None:
    """Give the slot under its present epoch; the full task goes to this participant only (I19, G10).

    Args:
        price: what a good result is paid, micros: at least what the offer asks.
        joined: of a divisible task: the slots that go with it.
    """
    call.move_one(step, participant, "#award")
    offer = participant.offer
    assert offer is not None  # I19 leaves from states with an offer on file
    terms, timers, content = call.terms, call.timers, offer.message.content
    slot.take(joined)
    parts, items = 1 + len(joined) if terms.divisible else None, terms.names(one.number for one in (slot, *joined))
    slot.holder, slot.price, slot.confidence = participant.agent, price, content.confidence
    slot.awarded_at = step.at
    slot.lease_due = step.at + terms.lease_ms + timers.pickup_ms
    slot.result_due = step.at + terms.work_within_ms
    slot.result, slot.checking, slot.abandoned = None, False, False
    step.scribe.note(
        call.conversation,
        Awarded(
            slot=slot.number,
            epoch=slot.epoch,
            participant=participant.agent,
            offer=offer.id,
            price=price,
            confidence=content.confidence,
            parts=parts,
            items=items,
        ),
    )
    header = step.scribe.header(call.conversation)
    participant.accept_id = header["message_id"]
    accept = AcceptContent(
        offer=offer.id,
        round=content.round,
        slot=slot.number,
        epoch=slot.epoch,
        price=price,
        work_within_ms=terms.work_within_ms,
        lease_ms=terms.lease_ms,
        pickup_ms=timers.pickup_ms,
        private=call.spec.private,
        salt=call.salt,
        parts=parts,
        items=items or None,
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
    """No offer is used beyond its end, whatever kept its timer from firing: an outage, a grace (G4, I23). One that
    lapses while a revised cfp is out is rejected by its id; its bidder may still answer the round (I15, I16).
    """
    for participant in call.lapsed(step.at):
        offer = participant.offer
        assert offer is not None  # it is live until the row is taken
        row = call.move_one(step, participant, "@offer-lapse")
        if row.one_offer:
            about, reason = offer.message.reply_with, RejectReason.OFFER_LAPSED
            reject_one(step.scribe, call.conversation, participant.agent, about, reason, offer.id)
        else:
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
    stated = slot.confidence
    together = (slot, *slot.joined)
    for one in together:
        one.epoch += 1
        one.lost, one.again = reason, (detail or reason) in RECALLABLE
    slot.holder, slot.result, slot.checking, slot.joined = None, None, False, ()
    lost = Freed(
        slot=slot.number,
        epoch=slot.epoch,
        participant=participant.agent,
        reason=reason,
        again=slot.again,
        detail=detail,
    )
    call.lost.append(lost)
    if call.terms.bond is not None and counts(lost):
        owed = forfeit(call.terms.bond, stated)
        slot.forfeits.append(Forfeit(slot=slot.number, participant=participant.agent, amount=owed))
    step.scribe.note(call.conversation, lost)
    if not call.machine.has("awaiting"):
        return
    runner_up = _runner_up(call, step)
    live = runner_up is not None and slot.awards < call.timers.max_awards
    call.move(step, "=slot-freed", runner_up_live=live)
    if live and runner_up is not None:
        award(call, step, slot, runner_up, payment_without(call, runner_up.agent))
    else:
        for one in together:
            one.abandoned = True


def _runner_up(call: Call, step: Step) -> Participant | None:
    """The best held offer that stands, by the rule that ranked it."""
    lapse(call, step)
    held = call.having("held")
    ranked, _ = ranking(call, standing_bids(call, held))
    return call.participants[ranked.standings[0].participant] if held else None


def credit(call: Call, participant: Participant) -> None:
    """Its result counts: the slot is done."""
    slot = call.slot_of(participant.agent)
    assert slot is not None  # I25 leaves from AWARDED only
    slot.checking = False
    for one in (slot, *slot.joined):
        one.done = True


def cancel(call: Call, step: Step, reason: CancelReason) -> None:
    """C19: everyone who is not final is told; their answers are awaited for a while. A slot at work gets a new
    epoch.
    """
    call.move(step, "#cancel")
    call.closed.setdefault(call.round, step.at)
    call.cancel_due = step.at + call.timers.cancel_ms
    for agent in sorted(call.participants):
        participant = call.participants[agent]
        if participant.machine.can("#cancel"):
            call.cancel_one(step, participant, "#cancel", reason)
            free(call, step, participant, "user")
