"""What is due at the initiator: the next instant of a call, and what fires then.

No timer fires before its instant; while a grace is open none fires at all (D5). Source: D7; rows C3, C20, I13, I23,
I29, I33, MI8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contractnet.ledger.records import Fired
from contractnet.manager.award import free, lapse
from contractnet.manager.call import Call, Step
from contractnet.manager.escalation import carry_out
from contractnet.manager.evaluation import evaluate
from contractnet.manager.mediation import end_mediation
from contractnet.manager.records import LeaseLapsed
from contractnet.manager.state import Slot
from contractnet.messages.values import CancelReason

Timer = Fired | LeaseLapsed


def timers(call: Call) -> Iterator[tuple[int, Timer]]:
    """The running timers of the call: (instant, the fact that its firing is); of all participants' offers the one that
    ends first, of all their cancels as well.
    """
    if call.machine.has("collecting"):
        yield call.reply_due, Fired(timer="reply")
    if call.machine.has("cancelling") and call.cancel_due is not None:
        yield call.cancel_due, Fired(timer="cancel")
    if call.mediation is not None and call.mediation.machine.has("waiting"):
        yield call.mediation.due, Fired(timer="mediation")
    if (first := call.next_lapse) is not None:
        yield first[0], Fired(timer=f"offer:{first[1]}")
    if (first := call.next_unanswered) is not None:
        yield first[0], Fired(timer=f"cancel:{first[1]}")
    for slot in call.slots:  # which outlive a call: its holder may have it from a later one
        holder = call.participants.get(slot.holder or "")
        if slot.working and holder is not None and holder.machine.has("awarded"):
            yield slot.lease_due, LeaseLapsed(slot=slot.number, epoch=slot.epoch)
            yield slot.result_due, Fired(timer=f"result:{slot.number}")


def fire(call: Call, step: Step, timer: Timer) -> None:
    """The timer's instant has come."""
    if isinstance(timer, LeaseLapsed):
        _free_slot(call, step, timer.slot, "@lease")
        return
    kind, _, which = timer.timer.partition(":")
    if kind == "reply":
        call.close_round(step, "@deadline")
        evaluate(call, step)
    elif kind == "offer":
        lapse(call, step)
    elif kind == "mediation":
        event = end_mediation(call, step, "@med-due")
        if event is not None:
            carry_out(call, step, event, None, "no answer in time")
    elif kind == "result":
        _free_slot(call, step, int(which), "@result-due")
    elif which:
        participant = call.participants[which]
        call.move_one(step, participant, "@cancel-timeout")
        participant.learn(participant.truth or "unanswered")
    else:
        call.move(step, "@cancel-timeout")


def extend(call: Call, step: Step, until: int) -> None:
    """C4: a grace for an open round that would close within it, once a round."""
    if call.machine.has("collecting") and not call.extended and call.reply_due < until:
        call.extended = True
        call.move(step, "#extend")


def renew_leases(slots: Iterable[Slot], least: int) -> None:
    """No lease of running work lapses before this instant."""
    for slot in slots:
        if slot.working:
            slot.lease_due = max(slot.lease_due, least)


def _free_slot(call: Call, step: Step, number: int, event: str) -> None:
    """I29: fence, cancel, free."""
    slot = next(slot for slot in call.slots if slot.number == number)
    assert slot.holder is not None  # only a slot at work has these timers
    participant = call.participants[slot.holder]
    lease = event == "@lease"
    reason = CancelReason.LEASE_EXPIRED if lease else CancelReason.RESULT_OVERDUE
    call.cancel_one(step, participant, event, reason)
    free(call, step, participant, "lease" if lease else "result-deadline")
