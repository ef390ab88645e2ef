"""An engagement: one agent's side of one conversation, from the cfp to its last answer. Table P. Pure: facts in, drafts out.

Rules:

1. Every change of state is a row of table P; what a row sends is read from the row.
2. An accept of a live own offer is a commitment (R4), whichever round it names; of any other it is answered with failure (P19).
3. Every cancel is answered exactly once, in every state (R9); an answer that was given is given again for a duplicate.
4. The offer is honoured for a grace after its end (G4); nothing known to be late is sent (P7).
5. Ids come from the journal's seed, the agent and the conversation: a restart makes the same ones (D14).

The caller records the drafts, then sends what they say. Source: SC00029; table P; G4, G5, G8, G10.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from msgspec import Struct

from contractnet.contractor.records import (
    Bade,
    Began,
    Declined,
    Fact,
    Failed,
    Finished,
    LeaseLost,
    Stopped,
    Withdrew,
)
from contractnet.contractor.replies import Reply, reply
from contractnet.errors import OutOfSequence
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.records import Fired, Heard, Misheard
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.messages.acts import (
    AcceptProposal,
    AnyAct,
    Cancel,
    Cfp,
    NotUnderstood,
    RejectProposal,
)
from contractnet.messages.codec import spec_digest
from contractnet.messages.values import CancelFailure, NotUnderstoodReason, TaskFailure


class Timers(Struct, frozen=True, kw_only=True):
    """The settings of D7 that the participant's core uses, milliseconds."""

    margin_ppm: int = 50_000  #: of the reply window: bidding stops this long before its end
    margin_least_ms: int = 100
    margin_most_ms: int = 2_000
    offer_grace_ms: int = 10_000  #: an offer is honoured this long after its end
    stop_ms: int = 10_000  #: cancelled work has so long to stop
    max_faults: int = 5


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
        self.last_answer: str | None = None  #: message id of the last word about the accepted work
        self.answers: dict[str, str] = {}  #: message id heard -> message id that answered it
        self.seen: set[tuple[str, str]] = set()
        self._timers = timers
        self._cancel_id: str | None = None
        self.pen = Pen(agent, daemon, seed)

    # ---- the one entry

    def step(self, fact: Fact, at: int) -> list[Writing]:
        """Take one fact and return its entry and those of its conclusions.

        Raises:
            IllegalSend: a fact of our own that is not possible in this state: a bug of the caller's.
        """
        scribe = Scribe(self.pen, at)
        match fact:
            case Heard():
                act = fact.message
                scribe.fact(self.conversation, fact, act.sender, act.message_id)
                self.seen.add((act.sender, act.message_id))
                self._hear(scribe, act)
            case Misheard():
                scribe.fact(self.conversation, fact, fact.sender, fact.message_id)
                self._mishear(scribe, fact)
            case _:
                scribe.fact(self.conversation, fact)
                self._own(scribe, fact)
        return scribe.finish()

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
        """For an offer that outlived its round's `reply_by`: that instant; else None. Such an offer is held at best (D2)."""
        if self.cfp is None or not self.machine.has("offered"):
            return None
        return self.heard_at + self.cfp.content.reply_within_ms

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
        wanted = {Bade: "#bid", Declined: "#decline", Withdrew: "#withdraw", Finished: "#finish", Failed: "#fail"}
        wanted |= {Stopped: "#stopped", LeaseLost: "@lease-lost"}
        if isinstance(fact, Began):
            return self.machine.has("committed")
        return self.machine.can(wanted[type(fact)])

    # ---- what was heard

    def _hear(self, scribe: Scribe, act: AnyAct) -> None:
        if self.manager is None:
            self.manager = act.sender
        match act:
            case Cfp():
                self._called(scribe, act)
            case AcceptProposal():
                self._accepted(scribe, act)
            case RejectProposal():
                self._rejected(scribe, act)
            case Cancel():
                self._cancelled(scribe, act)
            case NotUnderstood():
                self._misunderstood(scribe, act)
            case _:
                name = str(act.__struct_config__.tag)
                self._complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.ILLEGAL_ACT)

    def _called(self, scribe: Scribe, act: Cfp) -> None:
        first = self.cfp is None
        if not first and self.cfp is not None and act.content.round <= self.cfp.content.round:
            return  # the gate: a cfp for a round already seen is recorded
        if self._received(scribe, act, "?cfp" if first else "?cfp:next") is None or not self.machine.has(
            "deliberating"
        ):
            return
        self.cfp, self.heard_at, self.repair = act, scribe.at, None
        self.pen.protocol = act.protocol
        window, timers = act.content.reply_within_ms, self._timers
        margin = window * timers.margin_ppm // 1_000_000
        self.bid_until = (
            scribe.at + window - min(max(margin, timers.margin_least_ms), timers.margin_most_ms, window // 2)
        )
        for offer in self.offers.values():
            offer.live = offer.live and offer.id == act.content.offer

    def _accepted(self, scribe: Scribe, act: AcceptProposal) -> None:
        offer = self.offers.get(act.content.offer)
        same = self.accept is not None and self.accept.content.offer == act.content.offer
        live = (offer is not None and offer.live) or same
        row = self._received(scribe, act, "?accept:live" if live else "?accept:dead")
        if row is None:
            return
        if not live:
            dead = offer.end if offer else TaskFailure.UNKNOWN_OFFER
            dead = dead if dead in row.reasons else TaskFailure(row.reasons[0])
            self._say(scribe, Reply("failure:task", act.reply_with, dead, fence=act.content))
        elif self.machine.has("committed") and self.accept is None:
            self.accept = act
            self.result_due = scribe.at + act.content.work_within_ms
            self._check_digest(scribe, act)

    def _check_digest(self, scribe: Scribe, act: AcceptProposal) -> None:
        """Another task than announced is nobody's fault, and no commitment (G10)."""
        assert self.cfp is not None  # an offer was made on it
        wanted = self.cfp.content.spec_digest
        if wanted is None:
            return
        task, salt = self.cfp.content, act.content.salt or ""
        if spec_digest(task.task, task.input, act.content.private, salt) != wanted:
            self._fail(scribe, Failed(reason=TaskFailure.SPEC_CHANGED, text="the digest of the task is another"))

    def _rejected(self, scribe: Scribe, act: RejectProposal) -> None:
        named = act.content.offer
        others = any(offer.live for offer in self.offers.values() if offer.id != named)
        known = named in self.offers and self.offers[named].live
        end = named is None or (self.machine.has("offered") and known and not others)
        if self._received(scribe, act, "?reject:end" if end else "?reject:one") is None:
            return
        for offer in self.offers.values():
            if end or offer.id == named:
                offer.live = False

    def _cancelled(self, scribe: Scribe, act: Cancel) -> None:
        working = self.machine.has("committed")
        row = self._received(scribe, act, "?cancel")
        if row is None:
            return
        for offer in self.offers.values():
            offer.live = False
        if working:
            self.stop_due = scribe.at + self._timers.stop_ms
            self._cancel_id = act.reply_with
        for answer in row.sends:
            self._say(scribe, Reply(answer, act.reply_with, CancelFailure.ALREADY_DONE))

    def _misunderstood(self, scribe: Scribe, act: NotUnderstood) -> None:
        """Only the reason `schema` about an offer of ours moves a state."""
        if act.content.reason is not NotUnderstoodReason.SCHEMA:
            return
        about = next((offer for offer in self.offers.values() if offer.message_id == act.in_reply_to), None)
        if about is None or self._received(scribe, act, "?not-understood") is None:
            return
        about.live = False
        if self.machine.has("deliberating"):
            self.repair = act

    def _mishear(self, scribe: Scribe, fact: Misheard) -> None:
        reason = NotUnderstoodReason.SCHEMA
        self.manager = self.manager or fact.sender
        self._complain(scribe, fact.sender, fact.message_id, fact.performative, reason, fact)

    # ---- what we decided

    def _own(self, scribe: Scribe, fact: Fact) -> None:
        match fact:
            case Bade():
                self._bid(scribe, fact)
            case Declined():
                assert self.cfp is not None  # DELIBERATING is entered by a cfp
                self._move(scribe, "#decline")
                self._drop()
                self._say(scribe, Reply("refuse", self.cfp.reply_with, fact.reason, text=fact.text))
            case Withdrew():
                assert self.cfp is not None  # OFFERED comes after a cfp
                self._move(scribe, "#withdraw")
                self._drop(TaskFailure.WITHDRAWN)
                self._say(scribe, Reply("refuse:withdrawn", self.cfp.reply_with))
            case Began():
                self.attempt = fact.attempt
            case Finished():
                assert self.accept is not None  # COMMITTED is entered by an accept
                self._move(scribe, "#finish")
                self._say(scribe, Reply("inform:result", self.accept.reply_with, result=fact.result))
            case Failed():
                self._fail(scribe, fact)
            case Stopped():
                self._move(scribe, "#stopped")
                self._say(scribe, Reply("inform:cancelled", self._cancel_id))
            case LeaseLost():
                self._overdue(scribe, "@lease-lost", TaskFailure.LEASE_LOST)
            case Fired():
                self._fired(scribe, fact)
            case _:
                raise AssertionError(f"{type(fact).__name__} is no decision of ours")

    def _bid(self, scribe: Scribe, fact: Bade) -> None:
        cfp = self.cfp
        assert cfp is not None  # DELIBERATING is entered by a cfp
        self._move(scribe, "#bid")
        text = f"{self.pen.seed}|{self.conversation}|{self.agent}|offer|{len(self.offers) + 1}"
        offer = hashlib.sha256(text.encode()).hexdigest()[:24]
        message_id = self._say(scribe, Reply("propose", cfp.reply_with, offer=offer, bid=fact))
        until = scribe.at + cfp.content.terms.valid_for_ms + self._timers.offer_grace_ms
        self.offers[offer] = OwnOffer(offer, message_id, until, fact.price)

    def _fired(self, scribe: Scribe, fact: Fired) -> None:
        if fact.timer == "bid-window":
            self._move(scribe, "@bid-window", live_offer=self.live_offer)
        elif fact.timer == "offer":
            self._move(scribe, "@offer-lapse")
            self._drop()
        elif fact.timer == "result":
            self._overdue(scribe, "@result-due", TaskFailure.OVERDUE)
        else:
            self._move(scribe, "@stop-timeout")
            self._say(scribe, Reply("failure:cancel", self._cancel_id, CancelFailure.CANNOT_STOP))

    def _overdue(self, scribe: Scribe, event: str, reason: TaskFailure) -> None:
        assert self.accept is not None  # only committed work is overdue
        self._move(scribe, event)
        self._say(scribe, Reply("failure:task", self.accept.reply_with, reason, fence=self.accept.content))

    def _fail(self, scribe: Scribe, fact: Failed) -> None:
        assert self.accept is not None  # only committed work fails
        self._move(scribe, "#fail")
        fence = self.accept.content
        self._say(scribe, Reply("failure:task", self.accept.reply_with, fact.reason, text=fact.text, fence=fence))

    # ---- tools

    def _drop(self, end: TaskFailure = TaskFailure.OFFER_EXPIRED) -> None:
        for offer in self.offers.values():
            if offer.live:
                offer.live, offer.end = False, end

    def _move(self, scribe: Scribe, event: str, **guards: bool) -> Row:
        row = self.machine.fire(event, **guards)
        scribe.move(self.conversation, "P", self.agent, row.name, self.machine.state)
        return row

    def _received(self, scribe: Scribe, act: AnyAct, event: str) -> Row | None:
        """Take the row of a received act; without one answer by the default rule and return None."""
        try:
            return self._move(scribe, event)
        except OutOfSequence:
            name = str(act.__struct_config__.tag)
            if not isinstance(act, NotUnderstood):
                self._complain(scribe, act.sender, act.reply_with, name, NotUnderstoodReason.OUT_OF_SEQUENCE)
            return None

    def _complain(
        self,
        scribe: Scribe,
        to: str,
        about: str | None,
        performative: str,
        reason: NotUnderstoodReason,
        fact: Misheard | None = None,
    ) -> None:
        if self.faults >= self._timers.max_faults or performative == "not-understood":
            return
        self.faults += 1
        fields = fact.fields if fact else ()
        self._say(scribe, Reply("not-understood", about, reason, text=performative, fields=fields), to)

    def _say(self, scribe: Scribe, what: Reply, to: str | None = None) -> str:
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
