"""What a side does when the turns of its bargaining are over, and both have named a mediator: it asks. Table MI. Pure.

Rules:

1. The request follows from the bargaining's last step, in a conversation of its own: the bargaining's id and `.m0` for
   who opened it, `.m1` for the other. What a mediator is to know is told it, and nobody else.
2. Terms that it comes to are taken if they are not under the own reservation: the guard has the last word here, too.
3. An answer that cannot be is said back once; no answer in time is no agreement (G15).

To a driver it is one more side that speaks with somebody. Source: protocols/mediation-initiator.toml; G15.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from contractnet.bargaining.records import BargainMediated
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.wire import issues_of
from contractnet.errors import OutOfSequence
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.records import Fired, Heard, Misheard, Record, Returned
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.mechanisms.bargaining.guard import rational
from contractnet.mechanisms.bargaining.mediation.disclosure import DEFAULT, Rung
from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.messages.acts import (
    MEDIATION,
    Agree,
    AnyAct,
    Cancel,
    Failure,
    Inform,
    NotUnderstood,
    Refuse,
    Request,
)
from contractnet.messages.contents import (
    CancelContent,
    CancelledContent,
    FieldError,
    NotUnderstoodContent,
    TaskFailureContent,
)
from contractnet.messages.joint import (
    MOST_ON_RECORD,
    JointRequestContent,
    OnRecord,
    PreferencesContent,
    SealedContent,
    SettledContent,
)
from contractnet.messages.values import MAX_MICROS, MAX_TEXT, PPM, CancelReason, NotUnderstoodReason

#: a mediator has as long as a turn or as was agreed, and at least this, milliseconds
LEAST_MS: Final = 10_000
#: rungs that need nothing in confidence
_OPEN: Final = frozenset({Rung.STANDING_OFFERS.value, Rung.EXTRA_ROUND.value})
#: values of one issue that can be told
_MOST_VALUES: Final = 1_000
_SIDES: Final[tuple[Literal["initiator"], Literal["participant"]]] = ("initiator", "participant")


class _Machine(Machine):
    """A side in table MI has none of the properties of table B."""

    def has(self, wanted: str) -> bool:
        return wanted in self.table.properties and super().has(wanted)


class Appeal(Bargain):
    """One side before the mediator."""

    protocol = MEDIATION

    def __init__(self, bargain: Bargain) -> None:
        assert bargain.me is not None  # its turns are over
        assert bargain.request is not None
        conversation = f"{bargain.conversation}.m{bargain.me}"
        super().__init__(bargain.agent, bargain.pen.daemon, conversation, bargain.pen.seed, bargain.timers)
        self.machine = _Machine(load("mediation-initiator"), peer=conversation)
        self.pen = Pen(bargain.agent, bargain.pen.daemon, bargain.pen.seed)
        self.pen.protocol = MEDIATION
        self.me, self.peer, self.parent = bargain.me, bargain.request.mediator, bargain.conversation
        self.bargain = bargain
        self.asked: JointRequestContent | None = None

    # ---- what a driver asks

    def allows(self, fact: Record) -> bool:
        return isinstance(fact, Heard) or (isinstance(fact, Returned) and self.machine.can("#returned"))

    def deadline(self) -> int | None:
        return self.due_at if self.machine.has("waiting") else None

    def due(self, now: int) -> Fired | None:
        deadline = self.deadline()
        return Fired(timer="turn-due") if deadline is not None and deadline <= now else None

    # ---- steps

    def begin(self, at: int) -> list[Writing]:
        """MI1: ask."""
        scribe = Scribe(self.pen, at)
        self.move(scribe, "#escalate")
        self.asked = request_of(self.bargain)
        within = self.asked.reply_within_ms
        self.due_at = at + within + self.timers.grace_ms
        header, mediator = scribe.header(self.conversation), self.peer or ""
        self.newest = header["message_id"]
        request = Request(
            **header, receiver=mediator, reply_by=at + within, parent=self.bargain.conversation, content=self.asked
        )
        scribe.say(request, (mediator,))
        return scribe.finish()

    def step(self, fact: Record, at: int) -> list[Writing]:
        """Take one fact and return its entry and those of its conclusions."""
        scribe, before = Scribe(self.pen, at), self.machine.finished
        why = ""
        match fact:
            case Heard(message=act):
                scribe.fact(self.conversation, fact, act.sender, act.message_id)
                why = self._hear(scribe, act)
            case Misheard():
                scribe.fact(self.conversation, fact, fact.sender, fact.message_id)
                event = "?inform:badchoice" if fact.performative == "inform" else None
                self._take(scribe, event, fact.reply_with or fact.message_id, fact.performative, fact.fields)
            case Returned():
                scribe.fact(self.conversation, fact)
                self.move(scribe, "#returned")
                why = "the request reached nobody"
            case Fired():
                scribe.fact(self.conversation, fact)
                why = "no answer in time"
                if self.move(scribe, "@med-due").sends:
                    content = CancelContent(reason=CancelReason.RESULT_OVERDUE)
                    header = scribe.header(self.conversation)
                    scribe.say(Cancel(**header, receiver=self.peer or "", content=content), (self.peer or "",))
            case _:
                raise AssertionError(f"{type(fact).__name__} is nothing that a mediator is asked by")
        if self.machine.finished and not before:
            scribe.end(self.conversation, self._ended(why, at))
        return scribe.finish()

    def _ended(self, why: str, at: int) -> BargainMediated:
        settled = self.bargain.settled
        if settled is None:
            return BargainMediated(taken=False, why=why[:MAX_TEXT])
        taken = settled.terms is not None and rational(self.bargain.view(at), settled.terms)
        if taken:
            self.bargain.mediated = settled.terms
        return BargainMediated(
            rung=settled.rung, terms=settled.terms, offer=settled.offer, certificate=settled.certificate, taken=taken
        )

    def _hear(self, scribe: Scribe, act: AnyAct) -> str:
        """One act of the mediator; returns why it came to nothing, where it does."""
        fields: tuple[FieldError, ...] = ()
        event, why = None, str(act.__struct_config__.tag)
        match act:
            case Agree():
                event = "?agree"
            case Inform(content=SettledContent() as settled):
                fields = self._faults(settled)
                event = "?inform:badchoice" if fields else "?inform:choice"
                if not fields and self.machine.has("waiting"):
                    self.bargain.settled = settled
            case Inform(content=CancelledContent()):
                event = "?inform:cancelled"
            case Inform():
                event, fields = "?inform:badchoice", (FieldError(path="$.content.kind", text="must be settled"),)
            case Refuse():
                event, why = "?refuse", f"refused: {act.content.reason.value}"
            case Failure(content=TaskFailureContent() as failed):
                event, why = "?failure:task", failed.text or failed.reason.value
            case Failure():
                event = "?failure:cancel"
            case NotUnderstood() if act.content.reason is NotUnderstoodReason.SCHEMA:
                event = "?not-understood"
            case _:
                pass
        self._take(scribe, event, act.reply_with, str(act.__struct_config__.tag), fields)
        return why

    def _take(
        self, scribe: Scribe, event: str | None, about: str | None, what: str, fields: tuple[FieldError, ...]
    ) -> None:
        row: Row | None = None
        reason = NotUnderstoodReason.ILLEGAL_ACT
        if event is not None:
            try:
                row, reason = self.move(scribe, event), NotUnderstoodReason.SCHEMA
            except OutOfSequence:
                reason = NotUnderstoodReason.OUT_OF_SEQUENCE
        if row is None:
            if self.faults >= self.timers.max_faults or what == "not-understood":
                return
            self.faults += 1
        elif not row.sends:
            return
        content = NotUnderstoodContent(reason=reason, about=what[:32], fields=fields[:32])
        act = NotUnderstood(
            **scribe.header(self.conversation), receiver=self.peer or "", in_reply_to=about, content=content
        )
        scribe.say(act, (self.peer or "",))

    def _faults(self, settled: SettledContent) -> tuple[FieldError, ...]:
        """What is wrong with an answer, by what this side knows."""
        asked, rules = self.asked, self.bargain.rules
        assert asked is not None  # the request is out
        assert rules is not None
        found: list[tuple[str, str]] = []
        if settled.rung is not None and settled.rung not in asked.ladder:
            found.append(("rung", "is not of the ladder that both agreed on"))
        if settled.terms is not None and (settled.rung is None or not rules.agenda.holds(settled.terms)):
            found.append(("terms", "are on no grid of the issues, or of no rung"))
        if settled.offer is not None and (settled.offer, settled.terms) not in [
            (one.offer, one.terms) for one in asked.offers
        ]:
            found.append(("offer", "these are not its terms on record"))
        if (sealed := settled.certificate) is not None:
            told = asked.confidence.commitment if isinstance(asked.confidence, SealedContent) else None
            own = sealed.buyer if asked.buyer == asked.side else sealed.seller
            price = None if sealed.price is None else (sealed.price,)
            if own != told or price != settled.terms:
                found.append(("certificate", "is not of the number that was told, or not of these terms"))
        return tuple(FieldError(path=f"$.content.{path}", text=text) for path, text in found)


def appeal(bargain: Bargain, at: int) -> list[Writing]:
    """Ask the mediator, once the turns are over and if both have named one; what is to be recorded."""
    if not bargain.stuck or bargain.appeal is not None or bargain.request is None or bargain.request.mediator is None:
        return []
    if bargain.request.mediator in (bargain.agent, bargain.peer):  # who is asked is a third
        return []
    made = Appeal(bargain)
    bargain.appeal = made
    return made.begin(at)


def request_of(bargain: Bargain) -> JointRequestContent:
    """What this side asks."""
    request, rules = bargain.request, bargain.rules
    assert request is not None  # its turns are over
    assert rules is not None
    assert bargain.me is not None
    names = (bargain.agent, bargain.peer or "")
    ladder = request.ladder or tuple(rung.value for rung in DEFAULT)
    return JointRequestContent(
        side=_SIDES[bargain.me],
        answer_to=request.answer_to if bargain.me == 0 else "agent",
        initiator=names[bargain.me],
        participant=names[1 - bargain.me],
        subject=request.subject[:MAX_TEXT],
        issues=issues_of(rules.agenda),
        turns=request.turns,
        buyer=request.buyer,
        standing=request.standing,
        lifetime=request.lifetime,
        offers=tuple(
            OnRecord(offer=bargain.ids[one.turn], turn=one.turn, terms=one.terms)
            for one in bargain.offers[-MOST_ON_RECORD:]
        ),
        ladder=ladder,
        reply_within_ms=max(request.turn_within_ms, request.mediate_within_ms or 0, LEAST_MS),
        confidence=None if _OPEN.issuperset(ladder) else _told(bargain, request.mediator),
    )


def _told(bargain: Bargain, mediator: str | None) -> SealedContent | PreferencesContent | None:
    """What the mediator is told in confidence; None: the own plan does not trust it, or there is no form for it.

    Whoever opens a bargaining may name whom it likes: a name in a request is no reason to trust it.
    """
    assert bargain.plan is not None  # it has played
    if mediator not in bargain.plan.confides:
        return None
    mine = bargain.plan.mandate.preferences
    if isinstance(mine, PricePreferences):
        text = f"{bargain.pen.seed}|{bargain.conversation}|{bargain.agent}|sealed"
        sealed = Sealed(
            price=max(-MAX_MICROS, min(mine.limit, MAX_MICROS)), nonce=hashlib.sha256(text.encode()).hexdigest()
        )
        return SealedContent(price=sealed.price, nonce=sealed.nonce, commitment=sealed.commitment)
    numbers = [mine.reservation, *(value for row in mine.scores for value in row)]
    if max(map(len, mine.scores)) > _MOST_VALUES or not all(0 <= value <= PPM for value in numbers):
        return None
    return PreferencesContent(scores=mine.scores, reservation=mine.reservation, cap=mine.cap)
