"""A person before a deadlock: the pending decision, and that what is chosen is what was decided. Pure.

Source: our own; G15.
"""

from __future__ import annotations

from typing import Any, Final

from contractnet.contractor.records import Chose, Fact, Settled
from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Questions

#: the kind of a pending decision about a deadlock
MEDIATION: Final = "mediation"
#: the answer that passes it on, and that of nobody in time
NEXT_RUNG: Final = "pass"


def listed(told: dict[str, Any], choice: str) -> str | None:
    """The offer that a choice stands for, by what the person was told; None: it stands for none."""
    offers: list[dict[str, Any]] = told.get("offers", [])
    return next((str(one["offer"]) for one in offers if one["choice"] == choice), None)


def check_person(questions: Questions, conversation: str, fact: Fact) -> None:
    """Whether a choice that a person made is the one that is on record.

    Raises:
        DefinitionError: it is not.
    """
    if not isinstance(fact, Chose | Settled) or not fact.decision:
        return
    found = questions.all.get(fact.decision)
    if found is None or found.answered is None or found.pending.about.partition("/")[0] != conversation:
        raise DefinitionError(f"decision {fact.decision} is not answered, or is about something else")
    choice = found.answered.choice
    chosen = fact.offer if fact.offer is not None else fact.choice if isinstance(fact, Chose) else "none"
    if chosen != (listed(found.pending.told, choice) or choice):
        raise DefinitionError(f"decision {fact.decision} is {choice}, which is not {chosen}")
