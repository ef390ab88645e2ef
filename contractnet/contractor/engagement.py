"""An engagement: one agent's side of one conversation, from the cfp to its last answer. Table P. Pure: facts in,
drafts out.

Rules:

1. An accept of a live own offer is a commitment (R4), whichever round it names; of any other it is answered with
   failure (P19).
2. Every cancel is answered exactly once, in every state (R9).
3. The offer is honoured for a grace after its end (G4); nothing known to be late is sent (P7).
4. A newer round keeps only the offer that its cfp names, and that stands until our answer is in (R13, G14).

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
from contractnet.contractor.side import Side
from contractnet.interaction.definition import load
from contractnet.ledger.records import Fired
from contractnet.ledger.scribe import Header, Scribe
from contractnet.messages.acts import AcceptProposal, AnyAct, Cfp, NotUnderstood, ProtocolName
from contractnet.messages.contents import Bundle
from contractnet.messages.values import TaskFailure

#: what each decision of ours does in table P; the beginning of work moves nothing
_EVENTS: Final = {
    "Bade": "#bid",
    "Declined": "#decline",
    "Withdrew": "#withdraw",
    "Finished": "#finish",
    "Failed": "#fail",
    "Stopped": "#stopped",
    "CannotStop": "#cannot-stop",
    "LeaseLost": "@lease-lost",
}


@dataclass(slots=True)
class OwnOffer:
    """An offer of ours."""

    id: str
    message_id: str
    until: int  #: instant until which it is honoured
    price: int
    most: int | None = None  #: parts of a divisible task, each at that price; None: all
    bundles: tuple[Bundle, ...] = ()  #: of items; none: all of them, at that price
    live: bool = True
    end: TaskFailure = TaskFailure.OFFER_EXPIRED  #: what an accept of it hears once it is dead


class Engagement(Side):
    """The state of one agent in one contract net, iterated or not."""

    def __init__(self, agent: str, daemon: str, conversation: str, seed: str, timers: Timers) -> None:
        super().__init__(agent, daemon, conversation, seed, timers, load("participant"))
        self.cfp: Cfp | None = None  #: of the newest round
        self.heard_at = 0  #: instant at which that came
        self.bid_until = 0  #: instant after which a bid is not sent any more
        self.offers: dict[str, OwnOffer] = {}
        self.accept: AcceptProposal | None = None
        self.result_due = 0  #: instant at which our result is overdue
        self.attempt = 0  #: how often work began
        self.stop_due: int | None = None
        self.repair: NotUnderstood | None = None  #: what was wrong with our last proposal
        self.repairs = 0  #: how often an offer of this round was called invalid
        self.last_answer: str | None = None  #: message id of the last word about the accepted work
        self.cancel_id: str | None = None

    def begin(self, protocol: ProtocolName) -> None:
        """The first act heard says which protocol it is: the plain one has no later rounds."""
        self.protocol = self.pen.protocol = protocol
        self.machine.table = load("participant", protocol)

    # ---- what a driver asks

    @property
    def live_offer(self) -> bool:
        """Whether an own offer is neither lapsed, rejected nor withdrawn."""
        return any(offer.live for offer in self.offers.values())

    @property
    def standing(self) -> OwnOffer | None:
        """The own offer that the newest cfp names as on file, while it is live."""
        named = self.cfp.content.offer if self.cfp is not None else None
        offer = self.offers.get(named or "")
        return offer if offer is not None and offer.live else None

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

    def build(self, what: Reply, header: Header, manager: str) -> AnyAct:
        return reply(what, header, manager, self.cfp, self.accept.content if self.accept else None)

    def say(self, scribe: Scribe, what: Reply, to: str | None = None) -> str:
        message_id = super().say(scribe, what, to)
        if what.kind in ("inform:result", "failure:task"):
            self.last_answer = message_id
        return message_id
