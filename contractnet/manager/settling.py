"""What a step leads to by itself: the derived events of table C, until there is none.

Rules: a round closes when nobody is waited for any more; a mediation is taken back when no offer is left to choose, and
bargainings are waited for no longer when none is left to bargain over;
slots add up to an end; a cancelled conversation closes when no cancel is unanswered: who was not final had one.
Source: table C, the events that begin with `=`.
"""

from __future__ import annotations

from contractnet.manager.award import reject
from contractnet.manager.bargained import leave_off
from contractnet.manager.call import Call, Step
from contractnet.manager.evaluation import evaluate
from contractnet.manager.mediation import take_back
from contractnet.messages.values import RejectReason


def settle(call: Call, step: Step) -> None:
    """Take the derived events of a step, then say the equal rejects and cancels it has gathered."""
    while call.machine.has("collecting") and not call.awaited:
        call.close_round(step, "=all-answered")
        evaluate(call, step)
    take_back(call, step)
    leave_off(call, step)
    if call.machine.has("awaiting") and all(slot.done or slot.abandoned for slot in call.slots):
        done = sum(slot.done for slot in call.slots)
        end = "all" if done == len(call.slots) else "some" if done else "none"
        call.move(step, f"=slots-{end}-done")
        for participant in call.having("held"):
            reject(call, step, participant, RejectReason.OUTBID)
    if call.machine.has("cancelling") and call.next_unanswered is None:
        call.move(step, "=all-settled")
    call.say_farewells(step)
