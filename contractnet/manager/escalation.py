"""What a mediation leads to in its call: the choice is carried out, or nothing was chosen and nobody is awarded.

Source: rows C10 to C13, C19; G15.
"""

from __future__ import annotations

from contractnet.ledger.records import Heard, Misheard, Returned
from contractnet.manager.award import award, cancel, lapse
from contractnet.manager.call import Call, Step
from contractnet.manager.evaluation import next_round, reject_rest
from contractnet.manager.mediation import end_mediation, hear_mediator, mishear_mediator, take_back
from contractnet.manager.ranking import ranking, standing_bids
from contractnet.manager.records import CancelAsked, Mediated
from contractnet.messages.contents import ChoiceContent
from contractnet.messages.values import CancelReason


def mediate(call: Call, step: Step, fact: Heard | Misheard | Returned) -> None:
    """A fact of the mediation's conversation. No offer is chosen beyond its end, whatever kept its timer (G4)."""
    if call.machine.has("mediating"):
        lapse(call, step)
        take_back(call, step)
    match fact:
        case Heard(message=act):
            event, choice = hear_mediator(call, step, act)
            why = str(act.__struct_config__.tag)
        case Misheard():
            event, choice = mishear_mediator(call, step, fact), None
            why = fact.performative
        case Returned():  # known before the timers that were due then
            asked = call.mediation is not None and call.mediation.machine.can("#returned")
            event, choice = end_mediation(call, step, "#returned") if asked else None, None
            why = "the request reached nobody"
    if event is not None:
        carry_out(call, step, event, choice, why if choice is None else "")


def carry_out(call: Call, step: Step, event: str, choice: ChoiceContent | None, why: str) -> None:
    """C10 to C12: what the mediation came to. Nothing where the call has moved on.

    Args:
        event: of table C: `=choice-award`, `=choice-round`, `=choice-none` or `=mediation-failed`.
        choice: the mediator's; None where there is none.
        why: what became of the mediation where there is none.
    """
    if not call.machine.has("mediating") or call.mediation is None:
        return
    ranked = ranking(call, standing_bids(call, call.having("biddable")))[0].standings
    mediator = call.mediation.mediator
    named = choice.offer if choice is not None else None
    record = Mediated(mediator=mediator, choice=choice.choice if choice else "none", offer=named, why=why)
    step.scribe.note(call.conversation, record)
    call.move(step, event)
    if event == "=choice-round":
        next_round(call, step, ranked, ranked)
        return
    if event == "=choice-award":
        winner = next(one for one in ranked if one.offer == named)
        award(call, step, call.slots[0], call.participants[winner.participant], winner.price)
        for slot in call.slots[1:]:
            slot.abandoned = True
    reject_rest(call, step, ranked)


def cancel_all(call: Call, step: Step, asked: CancelAsked) -> None:
    """C19: everybody who is not final is told to stop, the mediator too. Asked again: only the wait may get shorter."""
    if call.machine.can("#cancel"):
        reason = CancelReason.SHUTDOWN if asked.reason == "shutdown" else CancelReason.USER
        cancel(call, step, reason)
        if call.mediation is not None and call.mediation.machine.has("waiting"):
            end_mediation(call, step, "#cancel", reason)
    if asked.within_ms is not None:
        call.cancel_by(step.at + asked.within_ms)
