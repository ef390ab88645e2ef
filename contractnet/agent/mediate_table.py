"""`[mediate]` of an agent's file: an agent that settles deadlocks instead of bidding.

[mediate]
ladder = ["standing-offers", "extra-round", "sealed-reservations", "single-text"]  # tried in this order; the default;
                                     # also `closed-choice`, which needs [model], and `human`
within_s = 5                         # the longest that each may take
human_within_s = 600                 # the longest that a person is waited for
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contractnet.agent.model_table import ModelPart, Table
from contractnet.errors import DefinitionError
from contractnet.mediators.ladder import DEFAULT

MOST_RUNGS: Final = 16


class MediateTable(Table, frozen=True):
    """`[mediate]`: the ladder of a mediator."""

    ladder: tuple[str, ...] = DEFAULT
    within_s: float = 5.0
    human_within_s: float = 600.0


@dataclass(frozen=True, slots=True)
class MediatorDefinition:
    """A mediator, read and checked."""

    id: str
    ladder: tuple[str, ...]
    within_s: float
    human_within_s: float
    model: ModelPart | None


def check_mediate(table: MediateTable, *, has_model: bool, where: str) -> MediateTable:
    """The same table.

    Raises:
        DefinitionError: a rung twice, none, too many, a model without `[model]`, or a time that is none.
    """
    if not 1 <= len(table.ladder) <= MOST_RUNGS or len({*table.ladder}) < len(table.ladder):
        raise DefinitionError(f"{where}: mediate.ladder: name 1 to {MOST_RUNGS} rungs, each once")
    if not 0 < table.within_s <= 3_600:
        raise DefinitionError(f"{where}: mediate.within_s: {table.within_s!r} is not over 0 and up to 3600 seconds")
    if not 0 < table.human_within_s <= 604_800:
        text = f"{table.human_within_s!r} is not over 0 and up to 604800 seconds"
        raise DefinitionError(f"{where}: mediate.human_within_s: {text}")
    if "closed-choice" in table.ladder and not has_model:
        raise DefinitionError(f"{where}: mediate.ladder names closed-choice, and there is no [model] to ask; add one")
    return table
