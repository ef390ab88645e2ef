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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contractnet.interaction.definition import load
from contractnet.interaction.machine import Machine, Row
from contractnet.ledger.scribe import Scribe
from contractnet.manager.records import Decided, Freed, Opened, TaskSpec, TenderTerms, Timers
from contractnet.manager.speech import Farewells
from contractnet.manager.state import RETURNED, Participant, Slot
from contractnet.messages.acts import (
    AnyAct,
    Cfp,
)
from contractnet.messages.codec import spec_digest
from contractnet.messages.contents import (
    CfpContent,
    Terms,
)
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
    machine: Machine = field(default_factory=lambda: Machine(load("conversation")))
    participants: dict[str, Participant] = field(default_factory=dict[str, Participant])
    round: int = 1
    reply_due: int = 0  #: instant at which the open round closes
    closed_at: int = 0  #: instant at which it did
    cancel_due: int | None = None  #: instant at which a cancelled conversation closes whatever is unanswered
    cfp_id: str | None = None
    decided: Decided | None = None  #: the last evaluation
    lost: list[Freed] = field(default_factory=list[Freed])  #: awards that came to nothing
    extended: bool = False  #: the grace of row C4 was logged for this round

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
    def seed(self) -> str:
        return self.opened.seed

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
        if not (participant.machine.has("offer") or participant.machine.has("awarded")):
            participant.offer = None
        return row

    def join(self, agent: str, daemon: str, expected: bool) -> Participant:
        """A participant entry at the start of table I."""
        machine = Machine(load("initiator"), peer=agent)
        participant = self.participants[agent] = Participant(
            agent=agent, daemon=daemon, machine=machine, expected=expected
        )
        return participant

    def sender_of(self, step: Step, act: AnyAct) -> Participant:
        """Who speaks. In an open call any agent that answers is a participant; after the round it begins as silent
        (D6, row I35).
        """
        participant = self.participants.get(act.sender)
        if participant is None:
            participant = self.join(act.sender, act.daemon, expected=False)
            if not self.machine.has("collecting"):
                self.move_one(step, participant, "@deadline")
        return participant

    def lose(self, step: Step, agents: Iterable[str]) -> None:
        """The cfp did not reach these agents (I11): they are gone."""
        for participant in (self.participants[agent] for agent in agents):
            if participant.machine.can("#returned"):
                participant.gone, participant.refusal = True, RETURNED
                self.move_one(step, participant, "#returned")

    # ---- opening, closing

    def open(self, step: Step, expected: Mapping[str, str]) -> None:
        """Say the cfp to everybody with the skill; those expected are waited for (C1)."""
        self.move(step, "#open", bidders=bool(expected))
        for agent in sorted(expected):
            self.join(agent, expected[agent], expected=True)
        terms = self.terms
        self.reply_due = step.at + terms.reply_within_ms
        header = step.scribe.header(self.conversation)
        self.cfp_id = header["message_id"]
        content = CfpContent(
            task=self.spec.task,
            skill=self.spec.skill,
            round=self.round,
            max_rounds=1,
            reply_within_ms=terms.reply_within_ms,
            terms=self._public_terms(),
            input=self.spec.input,
            result_schema=self.spec.result_schema,
            spec_digest=spec_digest(self.spec.task, self.spec.input, self.spec.private, self.salt),
        )
        receiver = f"skill:{self.spec.skill}"
        cfp = Cfp(**header, receiver=receiver, reply_by=self.reply_due, parent=self.parent, content=content)
        step.scribe.say(cfp, (), expires_ms=terms.reply_within_ms)

    def _public_terms(self) -> Terms:
        terms = self.terms
        return Terms(
            unit=terms.unit,
            rule=terms.rule,
            work_within_ms=terms.work_within_ms,
            lease_ms=terms.lease_ms,
            valid_for_ms=terms.reply_within_ms + terms.lease_ms + self.timers.valid_for_extra_ms,
            reserve=terms.reserve if terms.public_reserve else None,
            eta_cost=terms.eta_cost or None,
        )

    @property
    def all_answered(self) -> bool:
        """Whether nobody is waited for: each expected agent has answered or is gone."""
        return all(
            participant.machine.has("answered") or participant.gone
            for participant in self.participants.values()
            if participant.expected
        )

    def close_round(self, step: Step, event: str) -> None:
        """C3: the set of offers is closed; whoever has not answered is silent."""
        self.move(step, event)
        self.closed_at = step.at
        for participant in self.unanswered():
            self.move_one(step, participant, "@deadline")

    def unanswered(self) -> Iterable[Participant]:
        """Participants that have not answered in the open round, by agent id."""
        return [
            self.participants[agent]
            for agent in sorted(self.participants)
            if not self.participants[agent].machine.has("answered")
        ]

    def cancel_one(self, step: Step, participant: Participant, event: str, reason: CancelReason) -> None:
        """A participant is to stop; its answer is awaited for a while."""
        self.move_one(step, participant, event)
        participant.cancel_due = step.at + self.timers.cancel_ms
        step.farewells.cancel(participant.agent, reason)

    def say_farewells(self, step: Step) -> None:
        """Say the equal rejects and cancels that the step has gathered."""
        step.farewells.say(step.scribe, self.conversation, self.participants)
