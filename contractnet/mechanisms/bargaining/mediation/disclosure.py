"""The rungs of the ladder: the one list of what comes with the package, which deadlock each is for, and what each
reveals to whom; declared, so that a market can choose and be held to it.

There are two kinds of deadlock: that of a call, and that of a bargaining. A rung that has nothing to say about the one
before it passes it on, so one ladder serves both.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from contractnet.errors import DefinitionError

Kind = Literal["call", "bargaining"]
To = Literal["mediator", "bidders", "other side", "a person", "a model"]


class Rung(StrEnum):
    """What a mediator tries. Closed, but for what other distributions bring."""

    STANDING_OFFERS = "standing-offers"
    EXTRA_ROUND = "extra-round"
    SEALED_RESERVATIONS = "sealed-reservations"
    SINGLE_TEXT = "single-text"
    CLOSED_CHOICE = "closed-choice"
    HUMAN = "human"


class Disclosure(Struct, frozen=True):
    """One thing that somebody learns."""

    what: str
    to: To


_WHOM: Final[dict[To, str]] = {
    "mediator": "the mediator",
    "bidders": "the bidders",
    "other side": "the other side",
    "a person": "a person",
    "a model": "a model's endpoint",
}
#: kind of deadlock -> rung that has something to say about it -> what it reveals; what is not named stays where it was
REVEALS: Final[dict[Kind, dict[Rung, tuple[Disclosure, ...]]]] = {
    "call": {
        Rung.STANDING_OFFERS: (
            Disclosure("price, time and confidence of the offers on record, and the limit, without names", "mediator"),
        ),
        Rung.EXTRA_ROUND: (Disclosure("that there is one round more", "bidders"),),
        Rung.CLOSED_CHOICE: (Disclosure("price, time and confidence of each offer, without names", "a model"),),
        Rung.HUMAN: (Disclosure("price, time and confidence of each offer, without names", "a person"),),
    },
    "bargaining": {
        Rung.STANDING_OFFERS: (
            Disclosure("the offers that both had made to each other", "mediator"),
            Disclosure("whether the best bid meets the best ask, and the price between them if so", "other side"),
        ),
        Rung.SEALED_RESERVATIONS: (
            Disclosure("the reservation price that each side states, true or shaded", "mediator"),
            Disclosure("one bit, whether the stated prices leave a zone of agreement", "other side"),
            Disclosure("the price if so: with k known it gives the other's statement away", "other side"),
        ),
        Rung.SINGLE_TEXT: (
            Disclosure(
                "the reservation price, or what every value of every issue is worth and the worth of no deal, as told; "
                "votes are cast from that",
                "mediator",
            ),
            Disclosure("the last text, and that both would take it; no text and no vote on the way", "other side"),
        ),
        Rung.CLOSED_CHOICE: (
            Disclosure("the recorded offers that both would take, in the order of the recorded seed", "a model"),
            Disclosure("the offer that was chosen", "other side"),
        ),
        Rung.HUMAN: (
            Disclosure(
                "the subject, and the recorded offers that both would take; no number that was told", "a person"
            ),
            Disclosure("the offer that was chosen", "other side"),
        ),
    },
}

#: where nothing is configured: what needs nothing private first; nobody outside is asked
DEFAULT: Final = (Rung.STANDING_OFFERS, Rung.EXTRA_ROUND, Rung.SEALED_RESERVATIONS, Rung.SINGLE_TEXT)


def applies(rung: Rung, kind: Kind) -> bool:
    """Whether it has something to say about a deadlock of that kind."""
    return rung in REVEALS[kind]


def revealed(rung: Rung) -> str:
    """One line for people: what the rung reveals to whom, for both kinds of deadlock."""
    told = [
        f"of a {kind}, " + "; ".join(f"to {_WHOM[one.to]}: {one.what}" for one in rungs[rung])
        for kind, rungs in REVEALS.items()
        if rung in rungs
    ]
    return ". ".join(told)


def ladder(line: str) -> tuple[Rung, ...]:
    """The rungs that one line of configuration names, in order: `standing-offers, sealed-reservations, human`.

    Raises:
        DefinitionError: a rung is not known or is named twice, or none is.
    """
    names = [name.strip() for name in line.split(",") if name.strip()]
    known = [rung.value for rung in Rung]
    for name in names:
        if name not in known:
            raise DefinitionError(f"ladder: {name[:64]!r} is no rung; there are: {', '.join(known)}")
    if not names or len(set(names)) < len(names):
        raise DefinitionError(f"ladder: {line[:200]!r} names no rung, or one twice; say: {', '.join(DEFAULT)}")
    return tuple(Rung(name) for name in names)
