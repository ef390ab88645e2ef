"""A mediation, the mediator's side. Table MP. Pure: facts in, drafts out.

Rules:

1. The mediator answers a request once, with a choice, a refusal or a failure; a choice that the asking side cannot use
   comes back once with the list as it is now, and may be made again; a request that is taken back is not answered.
2. About a bargaining both sides ask. What ends the one request ends the other in the same step: both are told the same
   words, or neither is told any. There is one answer: who cannot use it gets no other.

Source: table MP; FIPA Request (SC00026) for the shape.
"""

from __future__ import annotations

from typing import Final

from contractnet.contractor.pairing import Key, case_of, difference, faults, joint, key
from contractnet.contractor.records import Chose, Declined, Fact, Failed, Passed, Settled, Timers, Took
from contractnet.contractor.replies import Reply
from contractnet.contractor.rulings import ruling
from contractnet.contractor.side import Side
from contractnet.interaction.definition import load
from contractnet.ledger.records import Fired, Heard, Misheard
from contractnet.ledger.scribe import Header, Scribe, Writing
from contractnet.mechanisms.bargaining.mediation.joint import Case, outcome
from contractnet.messages.acts import (
    MEDIATION,
    AnyAct,
    Cancel,
    NotUnderstood,
    Request,
)
from contractnet.messages.contents import (
    LiveOffer,
    RequestContent,
)
from contractnet.messages.joint import CertificateContent, JointRequestContent, SettledContent
from contractnet.messages.values import (
    CancelFailure,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)

_EVENTS = {"Took": "#take", "Chose": "#choose", "Settled": "#choose", "Declined": "#decline", "Failed": "#fail"}
#: of the first side's time, kept to tell it that the other one has not asked, milliseconds
MARGIN_MS: Final = 250


class Mediating(Side):
    """The state of one mediator in one mediation."""

    def __init__(
        self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers, pairs: dict[Key, Mediating]
    ) -> None:
        super().__init__(agent, daemon, conversation, seed, timers, load("mediation-participant"))
        self.protocol = self.pen.protocol = MEDIATION
        self.request: Request | None = None
        self.offers: tuple[LiveOffer, ...] = ()  #: as they were last listed
        self.until = 0  #: instant after which a choice is too late
        self.about: str | None = None  #: what a choice answers: the request, or the not-understood about the one before
        self.repair: NotUnderstood | None = None  #: what was wrong with the choice before
        self.chosen: str | None = None  #: message id of the last choice
        self.passed: list[str] = []  #: rungs that have passed it on
        self.partner: Mediating | None = None  #: of a bargaining: the other side's request
        self.settled: SettledContent | None = None  #: of a bargaining: what both are told
        self._pairs = pairs  #: of this agent
        self._why = (TaskFailure.CLOSED, "the other side's request is over")  #: what the partner hears where this ends

    # ---- what a driver asks

    @property
    def thinking(self) -> bool:
        """Whether an answer is due."""
        return self.machine.has("thinking")

    @property
    def asks(self) -> JointRequestContent | None:
        """What is asked about a bargaining; None: nothing, or it is about a call."""
        return joint(self.request)

    @property
    def sides(self) -> tuple[Mediating, ...]:
        """Both requests about a bargaining, the initiator's first; alone where there is no other."""
        if self.partner is None or self.asks is None:
            return (self,)
        return (self, self.partner) if self.asks.side == "initiator" else (self.partner, self)

    @property
    def case(self) -> Case:
        """All that is known of a bargaining, once both have asked."""
        first, second = (one.asks for one in self.sides)
        assert first is not None  # a partner has asked
        assert second is not None
        assert self.request is not None
        return case_of(first, second, self.request.parent or "", self.pen.seed)

    def deadline(self) -> int | None:
        """The instant at which the request expires, milliseconds, or None."""
        if not self.thinking:
            return None
        if self.asks is None:
            return self.until
        return self.until - MARGIN_MS if self.partner is None else min(one.until for one in self.sides)

    def due(self, now: int) -> Fired | None:
        """The timer that must be stepped before anything else at `now`, or None."""
        deadline = self.deadline()
        if deadline is None or deadline > now:
            return None
        return Fired(timer="partner" if self.asks is not None and self.partner is None else "mediation")

    def allows(self, fact: Fact) -> bool:
        """Whether a decision of the mediator's is still possible."""
        match fact:
            case Passed():
                return self.thinking
            case Settled():
                return self.partner is not None and all(one.thinking for one in self.sides)
            case Chose():
                return self.thinking and self.asks is None
            case _:
                return self.machine.can(_EVENTS[type(fact).__name__])

    # ---- steps

    def step(self, fact: Fact, at: int) -> list[Writing]:
        """Take one fact and return its entry and those of its conclusions.

        Raises:
            IllegalSend: a decision that is not possible in this state: a bug of the caller's.
        """
        scribe = Scribe(self.pen, at)
        match fact:
            case Heard(message=act):
                scribe.fact(self.conversation, fact, act.sender, act.message_id)
                self._hear(scribe, act)
            case Misheard():
                scribe.fact(self.conversation, fact, fact.sender, fact.message_id)
                self.mishear(scribe, fact)
            case _:
                scribe.fact(self.conversation, fact)
                self._decide(scribe, fact)
        return [*scribe.finish(), *self._partner_follows(at)]

    def build(self, what: Reply, header: Header, manager: str) -> AnyAct:
        return ruling(what, header, manager)

    def _hear(self, scribe: Scribe, act: AnyAct) -> None:
        self.manager = self.manager or act.sender
        match act:
            case Request():
                if self.received(scribe, act, "?request") is not None and self.thinking:
                    self._asked(scribe, act)
            case Cancel():
                row = self.received(scribe, act, "?cancel")
                for kind in row.sends if row is not None else ():
                    self.say(scribe, Reply(kind, act.reply_with, CancelFailure.ALREADY_ANSWERED))
            case NotUnderstood():
                self._misunderstood(scribe, act)
            case _:
                name = str(act.__struct_config__.tag)
                self.complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.ILLEGAL_ACT)

    def _asked(self, scribe: Scribe, act: Request) -> None:
        self.request, self.about = act, act.reply_with
        self.until = scribe.at + act.content.reply_within_ms
        if isinstance(act.content, RequestContent):
            self.offers = act.content.offers
        else:
            self._pair(scribe, act, act.content)

    def _pair(self, scribe: Scribe, act: Request, content: JointRequestContent) -> None:
        """One side of a bargaining has asked: is it the second?"""
        if wrong := faults(act, content):
            row = self.move(scribe, "#cannot-parse")
            self.say(scribe, Reply(row.sends[0], self.about, NotUnderstoodReason.SCHEMA, text="request", fields=wrong))
            return
        if self._pairs.setdefault(key(act, content), self) is not self:
            self._fail(scribe, TaskFailure.CLOSED, "this side has asked before")
            return
        partner = self._pairs.get(key(act, content, other=True))
        if partner is None:
            return
        if not partner.thinking or partner.asks is None:
            self._fail(scribe, *self._why)
            return
        self.partner, partner.partner = partner, self
        if (text := difference(content, partner.asks)) is not None:
            self._fail(scribe, TaskFailure.ERROR, text)

    def _partner_follows(self, at: int) -> list[Writing]:
        """Rule 2."""
        partner = self.partner
        if partner is None or self.thinking or not partner.thinking:
            return []
        scribe = Scribe(partner.pen, at)
        if self.settled is not None:
            partner.tell(scribe, self.settled)
        else:
            partner._fail(scribe, *self._why)
        return scribe.finish()

    def tell(self, scribe: Scribe, settled: SettledContent) -> None:
        """Say how the bargaining ended."""
        row = self.move(scribe, "#choose")
        self.settled = settled
        self.chosen = self.say(scribe, Reply(row.sends[0], self.about, settled=settled))

    def _fail(self, scribe: Scribe, reason: TaskFailure, text: str) -> None:
        self._why = (reason, text)
        self._answer(scribe, "#fail", reason=reason, text=text)

    def _misunderstood(self, scribe: Scribe, act: NotUnderstood) -> None:
        """MP9: the choice cannot be used; choose again, from the list as it is now."""
        if act.content.reason is not NotUnderstoodReason.SCHEMA or act.in_reply_to != self.chosen:
            return
        if self.received(scribe, act, "?not-understood") is not None and self.thinking:
            self.repair, self.about, self.offers = act, act.reply_with, act.content.offers
            self.passed.clear()
            if self.asks is not None:
                self._fail(scribe, TaskFailure.ERROR, "there is no other answer: both sides have this one")
            if act.content.time_left_ms is not None:
                self.until = min(self.until, scribe.at + act.content.time_left_ms)

    def _decide(self, scribe: Scribe, fact: Fact) -> None:
        match fact:
            case Took():
                self._answer(scribe, "#take")
            case Passed():
                self.passed.append(fact.rung)
            case Chose():
                self.chosen = self._answer(scribe, "#choose", choice=fact)
            case Settled():
                self.tell(scribe, self._settled_by(fact))
            case Declined():
                self._answer(scribe, "#decline", reason=fact.reason, text=fact.text)
            case Failed():
                self._fail(scribe, fact.reason, fact.text)
            case Fired(timer="partner"):
                self._fail(scribe, TaskFailure.OVERDUE, "the other side has not asked in time")
            case Fired():
                self.move(scribe, "@med-due")
            case _:
                raise AssertionError(f"{type(fact).__name__} is no decision of a mediator")

    def _settled_by(self, fact: Settled) -> SettledContent:
        """What both are told, computed from what was heard."""
        if not fact.rung:
            return SettledContent()
        found = outcome(self.case, fact.rung, fact.offer)
        assert found is not None, f"{fact.rung} gives nothing here"
        sealed = found.certificate
        certificate = None
        if sealed is not None:
            certificate = CertificateContent(buyer=sealed.buyer, seller=sealed.seller, k=sealed.k, price=sealed.price)
        return SettledContent(rung=fact.rung, terms=found.terms, offer=found.offer, certificate=certificate)

    def _answer(
        self,
        scribe: Scribe,
        event: str,
        reason: RefuseReason | TaskFailure | None = None,
        text: str = "",
        choice: Chose | None = None,
    ) -> str:
        row = self.move(scribe, event)
        return self.say(scribe, Reply(row.sends[0], self.about, reason, text=text, choice=choice))
