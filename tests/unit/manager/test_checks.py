"""A check is the caller's own code: whatever it does, its tender hears a verdict."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from contractnet.manager.checks import THREADS, Check, Checks
from contractnet.manager.records import Checked
from contractnet.manager.tender import Tender
from tests.support.bench import Bench


@asynccontextmanager
async def judged(bench: Bench, check: Check, timeout_s: float = 5) -> AsyncIterator[Callable[[], Any]]:
    """Runs checks; what it gives asks once and waits for the verdict."""
    bench.start("x", checked=True)
    bench.propose("x")
    bench.result("x")
    verdicts: asyncio.Queue[Checked] = asyncio.Queue()

    def verdict(tender: Tender, conversation: str, checked: Checked) -> None:
        verdicts.put_nowait(checked)

    checks = Checks(timeout_s, verdict)
    checks.know("t", check)
    running = asyncio.create_task(checks.run())

    async def ask() -> Checked:
        checks.look(bench.tender)
        async with asyncio.timeout(20):
            return await verdicts.get()

    yield ask
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Undecided:
    def __bool__(self) -> bool:
        raise ValueError("neither")


def _raises(error: BaseException) -> Check:
    def check(result: Any) -> bool:
        raise error

    return check


def _raises_on_the_loop(error: BaseException) -> Check:
    async def check(result: Any) -> bool:
        raise error

    return check


@pytest.mark.parametrize("kind", [_raises, _raises_on_the_loop])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncio.CancelledError(), "the check raised CancelledError: "),
        (SystemExit(3), "the check raised SystemExit: 3"),
        (Silent(), "the check raised Silent: "),
        (TimeoutError("a clock of its own"), "the check raised TimeoutError: a clock of its own"),
        (ValueError("a\udc80\x1b"), "the check raised ValueError: a? "),
    ],
)
async def test_whatever_a_check_raises_is_a_no_and_it_may_run_again(
    bench: Bench, kind: Callable[[BaseException], Check], error: BaseException, words: str
) -> None:
    async with judged(bench, kind(error)) as ask:
        for _ in range(2):
            verdict = await ask()
            assert (verdict.ok, verdict.reason) == (False, words)


async def test_an_answer_that_is_neither_yes_nor_no_is_a_no(bench: Bench) -> None:
    async with judged(bench, lambda _: Undecided()) as ask:
        assert (await ask()).reason == "the check raised ValueError: neither"


@contextmanager
def default_threads_taken() -> Iterator[None]:
    """Every thread that the loop has for plain functions is at work, as a performer's would be."""
    release = threading.Event()
    pool = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(pool)
    pool.submit(release.wait)
    try:
        yield
    finally:
        release.set()


async def test_a_check_does_not_queue_behind_plain_performers(bench: Bench) -> None:
    with default_threads_taken():
        async with judged(bench, lambda _: True, timeout_s=2) as ask:
            assert (await ask()).ok


async def test_checks_that_never_return_take_no_thread_from_those_that_do(bench: Bench) -> None:
    release = threading.Event()
    asked: list[int] = []

    def check(result: Any) -> bool:
        asked.append(1)
        if len(asked) <= THREADS:
            release.wait()
        return True

    try:
        async with judged(bench, check, timeout_s=0.05) as ask:
            slow = [(await ask()).reason for _ in range(THREADS)]
            assert slow == ["the check took longer than 0.05 s"] * THREADS
            assert (await ask()).ok
    finally:
        release.set()
