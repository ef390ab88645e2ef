"""The ports of a contractor: what an agent is to its daemon, what a bidder may see, what work is given.

A bidder and a performer are the user's code (or a model's, or a command's) behind two functions. A bidder sees a
`Call` and nothing private of others; it answers with a `Proposal` or a `Refusal`. A performer sees an `Award` and
returns the result as a JSON object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Unpack, runtime_checkable

from contractnet.bargaining.opening import BargainOptions
from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.result import BargainResult
from contractnet.contractor.disputes import MEDIATE as MEDIATE
from contractnet.contractor.disputes import Choice as Choice
from contractnet.contractor.disputes import Dispute as Dispute
from contractnet.contractor.disputes import Mediator as Mediator
from contractnet.contractor.disputes import Note, Settler, unnoted
from contractnet.errors import DefinitionError
from contractnet.mechanisms.calibration.brier import BrierScore
from contractnet.messages.contents import Bundle, Feedback, FieldError, Terms
from contractnet.messages.given import Amount, micros
from contractnet.messages.refusal import Refusal as Refusal
from contractnet.messages.values import (
    MAX_ETA_S,
    MOST_BUNDLES,
    MOST_ITEMS,
    MOST_PARTS,
    PPM,
    plain_text,
    require,
)


class Proposal:
    """An offer: what the work costs, how long it takes, how sure the contractor is.

    Args:
        price: for the whole task (for one part where `call.parts` is more than 1), in the call's unit: a decimal string
            such as `"0.01"`, an int, or a Decimal. None: `bundles` have prices of their own.
        eta: whole seconds from the award to the result, 1 to 604800.
        confidence: own chance of success, 0 to 1.
        rationale: public words, at most 500 characters; no rule reads them.
        model: name of the model behind it, at most 64 characters, told to the manager; empty: none, or not said.
        prompt: SHA-256 of what a model was told before it answered, hex; stays in the journal.
        parts: of a divisible task: the most parts that it can do, 1 to 1000; None: all.
        bundles: of `call.items`: item, or items, to the price of them together; at most one of these is awarded.
    Raises:
        DefinitionError: a value is out of its bounds.
    """

    __slots__ = ("bundles", "confidence", "eta", "model", "parts", "price", "prompt", "rationale")

    def __init__(
        self,
        price: Amount | None,
        eta: int,
        confidence: float = 1.0,
        rationale: str = "",
        *,
        model: str = "",
        prompt: str = "",
        parts: int | None = None,
        bundles: Mapping[str | tuple[str, ...], Amount] | None = None,
    ) -> None:
        if (price is None) is not bool(bundles):
            raise DefinitionError("price: name a price, or bundles with a price each")
        self.bundles = _bundles(bundles or {})
        least = min((one.price for one in self.bundles), default=0)
        self.price = least if price is None else micros(price, "price")  #: micros; of bundles the least
        if isinstance(eta, bool) or not isinstance(eta, int) or not 1 <= eta <= MAX_ETA_S:
            raise DefinitionError(f"eta: {eta!r} is not a whole number of seconds from 1 to {MAX_ETA_S}")
        self.eta = eta  #: seconds
        if isinstance(confidence, bool) or not 0 <= confidence <= 1:
            raise DefinitionError(f"confidence: {confidence!r} is not between 0 and 1")
        self.confidence = round(confidence * PPM)  #: ppm
        self.rationale = plain_text(rationale)
        self.model = plain_text(model)[:64]
        self.prompt = prompt
        if parts is not None and (
            isinstance(parts, bool) or not isinstance(parts, int) or not 1 <= parts <= MOST_PARTS
        ):
            raise DefinitionError(f"parts: {parts!r} is not a whole number from 1 to {MOST_PARTS}")
        self.parts = parts  #: of a divisible task, the most; None: all

    def __repr__(self) -> str:
        return f"Proposal(price={self.price} micros, eta={self.eta} s, confidence={self.confidence} ppm)"


def _bundles(given: Mapping[str | tuple[str, ...], Amount]) -> tuple[Bundle, ...]:
    if len(given) > MOST_BUNDLES:
        raise DefinitionError(f"bundles: {len(given)} are more than {MOST_BUNDLES}")
    named = [((key,) if isinstance(key, str) else tuple(key), price) for key, price in given.items()]
    for items, _ in named:
        if not 1 <= len(items) <= MOST_ITEMS or len(set(items)) < len(items):
            raise DefinitionError(f"bundles: {items!r} is not 1 to {MOST_ITEMS} items, each once")
    return tuple(
        Bundle(items=tuple(require("key", one, "bundles") for one in items), price=micros(price, "bundles"))
        for items, price in named
    )


Remember = Callable[[], BrierScore | None]


def unremembered() -> BrierScore | None:
    """Where there is no journal."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a bidder may know."""

    task: str
    skill: str
    input: Mapping[str, Any]
    terms: Terms
    round: int
    conversation: str
    manager: str
    time_left_s: float  #: seconds until a bid is too late
    max_rounds: int = 1
    standing: int | None = None  #: later rounds: the price of the own offer on file, micros; it stands until the answer
    agreed: int | None = None  #: micros, where the price was bargained for and agreed: the one that binds both
    feedback: Feedback | None = None  #: later rounds: what is told of the round before
    errors: tuple[FieldError, ...] = ()  #: what was wrong with the proposal before, when this is its repair
    result_schema: Mapping[str, Any] | None = None  #: what a result must meet
    taken: int = 0  #: of the agent's places, by other offers and by work
    capacity: int = 1  #: the agent's places
    note: Note = field(default=unnoted, repr=False, compare=False)  #: takes what a model was asked for this bid
    remember: Remember = field(default=unremembered, repr=False, compare=False)  #: what `record` is read from

    @property
    def record(self) -> BrierScore | None:
        """How the agent's own awards at this skill ended beside what it had stated, as far as its journal knows: `n`,
        `successes`, the Brier `score` and its terms, and the curve by tenths, `bins`; shares in ppm. None: there was
        none yet.
        """
        return self.remember()

    @property
    def parts(self) -> int:
        """Of how many equal parts the task consists: a price is for one of them. 1: it is of one piece."""
        return self.terms.parts or 1

    @property
    def items(self) -> tuple[str, ...]:
        """What may be offered in bundles; empty: the task is bought as a whole."""
        return self.terms.items or ()


Beat = Callable[[str], Awaitable[None]]
Negotiate = Callable[[str, str, BargainOptions], Awaitable[BargainResult]]


async def alone(agent: str, subject: str, options: BargainOptions) -> BargainResult:
    """Where there is no daemon."""
    raise DefinitionError("bargain: this award came from no daemon, so there is nobody to bargain with")


@dataclass(frozen=True, slots=True)
class Award:
    """What a winner gets."""

    task: str
    skill: str
    input: Mapping[str, Any]  #: the call's input with the private part merged in
    price: int  #: micros that a good result is paid
    deadline: int  #: instant at which the result is overdue, milliseconds
    fence: str  #: "conversation/slot/epoch": pass it to what you write to, so that a later award outbids you
    attempt: int  #: 1, and more after a restart in the middle of the work
    result_schema: Mapping[str, Any] | None
    beat: Beat = field(repr=False)
    note: Note = field(default=unnoted, repr=False, compare=False)  #: takes what a model was asked for this work
    negotiate: Negotiate = field(default=alone, repr=False, compare=False)  #: what `bargain` calls
    parts: int = 1  #: of a divisible task: how many are to be done; the price is for all of them
    items: tuple[str, ...] = ()  #: of a bundle: those to be done; the price is for all of them

    async def bargain(self, agent: str, subject: str, **options: Unpack[BargainOptions]) -> BargainResult:
        """Bargain with another agent, as the one that works; returns when that has ended, however it ended.

        The numbers are a strategy's, and none is past the own limit; that is in no message. It is opened once for each
        award under its key, or else with this agent about this subject: work that begins again after a crash finds
        what was begun, and its end. Nothing is paid. When the work is over, what has not ended is called off.

        Args:
            agent: id of whom to bargain with; it may be anywhere behind the broker.
            subject: what the deal is about; both read it.
            options: see `bargaining.opening.BargainOptions`; a price is in the award's unit where none is named.
        Raises:
            DefinitionError: an argument is not valid; another agent, subject or other terms stand under the key.
            TransportClosed: the daemon stops.
            WorkFailed: the work is over.
        """
        return await self.negotiate(agent, subject, options)

    async def progress(self, text: str) -> None:
        """Tell the manager, at most 500 characters; may be lost. The lease is renewed without it, too."""
        await self.beat(plain_text(text))


Bidder = Callable[[Call], Awaitable[Proposal | Refusal]]
Performer = Callable[[Award], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Agent:
    """A program that bids and works, or mediates, as its daemon knows it."""

    id: str
    skills: tuple[str, ...]
    capacity: int  #: tasks at once, offers that are out included
    bid: Bidder
    perform: Performer
    mediate: Mediator | None = None  #: of a call
    settle: Settler | None = None  #: of a bargaining
    bargain: AnyPlayer | None = None  #: plays its bargainings; None: it declines each request
    #: told once, before it works: endpoint -> micros that models of this journal's agents have cost
    remind: Callable[[Mapping[str, int]], None] | None = None
    close: Callable[[], Awaitable[None]] | None = None  #: lets go of what it holds; called when its daemon has ended


@runtime_checkable
class Hostable(Protocol):
    """What can be hosted: decorated functions are."""

    def agent(self) -> Agent:
        """As its daemon knows it. Raises DefinitionError where a part is missing."""
        ...
