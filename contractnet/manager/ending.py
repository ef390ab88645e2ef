"""How a call's end becomes the tender's end, or another call (D1). Pure functions.

Busy is not no, death is not failure: where nothing was awarded and not all said a final no, or a slot was lost by a
death without a runner-up, the tender calls again after a back-off, within its bounds.
"""

from __future__ import annotations

from typing import Final

from contractnet.ledger.scribe import seeded
from contractnet.manager.award import no_award_reason
from contractnet.manager.call import Call
from contractnet.manager.records import Reason, Status
from contractnet.manager.state import lost_reason

#: waits before the next call of a tender, milliseconds; the last stands for all that follow (D1)
BACK_OFF_MS: Final = (1_000, 2_000, 4_000, 5_000)


def verdict(call: Call) -> tuple[Status, Reason | None, bool]:
    """What a closed call means: the status and reason that the tender would end with, and whether calling again may
    help.
    """
    outcome = call.machine.outcome
    if outcome == "cancelled":
        return "cancelled", "user", False
    if outcome == "no-award":
        reason, again = no_award_reason(call)
        return "no-award", reason, again
    if outcome == "failed":
        again = any(slot.again and slot.awards < call.timers.max_awards for slot in call.slots)
        return "failed", lost_reason(call.slots), again
    return ("partial" if outcome == "partial" else "settled"), None, False


def back_off_ms(seed: str, tender_id: str, calls: int) -> int:
    """The wait before the next call, milliseconds: 1, 2, 4, then 5 s, times 0.75 to 1.25 by the recorded seed.

    Args:
        calls: made so far, at least one.
    """
    wait = BACK_OFF_MS[min(calls, len(BACK_OFF_MS)) - 1]
    jitter_ppm = 750_000 + seeded(seed, tender_id, calls) // 2
    return wait * jitter_ppm // 1_000_000
