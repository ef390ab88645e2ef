"""A ladder of rungs, climbed one after the other until one settles the deadlock.

Rules:

1. Each rung has its time: `within_s`, and never more than what is left of the request's. A rung that is late, raises,
   or chooses what is not possible has passed it on.
2. What no rung settles is no award.

Source: our own; G15.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from contractnet.contractor.ports import Choice, Dispute
from contractnet.mediators.rung import Rung, legal

#: of the request's time, kept for the answer
MARGIN_S: Final = 0.25
#: the rungs of a ladder where none are named
DEFAULT: Final = ("standing-offers", "extra-round")


class StandingOffers:
    """The first offer of the list that may be chosen, which the award rule ranked best."""

    name = "standing-offers"
    reveals = "nothing: it looks at the offers on record alone"

    async def __call__(self, dispute: Dispute) -> Choice | None:
        return Choice("offer", dispute.possible[0].offer) if dispute.possible else None


class ExtraRound:
    """One more bounded round, where the manager allows it."""

    name = "extra-round"
    reveals = "nothing: the bidders are asked once more by the terms of the call"

    async def __call__(self, dispute: Dispute) -> Choice | None:
        return Choice("round") if "round" in dispute.choices else None


class Ladder:
    """What `[mediate]` of an agent's file describes.

    Args:
        rungs: in the order in which they are tried.
        within_s: for each.
        log: takes lines for the operator: which rung passed it on, and why.
    """

    def __init__(self, rungs: Sequence[Rung], within_s: float, log: Callable[[str], None]) -> None:
        self._rungs = tuple(rungs)
        self._within_s = within_s
        self._log = log

    async def settle(self, dispute: Dispute) -> Choice:
        """Climb it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + dispute.time_left_s - MARGIN_S
        for rung in self._rungs:
            left = min(self._within_s, end - loop.time())
            if left <= 0:
                break
            why = "there is nothing in it for this rung"
            try:
                async with asyncio.timeout(left):
                    choice = await rung(dispute)
                if choice is not None and legal(dispute, choice):
                    return choice
                why = why if choice is None else "it chose what is not possible"
            except TimeoutError:
                why = "it took too long"
            except Exception as error:  # a rung may be anybody's: its fault is its own
                why = f"it raised {type(error).__name__}"
            self._log(f"{dispute.conversation}: {rung.name} passed it on: {why}")
        return Choice("none")
