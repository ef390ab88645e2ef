"""When a bargaining is stuck, so that a mediator is asked: all turns are over, or nobody has moved for some rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Agenda
from contractnet.mechanisms.bargaining.shape import Offer, Rules

#: rounds without movement after which it is stuck, unless told otherwise
IDLE_ROUNDS: Final = 2

Deadlock = Literal["round-limit", "no-movement"]


def deadlock(rules: Rules, offers: Sequence[Offer], turn: int, idle_rounds: int = IDLE_ROUNDS) -> Deadlock | None:
    """Why it is stuck before that turn; None: it is not.

    Args:
        offers: let through so far, in order.
        turn: that is due, from 0.
        idle_rounds: N; in the last N steps of each side no value changed by more than a tick (an option: at all).
    Raises:
        MechanismError: fewer than one round.
    """
    if idle_rounds < 1:
        raise MechanismError(f"idle_rounds: {idle_rounds}; at least 1")
    if turn >= rules.turns:
        return "round-limit"
    for by in (0, 1):
        said = [offer for offer in offers if offer.by == by][-idle_rounds - 1 :]
        if len(said) <= idle_rounds or any(_moved(rules.agenda, said[0], later) for later in said[1:]):
            return None
    return "no-movement"


def _moved(agenda: Agenda, one: Offer, other: Offer) -> bool:
    return any(
        here != there if issue.options else abs(here - there) > issue.tick
        for issue, here, there in zip(agenda.issues, one.terms, other.terms, strict=True)
    )
