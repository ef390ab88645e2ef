"""What a tender is opened with, as its ledger holds it: the task, the terms, and the timers of its manager."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from contractnet.bargaining.appeal import LEAST_MS
from contractnet.ledger.records import Record
from contractnet.mechanisms.awards.reserve import UniformPrior
from contractnet.mechanisms.calibration.bond import Bond
from contractnet.mechanisms.rules import Criterion

#: what a revised cfp tells beside the offer on file: each tells what stands before it, too
Feedback = Literal["nothing", "reason", "rank", "best-score"]
#: what an award takes for a bidder's chance of a good result: what its record says, or what it says itself
Confidence = Literal["calibrated", "stated"]


class TaskSpec(Record, frozen=True):
    """What is asked for."""

    task: str  #: the abstract, told to every bidder
    skill: str
    input: dict[str, Any] = {}  #: told to every bidder
    private: dict[str, Any] = {}  #: told to the winner only
    result_schema: dict[str, Any] | None = None  #: what a result must meet


class ItemTerms(Record, frozen=True):
    """One of several things that are bought in bundles."""

    name: str
    reserve: int  #: micros, what it is worth to have it done


class BargainTerms(Record, frozen=True):
    """That the manager bargains over the price with the best of those who proposed, once a conversation."""

    best: int  #: with how many, at the same time
    turns: int  #: of both sides together; the manager has the first
    within_ms: int  #: for each turn, and for the answer to the request
    strategy: str  #: how the manager plays
    mediator: str | None = None  #: agent id of whom both may turn to when the turns are over; None: nobody
    ladder: tuple[str, ...] = ()  #: what that may try, in order; empty: the default
    mediate_within_ms: int | None = None  #: for it, where that is more than a turn's; None: as long as a turn


class TenderTerms(Record, frozen=True):
    """Under which conditions. Amounts in micros of `unit`, durations in milliseconds."""

    unit: str
    rule: str
    reserve: int | None = None  #: the most that will be paid
    public_reserve: bool = False  #: whether bidders are told
    value: int | None = None  #: worth of a good result; None: the reserve stands for it
    eta_cost: int = 0  #: micros per second of eta
    least_score: int | None = None  #: micros; a bid of a lower score is not taken, by the rules that score in micros
    min_bids: int = 1  #: with fewer eligible bids when a round closes nothing is awarded
    order: tuple[Criterion, ...] = ()  #: what `lexicographic` compares, one after the other
    direct: bool = False  #: one known contractor is asked alone, where an auction would not pay for itself
    bid_cost: int = 0  #: micros that one bid costs the manager; weighed for a direct award
    prior: UniformPrior | None = None  #: belief about the cost of a bidder that the reserve was computed from
    low_bid_ppm: int = 100_000  #: a bid under this share of the reserve is flagged as abnormally low; 0: none is
    confidence: Confidence = "stated"  #: what an award goes by
    bond: Bond | None = None  #: a part of what is paid, by what was stated and how it ended
    explore: int = 0  #: micros of score that an award to another than the best may give up; 0: none
    slots: int = 1  #: winners sought; of a divisible task its parts
    divisible: bool = False  #: into equal parts: reserve and prices are for one, and a winner may take several slots
    items: tuple[ItemTerms, ...] = ()  #: bought in bundles, by `vcg`: each a slot; the reserve is the largest
    budget: int | None = None  #: for all of them together; None: as many times the worst case as there are slots
    max_rounds: int = 3  #: of one conversation; a mediator may grant one more (R16)
    shortlist: int | None = None  #: proposers called again in a later round at most, the best; None: all of them
    feedback: Feedback = "reason"  #: what a revised cfp tells
    target: int | None = None  #: micros; with a best score of so much nobody is asked to better it
    least_progress: int = 0  #: micros; a round that gains less was no progress; 0: every round is progress
    patience: int = 1  #: rounds in a row without progress after which nobody is called again
    mediator: str | None = None  #: agent id of who settles a deadlock; None: nobody does
    mediation_limit: int | None = None  #: the most that a mediator may award; None: the reserve
    mediate_within_ms: int = 10_000  #: a mediator has so long
    bargain: BargainTerms | None = None  #: between two rounds; None: the manager does not
    reply_within_ms: int = 20_000
    work_within_ms: int = 600_000
    lease_ms: int = 60_000
    within_ms: int = 600_000  #: no call opens later than this after the first
    wait_for_agents_ms: int = 30_000

    def names(self, slots: Iterable[int]) -> tuple[str, ...]:
        """The items that are these slots; empty: the task is bought as a whole."""
        return tuple(self.items[number - 1].name for number in slots) if self.items else ()

    @property
    def shared(self) -> bool:
        """Whether a winner may take several slots."""
        return self.divisible or bool(self.items)

    @property
    def worst(self) -> int | None:
        """The most that one slot may cost, micros. None: there is no limit."""
        most = None if self.reserve is None else max(self.reserve, self.mediation_limit or 0)
        return most + self.bond.bonus if most is not None and self.bond is not None else most

    @property
    def paid_slots(self) -> int:
        """The slots that are called for: as many of those sought as the tender's own budget pays for at their worst."""
        if self.budget is None or not self.worst:
            return self.slots
        return min(self.slots, self.budget // self.worst)

    @property
    def hold(self) -> int | None:
        """The worst case, micros: every slot called for at the most that is paid for one (D12). None: no limit."""
        return None if self.worst is None else self.worst * self.paid_slots


class Timers(Record, frozen=True):
    """The settings of D7 that the initiator's core uses, milliseconds; recorded so that replay has them."""

    offer_margin_ms: int = 2_000  #: an offer is not used any more this long before its end
    pickup_ms: int = 10_000  #: added to the first lease
    cancel_ms: int = 30_000  #: a cancel unanswered for so long has an unknown outcome
    valid_for_extra_ms: int = 40_000  #: asked valid-for = reply within + lease + this
    max_faults: int = 5  #: not-understood answers to one participant per conversation
    max_awards: int = 3  #: awards per slot and tender (D1)
    bargain_grace_ms: int = 10_000  #: in a bargaining an act of the other side is awaited this long after its window

    def bargain_ms(self, terms: BargainTerms) -> int:
        """The longest that a bargaining may take: its request, all its turns, and the mediator where one is named."""
        mediating = 0
        if terms.mediator is not None:
            mediating = max(terms.within_ms, terms.mediate_within_ms or 0, LEAST_MS) + self.bargain_grace_ms
        return (terms.turns + 1) * (terms.within_ms + self.bargain_grace_ms) + mediating
