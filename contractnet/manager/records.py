"""What a manager's ledger holds: facts, which are given, and conclusions, which replay derives again (D14).

Facts come from outside the core: what was opened, who was there, what was heard, which timer fired when, what a check
said. Each is one entry; the core turns it into conclusions, which follow it in the same transaction. `contractnet
replay` feeds the facts to the same core and compares the conclusions byte for byte.

The conversation of an entry is the conversation id for what belongs to one call, and the tender id for the rest.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from contractnet.ledger.records import (
    Record,
)
from contractnet.manager.conditions import TaskSpec, TenderTerms, Timers
from contractnet.manager.paid import Filled, Forfeit
from contractnet.mechanisms.awards.panel import PanelAlarm
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.awards.stopping import StopReason
from contractnet.mechanisms.calibration.exploration import Explored
from contractnet.mechanisms.calibration.records import Method, Policy
from contractnet.messages.values import RefuseReason, RejectReason

Status = Literal["settled", "partial", "no-award", "failed", "cancelled"]
Reason = Literal[
    "no-bidders",
    "busy",
    "silent",
    "refused",
    "over-reserve",
    "too-few-bids",
    "rule-failed",
    "within",
    "failed",
    "lease",
    "result-deadline",
    "invalid-result",
    "check",
    "budget",
    "user",
]


#: what is known of a participant that was cancelled: nothing of it will follow; it never said; it could not be stopped;
#: it was done already. After any but the first the work may have happened
Truth = Literal["undone", "unanswered", "could-not-stop", "already-done"]
#: all of them, the best for who cancelled first
TRUTHS: Final[tuple[str, ...]] = get_args(Truth)
#: what follows an evaluation
Course = Literal["award", "iterate", "bargain", "mediate", "no-award"]


# ---- facts


class Opened(Record, frozen=True):
    """A tender begins: the seed of every id and draw is recorded before any proposal can come in."""

    spec: TaskSpec
    terms: TenderTerms
    timers: Timers
    seed: str  #: 32 hex digits
    key: str | None = None  #: the caller's name for it; the same key never buys twice (D13)
    checked: bool = False  #: the caller has a check function for the result (D11)
    position: int | None = None  #: 1-based line of the task in a tasks file
    account: str = ""  #: whose money pays for it: the path of a child account; empty: the market's own


class Invited(Record, frozen=True):
    """A call opens: who is expected to answer it (D6)."""

    number: int  #: of the call in its tender, from 1
    expected: dict[str, str]  #: agent id -> its daemon
    manager_epoch: int
    slots: int | None = None  #: of a first call: for so few of those sought there is money; None: for all


class Gone(Record, frozen=True):
    """Expected agents said goodbye or their presence lease lapsed: nobody waits for them (D6)."""

    agents: tuple[str, ...]


class LeaseLapsed(Record, frozen=True):
    """A winner was silent for a whole lease (G7)."""

    slot: int
    epoch: int


class Grace(Record, frozen=True):
    """The manager was away, or without the broker: until then no timer fires (D5)."""

    until: int


class Checked(Record, frozen=True):
    """The verdict of the task's check on a result (D11)."""

    slot: int
    epoch: int
    ok: bool
    reason: str = ""


class CancelAsked(Record, frozen=True):
    """The user no longer wants the tender, or it cannot be paid for."""

    reason: Literal["user", "shutdown", "budget"]
    within_ms: int | None = None  #: answers are awaited no longer than this; None: the cancel timer's time


class BargainsEnded(Record, frozen=True):
    """The bargainings after a round have all ended; the call goes on."""


class Granted(Record, frozen=True):
    """The total that the tenders of an account may spend, in one unit (D12). A later grant replaces it."""

    amount: int
    unit: str
    account: str = ""  #: path of a child account; empty: the market's own, for all of this ledger's tenders


class AccountClosed(Record, frozen=True):
    """No tender opens in a child account any more; what was free in it went to its parent."""

    account: str
    released: int


class Judged(Record, frozen=True):
    """A later verdict on a result, by a person or another program; the last one stands."""

    ok: bool
    note: str = ""


class Started(Record, frozen=True):
    """A manager process took the ledger over."""

    manager_epoch: int
    calibration: Policy | None = None  #: how outcomes become probabilities from here on; None: as before


# ---- conclusions


class Held(Record, frozen=True):
    """Money is set aside for the worst case (D12)."""

    amount: int
    unit: str


class Directed(Record, frozen=True):
    """Whether one known contractor is asked alone: where an auction is expected to save no more than it costs. Amounts
    in micros.
    """

    participant: str  #: the known one
    direct: bool
    reason: Literal["one-bidder", "cannot-pay", "over-reserve", "auction-pays"]
    price: int  #: what it asked last
    bidders: int  #: who would be asked
    expected_payment: int  #: of an auction among them
    expected_saving: int
    bidding_cost: int  #: of all bids together
    waiting_cost: int
    seen: int = 0  #: prices asked so far that the expectation rests on; 0: it rests on the prior of the terms


class Assessed(Record, frozen=True):
    """One bid in the decision: its own score, its margin to the last winner, and why it lost."""

    participant: str
    offer: str
    price: int
    eta: int
    confidence: int  #: as stated, ppm
    probability: int  #: as used, ppm
    score: int  #: micros for the rules that score, else what the rule compares first
    margin: int  #: its key less that of the last winner (of the best where none is awarded), where they differ first
    rank: int
    by: Method = "stated"  #: where the probability comes from
    outcomes: int = 0  #: of the bidder at the skill, behind it
    criterion: int = 0  #: which entry of the key that was, from 0
    tied: bool = False
    why: LossReason | None = None  #: why it is not awarded; None: it is, or the next round is for it
    reason: RejectReason | None = None  #: what it hears of that (D8)
    pays: int | None = None  #: micros, what it is paid for a good result; None: it is not awarded
    low: bool = False  #: abnormally low against the reserve: flagged, never excluded
    parts: int | None = None  #: of a divisible task: how many it gets; its price is for one, `pays` for all of them
    most: int | None = None  #: of a divisible task: how many it can do
    items: tuple[str, ...] = ()  #: of a bundle: what it gets


class Decided(Record, frozen=True):
    """The round was evaluated: every bid with its score and reason, who did not bid, and what follows."""

    round: int
    rule: str
    bids: tuple[Assessed, ...]
    refused: dict[str, RefuseReason]
    silent: tuple[str, ...]
    winner: str | None
    runner_up: str | None
    ties: tuple[str, ...]  #: the named set among which the seed drew, empty where none
    course: Course = "award"
    invited: tuple[str, ...] = ()  #: whom the next round is for, or the bargaining before it
    stop: StopReason | None = None  #: why there is no next round although slots are left and bids were too dear
    last: tuple[str, ...] = ()  #: who spoke last in the round: with few rounds the last proposer is decisive
    alarms: tuple[PanelAlarm, ...] = ()  #: the bids may be one bidder's in several coats
    fault: str = ""  #: what was wrong with an award rule that another distribution brought
    explored: Explored | None = None  #: the award goes to another than the best, to learn of it


class Mediated(Record, frozen=True):
    """A mediator answered with a legal choice, or nothing usable came of it (`none`, with why)."""

    mediator: str
    choice: Literal["offer", "round", "none"]
    offer: str | None = None
    why: str = ""


class Agreement(Record, frozen=True):
    """What was agreed with one of them. It is no award: it is what a later offer of that agent may ask at most."""

    conversation: str  #: of the bargaining
    offer: str  #: that was accepted there
    price: int  #: micros


class Bargained(Record, frozen=True):
    """What the bargainings after a round came to: agent id -> agreement. None: the round's ordinary course follows."""

    agreed: dict[str, Agreement]
    invited: tuple[str, ...] = ()  #: whom the next round is for


class Awarded(Record, frozen=True):
    """A slot is given to a participant, under an epoch that fences all before it (G8)."""

    slot: int
    epoch: int
    participant: str
    offer: str
    price: int
    confidence: int  #: as stated with the offer, ppm
    parts: int | None = None  #: of a divisible task: so many slots go together, this is the first
    items: tuple[str, ...] = ()  #: of a bundle: each is a slot, this is the first


class Freed(Record, frozen=True):
    """A slot lost its holder; the epoch goes up before anything is sent (G8)."""

    slot: int
    epoch: int  #: the new one
    participant: str
    reason: Reason
    again: bool  #: a loss after which the tender may call again (D1 b)
    detail: str = ""


class Closed(Record, frozen=True):
    """A call has reached its end; `again_at`: the tender calls again, not before that instant."""

    outcome: str  #: ok, partial, failed, no-award, cancelled
    reason: Reason | None
    again_at: int | None = None
    truth: dict[str, Truth] = {}  #: agent id -> what is known by then of those that were cancelled


class Ended(Record, frozen=True):
    """The tender's one end. Where there is a reserve, held = spent + released."""

    status: Status
    reason: Reason | None
    winner: str | None
    price: int | None
    unit: str
    result_of: str | None  #: message id of the inform that carries the result; of several, that of the first slot
    conversation_id: str | None
    spent: int
    released: int
    filled: tuple[Filled, ...] = ()
    forfeits: tuple[Forfeit, ...] = ()  #: in the order of the losses
