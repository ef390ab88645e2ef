"""How a call's end becomes the tender's end, or another call (D1). Pure functions.

Busy is not no, death is not failure: where nothing was awarded and not all said a final no, or a slot was lost by a
death without a runner-up, the tender calls again after a back-off, within its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contractnet.ledger.scribe import seeded
from contractnet.manager.call import Call
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.paid import Filled
from contractnet.manager.records import Ended, Reason, Status
from contractnet.manager.state import RETURNED, Slot, lost_reason
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.calibration.bond import Bond, settlement
from contractnet.messages.values import FINAL_REFUSALS, RefuseReason, RejectReason

#: waits before the next call of a tender, milliseconds; the last stands for all that follow (D1)
BACK_OFF_MS: Final = (1_000, 2_000, 4_000, 5_000)


def verdict(call: Call, slots: Sequence[Slot]) -> tuple[Status, Reason | None, bool]:
    """What a closed call means for its tender.

    Args:
        slots: all of the tender's.
    Returns:
        The status and reason that it would end with, and whether calling again may help (D1).
    """
    if call.machine.outcome == "cancelled":
        return "cancelled", "user", False
    if call.machine.outcome == "no-award":
        reason, again = no_award_reason(call)
        again = again or call.posted is not None  # an auction follows
    else:
        reason = lost_reason(slots) or no_award_reason(call)[0]
        again = any(_may_be_filled(call, slot) for slot in slots)
    status = ending_status(slots)
    return status, None if status == "settled" else reason, again


def ending_status(slots: Sequence[Slot]) -> Status:
    """How a tender ends whose slots stand like this, unless it is cancelled."""
    done = sum(slot.done for slot in slots)
    if done:
        return "settled" if done == len(slots) else "partial"
    return "no-award" if lost_reason(slots) is None else "failed"


def _may_be_filled(call: Call, slot: Slot) -> bool:
    """Whether a slot was lost in this call in a way after which it may be awarded again (D1 b)."""
    lost = any(freed.slot == slot.number and freed.again for freed in call.lost)
    return lost and slot.again and not slot.done and slot.awards < call.timers.max_awards


def back_off_ms(seed: str, tender_id: str, calls: int) -> int:
    """The wait before the next call, milliseconds: 1, 2, 4, then 5 s, times 0.75 to 1.25 by the recorded seed.

    Args:
        calls: made so far, at least one.
    """
    wait = BACK_OFF_MS[min(calls, len(BACK_OFF_MS)) - 1]
    jitter_ppm = 750_000 + seeded(seed, tender_id, calls) // 2
    return wait * jitter_ppm // 1_000_000


def no_award_reason(call: Call) -> tuple[Reason, bool]:
    """Why slots were left that nobody was awarded: a bid too dear, or what those said who did not bid; and whether
    asking again may help: somebody was busy, silent or gone (D1 a).
    """
    expected = [participant for participant in call.participants.values() if participant.expected]
    if not expected:
        return "no-bidders", True
    refusals = [participant.refusal for participant in call.participants.values() if participant.refusal]
    busy = any(reason == RefuseReason.BUSY for reason in refusals)
    no_words = (RefuseReason.BUSY, RejectReason.OFFER_LAPSED, RETURNED)
    unsettled = [one for one in expected if one.machine.has("silent") or one.refusal in no_words]
    again = bool(unsettled) or any(one.refusal is not None and one.refusal not in FINAL_REFUSALS for one in expected)
    bids = call.decided.bids if call.decided is not None else ()
    if any(bid.why is LossReason.RULE_FAILED for bid in bids):
        return "rule-failed", False
    if any(bid.why is LossReason.TOO_FEW_BIDS for bid in bids):
        return "too-few-bids", again
    if any(bid.why in (LossReason.OVER_RESERVE, LossReason.UNDER_SCORE) for bid in bids):
        return "over-reserve", again
    if busy:
        return "busy", again
    if unsettled:
        return "silent", again
    if refusals and all(reason == RefuseReason.OVER_RESERVE for reason in refusals):
        return "over-reserve", again
    return "refused" if refusals or call.machine.outcome == "no-award" else "no-bidders", again


def end_of(
    terms: TenderTerms,
    slots: Sequence[Slot],
    held: int,
    status: Status,
    reason: Reason | None,
    conversation: str | None,
) -> Ended:
    """The one end of a tender.

    Args:
        slots: those it was opened for; with fewer than it sought, since there was no money for them, it is partial.
        held: micros set aside.
        conversation: of the last call.
    """
    if status == "settled" and len(slots) < terms.slots:
        status, reason = "partial", "budget"
    filled = tuple(
        Filled(
            slot=slot.number,
            winner=slot.holder,
            price=slot.price,
            result_of=slot.result,
            bond=_bond(terms.bond, slot),
            parts=1 + len(slot.joined) if terms.divisible else None,
            items=terms.names(one.number for one in (slot, *slot.joined)),
        )
        for slot in slots
        if slot.done and slot.holder is not None and slot.result is not None
    )
    spent = sum(one.price + one.bond for one in filled)
    return Ended(
        status=status,
        reason=reason,
        winner=filled[0].winner if filled else None,
        price=spent if filled else None,
        unit=terms.unit,
        result_of=filled[0].result_of if filled else None,
        conversation_id=conversation,
        spent=spent,
        released=max(0, held - spent),
        filled=filled,
        forfeits=tuple(one for slot in slots for one in slot.forfeits),
    )


def _bond(bond: Bond | None, slot: Slot) -> int:
    """What a credited result is paid beside its price: never so little that the contractor would pay."""
    return 0 if bond is None else max(-slot.price, settlement(bond, slot.confidence, True))
