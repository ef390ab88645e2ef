"""What a contractor's journal holds beside what is common: answers of bidders, ends of work, what a daemon hosts.

Facts: `Heard`, `Misheard`, `Fired`, `Sent` (common), and those below. Conclusions: `Moved`, `Said` (common). The
journal re-derives its conclusions as a manager's ledger does.
"""

from __future__ import annotations

from typing import Any, Final

from contractnet.ledger.records import Fired, Heard, Misheard, Moved, Quarantined, Record, Said, Sent
from contractnet.messages.values import RefuseReason, TaskFailure


class Bade(Record, frozen=True):
    """A bidder's answer is a proposal: what it asks and promises."""

    price: int  #: micros of the call's unit
    eta: int  #: seconds
    confidence: int  #: ppm
    rationale: str = ""


class Declined(Record, frozen=True):
    """A bidder's answer is a refusal, or there was no room."""

    reason: RefuseReason
    text: str = ""


class Withdrew(Record, frozen=True):
    """The offer is taken back (G5)."""


class Began(Record, frozen=True):
    """Work on the accepted task began: the first time, or again after a restart."""

    attempt: int


class Finished(Record, frozen=True):
    """The work is done."""

    result: dict[str, Any]


class Failed(Record, frozen=True):
    """The work will not be done."""

    reason: TaskFailure
    text: str = ""


class Stopped(Record, frozen=True):
    """The work was stopped after a cancel."""


class LeaseLost(Record, frozen=True):
    """No beat was confirmed for a whole lease although the broker was there (G7)."""


class Hosted(Record, frozen=True):
    """The daemon hosts these agents from now on: agent id -> skills."""

    agents: dict[str, list[str]]


class Seeded(Record, frozen=True):
    """The journal's own seed: its ids are unlike those of any other journal of the same agents."""

    seed: str  #: 32 hex digits


Fact = Heard | Misheard | Fired | Bade | Declined | Withdrew | Began | Finished | Failed | Stopped | LeaseLost
LooseFact = Sent | Quarantined | Hosted | Seeded
FACTS: Final[dict[str, type[Record]]] = {
    kind.__name__: kind
    for kind in (Heard, Misheard, Fired, Bade, Declined, Withdrew, Began, Finished, Failed, Stopped, LeaseLost)
}
LOOSE: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in (Sent, Quarantined, Hosted, Seeded)}
CONCLUSIONS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in (Moved, Said)}
