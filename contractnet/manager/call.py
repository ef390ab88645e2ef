"""One call: a contract net conversation seen by its initiator. Tables C and I, one participant entry for each agent.

Rules:

1. Every change of state is a row of a table; what a row sends is read from the row.
2. The round closes when all expected have answered or its deadline fires, never on the first few (promise 5).
3. Silence is recorded as silence (R3); an agent that is gone is not waited for, and its bid in time counts (D6).
4. A slot that loses its holder gets a new epoch before anything is said (G8).

This module holds the state and the moves on it; `hearing` classifies messages, `award` decides, `timers` knows what
is due.
Source: SC00029; decisions D1, D6, D8, D11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from contractnet.bargaining.side import Bargain
from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.scribe import Scribe
from contractnet.manager.conditions import TaskSpec, TenderTerms, Timers
from contractnet.manager.outcomes import Outcomes
from contractnet.manager.records import Decided, Freed, Opened, Truth
from contractnet.manager.speech import Farewells
from contractnet.manager.state import RETURNED, Mediation, Offer, Participant, Slot, Talks
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.awards.stopping import RoundOutcome
from contractnet.mechanisms.calibration.records import Calibrated
from contractnet.mechanisms.rules import Bid
from contractnet.messages.acts import AnyAct, ProtocolName
from contractnet.messages.values import CancelReason


class Step:
    """What one step of a call carries along: its scribe, and the equal messages gathered on the way."""

    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe
        self.farewells = Farewells()

    @property
    def at(self) -> int:
        """The step's instant, milliseconds."""
        return self.scribe.at


@dataclass(slots=True)
class Call:
    """The state of one conversation at its initiator."""

    conversation: str
    number: int  #: of the call in its tender, from 1
    opened: Opened
    salt: str  #: of the digest that the cfp announces (G10)
    slots: list[Slot]
    parent: str | None
    protocol: ProtocolName
    known: Outcomes  #: what is known of bidders; read as a round closes
    sides: Mapping[str, Bargain] = field(default_factory=dict[str, Bargain])  #: the manager's, by conversation
    machine: Machine = field(init=False)
    participants: dict[str, Participant] = field(default_factory=dict[str, Participant])
    awaited: set[str] = field(default_factory=set[str])  #: who is waited for in the open round: not answered, not gone
    offer_ends: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])  #: a heap of (instant, agent)
    cancel_ends: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])  #: as well
    round: int = 1
    reply_due: int = 0  #: instant at which the open round closes
    closed: dict[int, int] = field(default_factory=dict[int, int])  #: round -> instant at which it closed
    cancel_due: int | None = None  #: instant at which a cancelled conversation closes whatever is unanswered
    cfp_ids: set[str] = field(default_factory=set[str])  #: message ids of the cfps said
    posted: int | None = None  #: micros; a direct award at this price: one contractor was asked
    decided: Decided | None = None  #: the last evaluation
    bids: tuple[Bid, ...] = ()  #: that it looked at
    estimates: dict[str, Calibrated] = field(default_factory=dict[str, Calibrated])  #: their probabilities, by agent id
    outcomes: list[RoundOutcome] = field(default_factory=list[RoundOutcome])  #: of the closed rounds
    losing: Mapping[str, LossReason] | None = None  #: of a divisible task: who gets no part by the last evaluation
    lost: list[Freed] = field(default_factory=list[Freed])  #: awards that came to nothing
    extended: bool = False  #: the grace of row C4 was logged for this round
    mediation: Mediation | None = None  #: asked once a conversation at most (C9)
    talks: Talks | None = None  #: held once a conversation at most

    def __post_init__(self) -> None:
        self.machine = Machine(load("conversation", self.protocol))

    @property
    def spec(self) -> TaskSpec:
        return self.opened.spec

    @property
    def terms(self) -> TenderTerms:
        return self.opened.terms

    @property
    def timers(self) -> Timers:
        return self.opened.timers

    @property
    def reserve(self) -> int | None:
        """The most that is paid for a slot of this call, micros."""
        return self.terms.reserve if self.posted is None else self.posted

    @property
    def seed(self) -> str:
        return self.opened.seed

    @property
    def bargaining(self) -> bool:
        """Whether the decision waits for bargainings."""
        return self.talks is not None and not self.talks.over and self.machine.has("evaluating")

    def slot_of(self, agent: str) -> Slot | None:
        """The slot this agent holds now, or None."""
        return next((slot for slot in self.slots if slot.holder == agent and not slot.done), None)

    def having(self, wanted: str) -> list[Participant]:
        """The participants whose state has a property, by agent id."""
        return [
            self.participants[agent]
            for agent in sorted(self.participants)
            if self.participants[agent].machine.has(wanted)
        ]

    # ---- moves

    def move(self, step: Step, event: str, **guards: bool) -> Row:
        """A row of table C."""
        row = self.machine.fire(event, **guards)
        step.scribe.move(self.conversation, "C", "", row.name, self.machine.state)
        return row

    def move_one(self, step: Step, participant: Participant, event: str) -> Row:
        """A row of table I. An offer that the new state does not keep is dropped."""
        row = participant.machine.fire(event)
        step.scribe.move(self.conversation, "I", participant.agent, row.name, participant.machine.state)
        if participant.machine.has("answered"):
            self.awaited.discard(participant.agent)
        if not (participant.machine.has("offer") or participant.machine.has("awarded")):
            participant.offer = None
        return row

    def join(self, agent: str, daemon: str, expected: bool) -> Participant:
        """A participant entry at the start of table I."""
        machine = Machine(load("initiator", self.protocol), peer=agent)
        participant = Participant(agent=agent, daemon=daemon, machine=machine, expected=expected)
        self.participants[agent] = participant
        if expected:
            self.wait_for(participant)
        return participant

    def sender_of(self, step: Step, act: AnyAct) -> Participant:
        """Who speaks. In an open call any agent that answers is a participant; after its one round, the first, it
        begins as silent (D6, row I35).
        """
        participant = self.participants.get(act.sender)
        if participant is None:
            participant = self.join(act.sender, act.daemon, expected=False)
            if self.round > 1 or not self.machine.has("collecting"):
                self.move_one(step, participant, "@deadline")
        return participant

    def lose(self, step: Step, agents: Iterable[str]) -> None:
        """The cfp did not reach these agents (I11): they are gone."""
        for participant in (self.participants[agent] for agent in agents):
            if participant.machine.can("#returned"):
                self.give_up(participant)
                participant.refusal = RETURNED
                self.move_one(step, participant, "#returned")

    def wait_for(self, participant: Participant) -> None:
        """The open round does not close before it has answered, unless it is gone."""
        if not participant.gone:
            self.awaited.add(participant.agent)

    def give_up(self, participant: Participant) -> None:
        """It is gone: nobody waits for it any more."""
        participant.gone = True
        self.awaited.discard(participant.agent)

    # ---- offers and their ends

    def file(self, participant: Participant, offer: Offer) -> None:
        """A valid offer: it replaces a standing one (I1)."""
        participant.offer, participant.refusal = offer, None
        heappush(self.offer_ends, (offer.usable_until, participant.agent))

    @property
    def next_lapse(self) -> tuple[int, str] | None:
        """The live offer that ends first: (instant, agent id); of several with that instant the first by id."""
        ends = self.offer_ends  # an offer that is no longer live stays in it until it comes up
        while ends and not self.participants[ends[0][1]].offers_until(ends[0][0]):
            heappop(ends)
        return ends[0] if ends else None

    def lapsed(self, at: int) -> list[Participant]:
        """Take off those whose live offer ends by an instant, by agent id."""
        names: set[str] = set()
        while (first := self.next_lapse) is not None and first[0] <= at:
            names.add(heappop(self.offer_ends)[1])
        return [self.participants[agent] for agent in sorted(names)]

    @property
    def next_unanswered(self) -> tuple[int, str] | None:
        """The cancel that counts as unanswered first, as well."""
        ends = self.cancel_ends
        while ends and not self.participants[ends[0][1]].machine.has("cancelling"):
            heappop(ends)
        return ends[0] if ends else None

    # ---- closing

    def close_round(self, step: Step, event: str) -> None:
        """C3: the set of offers is closed; whoever has not answered is silent."""
        self.move(step, event)
        self.closed[self.round] = step.at
        for participant in self.unanswered():
            self.move_one(step, participant, "@deadline")

    def late_by(self, round_: int, at: int) -> int:
        """How long after the end of its round something comes, milliseconds."""
        return max(0, at - self.closed.get(min(round_, self.round), at))

    def unanswered(self) -> Iterable[Participant]:
        """Participants that have not answered in the open round, by agent id."""
        return [
            self.participants[agent]
            for agent in sorted(self.participants)
            if not self.participants[agent].machine.has("answered")
        ]

    def unreached(self, message_id: str, receivers: Sequence[str]) -> tuple[str, ...]:
        """Whom a cfp or a request did not reach that the broker knew no queue for; nobody where it was another word.

        Args:
            receivers: whom it was for; nobody: everybody with the skill.
        """
        if self.mediation is not None and message_id == self.mediation.request_id:
            return (self.mediation.mediator,) if self.mediation.machine.has("waiting") else ()
        if message_id not in self.cfp_ids or not self.machine.has("collecting"):
            return ()
        named = frozenset(receivers)
        return tuple(one.agent for one in self.unanswered() if not named or one.agent in named)

    def cancel_one(self, step: Step, participant: Participant, event: str, reason: CancelReason) -> None:
        """A participant is to stop; its answer is awaited for a while. A result that is being checked was done."""
        slot = self.slot_of(participant.agent)
        if slot is not None and slot.checking:
            participant.late_result = slot.result
            participant.learn("already-done")
        self.move_one(step, participant, event)
        participant.cancel_due = step.at + self.timers.cancel_ms
        heappush(self.cancel_ends, (participant.cancel_due, participant.agent))
        step.farewells.cancel(participant.agent, reason)

    def cancel_by(self, instant: int) -> None:
        """No answer to a cancel is awaited any longer than this."""
        if self.cancel_due is not None:
            self.cancel_due = min(self.cancel_due, instant)
        for participant in self.having("cancelling"):
            if participant.cancel_due is not None and participant.cancel_due > instant:
                participant.cancel_due = instant
                heappush(self.cancel_ends, (instant, participant.agent))

    def owns(self, conversation: str) -> bool:
        """Whether a conversation is this call's, or that of its mediation."""
        asked = self.mediation is not None and conversation == self.mediation.conversation
        return asked or conversation == self.conversation

    @property
    def truth(self) -> dict[str, Truth]:
        """What is known of those that were cancelled: agent id -> truth. One that has still to answer is unanswered."""
        return {
            one.agent: one.truth or "unanswered" for one in self.participants.values() if one.cancel_due is not None
        }

    def say_farewells(self, step: Step) -> None:
        """Say the equal rejects and cancels that the step has gathered."""
        step.farewells.say(step.scribe, self.conversation, self.participants)
