"""What the bargainings after a round lead to in their call: those are called again, or the round takes its course.

Where something was agreed all who bargained and whose offers stand are called again: who agreed proposes what was
agreed, the others may better their offers. Source: rows C6 to C8.
"""

from __future__ import annotations

from contractnet.manager.award import lapse
from contractnet.manager.bargains import agreements
from contractnet.manager.call import Call, Step
from contractnet.manager.evaluation import evaluate, next_round
from contractnet.manager.ranking import ranking, standing_bids
from contractnet.manager.records import Bargained


def resume(call: Call, step: Step) -> None:
    """All of them have ended. No offer is used beyond its end, whatever kept its timer (G4)."""
    assert call.talks is not None  # the caller looked: `talked`
    lapse(call, step)
    call.talks.agreed = agreements(call)
    call.talks.over = True
    if not call.talks.agreed:
        step.scribe.note(call.conversation, Bargained(agreed={}))
        call.outcomes.pop()  # of the same round: it is looked at anew
        evaluate(call, step)
        return
    ranked = ranking(call, standing_bids(call, call.having("biddable")))[0].standings
    invited = [one for one in ranked if one.participant in call.talks.by_agent]
    names = tuple(sorted(one.participant for one in invited))
    step.scribe.note(call.conversation, Bargained(agreed=call.talks.agreed, invited=names))
    call.move(step, "#iterate", more_rounds=True)
    next_round(call, step, ranked, invited)


def leave_off(call: Call, step: Step) -> None:
    """No offer is left that anybody bargains over: nothing is waited for."""
    if call.bargaining and not call.having("biddable"):
        assert call.talks is not None
        call.talks.over = True
        call.move(step, "=no-live-offer")
