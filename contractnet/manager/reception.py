"""The reception: what comes in for a manager passes the gate and becomes facts. Decides nothing, records nothing.

The gate's order: undecodable or from nobody who may speak here: quarantined, not answered; heard before: answered
again, nothing moves, and kept apart where the bytes are others (M5); unknown conversation: answered once; an answer to
nothing that was said: as an act that does not decode (M3); else the tender is stepped.

Source: the gate in protocols/README.md; promise 7 for the `open` profile: a sender must be a participant of the
conversation, in an open call any agent that answers it.
"""

from __future__ import annotations

from msgspec import Struct

from contractnet.bargaining.side import Bargain
from contractnet.ledger.records import Heard, HeardTurn, Quarantined, Spoken
from contractnet.mail.gate import answers_nothing, misheard, other_bytes
from contractnet.mail.inbox import Letter, Scrap
from contractnet.mail.outbox import Envelope
from contractnet.manager.book import STRAYS, Book
from contractnet.manager.call import Call
from contractnet.manager.kinds import Fact
from contractnet.messages.acts import MEDIATION, Agree, AnyAct, Cfp, Failure, Inform, NotUnderstood, Propose, Refuse
from contractnet.messages.bargaining import AnyBargainAct, BargainAct, BargainNotUnderstood
from contractnet.messages.codec import canonical
from contractnet.messages.contents import ProgressContent
from contractnet.transport.port import Lane, ToAgents, ToSkill


class ToStep(Struct, frozen=True):
    """A fact for a tender."""

    conversation: str
    fact: Fact


class ToRecord(Struct, frozen=True):
    """Recorded, and nobody is moved."""

    conversation: str
    stray: Quarantined


class ToRepeat(Struct, frozen=True):
    """Heard before: this answer is given again, if there was one."""

    said: Spoken | None


Verdict = ToStep | ToRecord | ToRepeat

#: participants of one conversation at most: what joins an open call uninvited is bounded (promise 9)
MOST_PARTICIPANTS = 10_000
#: acts by which an agent that was not expected joins an open call
_JOINS = (Propose, Refuse, NotUnderstood)
#: acts that answer (M3); a not-understood too, but that is recorded whatever it names
_ANSWERS = (Propose, Refuse, Inform, Failure, Agree)


def judge(book: Book, item: Letter | Scrap, lane: Lane, max_strays: int) -> Verdict:
    """What is to be done about one element of a delivery.

    Args:
        max_strays: how often one sender is told of an unknown conversation.
    """
    if isinstance(item, Scrap):
        return _judge_scrap(book, item, lane)
    act = item.act
    before = book.seen.get((act.sender, act.message_id))
    if before is not None:
        if before != item.digest:
            return ToRecord(STRAYS, other_bytes(item, lane, act.sender, act.message_id))
        return ToRepeat(book.answer(act.sender, act.reply_with, act.message_id))
    if act.receiver != book.owner:
        return _stray(item, lane, "it is for another receiver")
    if isinstance(act, BargainAct):
        return _judge_turn(book, item, act, lane, max_strays)
    if (side := book.bargains.get(act.conversation_id)) is not None:
        return _judge_answer(side, item, act, lane)
    tender = book.find(act.conversation_id)
    if tender is None:
        tell = not isinstance(act, NotUnderstood) and book.stray_answers.get(act.sender, 0) < max_strays
        return _stray(item, lane, "unknown conversation", act.reply_with if tell else None)
    call = tender.call(act.conversation_id)
    protocol = tender.pen.protocol if act.conversation_id == call.conversation else MEDIATION
    if act.protocol != protocol:
        return _stray(item, lane, f"its protocol is {act.protocol}, the conversation's is {protocol}")
    told = book.said_to(act.sender, act.conversation_id, act.in_reply_to)
    why_not = _no_participant(call, act, told)
    if why_not is not None:
        return _stray(item, lane, why_not)
    late = isinstance(act, Propose) and act.content.round < call.round  # it is late before it is bad
    beat = isinstance(act, Inform) and isinstance(act.content, ProgressContent) and act.in_reply_to is None
    if isinstance(act, _ANSWERS) and not (told or late or beat):
        return ToStep(act.conversation_id, answers_nothing(item, lane))
    return ToStep(act.conversation_id, Heard(message=act, digest=item.digest, lane=lane.value))


def _judge_turn(book: Book, item: Letter, act: AnyBargainAct, lane: Lane, max_strays: int) -> Verdict:
    """An act of a bargaining: of one that we opened, from whom it was opened with."""
    bargain = book.bargains.get(act.conversation_id)
    if bargain is None:
        told = isinstance(act, BargainNotUnderstood) or book.stray_answers.get(act.sender, 0) >= max_strays
        return _stray(item, lane, "unknown conversation", None if told else act.reply_with)
    if act.sender != bargain.peer:
        return _stray(item, lane, "its sender is not the other side of the bargaining")
    if act.protocol != bargain.protocol:
        return _stray(item, lane, f"its protocol is {act.protocol}, the conversation's is {bargain.protocol}")
    return ToStep(act.conversation_id, HeardTurn(message=act, digest=item.digest, lane=lane.value))


def _judge_answer(side: Bargain, item: Letter, act: AnyAct, lane: Lane) -> Verdict:
    """An act that is of no bargaining, in a conversation of one: a mediator's, where it is with one."""
    if act.sender != side.peer or act.protocol != side.protocol:
        return _stray(item, lane, "it is not of the mediator of a bargaining")
    return ToStep(act.conversation_id, Heard(message=act, digest=item.digest, lane=lane.value))


def _no_participant(call: Call, act: AnyAct, told: bool) -> str | None:
    """Why its sender may not speak in this conversation; None: it may.

    Args:
        told: it answers what its sender was told in the conversation.
    """
    if _speaks(call, act.conversation_id, act.sender):
        return None
    if not isinstance(act, _JOINS) or act.conversation_id != call.conversation:
        return "its sender is no participant of the conversation"
    if len(call.participants) >= MOST_PARTICIPANTS:
        return f"the conversation has {MOST_PARTICIPANTS} participants already"
    return None if told else "it answers nothing that was said in the conversation"


def _speaks(call: Call, conversation: str, agent: str) -> bool:
    """Whether an agent is a participant of the call, or of its mediation, whichever the conversation is."""
    if conversation == call.conversation:
        return agent in call.participants
    return call.mediation is not None and agent == call.mediation.mediator


def _judge_scrap(book: Book, scrap: Scrap, lane: Lane) -> Verdict:
    """A proposal that does not decode is a bad bid of the participant that it names; anything else is kept apart."""
    before = book.seen.get((scrap.sender or "", scrap.message_id or ""))
    if before is not None and scrap.sender and scrap.message_id:
        if before != scrap.digest:
            return ToRecord(STRAYS, other_bytes(scrap, lane, scrap.sender, scrap.message_id))
        return ToRepeat(book.answer(scrap.sender, scrap.reply_with, scrap.message_id))
    if scrap.sender and scrap.conversation and scrap.performative:
        bargain = book.bargains.get(scrap.conversation)
        if bargain is not None and scrap.sender == bargain.peer:
            return ToStep(scrap.conversation, misheard(scrap, scrap.sender, scrap.performative, lane))
        tender = book.find(scrap.conversation)
        if tender is not None and _speaks(tender.call(scrap.conversation), scrap.conversation, scrap.sender):
            return ToStep(scrap.conversation, misheard(scrap, scrap.sender, scrap.performative, lane))
    why = "; ".join(f"{field.path}: {field.text}" for field in scrap.fields)[:500]
    return ToRecord(STRAYS, Quarantined(digest=scrap.digest, lane=lane.value, why=f"{scrap.code}: {why}"))


def _stray(letter: Letter, lane: Lane, why: str, about: str | None = None) -> ToRecord:
    act = letter.act
    stray = Quarantined(
        digest=letter.digest,
        lane=lane.value,
        why=why,
        sender=act.sender,
        message_id=act.message_id,
        performative=str(act.__struct_config__.tag),
        conversation=act.conversation_id,
        about=about,
    )
    return ToRecord(STRAYS, stray)


def envelope(owner: str, conversation: str, said: Spoken, at: int, receivers: set[str]) -> Envelope:
    """A recorded word on its way: to everybody with the skill, or to those receivers that do not have it yet.

    Args:
        conversation: where it is recorded.
        at: instant at which it was said; an expiry counts from there.
    """
    act = said.message
    expires_at = None if said.expires_ms is None else at + said.expires_ms
    if isinstance(act, Cfp) and not said.receivers:
        skill = ToSkill(act.content.skill)
        return Envelope(conversation, owner, act.message_id, canonical(act), skill, (), expires_at)
    names = tuple(sorted(receivers))
    return Envelope(conversation, owner, act.message_id, canonical(act), ToAgents(names), names, expires_at)
