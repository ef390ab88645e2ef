"""A mediation, the mediator's side. Table MP. Pure: facts in, drafts out.

Rules: the mediator answers a request once, with a choice, a refusal or a failure; a choice that the asking side cannot
use comes back once with the list as it is now, and may be made again; a request that is taken back is not answered.
Source: table MP; FIPA Request (SC00026) for the shape.
"""

from __future__ import annotations

from contractnet.contractor.records import Chose, Declined, Fact, Failed, Timers, Took
from contractnet.contractor.replies import Reply
from contractnet.contractor.side import Side
from contractnet.interaction.definition import load
from contractnet.ledger.records import Fired, Heard, Misheard
from contractnet.ledger.scribe import Header, Scribe, Writing
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
    CancelFailureContent,
    CancelledContent,
    ChoiceContent,
    Content,
    LiveOffer,
    NotUnderstoodContent,
    RefuseContent,
    TaskFailureContent,
)
from contractnet.messages.values import (
    MAX_TEXT,
    CancelFailure,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)

_EVENTS = {"Took": "#take", "Chose": "#choose", "Declined": "#decline", "Failed": "#fail"}


class Mediating(Side):
    """The state of one mediator in one mediation."""

    def __init__(self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers) -> None:
        super().__init__(agent, daemon, conversation, seed, timers, load("mediation-participant"))
        self.protocol = self.pen.protocol = MEDIATION
        self.request: Request | None = None
        self.offers: tuple[LiveOffer, ...] = ()  #: as they were last listed
        self.until = 0  #: instant after which a choice is too late
        self.about: str | None = None  #: what a choice answers: the request, or the not-understood about the one before
        self.repair: NotUnderstood | None = None  #: what was wrong with the choice before
        self.chosen: str | None = None  #: message id of the last choice

    # ---- what a driver asks

    def deadline(self) -> int | None:
        """The instant at which the request expires, milliseconds, or None."""
        return self.until if self.machine.has("thinking") else None

    def due(self, now: int) -> Fired | None:
        """The timer that must be stepped before anything else at `now`, or None."""
        deadline = self.deadline()
        return Fired(timer="mediation") if deadline is not None and deadline <= now else None

    def allows(self, fact: Fact) -> bool:
        """Whether a decision of the mediator's is still possible."""
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
        return scribe.finish()

    def build(self, what: Reply, header: Header, manager: str) -> AnyAct:
        about, text = what.about, what.text[:MAX_TEXT]
        match what.kind.partition(":")[0]:
            case "agree":
                return Agree(**header, receiver=manager, in_reply_to=about, content=Content())
            case "inform" if what.choice is not None:
                choice = ChoiceContent(choice=what.choice.choice, offer=what.choice.offer)
                return Inform(**header, receiver=manager, in_reply_to=about, content=choice)
            case "inform":
                return Inform(**header, receiver=manager, in_reply_to=about, content=CancelledContent())
            case "refuse":
                assert isinstance(what.reason, RefuseReason)
                return Refuse(
                    **header,
                    receiver=manager,
                    in_reply_to=about,
                    content=RefuseContent(reason=what.reason, round=1, text=text),
                )
            case "failure" if isinstance(what.reason, CancelFailure):
                return Failure(
                    **header, receiver=manager, in_reply_to=about, content=CancelFailureContent(reason=what.reason)
                )
            case "failure":
                assert isinstance(what.reason, TaskFailure)
                return Failure(
                    **header,
                    receiver=manager,
                    in_reply_to=about,
                    content=TaskFailureContent(reason=what.reason, text=text),
                )
            case _:
                assert isinstance(what.reason, NotUnderstoodReason)  # the only other act of this side
                content = NotUnderstoodContent(reason=what.reason, about=what.text[:32], fields=what.fields[:32])
                return NotUnderstood(**header, receiver=manager, in_reply_to=about, content=content)

    def _hear(self, scribe: Scribe, act: AnyAct) -> None:
        self.manager = self.manager or act.sender
        match act:
            case Request():
                if self.received(scribe, act, "?request") is not None and self.machine.has("thinking"):
                    self.request, self.offers, self.about = act, act.content.offers, act.reply_with
                    self.until = scribe.at + act.content.reply_within_ms
            case Cancel():
                row = self.received(scribe, act, "?cancel")
                for kind in row.sends if row is not None else ():
                    self.say(scribe, Reply(kind, act.reply_with, CancelFailure.ALREADY_ANSWERED))
            case NotUnderstood():
                self._misunderstood(scribe, act)
            case _:
                name = str(act.__struct_config__.tag)
                self.complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.ILLEGAL_ACT)

    def _misunderstood(self, scribe: Scribe, act: NotUnderstood) -> None:
        """MP9: the choice cannot be used; choose again, from the list as it is now."""
        if act.content.reason is not NotUnderstoodReason.SCHEMA or act.in_reply_to != self.chosen:
            return
        if self.received(scribe, act, "?not-understood") is not None and self.machine.has("thinking"):
            self.repair, self.about, self.offers = act, act.reply_with, act.content.offers
            if act.content.time_left_ms is not None:
                self.until = min(self.until, scribe.at + act.content.time_left_ms)

    def _decide(self, scribe: Scribe, fact: Fact) -> None:
        match fact:
            case Took():
                self._answer(scribe, "#take")
            case Chose():
                self.chosen = self._answer(scribe, "#choose", choice=fact)
            case Declined():
                self._answer(scribe, "#decline", reason=fact.reason, text=fact.text)
            case Failed():
                self._answer(scribe, "#fail", reason=fact.reason, text=fact.text)
            case Fired():
                self.move(scribe, "@med-due")
            case _:
                raise AssertionError(f"{type(fact).__name__} is no decision of a mediator")

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
