"""Fourth and fifth rung: a model or a person chooses one of the recorded offers. Terms are copied by id, never retyped.

Rules:

1. The list is closed: recorded offers, one bounded further round where that is still allowed, or no award.
2. It is shown in an order drawn from the recorded seed, since models prefer what comes first.
3. The answer is an id of the list. What it says beside that decides nothing; an answer that is not on the list is
   refused with a code, and chooses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.ties import draw

What = Literal["offer", "round", "none"]


class ChoiceFault(StrEnum):
    """Why an answer chooses nothing. Closed."""

    UNKNOWN_OFFER = "unknown-offer"
    NOT_ALLOWED = "not-allowed"  #: such as a further round where there is none
    SCHEMA = "schema"  #: an offer without an id, or an id with another choice


class Candidate(Struct, frozen=True):
    """A recorded offer that may be chosen. Public."""

    id: str
    by: str  #: agent id
    terms: Terms


class ClosedList(Struct, frozen=True, kw_only=True):
    """What is shown, in the order in which it is shown."""

    candidates: tuple[Candidate, ...]
    choices: tuple[What, ...]


class Chosen(Struct, frozen=True, kw_only=True):
    """A legal answer, with what it binds."""

    what: What
    candidate: Candidate | None = None  #: as recorded


def closed_list(candidates: Sequence[Candidate], seed: str, where: str, *, further_round: bool) -> ClosedList:
    """The list in the order of the seed.

    Args:
        where: such as the conversation's id, so that one seed serves many lists.
    Raises:
        MechanismError: two offers have one id.
    """
    if len({one.id for one in candidates}) < len(candidates):
        raise MechanismError("closed choice: two offers have one id")
    shown = tuple(sorted(candidates, key=lambda one: draw(seed, where, one.id)))
    allowed: dict[What, bool] = {"offer": bool(shown), "round": further_round, "none": True}
    return ClosedList(candidates=shown, choices=tuple(what for what in allowed if allowed[what]))


def choose(shown: ClosedList, what: str, offer: str | None = None) -> Chosen | ChoiceFault:
    """What an answer binds: the terms of the recorded offer of that id, copied; or why it binds nothing."""
    if (offer is None) is (what == "offer"):
        return ChoiceFault.SCHEMA
    if what not in shown.choices:
        return ChoiceFault.NOT_ALLOWED
    if what != "offer":
        return Chosen(what="round" if what == "round" else "none")
    found = next((one for one in shown.candidates if one.id == offer), None)
    return ChoiceFault.UNKNOWN_OFFER if found is None else Chosen(what="offer", candidate=found)
