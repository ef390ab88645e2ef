"""What a call knows of its participants and slots. Plain data; the tables say what may happen to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contractnet.interaction.machine import Machine
from contractnet.manager.paid import Forfeit
from contractnet.manager.records import Agreement, Reason, Truth
from contractnet.messages.acts import Propose

#: why a participant that the cfp did not reach has no bid
RETURNED = "returned"


@dataclass(slots=True)
class Offer:
    """A valid proposal on file."""

    message: Propose
    usable_until: int  #: instant from which the initiator does not use it any more (G4)
    heard_at: int  #: instant at which it came

    @property
    def id(self) -> str:
        return self.message.content.offer


@dataclass(slots=True)
class Participant:
    """One agent in one call."""

    agent: str
    daemon: str  #: as its presence said; of one that was not expected, as it says itself
    machine: Machine
    expected: bool  #: when the call was opened
    gone: bool = False  #: said goodbye or its lease lapsed: not waited for
    offer: Offer | None = None
    refusal: str | None = None  #: reason of its refuse, or why it has no bid
    faults: int = 0  #: not-understood answers it was sent
    offers_seen: set[str] = field(default_factory=set[str])  #: offer ids it has used
    accept_id: str | None = None  #: message id of the accept it was sent
    cancel_due: int | None = None  #: instant at which its cancel counts as unanswered
    truth: Truth | None = None  #: what is known of it since it was cancelled
    late_result: str | None = None  #: message id of a result that came too late: kept, never credited

    def offers_until(self, instant: int) -> bool:
        """Whether it has a live offer that ends at this instant."""
        return self.offer is not None and self.offer.usable_until == instant and self.machine.has("offer")

    def learn(self, truth: Truth) -> None:
        """What it said of its work since it was cancelled; what was done stays done, whatever is said later."""
        if self.truth != "already-done":
            self.truth = truth

    def leave_off(self) -> None:
        """It said in another way than by an answer to the cancel that it does not do the work."""
        if self.cancel_due is not None and self.truth in (None, "unanswered"):
            self.truth = "undone"


@dataclass(slots=True)
class Mediation:
    """A deadlock that was put before a mediator, in a conversation of its own."""

    conversation: str
    mediator: str  #: agent id
    machine: Machine  #: table MI
    due: int  #: instant at which its time is over
    faults: int = 0  #: not-understood answers it was sent, beside that of row MI5
    request_id: str | None = None  #: message id of the request


@dataclass(frozen=True, slots=True)
class Talk:
    """Whom a call bargains with, and about which of its offers."""

    conversation: str
    offer: str  #: id of the offer on file
    price: int  #: that it asks, micros


@dataclass(slots=True)
class Talks:
    """The bargainings after a round. Held once a conversation."""

    by_agent: dict[str, Talk]
    over: bool = False  #: the call has gone on
    agreed: dict[str, Agreement] = field(default_factory=dict[str, Agreement])  #: agent id -> what was agreed


@dataclass(slots=True)
class Slot:
    """One winner's place in the tender. It outlives a call: its epochs go on counting (D1)."""

    number: int
    epoch: int = 1  #: of the present or next award
    awards: int = 0  #: made so far
    holder: str | None = None  #: agent at work, or whose result counted
    price: int = 0  #: of the present award, micros
    confidence: int = 0  #: that was stated with it, ppm
    awarded_at: int = 0
    lease_due: int = 0  #: instant at which the holder counts as dead
    result_due: int = 0  #: instant at which the result is overdue
    result: str | None = None  #: message id of the inform that is being checked or was credited
    checking: bool = False  #: a result is being checked: lease and result deadline stand still (D11)
    done: bool = False
    abandoned: bool = False  #: lost in this call without a runner-up
    lost: Reason | None = None  #: why it was lost last
    forfeits: list[Forfeit] = field(default_factory=list[Forfeit])  #: what those who lost it owe of their bonds
    again: bool = False  #: it was lost in a way after which the tender may call again (D1 b)
    joined: Sequence[Slot] = ()  #: of a divisible task: the slots that go with the present award of this one

    def take(self, joined: Sequence[Slot]) -> None:
        """One more award of it, and of those that go with it."""
        self.joined = joined
        for one in (self, *joined):
            one.awards += 1

    @property
    def working(self) -> bool:
        """Whether somebody is at work on it, and time runs."""
        return self.holder is not None and not self.done and not self.checking


def lost_reason(slots: Iterable[Slot]) -> Reason | None:
    """Why the first open slot that was ever lost was lost last; None: none was."""
    for slot in slots:
        if slot.lost is not None and not slot.done:
            return slot.lost
    return None
