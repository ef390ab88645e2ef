"""What `contractnet call` shows while it runs: result lines, a progress bar, and the broker's coming and going.

Where result lines go to the terminal too, the bar steps aside for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import click

from contractnet.cli import screen
from contractnet.cli.output import note
from contractnet.errors import TransportRefused
from contractnet.ledger.urls import file_of
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.transport.port import Down, Standby, Up

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
#: the bar that is shown now
_bar: Final[ContextVar[Progress | None]] = ContextVar("bar", default=None)
#: the same, for a prompt that runs in a thread of its own; and how many prompts there are
_bars: Final[list[Progress]] = []
_prompts: Final[list[str]] = []
#: a broker that was never there for so long is an error, seconds
NEVER_UP_S = 30.0


async def watched(market: Market, work: Coroutine[Any, Any, T], command: str = "call") -> T:
    """Do the work, tell of the broker's coming and going, and give up where it was never there.

    Args:
        command: who tells it.
    Raises:
        TransportRefused: the broker was never there.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(watch(market, command))
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        watching.result()
        raise AssertionError("a watch ends by an error")
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def watch(market: Market, command: str = "call") -> None:
    """Say when the broker comes and goes; raise where it was never there."""
    loop = asyncio.get_running_loop()
    began, known, ever = loop.time(), None, False
    while True:
        state = market.manager.state
        if state is not known:
            known = state
            if isinstance(state, Up):
                if ever:
                    note(command, "the broker is back")
                ever = True
            elif isinstance(state, Down):
                note(command, f"no broker: {state.reason}; trying again")
            elif isinstance(state, Standby):
                note(command, f"standing by: {state.reason}")
        if not ever and isinstance(state, Down) and loop.time() - began > NEVER_UP_S:
            raise TransportRefused(f"no broker in {NEVER_UP_S:g} s: {state.reason} (--broker)")
        await asyncio.sleep(0.1)


@contextlib.contextmanager
def output(out: Path | None) -> Generator[Callable[[bytes], None]]:
    """Result lines go to the file, else to standard output; each is flushed."""
    file: BinaryIO = sys.stdout.buffer if out is None else out.open("ab")

    def write(line: bytes) -> None:
        bar = _bar.get() if file.isatty() and not _prompts else None
        if bar is not None:
            bar.stop()
        file.write(line + b"\n")
        file.flush()
        if bar is not None:
            bar.start()

    try:
        yield write
    finally:
        if out is not None:
            file.close()


@contextlib.contextmanager
def aside() -> Generator[None]:
    """The bar steps aside for a prompt."""
    _prompts.append("one more")
    stopped = list(_bars)
    for bar in stopped:
        bar.stop()
    try:
        yield
    finally:
        _prompts.pop()
        for bar in stopped:
            if bar in _bars:
                bar.start()


@contextlib.contextmanager
def progress(total: int, done: int, ledger: str) -> Generator[Callable[[Contract], None]]:
    """A bar on standard error where that is a terminal; lines at the end everywhere."""
    counts: dict[str, int] = {}
    last: list[Contract] = []

    def count(contract: Contract) -> None:
        counts[contract.status] = counts.get(contract.status, 0) + 1
        if contract.status not in ("settled", "cancelled"):
            last[:] = [contract]

    if not sys.stderr.isatty():
        yield count
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # slow

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:
            shown = bar.add_task("tenders", total=total, completed=done)

            def advance(contract: Contract) -> None:
                count(contract)
                bar.update(shown, advance=1, description=_summary(counts))

            token = _bar.set(bar)
            _bars.append(bar)
            try:
                yield advance
            finally:
                _bars.remove(bar)
                _bar.reset(token)
    if counts:
        click.echo(f"contractnet call: {_summary(counts)}", err=True)
    for one in last:
        click.echo(f"contractnet call: {_why(one, sum(counts.values()), ledger)}", err=True)


def _why(contract: Contract, of: int, ledger: str) -> str:
    """What became of a task that did not settle, and where more of it stands."""
    which = "what happened" if of == 1 else "of the last of those that did not settle"
    told = "; ".join(contract.story()) or contract.reason or contract.status
    if contract.reason == "no-bidders":
        told = "nobody offers the skill (`contractnet agents` shows who is there)"
    path = file_of(ledger)
    more = "" if path is None else f"; all of it: contractnet log {path} --conversation {contract.id}"
    return f"{which}: {told}{more}"


def _summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
