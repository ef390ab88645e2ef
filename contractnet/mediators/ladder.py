"""A ladder of rungs, climbed one after the other until one settles the deadlock.

Rules:

1. Each rung has its time, and never more than what is left of the request's. A rung that is late, raises, or chooses
   what is not possible has passed it on.
2. What no rung settles is no award, or no deal.
3. In a bargaining the sides have agreed on their rungs: these are tried, in their order, as far as this mediator has
   them.
4. A rung that passed it on is in the journal: after a restart the next one is tried.
5. That a person chose is believed of a rung that has asked one, and chose the same.

Source: our own; G15.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from contractnet.contractor.disputes import Choice, Climb, Dispute, Impasse, Settlement
from contractnet.contractor.persons import listed
from contractnet.ledger.questions import Answered
from contractnet.mechanisms.bargaining.mediation import disclosure
from contractnet.mechanisms.bargaining.mediation.joint import candidates
from contractnet.mediators.rung import MARGIN_S, BuiltIn, JointRung, Rung, legal, possible

#: the rungs of a ladder where none are named
DEFAULT: Final[tuple[str, ...]] = tuple(rung.value for rung in disclosure.DEFAULT)

_Answer = TypeVar("_Answer", Choice, Settlement)


class StandingOffers(BuiltIn):
    """Of a call: the first offer that may be chosen, which the award rule ranked best. Of a bargaining over a price:
    between the best bid and the best ask, where they meet.
    """

    def __init__(self) -> None:
        super().__init__(disclosure.Rung.STANDING_OFFERS)

    async def __call__(self, dispute: Dispute) -> Choice | None:
        return Choice("offer", dispute.possible[0].offer) if dispute.possible else None


class ExtraRound(BuiltIn):
    """Of a call: one more bounded round, where the manager allows it."""

    def __init__(self) -> None:
        super().__init__(disclosure.Rung.EXTRA_ROUND)

    async def __call__(self, dispute: Dispute) -> Choice | None:
        return Choice("round") if "round" in dispute.choices else None

    async def between(self, impasse: Impasse) -> Settlement | None:
        """A bargaining has no further rounds."""
        return None


class SealedReservations(BuiltIn):
    """Of a bargaining over a price: between the reservations that both told, or a certificate of no zone."""

    def __init__(self) -> None:
        super().__init__(disclosure.Rung.SEALED_RESERVATIONS)


class SingleText(BuiltIn):
    """Of a bargaining: one text, changed until both would take it, by what both told."""

    def __init__(self) -> None:
        super().__init__(disclosure.Rung.SINGLE_TEXT)


#: those that ask nobody, by name
COMPUTED: Final[dict[str, Callable[[], Rung]]] = {
    disclosure.Rung.STANDING_OFFERS.value: StandingOffers,
    disclosure.Rung.EXTRA_ROUND.value: ExtraRound,
    disclosure.Rung.SEALED_RESERVATIONS.value: SealedReservations,
    disclosure.Rung.SINGLE_TEXT.value: SingleText,
}


class _Witness:
    """The climb as one rung sees it: remembers what a person chose in it."""

    def __init__(self, climb: Climb) -> None:
        self._climb = climb
        self._chosen: dict[str, str] = {}  #: decision -> the offer, or the choice

    @property
    def passed(self) -> Sequence[str]:
        return self._climb.passed

    def pass_on(self, rung: str, why: str) -> None:
        self._climb.pass_on(rung, why)

    async def consult(
        self, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered | None:
        answered = await self._climb.consult(choices, told, within_s, left_s)
        if answered is not None:
            self._chosen[answered.id] = listed(told, answered.choice) or answered.choice
        return answered

    def borne_out(self, decision: str, chosen: str) -> str:
        """The decision, where a person was asked here and chose just that; else none."""
        return decision if decision and self._chosen.get(decision) == chosen else ""


class Ladder:
    """What `[mediate]` of an agent's file describes.

    Args:
        rungs: in the order in which they are tried in a call.
        within_s: for each that has no time of its own (`within_s`).
        log: takes lines for the operator: which rung passed it on, and why.
    """

    def __init__(self, rungs: Sequence[Rung], within_s: float, log: Callable[[str], None]) -> None:
        self._rungs = {rung.name: rung for rung in rungs}
        self._within_s = within_s
        self._log = log

    async def settle(self, dispute: Dispute) -> Choice:
        """Climb it, for a call."""

        async def ask(rung: Rung) -> Choice | None:
            witness = _Witness(dispute.climb)
            found = await rung(replace(dispute, climb=witness))
            if found is None:
                return None
            decision = witness.borne_out(found.decision, found.offer or found.choice)
            return Choice(found.choice, found.offer, rung=rung.name, decision=decision)

        left, where = self._names(dispute.climb, self._rungs), dispute.conversation
        chosen = await self._try(left, ask, lambda found: legal(dispute, found), dispute, where)
        return chosen or Choice("none")

    async def between(self, impasse: Impasse) -> Settlement:
        """Climb it, for a bargaining."""

        async def ask(rung: Rung) -> Settlement | None:
            witness = _Witness(impasse.climb)
            given = replace(impasse, climb=witness)
            found = await rung.between(given) if isinstance(rung, JointRung) else None
            if found is None:
                return None
            return Settlement(rung.name, found.offer, witness.borne_out(found.decision, found.offer or "none"))

        left, where = self._names(impasse.climb, impasse.ladder), impasse.conversation
        ended = await self._try(left, ask, lambda found: possible(impasse, found), impasse, where)
        return ended or Settlement()

    def _names(self, climb: Climb, names: Sequence[str] | dict[str, Rung]) -> list[str]:
        """Those that are left to try."""
        return [name for name in names if name not in climb.passed]

    async def _try(
        self,
        names: Sequence[str],
        ask: Callable[[Rung], Awaitable[_Answer | None]],
        fits: Callable[[_Answer], bool],
        over: Dispute | Impasse,
        where: str,
    ) -> _Answer | None:
        loop = asyncio.get_running_loop()
        end = loop.time() + over.time_left_s - MARGIN_S
        for name in names:
            rung = self._rungs.get(name)
            within_s = getattr(rung, "within_s", self._within_s)
            left = min(within_s, end - loop.time())
            if left <= 0:
                break
            why = _nothing(name, over)
            try:
                if rung is None:
                    why = "this mediator has no such rung"
                else:
                    async with asyncio.timeout(left):
                        answer = await ask(rung)
                    if answer is not None and fits(answer):
                        return answer
                    why = why if answer is None else "it chose what is not possible"
            except TimeoutError:
                why = "it took too long"
            except (Exception, SystemExit, asyncio.CancelledError) as error:  # a rung may be anybody's
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                    raise
                why = f"it raised {type(error).__name__}"
            over.climb.pass_on(name, why)
            self._log(f"{where}: {name} passed it on: {why}")
        return None


def _nothing(name: str, over: Dispute | Impasse) -> str:
    """Why a rung passes it on that was not late and chose nothing; a person is not asked where there is no choice."""
    chooses = name in (disclosure.Rung.CLOSED_CHOICE, disclosure.Rung.HUMAN)
    if chooses and isinstance(over, Impasse) and not candidates(over.case):
        return "there is no offer on record that both would take"
    return "there is nothing in it for this rung"
