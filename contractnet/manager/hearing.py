"""What the initiator hears: each message becomes one event of table I, by the gate's classification.

Rules (the gate, step 5 and 6; duplicates and unknown conversations are met before, in the book):

1. A propose is late if the round it names is closed, whatever else is wrong with it; log order decides, not a
   sender's clock.
2. A propose is bad if it does not fit the terms; it gets one repair (G1).
3. An inform or failure about work counts only under the slot and epoch of the present award (G8).
4. Only a not-understood with the reason `schema` moves a state.
5. No row: a not-understood is recorded; any other act is answered not-understood (out-of-sequence), at most
   `max_faults` times.

Source: SC00029; the gate in protocols/README.md; D11.
"""

from __future__ import annotations

from contractnet.errors import OutOfSequence
from contractnet.ledger.records import Misheard
from contractnet.manager.allotment import misoffered
from contractnet.manager.award import credit, free
from contractnet.manager.call import Call, Step
from contractnet.manager.speech import not_understood, reject_one
from contractnet.manager.state import Offer, Participant, Slot
from contractnet.messages.acts import AnyAct, Failure, Inform, NotUnderstood, Propose, Refuse
from contractnet.messages.contents import (
    CancelFailureContent,
    CancelledContent,
    FieldError,
    ProgressContent,
    ResultContent,
    TaskFailureContent,
)
from contractnet.messages.payload import validate
from contractnet.messages.values import CancelFailure, NotUnderstoodReason, RejectReason, show_amount


def hear(call: Call, step: Step, participant: Participant, act: AnyAct) -> None:
    """One decoded act of one participant."""
    match act:
        case Propose():
            faults = _proposal_faults(call, participant, act)
            _propose(call, step, participant, act, faults)
        case Refuse():
            _refuse(call, step, participant, act)
        case Inform(content=ResultContent() as content):
            _result(call, step, participant, act, content)
        case Inform(content=ProgressContent() as content):
            if _move(call, step, participant, act, "?inform:progress") is not None:
                renew(call, participant.agent, content.slot, content.epoch, step.at)
        case Inform(content=CancelledContent()):
            if _move(call, step, participant, act, "?inform:cancelled") is not None:
                participant.learn("undone")
        case Failure(content=TaskFailureContent() as content):
            _failed(call, step, participant, act, content)
        case Failure(content=CancelFailureContent() as content):
            if _move(call, step, participant, act, "?failure:cancel") is not None:
                done = content.reason is CancelFailure.ALREADY_DONE
                participant.learn("already-done" if done else "could-not-stop")
        case NotUnderstood():
            _not_understood(call, step, participant, act)
        case _:
            _answer_fault(call, step, participant, act.reply_with, _name(act), NotUnderstoodReason.ILLEGAL_ACT)


def mishear(call: Call, step: Step, participant: Participant, fact: Misheard) -> None:
    """An act of a participant that does not decode: a bad bid where it says propose; else it is named to its sender
    once.
    """
    about = fact.reply_with or fact.message_id
    if fact.performative != "propose":
        reason = NotUnderstoodReason.SCHEMA
        _answer_fault(call, step, participant, about, fact.performative, reason, fact.fields)
        return
    round_ = call.round if fact.round is None else fact.round
    event = "?propose:late" if round_ < call.round or not call.machine.has("collecting") else "?propose:bad"
    try:
        row = call.move_one(step, participant, event)
    except OutOfSequence:
        _out_of_sequence(call, step, participant, about, fact.performative)
        return
    _answer_bid(call, step, participant, row.sends, about, fact.offer or "unknown", round_, fact.fields)


def renew(call: Call, agent: str, slot_number: int, epoch: int, at: int) -> None:
    """A beat of running work: its lease begins anew. Never recorded (promise 1)."""
    slot = call.slot_of(agent)
    if slot is not None and (slot.number, slot.epoch) == (slot_number, epoch):
        slot.lease_due = max(slot.lease_due, at + call.terms.lease_ms)


# ---- bids


def _proposal_faults(call: Call, participant: Participant, act: Propose) -> tuple[FieldError, ...]:
    content, faults = act.content, list[FieldError]()
    if content.unit != call.terms.unit:
        faults.append(FieldError(path="$.content.unit", text=f"the call is in {call.terms.unit}"))
    if content.round > call.round:
        faults.append(FieldError(path="$.content.round", text=f"the call is in round {call.round}"))
    if content.offer in participant.offers_seen:
        faults.append(FieldError(path="$.content.offer", text="this offer id was used before"))
    if content.valid_for_ms <= call.timers.offer_margin_ms:
        text = f"must be over {call.timers.offer_margin_ms}, the margin before its end"
        faults.append(FieldError(path="$.content.valid_for_ms", text=text))
    agreed = call.talks.agreed.get(participant.agent) if call.talks is not None else None
    if agreed is not None and content.price > agreed.price:
        text = f"agreed: {show_amount(agreed.price)} {call.terms.unit}, offer {agreed.offer} of {agreed.conversation}"
        faults.append(FieldError(path="$.content.price", text=text[:200]))
    return (*faults, *misoffered(call, content))


def _propose(call: Call, step: Step, participant: Participant, act: Propose, faults: tuple[FieldError, ...]) -> None:
    late = not call.machine.has("collecting") or act.content.round < call.round
    event = "?propose:late" if late else "?propose:bad" if faults else "?propose:ok"
    row = _move(call, step, participant, act, event)
    if row is None:
        return
    if event == "?propose:ok" and not row:
        usable = step.at + act.content.valid_for_ms - call.timers.offer_margin_ms
        call.file(participant, Offer(message=act, usable_until=usable, heard_at=step.at))
    participant.offers_seen.add(act.content.offer)
    _answer_bid(call, step, participant, row, act.reply_with, act.content.offer, act.content.round, faults)


def _answer_bid(
    call: Call,
    step: Step,
    participant: Participant,
    sends: tuple[str, ...],
    about: str | None,
    offer: str,
    round_: int,
    faults: tuple[FieldError, ...],
) -> None:
    """Say what the row says: one repair, or the reject of that offer."""
    for act in sends:
        performative, _, reason = act.partition(":")
        if performative == "not-understood":
            participant.faults += 1
            left = max(0, call.reply_due - step.at)
            not_understood(
                step.scribe,
                call.conversation,
                participant.agent,
                about,
                "propose",
                NotUnderstoodReason.SCHEMA,
                faults,
                left,
            )
        else:
            late_by = call.late_by(round_, step.at) if reason == RejectReason.LATE else None
            agent, why = participant.agent, RejectReason(reason)
            reject_one(step.scribe, call.conversation, agent, about, why, offer, late_by)


def _refuse(call: Call, step: Step, participant: Participant, act: Refuse) -> None:
    awarded = participant.machine.has("awarded")
    if _move(call, step, participant, act, "?refuse") is None:
        return
    if not participant.machine.has("silent"):
        participant.refusal = act.content.reason.value
    participant.leave_off()
    if awarded:
        free(call, step, participant, "failed", act.content.reason.value)


# ---- work


def _result(call: Call, step: Step, participant: Participant, act: Inform, content: ResultContent) -> None:
    slot = call.slot_of(participant.agent)
    if slot is None or not participant.machine.has("awarded"):
        if _move(call, step, participant, act, "?inform:result") is not None and not participant.machine.has(
            "credited"
        ):
            participant.late_result = act.message_id
            participant.learn("already-done")
        return
    if slot.checking:
        _out_of_sequence(call, step, participant, act.reply_with, "inform")
        return
    if (content.slot, content.epoch) != (slot.number, slot.epoch):
        fault = FieldError(path="$.content.epoch", text=f"the award is slot {slot.number}, epoch {slot.epoch}")
        bad_result(call, step, participant, act.reply_with, (fault,), "invalid-result")
        return
    schema = call.spec.result_schema
    faults = () if schema is None else tuple(_field(path, text) for path, text in validate(schema, content.result))
    if faults:
        bad_result(call, step, participant, act.reply_with, faults, "invalid-result")
        return
    slot.result = act.message_id
    if call.opened.checked:
        slot.checking = True
        return
    _move(call, step, participant, act, "?inform:result")
    credit(call, participant)


def bad_result(
    call: Call,
    step: Step,
    participant: Participant,
    about: str | None,
    faults: tuple[FieldError, ...],
    reason: str,
) -> None:
    """I26: say what is wrong, free the slot."""
    call.move_one(step, participant, "?inform:badresult")
    participant.faults += 1
    kind = NotUnderstoodReason.SCHEMA
    not_understood(step.scribe, call.conversation, participant.agent, about, "inform", kind, faults)
    free(call, step, participant, "check" if reason == "check" else "invalid-result")


def _failed(call: Call, step: Step, participant: Participant, act: Failure, content: TaskFailureContent) -> None:
    awarded = participant.machine.has("awarded")
    slot = call.slot_of(participant.agent)
    if awarded and slot is not None and not _names(content, slot):
        _out_of_sequence(call, step, participant, act.reply_with, "failure")
        return
    if _move(call, step, participant, act, "?failure:task") is None:
        return
    participant.leave_off()
    if awarded:
        free(call, step, participant, "failed", content.reason.value)
    else:
        participant.refusal = participant.refusal or content.reason.value


def _names(content: TaskFailureContent, slot: Slot) -> bool:
    """Whether a failure is of this award; what it leaves out it does not deny."""
    return content.slot in (None, slot.number) and content.epoch in (None, slot.epoch)


def _not_understood(call: Call, step: Step, participant: Participant, act: NotUnderstood) -> None:
    if act.content.reason is not NotUnderstoodReason.SCHEMA:
        return
    if act.in_reply_to is not None and act.in_reply_to == participant.accept_id:
        awarded = participant.machine.has("awarded")
        if _move(call, step, participant, act, "?not-understood:accept") is not None:
            participant.leave_off()
            if awarded:
                free(call, step, participant, "failed", "not-understood")
    elif act.in_reply_to is not None and act.in_reply_to in call.cfp_ids:
        _move(call, step, participant, act, "?not-understood:cfp")


# ---- the default rule


def _move(call: Call, step: Step, participant: Participant, act: AnyAct, event: str) -> tuple[str, ...] | None:
    """Take the row and return what it sends; without a row answer by the default rule and return None."""
    try:
        return call.move_one(step, participant, event).sends
    except OutOfSequence:
        _out_of_sequence(call, step, participant, act.reply_with, _name(act))
        return None


def _out_of_sequence(call: Call, step: Step, participant: Participant, about: str | None, performative: str) -> None:
    if performative != "not-understood":
        _answer_fault(call, step, participant, about, performative, NotUnderstoodReason.OUT_OF_SEQUENCE)


def _answer_fault(
    call: Call,
    step: Step,
    participant: Participant,
    about: str | None,
    performative: str,
    reason: NotUnderstoodReason,
    faults: tuple[FieldError, ...] = (),
) -> None:
    if participant.faults >= call.timers.max_faults or performative == "not-understood":
        return
    participant.faults += 1
    not_understood(step.scribe, call.conversation, participant.agent, about, performative, reason, faults)


def _name(act: AnyAct) -> str:
    return str(act.__struct_config__.tag)


def _field(path: str, text: str) -> FieldError:
    return FieldError(path=path[:200], text=text[:200])
