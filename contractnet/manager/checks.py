"""The checks of results: the caller's own function judges what a winner delivered; its verdict is recorded before it
counts (D11).

A check that raises or takes too long says no. One that was interrupted runs again: it must bear that. A tender that
was opened with a check by a process that is gone waits until the function is given again.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from contractnet.manager.records import Checked
from contractnet.manager.state import Slot
from contractnet.manager.tender import Tender
from contractnet.messages.contents import Payload, ResultContent
from contractnet.messages.values import plain_text

Check = Callable[[Payload], Any]
Verdict = Callable[[Tender, str, Checked], None]

#: plain functions that judge at once
THREADS = 8
MAX_REASON = 200


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
        self._threads = _threads()
        self._places = asyncio.Semaphore(THREADS)  #: of plain functions, so that none waits inside the executor
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
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    group.create_task(self._one(*await self._due.get()))
        finally:
            self._forsake()

    async def _one(self, tender: Tender, conversation: str, slot: Slot, result: Payload) -> None:
        number, epoch = slot.number, slot.epoch
        try:
            ok, reason = await self._ask(self._functions[tender.id], result)
        finally:
            self._running.discard((tender.id, number, epoch))
        self._verdict(tender, conversation, Checked(slot=number, epoch=epoch, ok=ok, reason=reason))

    async def _ask(self, check: Check, result: Payload) -> tuple[bool, str]:
        """The user's code: whatever it raises is a no with its reason.

        A plain function has a thread of these checks' own, and its time counts from when there is one: performers in
        the same process do not make it late.
        """
        plain = not inspect.iscoroutinefunction(check)
        async with self._places if plain else contextlib.nullcontext():
            limit = asyncio.timeout(self._timeout_s)
            try:
                async with limit:
                    ok = bool(await self._answer(check, result, plain=plain))
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise  # it is we who are to stop; else the check raised it itself
                return False, _raised(error)
            except (Exception, SystemExit) as error:  # the caller's own function: any failure of it is a no (D11)
                if not limit.expired():
                    return False, _raised(error)
                if plain:
                    self._forsake()
                return False, f"the check took longer than {self._timeout_s:g} s"
            return ok, "" if ok else "the check said no"

    async def _answer(self, check: Check, result: Payload, *, plain: bool) -> Any:
        if not plain:
            return await check(result)
        context = contextvars.copy_context()

        def call() -> Any:
            return context.run(check, result)

        answer = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        return await answer if inspect.isawaitable(answer) else answer

    def _forsake(self) -> None:
        """A function does not come back: its thread is lost, and others get theirs elsewhere."""
        self._threads.shutdown(wait=False)
        self._threads = _threads()


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="contractnet-check")


def _raised(error: BaseException) -> str:
    try:
        words = str(error)
    except Exception:  # the caller's own class
        words = ""
    return plain_text(f"the check raised {type(error).__name__}: {words}", MAX_REASON)
