"""Where pending decisions are put before whoever the policy names. It owns a task for each; what they say is recorded.

A question that was asked before the process ended is put again, where something still waits for its answer. Whoever
raises an error has decided to stop. A decision from elsewhere, such as `contractnet decide`, ends the asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contractnet.errors import DefinitionError
from contractnet.ledger.questions import Answered, Pending
from contractnet.manager.book import Book
from contractnet.manager.limits import LIMIT, LimitPolicy, Ruling
from contractnet.manager.openings import Openings
from contractnet.messages.values import plain_text

MAX_WHY = 200


class Desk:
    """Asks.

    Args:
        openings: knows the policy of each account, and what waits.
        answer: records an answer; raises DefinitionError where it is not possible.
    """

    def __init__(self, book: Book, openings: Openings, answer: Callable[[Answered], None]) -> None:
        self._book, self._openings, self._answer = book, openings, answer
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._due: asyncio.Queue[tuple[Pending, LimitPolicy]] = asyncio.Queue()
        self._known: set[str] = set()

    def look(self) -> None:
        """Put what is open before whoever is to decide; what is answered is asked no longer."""
        still = {pending.id: pending for pending in self._book.questions.open}
        for number, task in list(self._asking.items()):
            if number not in still:
                del self._asking[number]
                if task is not asyncio.current_task():
                    task.cancel()
        for pending in still.values():
            if pending.id in self._known or pending.kind != LIMIT:
                continue
            policy = self._openings.policy(pending.about)
            somebody = policy.at_limit == "ask" and (policy.ask is not None or policy.within_ms is not None)
            if somebody and self._openings.waits_for_money(pending.about):
                self._known.add(pending.id)
                self._due.put_nowait((pending, policy))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                pending, policy = await self._due.get()
                self._asking[pending.id] = group.create_task(self._put(pending, policy))

    async def _put(self, pending: Pending, policy: LimitPolicy) -> None:
        limit = asyncio.timeout(None if policy.within_ms is None else policy.within_ms / 1000)
        try:
            async with limit:
                decision = await _ask(pending, policy)
        except TimeoutError as error:
            late = limit.expired()
            decision = Ruling("stop", by="time" if late else "", why="" if late else _raised(error))
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            decision = Ruling("stop", why=_raised(error))  # the caller's own function raised it
        except Exception as error:  # the caller's own function: any failure of it is a stop
            decision = Ruling("stop", why=_raised(error))
        try:
            self._answer(_answered(pending, decision))
        except DefinitionError as error:
            if any(one.id == pending.id for one in self._book.questions.open):
                self._answer(_answered(pending, Ruling("stop", why=plain_text(str(error), MAX_WHY))))


async def _ask(pending: Pending, policy: LimitPolicy) -> Ruling:
    if policy.ask is not None:
        return await policy.ask(pending)
    await asyncio.Event().wait()  # nobody here: until the time is over
    raise AssertionError("nobody sets it")


def _answered(pending: Pending, decision: Ruling) -> Answered:
    by = plain_text(decision.by, MAX_WHY) or "on_limit"
    amount = decision.amount if decision.choice == "grant" else None
    why = plain_text(decision.why, MAX_WHY)
    return Answered(id=pending.id, choice=decision.choice, by=by, amount=amount, why=why)


def _raised(error: BaseException) -> str:
    try:
        words = str(error)
    except Exception:  # the caller's own class
        words = ""
    return plain_text(f"{type(error).__name__}: {words}", MAX_WHY)
