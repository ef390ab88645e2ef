"""A tender: one task from its opening to its one end, over one or more calls. Pure: facts in, drafts for the ledger
out.

Rules:

1. A step is one fact at one instant; its conclusions follow from the facts before it and nothing else. No clock, no
   I/O, no chance but the recorded seed. A live run, a restart and `replay` call the same `step`.
2. Busy is not no, death is not failure (D1): where nothing was awarded and not all said a final no, or a slot was
   lost by a death without a runner-up, the tender calls again, within its bounds. The closing of a call and what
   follows are one step.
3. The hold is taken with the first opening and released at the end (D12).
4. While a grace is open no timer fires (D5); no timer ever fires before its instant (D14).

The caller records the drafts, then sends what they say. Before every other fact it asks `due(now)` and steps that.
Source: D1, D5, D6, D11, D12, D14.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from contractnet.bargaining.side import Bargain
from contractnet.errors import IllegalSend
from contractnet.ledger.records import Fired, Heard, Misheard, Returned
from contractnet.ledger.scribe import Pen, Scribe, Writing
from contractnet.manager.bargained import resume
from contractnet.manager.bargains import talked
from contractnet.manager.call import Call, Step
from contractnet.manager.calling import open_call
from contractnet.manager.checking import checked
from contractnet.manager.direct import Prices, consider
from contractnet.manager.ending import back_off_ms, end_of, ending_status, verdict
from contractnet.manager.escalation import cancel_all, mediate
from contractnet.manager.hearing import hear, mishear, renew
from contractnet.manager.kinds import Fact
from contractnet.manager.outcomes import Outcomes
from contractnet.manager.records import (
    BargainsEnded,
    CancelAsked,
    Checked,
    Closed,
    Ended,
    Gone,
    Grace,
    Held,
    Invited,
    LeaseLapsed,
    Opened,
    Reason,
    Status,
)
from contractnet.manager.settling import settle
from contractnet.manager.state import Slot, lost_reason
from contractnet.manager.timers import Timer, extend, fire, renew_leases, timers
from contractnet.messages.acts import CONTRACT_NET, ITERATED_CONTRACT_NET, Inform
from contractnet.messages.contents import ResultContent


class Tender:
    """The state of one tender at its manager."""

    def __init__(
        self,
        manager: str,
        tender_id: str,
        outcomes: Outcomes,
        prices: Prices,
        sides: Mapping[str, Bargain] = MappingProxyType({}),
    ) -> None:
        self.id = tender_id
        self._manager, self._outcomes, self._prices, self._sides = manager, outcomes, prices, sides
        self.calls: list[Call] = []
        self.slots: list[Slot] = []
        self.results: dict[str, Inform] = {}  #: message id -> an inform that carried a result for a present award
        self.held = 0  #: micros set aside (D12)
        self.ended: Ended | None = None
        self.calling = False  #: a call is open; else the tender waits
        self.not_before = 0  #: instant before which no further call opens
        self.first_opened: int | None = None
        self.grace_until = 0
        self._last_reason: Reason = "within"
        self._cancelling: CancelAsked | None = None

    opened: Opened
    pen: Pen  #: of its entries

    # ---- the one entry

    def step(self, conversation: str, fact: Fact, at: int) -> list[Writing]:
        """Take one fact and return its entry and those of its conclusions.

        Args:
            conversation: the conversation it belongs to; the tender's id for what concerns the whole.
            fact: legal now: the caller looked (`due`, `waiting`, `ended`) or it came from a ledger.
            at: the step's instant, milliseconds; never less than that of the step before.
        Raises:
            IllegalSend: not possible in this state: a bug of the caller's, or a ledger that was tampered with.
        """
        if not self._takes(fact):
            name, state = type(fact).__name__, "open" if self.ended is None else "ended"
            raise IllegalSend(f"tender {self.id} is {state}: no {name} now", state=state, sender="", performative=name)
        if isinstance(fact, Opened):
            self._open(fact, at)
        scribe = Scribe(self.pen, at)
        heard = fact.message if isinstance(fact, Heard) else fact if isinstance(fact, Misheard) else None
        scribe.fact(conversation, fact, heard.sender if heard else None, heard.message_id if heard else None)
        if isinstance(fact, Invited):
            self._invite(scribe, conversation, fact)
        elif isinstance(fact, Grace):
            self._extend(scribe, fact)
        elif isinstance(fact, CancelAsked):
            self._cancel(scribe, fact)
        elif conversation == self.id:
            if isinstance(fact, Fired):
                self._give_up(scribe, fact)
        else:
            self._step_call(scribe, conversation, fact)
        return scribe.finish()

    def _takes(self, fact: Fact) -> bool:
        if isinstance(fact, Opened | Invited):
            return self.waiting and bool(self.slots) is isinstance(fact, Invited)
        if isinstance(fact, BargainsEnded):
            return bool(self.calls) and talked(self.calls[-1])
        return self.ended is None or not isinstance(fact, CancelAsked)

    def call(self, conversation: str) -> Call:
        """The call of that conversation, its mediation's included. Raises KeyError where this tender has none."""
        for call in self.calls:
            if call.owns(conversation):
                return call
        raise KeyError(conversation)

    def next_conversation(self) -> str:
        """The id that the next call's conversation will have."""
        return f"{self.id}.{len(self.calls) + 1}"

    def beat(self, conversation: str, agent: str, slot: int, epoch: int, at: int) -> None:
        """Progress came by the presence lane: the lease begins anew. The one input that is not recorded (promise 1)."""
        renew(self.call(conversation), agent, slot, epoch, at)

    # ---- time

    @property
    def waiting(self) -> bool:
        """Whether the next thing to happen is the opening of a call."""
        return not self.calling and self.ended is None

    def timers(self, anyone_there: bool = False) -> Iterator[tuple[int, str, Timer]]:
        """The running timers, whichever comes first among them: (instant, conversation, the fact that its firing is).

        Args:
            anyone_there: an agent with the skill is present, so that nobody counts the wait for agents.
        """
        for call in self.calls:
            for instant, timer in timers(call):
                yield instant, call.conversation, timer
        if self.waiting:
            if not anyone_there:
                alone_until = self.not_before + self.opened.terms.wait_for_agents_ms
                yield alone_until, self.id, Fired(timer="no-bidders")
            if self.first_opened is not None:
                yield self._within_until, self.id, Fired(timer="within")

    def deadline(self) -> int | None:
        """The next instant at which `due` may have something, milliseconds, or None."""
        first = min((instant for instant, _, _ in self.timers()), default=None)
        return None if first is None else max(first, self.grace_until)

    def due(self, now: int, anyone_there: bool = False) -> tuple[str, Timer] | None:
        """The (conversation, timer) that must be stepped before anything else at `now`, or None."""
        if now < self.grace_until:
            return None
        first = min(self.timers(anyone_there), key=lambda item: item[0], default=None)
        return None if first is None or first[0] > now else (first[1], first[2])

    @property
    def _within_until(self) -> int:
        assert self.first_opened is not None  # asked only then
        return self.first_opened + self.opened.terms.within_ms

    # ---- parts of a step

    def _open(self, fact: Opened, at: int) -> None:
        self.opened = fact
        self.pen = Pen(self._manager, self._manager, fact.seed)
        rounds = fact.terms.max_rounds > 1 or fact.terms.mediator is not None
        self.pen.protocol = ITERATED_CONTRACT_NET if rounds else CONTRACT_NET
        self.slots = [Slot(number) for number in range(1, fact.terms.paid_slots + 1)]
        self.not_before = at

    def _invite(self, scribe: Scribe, conversation: str, fact: Invited) -> None:
        terms = self.opened.terms
        self.pen.manager_epoch = fact.manager_epoch
        if self.first_opened is None:
            self.first_opened = scribe.at
            del self.slots[fact.slots or len(self.slots) :]  # for the others there is no money
            if terms.worst is not None:
                self.held = terms.worst * len(self.slots)
                scribe.note(self.id, Held(amount=self.held, unit=terms.unit))
        for slot in self.slots:
            slot.abandoned = False
        salt = hashlib.sha256(f"{self.opened.seed}|{conversation}|salt".encode()).hexdigest()
        parent = self.calls[-1].conversation if self.calls else None
        most = self.opened.timers.max_awards
        slots = [slot for slot in self.slots if not slot.done and slot.awards < most]  # D1, whatever it is called for
        number, known = fact.number, self._outcomes
        call = Call(conversation, number, self.opened, salt, slots, parent, self.pen.protocol, known, self._sides)
        self.calls.append(call)
        self.calling = True
        step, expected = Step(scribe), fact.expected
        if fact.number == 1:
            found = consider(self._prices, self.opened.spec.skill, terms, expected, self.opened.seed, conversation)
            if found is not None:
                scribe.note(conversation, found)
            if found is not None and found.direct:
                call.posted, expected = found.price, {found.participant: expected[found.participant]}
        open_call(call, step, expected)
        self._after(step, call)

    def _extend(self, scribe: Scribe, fact: Grace) -> None:
        self.grace_until = fact.until
        for call in self.calls:
            extend(call, Step(scribe), fact.until)
        renew_leases(self.slots, scribe.at + self.opened.terms.lease_ms + self.opened.timers.pickup_ms)

    def _cancel(self, scribe: Scribe, fact: CancelAsked) -> None:
        self._cancelling = fact
        if not self.calling:
            self._end(scribe, "cancelled", "budget" if fact.reason == "budget" else "user")
            return
        call, step = self.calls[-1], Step(scribe)
        cancel_all(call, step, fact)
        self._after(step, call)

    def _give_up(self, scribe: Scribe, fact: Fired) -> None:
        """A waiting tender has reached one of its bounds."""
        waited = "no-bidders" if fact.timer == "no-bidders" else self._last_reason
        self._end(scribe, ending_status(self.slots), lost_reason(self.slots) or waited)

    def _step_call(self, scribe: Scribe, conversation: str, fact: Fact) -> None:
        call, step = self.call(conversation), Step(scribe)
        match fact:
            case Heard() | Misheard() | Returned() if conversation != call.conversation:
                mediate(call, step, fact)
            case Heard():
                act = fact.message
                participant = call.sender_of(step, act)
                if isinstance(act, Inform) and isinstance(act.content, ResultContent):
                    self.results[act.message_id] = act
                hear(call, step, participant, act)
            case Misheard():
                mishear(call, step, call.participants[fact.sender], fact)
            case Gone():
                for agent in fact.agents:
                    call.give_up(call.participants[agent])
            case Returned():
                call.lose(step, fact.agents)
            case Fired() | LeaseLapsed():
                fire(call, step, fact)
            case Checked():
                checked(call, step, fact, self.results)
            case BargainsEnded():
                resume(call, step)
            case _:
                raise AssertionError(f"{type(fact).__name__} is no fact of a call")
        self._after(step, call)

    # ---- what follows a step

    def _after(self, step: Step, call: Call) -> None:
        settle(call, step)
        if self.calling and call is self.calls[-1] and call.machine.has("closed"):
            self._conclude(step.scribe, call)

    def _conclude(self, scribe: Scribe, call: Call) -> None:
        """The call is closed: the tender ends, or calls again (D1)."""
        self.calling = False
        status, reason, again = verdict(call, self.slots)
        at = scribe.at + back_off_ms(self.opened.seed, self.id, len(self.calls))
        again = again and self._cancelling is None and at <= self._within_until
        outcome, again_at = call.machine.outcome or "", at if again else None
        closed = Closed(outcome=outcome, reason=reason, again_at=again_at, truth=call.truth)
        scribe.end(call.conversation, closed)
        if again:
            self.not_before, self._last_reason = at, reason or "within"
        else:
            self._end(scribe, status, reason)

    def _end(self, scribe: Scribe, status: Status, reason: Reason | None) -> None:
        conversation = self.calls[-1].conversation if self.calls else None
        self.ended = end_of(self.opened.terms, self.slots, self.held, status, reason, conversation)
        scribe.end(self.id, self.ended)
