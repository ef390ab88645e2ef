"""Mediation, the side that asks: a deadlocked call is put before a mediator, once, in a conversation of its own.

Rules (table MI; the rows C9 to C13 hang on it):

1. The mediator gets the recorded offers and may answer only: the id of one of them, one extra round, or no award.
   Terms are copied from the record by offer id, never typed again.
2. An offer over `limit` cannot be chosen: it is not paid for (D12). The limit is the reserve where the terms say no
   other.
3. A choice that is not possible is answered once with the list as it is now; the second ends the mediation.
4. No answer in time is an answer: no award (G15).

This module asks, hears and takes back; what a choice leads to is raised in table C by the caller.
Source: table MI; G15; FIPA Request (SC00026) for the shape.
"""

from __future__ import annotations

from typing import Final, Literal

from contractnet.errors import OutOfSequence
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.records import Misheard
from contractnet.ledger.scribe import Header
from contractnet.manager.call import Call, Step
from contractnet.manager.calling import public_terms
from contractnet.manager.ranking import ranking, standing_bids
from contractnet.manager.state import Mediation
from contractnet.messages.acts import MEDIATION, Agree, AnyAct, Cancel, Failure, Inform, NotUnderstood, Refuse, Request
from contractnet.messages.contents import (
    CancelContent,
    CancelledContent,
    ChoiceContent,
    FieldError,
    LiveOffer,
    NotUnderstoodContent,
    RequestContent,
    TaskFailureContent,
)
from contractnet.messages.values import CancelReason, NotUnderstoodReason

#: offers that a request lists at most, the best
MOST_OFFERS = 200
_CHOICES: Final = {"offer": "=choice-award", "round": "=choice-round", "none": "=choice-none"}
#: added to a call's conversation id
SUFFIX = ".m"


def escalate(call: Call, step: Step) -> None:
    """C9, MI1: ask."""
    terms = call.terms
    assert terms.mediator is not None  # the course is taken only then
    call.move(step, "#escalate", mediation_unused=True)
    due = step.at + terms.mediate_within_ms
    machine = Machine(load("mediation-initiator"), peer=terms.mediator)
    call.mediation = mediation = Mediation(call.conversation + SUFFIX, terms.mediator, machine, due)
    _move(mediation, step, "#escalate")
    header = _header(call, step)
    mediation.request_id = header["message_id"]
    offers = live_offers(call)
    choices = _choices(call, offers)
    content = RequestContent(
        offers=offers,
        choices=choices,
        reply_within_ms=terms.mediate_within_ms,
        terms=public_terms(call),
        limit=limit_of(call),
    )
    request = Request(**header, receiver=mediation.mediator, reply_by=due, parent=call.conversation, content=content)
    step.scribe.say(request, (mediation.mediator,), expires_ms=terms.mediate_within_ms)


def hear_mediator(call: Call, step: Step, act: AnyAct) -> tuple[str | None, ChoiceContent | None]:
    """One act of the mediator.

    Returns:
        The event that it raises in table C, None where it raises none; and the choice, where that is a legal one.
    """
    event, fault = _classify(call, act)
    if event is None:
        if not isinstance(act, NotUnderstood):
            _complain(call, step, act.reply_with, _name(act), NotUnderstoodReason.ILLEGAL_ACT)
        return None, None
    raised = _take(call, step, event, act.reply_with, _name(act), (fault,) if fault else ())
    if raised is not None and event == "?inform:choice":
        assert isinstance(act.content, ChoiceContent)  # classified so
        return _CHOICES[act.content.choice], act.content
    return raised, None


def mishear_mediator(call: Call, step: Step, fact: Misheard) -> str | None:
    """An act of the mediator that does not decode: an `inform` is a choice that is not possible."""
    about = fact.reply_with or fact.message_id
    if fact.performative == "inform":
        return _take(call, step, "?inform:badchoice", about, "inform", fact.fields)
    _complain(call, step, about, fact.performative, NotUnderstoodReason.SCHEMA)
    return None


def end_mediation(call: Call, step: Step, event: str, cancelled: CancelReason = CancelReason.USER) -> str | None:
    """A timer, an undeliverable request, or our own cancel; returns the event that it raises in table C."""
    mediation = call.mediation
    assert mediation is not None  # only a mediation that runs has these
    row = _move(mediation, step, event)
    if row.sends:
        reason = cancelled if event == "#cancel" else CancelReason.RESULT_OVERDUE
        cancel = Cancel(**_header(call, step), receiver=mediation.mediator, content=CancelContent(reason=reason))
        step.scribe.say(cancel, (mediation.mediator,))
    return row.fires[0].partition(":")[2] if row.fires else None


def take_back(call: Call, step: Step) -> None:
    """C13: no offer is left to choose."""
    if call.machine.has("mediating") and not call.having("biddable"):
        call.move(step, "=no-live-offer")
        end_mediation(call, step, "#cancel")


def live_offers(call: Call) -> tuple[LiveOffer, ...]:
    """The offers on file, best first."""
    offers: list[LiveOffer] = []
    ranked, _ = ranking(call, standing_bids(call, call.having("biddable")))
    for one in ranked.standings[:MOST_OFFERS]:
        offer = call.participants[one.participant].offer
        assert offer is not None  # a biddable state has one
        content = offer.message.content
        offers.append(LiveOffer(offer=offer.id, price=content.price, eta=content.eta, confidence=content.confidence))
    return tuple(offers)


def limit_of(call: Call) -> int | None:
    """The most that a mediator may award, micros; None: no limit."""
    return call.terms.reserve if call.terms.mediation_limit is None else call.terms.mediation_limit


# ---- parts


def _choices(call: Call, offers: tuple[LiveOffer, ...]) -> tuple[Literal["offer", "round", "none"], ...]:
    limit = limit_of(call)
    affordable = any(limit is None or offer.price <= limit for offer in offers)
    return ("offer", "round", "none") if affordable else ("round", "none")


def _classify(call: Call, act: AnyAct) -> tuple[str | None, FieldError | None]:
    """The event of table MI that an act is, and what is wrong with a bad choice; None: no such act is heard here."""
    match act:
        case Agree():
            return "?agree", None
        case Inform(content=ChoiceContent() as choice):
            fault = _fault(call, choice)
            return ("?inform:badchoice" if fault else "?inform:choice"), fault
        case Inform(content=CancelledContent()):
            return "?inform:cancelled", None
        case Refuse():
            return "?refuse", None
        case Failure(content=TaskFailureContent()):
            return "?failure:task", None
        case Failure():
            return "?failure:cancel", None
        case NotUnderstood(content=NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA)):
            return "?not-understood", None
        case _:
            return None, None


def _fault(call: Call, choice: ChoiceContent) -> FieldError | None:
    if choice.choice != "offer":
        if choice.offer is not None:
            return FieldError(path="$.content.offer", text=f"the choice `{choice.choice}` names no offer")
        return None
    limit = limit_of(call)
    for offer in live_offers(call):
        if offer.offer == choice.offer:
            if limit is not None and offer.price > limit:
                return FieldError(path="$.content.offer", text="its price is over the limit of the request")
            return None
    return FieldError(path="$.content.offer", text="not a live offer of the call")


def _move(mediation: Mediation, step: Step, event: str) -> Row:
    row = mediation.machine.fire(event)
    step.scribe.move(mediation.conversation, "MI", mediation.mediator, row.name, mediation.machine.state)
    return row


def _header(call: Call, step: Step) -> Header:
    header = step.scribe.header(call.conversation + SUFFIX)
    header["protocol"] = MEDIATION
    return header


def _take(
    call: Call, step: Step, event: str, about: str | None, performative: str, faults: tuple[FieldError, ...]
) -> str | None:
    """Take the row of something heard, say what it says, and return the event that it raises in table C."""
    mediation = call.mediation
    assert mediation is not None  # its conversation is known
    try:
        row = _move(mediation, step, event)
    except OutOfSequence:
        _complain(call, step, about, performative, NotUnderstoodReason.OUT_OF_SEQUENCE)
        return None
    if row.sends:
        _refresh(call, step, about, faults)
    return row.fires[0].partition(":")[2] if row.fires else None


def _refresh(call: Call, step: Step, about: str | None, faults: tuple[FieldError, ...]) -> None:
    """MI5: the list as it is now."""
    mediation = call.mediation
    assert mediation is not None  # an act of its mediator was heard
    content = NotUnderstoodContent(
        reason=NotUnderstoodReason.SCHEMA,
        about="inform",
        fields=faults[:32],
        time_left_ms=max(0, mediation.due - step.at),
        offers=live_offers(call),
    )
    _answer(call, step, about, content)


def _complain(call: Call, step: Step, about: str | None, performative: str, reason: NotUnderstoodReason) -> None:
    """The default rule: named a few times, then only recorded; a not-understood never."""
    mediation = call.mediation
    assert mediation is not None  # an act of its mediator was heard
    if mediation.faults < call.timers.max_faults and performative != "not-understood":
        mediation.faults += 1
        _answer(call, step, about, NotUnderstoodContent(reason=reason, about=performative[:32]))


def _answer(call: Call, step: Step, about: str | None, content: NotUnderstoodContent) -> None:
    assert call.mediation is not None  # an act of its mediator was heard
    mediator = call.mediation.mediator
    act = NotUnderstood(**_header(call, step), receiver=mediator, in_reply_to=about, content=content)
    step.scribe.say(act, (mediator,))


def _name(act: AnyAct) -> str:
    return str(act.__struct_config__.tag)
