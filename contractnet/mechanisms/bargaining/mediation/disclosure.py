"""The rungs of the ladder, and what each reveals to whom: declared, so that a market can choose and be held to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from contractnet.errors import DefinitionError

To = Literal["mediator", "other side", "a person", "a model", "anybody"]


class Rung(StrEnum):
    """What a mediator tries. Closed."""

    STANDING_OFFERS = "standing-offers"
    SEALED_RESERVATIONS = "sealed-reservations"
    SINGLE_TEXT = "single-text"
    CLOSED_CHOICE = "closed-choice"
    HUMAN = "human"


class Disclosure(Struct, frozen=True):
    """One thing that somebody learns."""

    what: str
    to: To


#: rung -> what it reveals; what is not named stays where it was
REVEALS: Final[dict[Rung, tuple[Disclosure, ...]]] = {
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
        Disclosure("of each text a vote of four strengths, and whether it would be taken", "mediator"),
        Disclosure("the last text, and that both would take it; no text and no vote on the way", "other side"),
    ),
    Rung.CLOSED_CHOICE: (
        Disclosure("the recorded offers and their public fields, in the order of the recorded seed", "a model"),
        Disclosure("the offer that was chosen", "other side"),
    ),
    Rung.HUMAN: (
        Disclosure("the record of the bargaining, without either side's mandate", "a person"),
        Disclosure("the terms that were decided", "other side"),
    ),
}

#: where nothing is configured: what needs nothing private, then what needs one number of each
DEFAULT_PRICE: Final = (Rung.STANDING_OFFERS, Rung.SEALED_RESERVATIONS)
#: of several issues, where there is no best bid and no number to seal
DEFAULT_ISSUES: Final = (Rung.SINGLE_TEXT,)


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
        raise DefinitionError(f"ladder: {line[:200]!r} names no rung, or one twice; say: {', '.join(DEFAULT_PRICE)}")
    return tuple(Rung(name) for name in names)
