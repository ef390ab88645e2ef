"""The ports of a mediator: what it sees of a deadlock, what it may answer, and what its daemon's journal does for it.

There are two kinds. Of a call, one manager asks: a `Dispute` is answered with a `Choice`. Of a bargaining, both sides
ask: an `Impasse` is answered with a `Settlement`, which names the rung that ended it; the terms are computed from that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered
from contractnet.ledger.records import Asked
from contractnet.mechanisms.bargaining.mediation.joint import Case
from contractnet.messages.contents import FieldError, LiveOffer, Terms
from contractnet.messages.refusal import Refusal
from contractnet.messages.values import require

#: the skill under which mediators are known
MEDIATE: Final = "contract.mediate"

Note = Callable[[Asked], None]


def unnoted(asked: Asked) -> None:
    """Where there is no journal."""


class Climb(Protocol):
    """What the journal knows of a ladder that is being climbed, so that it goes on after a restart."""

    @property
    def passed(self) -> Sequence[str]:
        """The rungs that have passed it on."""
        ...

    def pass_on(self, rung: str, why: str) -> None:
        """One more has."""
        ...

    async def consult(
        self, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered | None:
        """Ask a person, as a pending decision; None: nobody can be asked here.

        Args:
            choices: one of these is the answer; `pass` among them is also what no answer in time is.
            told: what the person sees.
            within_s: from the first asking, restarts included.
            left_s: from now.
        """
        ...


class Unrecorded:
    """Where there is no journal."""

    passed: Sequence[str] = ()

    def pass_on(self, rung: str, why: str) -> None:
        """Nobody has to know."""

    async def consult(
        self, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered | None:
        """Nobody can be asked."""
        return None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a mediator sees of the deadlock of a call: recorded offers, best first, and what may be chosen."""

    offers: tuple[LiveOffer, ...]
    choices: tuple[str, ...]  #: of `offer`, `round`, `none`
    limit: int | None  #: an offer over it cannot be chosen, micros; None: any can
    terms: Terms
    conversation: str  #: the one in dispute
    request: str  #: message id of the manager's request
    manager: str
    time_left_s: float
    errors: tuple[FieldError, ...] = ()  #: what was wrong with the choice before
    note: Note = field(default=unnoted, repr=False, compare=False)  #: takes what a model was asked for this choice
    climb: Climb = field(default_factory=Unrecorded, repr=False, compare=False)

    @property
    def possible(self) -> tuple[LiveOffer, ...]:
        """The offers that may be chosen."""
        if "offer" not in self.choices:
            return ()
        return tuple(one for one in self.offers if self.limit is None or one.price <= self.limit)


class Choice:
    """A mediator's answer: `offer` with the id of a recorded offer, `round`, or `none`.

    Args:
        rung: of a ladder, the one that chose; empty: there is none.
        decision: id of the decision by which a person chose; empty: none did.
    Raises:
        DefinitionError: another choice; an offer without an id, or with what cannot be one; an id with another choice.
    """

    __slots__ = ("choice", "decision", "offer", "rung")

    def __init__(
        self,
        choice: Literal["offer", "round", "none"],
        offer: str | None = None,
        *,
        rung: str = "",
        decision: str = "",
    ) -> None:
        if choice not in ("offer", "round", "none"):
            raise DefinitionError(f"choice: {str(choice)[:40]!r} is none of offer, round and none")
        if (offer is not None) is not (choice == "offer"):
            raise DefinitionError("choice: `offer` needs the id of an offer; the others name none")
        if offer is not None:
            require("key", offer if isinstance(offer, str) else "", "choice")
        self.choice: Literal["offer", "round", "none"] = choice
        self.offer = offer
        self.rung = rung
        self.decision = decision

    def __repr__(self) -> str:
        return f"Choice({self.choice!r}, {self.offer!r})"


@dataclass(frozen=True, slots=True)
class Impasse:
    """What a mediator sees of a bargaining whose turns are over."""

    case: Case  #: what is on record, and what both told in confidence
    subject: str  #: what the deal is about
    ladder: tuple[str, ...]  #: that both agreed on
    conversation: str  #: of the bargaining
    time_left_s: float
    note: Note = field(default=unnoted, repr=False, compare=False)  #: takes what a model was asked
    climb: Climb = field(default_factory=Unrecorded, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Settlement:
    """Which rung ended it."""

    rung: str = ""  #: empty: none did
    offer: str | None = None  #: the recorded offer that a model or a person chose
    decision: str = ""  #: id of the decision by which a person chose


Mediator = Callable[[Dispute], Awaitable[Choice | Refusal]]
Settler = Callable[[Impasse], Awaitable[Settlement]]
