"""What comes in: each act is classified by the gate, its row taken, and answered as the row says. Pure.

Source: protocols/README.md, sections 3 and 8.
"""

from __future__ import annotations

from contractnet.bargaining.speech import Speech
from contractnet.bargaining.state import State
from contractnet.bargaining.wire import acceptance_faults, offer_faults, rules_of, stray_unit, told
from contractnet.errors import MechanismError, OutOfSequence
from contractnet.interaction.machine import Row
from contractnet.ledger.records import Misheard
from contractnet.ledger.scribe import Scribe
from contractnet.mechanisms.bargaining.boundary import Code, Fault
from contractnet.mechanisms.bargaining.shape import Offer
from contractnet.messages.bargaining import (
    AgreedContent,
    AnyBargainAct,
    BargainAccept,
    BargainAgree,
    BargainCancel,
    BargainFailure,
    BargainInform,
    BargainNotUnderstood,
    BargainPropose,
    BargainRefuse,
    BargainReject,
    BargainRequest,
)
from contractnet.messages.contents import FieldError, TaskFailureContent
from contractnet.messages.values import (
    CancelFailure,
    EndReason,
    NotUnderstoodReason,
    TaskFailure,
)


def hear(state: State, scribe: Scribe, act: AnyBargainAct) -> None:
    """One act of the other side."""
    state.peer = state.peer or act.sender
    match act:
        case BargainRequest():
            _request(state, scribe, act)
        case BargainAgree():
            if _take(state, scribe, act, "?agree") is not None and state.machine.has("ours"):
                _ours(state, scribe, act.reply_with)
        case BargainRefuse():
            _take(state, scribe, act, "?refuse")
        case BargainPropose():
            _propose(state, scribe, act)
        case BargainAccept():
            _accept(state, scribe, act)
        case BargainReject():
            _take(state, scribe, act, "?reject")
        case BargainCancel():
            _cancelled(state, scribe, act)
        case BargainInform(content=AgreedContent() as content):
            _agreed(state, scribe, act, content)
        case BargainInform():
            _take(state, scribe, act, "?inform:cancelled")
        case BargainFailure():
            kind = "task" if isinstance(act.content, TaskFailureContent) else "cancel"
            _take(state, scribe, act, f"?failure:{kind}")
        case BargainNotUnderstood():
            _misunderstood(state, scribe, act)


def mishear(state: State, scribe: Scribe, fact: Misheard) -> None:
    """An act that does not decode: an offer or an acceptance with a fault; of any other its sender is told."""
    state.peer = state.peer or fact.sender
    about = fact.reply_with or fact.message_id
    if fact.performative == "propose":
        event = "?propose:late" if state.machine.finished else _last(state, state.turn) or "?propose:bad"
    elif fact.performative == "accept-proposal":
        event = "?accept:dead"
    else:
        complain(state, scribe, about, fact.performative, NotUnderstoodReason.SCHEMA, fact.fields)
        return
    row = _row(state, scribe, event, about, fact.performative)
    if row is not None:
        _answer(state, scribe, row, about, fact.performative, fact.offer, fact.fields)


def complain(
    state: State,
    scribe: Scribe,
    about: str | None,
    performative: str,
    reason: NotUnderstoodReason,
    fields: tuple[FieldError, ...] = (),
) -> None:
    """Name what has no place here; a few times, and never a not-understood."""
    if state.faults >= state.timers.max_faults or performative == "not-understood":
        return
    state.faults += 1
    Speech(state, scribe).not_understood(about, performative, reason, fields)


# ---- act by act


def _request(state: State, scribe: Scribe, act: BargainRequest) -> None:
    if _take(state, scribe, act, "?request") is None or not state.machine.has("asked"):
        return
    state.me, state.request, state.about, state.parent = 1, act.content, act.reply_with, act.parent
    state.our_turn(scribe.at, act.content.reply_within_ms)
    try:
        state.rules = rules_of(act.content)
    except MechanismError as error:
        state.move(scribe, "#cannot-parse")
        fields = (FieldError(path="$.content", text=str(error)[:200]),)
        Speech(state, scribe).not_understood(act.reply_with, "request", fields=fields)


def _propose(state: State, scribe: Scribe, act: BargainPropose) -> None:
    content = act.content
    faults: tuple[Fault, ...] = ()
    if state.machine.finished:
        event = "?propose:late"
    elif state.rules is None:
        event = "?propose:bad"
    elif (last := _last(state, content.turn)) is not None:
        event = last
    else:
        faults = offer_faults(act, state.rules, state.turn, state.offers, state.known_ids)
        faults = faults or stray_unit(content, state.rules) or _unnamed(state, act)
        event = "?propose:bad" if faults else "?propose:ok"
    row = _take(state, scribe, act, event)
    if row is None:
        return
    if event in ("?propose:ok", "?propose:last"):
        good = event == "?propose:ok" or (
            state.rules is not None and not offer_faults(act, state.rules, state.turn, state.offers, state.known_ids)
        )
        until = None if content.valid_for_ms is None else scribe.at + content.valid_for_ms
        if good and state.me is not None:
            state.keep(Offer(state.turn, 1 - state.me, content.terms, until), content.offer)
        state.turn += 1
        if not state.machine.finished:
            _ours(state, scribe, act.reply_with)
    _answer(state, scribe, row, act.reply_with, "propose", content.offer, told(faults))


def _accept(state: State, scribe: Scribe, act: BargainAccept) -> None:
    content = act.content
    faults: tuple[Fault, ...] = ()
    of = None
    if state.machine.has("theirs") and state.rules is not None and state.me is not None:
        of = next((turn for turn, name in state.ids.items() if name == content.offer), None)
        faults = acceptance_faults(act, state.rules, state.turn, state.offers, of, scribe.at)
        faults = faults or stray_unit(content, state.rules) or _unnamed(state, act)
        event = "?accept:dead" if faults else "?accept:live"
    else:
        event = "?accept:dead"
    row = _take(state, scribe, act, event)
    if row is None:
        return
    if event == "?accept:live":
        state.taken = next(offer for offer in state.offers if offer.turn == of)
        taken = AgreedContent(offer=content.offer, terms=state.taken.terms)
        Speech(state, scribe).agreed(act.reply_with, taken)
        return
    _answer(state, scribe, row, act.reply_with, "accept-proposal", content.offer, told(faults))


def _agreed(state: State, scribe: Scribe, act: BargainInform, content: AgreedContent) -> None:
    """The word that is waited for; it is about the offer that we took, or it is none."""
    taken = state.taken
    if taken is not None and (content.offer, content.terms) != (state.ids[taken.turn], taken.terms):
        fields = (FieldError(path="$.content.offer", text="not the offer that was accepted, with its terms"),)
        complain(state, scribe, act.reply_with, "inform", NotUnderstoodReason.SCHEMA, fields)
        return
    _take(state, scribe, act, "?inform:agreed")


def _cancelled(state: State, scribe: Scribe, act: BargainCancel) -> None:
    row = _take(state, scribe, act, "?cancel")
    if row is None:
        return
    if row.sends[0] == "inform:cancelled":
        state.called_off = True
        Speech(state, scribe).cancelled(act.reply_with)
    else:
        Speech(state, scribe).cannot_cancel(act.reply_with, CancelFailure.ALREADY_DONE)


def _misunderstood(state: State, scribe: Scribe, act: BargainNotUnderstood) -> None:
    """Of our request, or of our act of this turn: the first one moves us; any other is recorded."""
    if act.content.reason is not NotUnderstoodReason.SCHEMA or state.newest is None or act.in_reply_to != state.newest:
        return
    offered = state.machine.has("theirs")
    if _take(state, scribe, act, "?not-understood") is None:
        return
    state.newest = None
    if not state.machine.has("ours"):
        state.taken = None if state.machine.finished else state.taken
        return
    if offered:
        state.turn -= 1
        state.offers, state.countered = tuple(offer for offer in state.offers if offer.turn != state.turn), True
    state.taken, state.window_at = None, state.own_window


# ---- parts


def _ours(state: State, scribe: Scribe, about: str) -> None:
    """Our turn, after this act of theirs."""
    assert state.request is not None
    state.about, state.newest, state.countered = about, None, False
    state.our_turn(scribe.at, state.request.turn_within_ms)


def _unnamed(state: State, act: BargainPropose | BargainAccept) -> tuple[Fault, ...]:
    """M3: an act of a turn names one that we said here."""
    if act.in_reply_to in state.said:
        return ()
    return (Fault(Code.SCHEMA, "in_reply_to", "the reply_with of the act before it"),)


def _last(state: State, turn: int | None) -> str | None:
    """An offer of the last turn is one whatever it is."""
    last = state.rules is not None and turn == state.turn and state.turn + 1 == state.rules.turns
    return "?propose:last" if last and state.machine.has("theirs") else None


def _take(state: State, scribe: Scribe, act: AnyBargainAct, event: str) -> Row | None:
    return _row(state, scribe, event, act.reply_with, str(act.__struct_config__.tag))


def _row(state: State, scribe: Scribe, event: str, about: str | None, performative: str) -> Row | None:
    """Take the row of a received act; without one answer by the default rule and return None."""
    try:
        return state.move(scribe, event)
    except OutOfSequence:
        known = state.me is not None or state.called_off
        why = NotUnderstoodReason.OUT_OF_SEQUENCE if known else NotUnderstoodReason.UNKNOWN_CONVERSATION
        complain(state, scribe, about, performative, why)
        return None


def _answer(
    state: State,
    scribe: Scribe,
    row: Row,
    about: str | None,
    performative: str,
    offer: str | None,
    fields: tuple[FieldError, ...],
) -> None:
    """What the row of a bad, dead or late act sends."""
    speech = Speech(state, scribe)
    match row.sends:
        case ("not-understood:schema",):
            left = max(0, state.due_at - state.timers.grace_ms - scribe.at)
            speech.not_understood(about, performative, fields=fields, time_left_ms=left)
        case ("reject-proposal:wrong-twice",):
            speech.end(EndReason.WRONG_TWICE)
        case ("reject-proposal:late",):
            late = max(0, scribe.at - max(state.due_at - state.timers.grace_ms, 0))
            speech.reject(about, EndReason.LATE, offer, late)
        case ("reject-proposal:closed",):
            speech.reject(about, EndReason.CLOSED, offer)
        case ("failure:task",):
            reason = TaskFailure.WITHDRAWN if state.called_off else TaskFailure.OFFER_EXPIRED
            if about is not None:  # without a name there is nothing to answer
                speech.over(about, reason)
        case _:
            pass
