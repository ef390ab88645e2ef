"""The checks of results: the caller's own function judges what a winner delivered; its verdict is recorded before it
counts (D11).

A check that raises or takes too long says no. One that was interrupted runs again: it must bear that. A tender that
was opened with a check by a process that is gone waits until the function is given again.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from contractnet.manager.records import Checked
from contractnet.manager.state import Slot
from contractnet.manager.tender import Tender
from contractnet.messages.contents import Payload, ResultContent

Check = Callable[[Payload], Any]
Verdict = Callable[[Tender, str, Checked], None]


def awaiting_check(tender: Tender) -> list[tuple[str, Slot, Payload]]:
    """Results whose check has still to run: (conversation, slot, result)."""
    found: list[tuple[str, Slot, Payload]] = []
    for slot in tender.slots:
        if slot.checking and slot.result is not None:
            inform = tender.results[slot.result]
            assert isinstance(inform.content, ResultContent)  # only such are kept
            found.append((inform.conversation_id, slot, inform.content.result))
    return found


class Checks:
    """Runs the checks that are due, each in a task of its own."""

    def __init__(self, timeout_s: float, verdict: Verdict) -> None:
        self._timeout_s = timeout_s
        self._verdict = verdict
        self._functions: dict[str, Check] = {}
        self._running: set[tuple[str, int, int]] = set()
        self._due: asyncio.Queue[tuple[Tender, str, Slot, Payload]] = asyncio.Queue()

    def know(self, tender_id: str, check: Check) -> None:
        """This tender's results are judged by this function."""
        self._functions[tender_id] = check

    def look(self, tender: Tender) -> None:
        """Start what this tender waits for, where the function is known."""
        if tender.id not in self._functions:
            return
        for conversation, slot, result in awaiting_check(tender):
            key = (tender.id, slot.number, slot.epoch)
            if key not in self._running:
                self._running.add(key)
                self._due.put_nowait((tender, conversation, slot, result))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._one(*await self._due.get()))

    async def _one(self, tender: Tender, conversation: str, slot: Slot, result: Payload) -> None:
        number, epoch = slot.number, slot.epoch
        ok, reason = await self._ask(self._functions[tender.id], result)
        self._running.discard((tender.id, number, epoch))
        self._verdict(tender, conversation, Checked(slot=number, epoch=epoch, ok=ok, reason=reason))

    async def _ask(self, check: Check, result: Payload) -> tuple[bool, str]:
        """The user's code: whatever it raises is a no with its reason."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = check(result) if inspect.iscoroutinefunction(check) else await asyncio.to_thread(check, result)
                if inspect.isawaitable(answer):
                    answer = await answer
        except TimeoutError:
            return False, f"the check took longer than {self._timeout_s:g} s"
        except Exception as error:  # the caller's own function: any failure of it is a no (D11)
            return False, f"the check raised {type(error).__name__}: {error}"[:200]
        return bool(answer), "" if answer else "the check said no"
