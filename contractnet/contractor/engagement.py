"""An engagement: one agent's side of one conversation, from the cfp to its last answer. Table P. Pure: facts in,
drafts out.

Rules:

1. Every change of state is a row of table P; what a row sends is read from the row.
2. An accept of a live own offer is a commitment (R4), whichever round it names; of any other it is answered with
   failure (P19).
3. Every cancel is answered exactly once, in every state (R9); an answer that was given is given again for a duplicate.
4. The offer is honoured for a grace after its end (G4); nothing known to be late is sent (P7).
5. Ids come from the journal's seed, the agent and the conversation: a restart makes the same ones (D14).

The caller records the drafts, then sends what they say. Source: SC00029; table P; G4, G5, G8, G10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contractnet.contractor.records import (
    Fact,
    Failed,
)
from contractnet.contractor.records import (
    Timers as Timers,
)
from contractnet.contractor.replies import Reply, reply
from contractnet.errors import OutOfSequence
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.records import Fired, Misheard
from contractnet.ledger.scribe import Pen, Scribe
from contractnet.messages.acts import (
    AcceptProposal,
    AnyAct,
    Cfp,
    NotUnderstood,
)
from contractnet.messages.values import NotUnderstoodReason, TaskFailure

#: what each decision of ours does in table P; the beginning of work moves nothing
_EVENTS: Final = {
    "Bade": "#bid",
    "Declined": "#decline",
    "Withdrew": "#withdraw",
    "Finished": "#finish",
    "Failed": "#fail",
    "Stopped": "#stopped",
    "LeaseLost": "@lease-lost",
}


@dataclass(slots=True)
class OwnOffer:
    """An offer of ours."""

    id: str
    message_id: str
    until: int  #: instant until which it is honoured
    price: int
    live: bool = True
    end: TaskFailure = TaskFailure.OFFER_EXPIRED  #: what an accept of it hears once it is dead


class Engagement:
    """The state of one agent in one conversation."""

    def __init__(self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers) -> None:
        self.agent = agent
        self.conversation = conversation
        self.machine = Machine(load("participant"), peer=conversation)
        self.manager: str | None = None  #: who called
        self.cfp: Cfp | None = None  #: of the newest round
        self.heard_at = 0  #: instant at which that came
        self.bid_until = 0  #: instant after which a bid is not sent any more
        self.offers: dict[str, OwnOffer] = {}
        self.accept: AcceptProposal | None = None
        self.result_due = 0  #: instant at which our result is overdue
        self.attempt = 0  #: how often work began
        self.stop_due: int | None = None
        self.faults = 0
        self.repair: NotUnderstood | None = None  #: what was wrong with our last proposal
        self.repairs = 0  #: how often an offer of this round was called invalid
        self.last_answer: str | None = None  #: message id of the last word about the accepted work
        self.answers: dict[str, str] = {}  #: message id heard -> message id that answered it
        self.timers = timers
        self.cancel_id: str | None = None
        self.pen = Pen(agent, daemon, seed)

    # ---- what a driver asks

    @property
    def live_offer(self) -> bool:
        """Whether an own offer is neither lapsed, rejected nor withdrawn."""
        return any(offer.live for offer in self.offers.values())

    @property
    def ties_capacity(self) -> bool:
        """Whether this conversation takes one of the agent's places."""
        return self.machine.has("ties_capacity") or (self.machine.has("deliberating") and self.live_offer)

    @property
    def held_past_round(self) -> int | None:
        """For an offer that is out: the instant from which it is held at best, else None: its round's `reply_by` and a
        margin, `room_margin_ms`, in which an accept that was sent at `reply_by` arrives (D2, widened).
        """
        if self.cfp is None or not self.machine.has("offered"):
            return None
        return self.heard_at + self.cfp.content.reply_within_ms + self.timers.room_margin_ms

    def deadline(self) -> int | None:
        """The next instant at which `due` has something, milliseconds, or None."""
        if self.machine.has("deliberating"):
            return self.bid_until
        if self.machine.has("offered"):
            return max(offer.until for offer in self.offers.values() if offer.live)
        if self.machine.has("committed"):
            return self.result_due
        if self.machine.has("cancelling"):
            return self.stop_due
        return None

    def due(self, now: int) -> Fired | None:
        """The timer that must be stepped before anything else at `now`, or None."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        for wanted, timer in (("deliberating", "bid-window"), ("offered", "offer"), ("committed", "result")):
            if self.machine.has(wanted):
                return Fired(timer=timer)
        return Fired(timer="stop")

    def allows(self, fact: Fact) -> bool:
        """Whether a decision of ours is still possible: the conversation may have moved on meanwhile."""
        event = _EVENTS.get(type(fact).__name__)
        return self.machine.has("committed") if event is None else self.machine.can(event)

    # ---- moves and words

    def fail(self, scribe: Scribe, fact: Failed) -> None:
        assert self.accept is not None  # only committed work fails
        self.move(scribe, "#fail")
        fence = self.accept.content
        self.say(scribe, Reply("failure:task", self.accept.reply_with, fact.reason, text=fact.text, fence=fence))

    def drop(self, end: TaskFailure = TaskFailure.OFFER_EXPIRED) -> None:
        for offer in self.offers.values():
            if offer.live:
                offer.live, offer.end = False, end

    def move(self, scribe: Scribe, event: str, **guards: bool) -> Row:
        row = self.machine.fire(event, **guards)
        scribe.move(self.conversation, "P", self.agent, row.name, self.machine.state)
        return row

    def received(self, scribe: Scribe, act: AnyAct, event: str) -> Row | None:
        """Take the row of a received act; without one answer by the default rule and return None."""
        try:
            return self.move(scribe, event)
        except OutOfSequence:
            name = str(act.__struct_config__.tag)
            if not isinstance(act, NotUnderstood):
                self.complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.OUT_OF_SEQUENCE)
            return None

    def complain(
        self,
        scribe: Scribe,
        to: str,
        about: str | None,
        performative: str,
        reason: NotUnderstoodReason,
        fact: Misheard | None = None,
    ) -> None:
        if self.faults >= self.timers.max_faults or performative == "not-understood":
            return
        self.faults += 1
        fields = fact.fields if fact else ()
        self.say(scribe, Reply("not-understood", about, reason, text=performative, fields=fields), to)

    def say(self, scribe: Scribe, what: Reply, to: str | None = None) -> str:
        manager = to or self.manager
        assert manager is not None  # known since the first message
        accepted = self.accept.content if self.accept else None
        act = reply(what, scribe.header(self.conversation), manager, self.cfp, accepted)
        scribe.say(act, (manager,))
        if what.about is not None:
            self.answers[what.about] = act.message_id
        if what.kind in ("inform:result", "failure:task"):
            self.last_answer = act.message_id
        return act.message_id
