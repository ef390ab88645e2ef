"""The writer thread: it alone holds the connection that writes, and commits in groups.

It takes whatever waits (at most GROUP appends) into one transaction. While a commit runs the next appends gather, so
groups form by themselves and a lone append is never delayed. The futures are resolved on their loop, in one call for
each commit.

It ends when it is stopped: what was put before is committed first. A failed commit is not tried again (after a failed
fsync the kernel may report success for pages it has lost): from then on every append fails.

Source: decisions D3; Linux fsync semantics ("fsyncgate", 2018).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from contractnet.errors import LedgerBroken
from contractnet.ledger.engine import breaking
from contractnet.ledger.port import Entry
from contractnet.ledger.rows import write
from contractnet.telemetry.failpoints import declare, failpoint

#: most appends in one transaction
GROUP = 256

BEFORE_COMMIT = declare("ledger.before-commit")
AFTER_COMMIT = declare("ledger.after-commit")

_Append = tuple[Sequence[Entry], asyncio.Future[Sequence[Entry]]]


class Writer:
    """Owns the connection from construction until its thread has ended."""

    def __init__(self, connection: Connection, name: str, release: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            connection: open, in no transaction; nobody else uses it from now on.
            name: of the ledger, in messages.
            release: called by the thread at its very end, after the connection is closed.
        """
        self._connection = connection
        self._name = name
        self._release = release
        self._waiting: SimpleQueue[_Append | None] = SimpleQueue()
        self._broken: LedgerBroken | None = None
        self._ended: Future[None] = Future()
        self._ended.set_running_or_notify_cancel()  # nobody can cancel it
        Thread(target=self._run, name=f"ledger {name}", daemon=True).start()

    def put(self, entries: Sequence[Entry], future: asyncio.Future[Sequence[Entry]]) -> None:
        """Have the entries committed after all that were put before, then the future resolved on its loop."""
        self._waiting.put((entries, future))

    def stop(self) -> Future[None]:
        """End the thread once everything before is committed; returns what is resolved when it has ended."""
        self._waiting.put(None)
        return self._ended

    def _run(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                stopped = self._commit_group(first)
                if stopped:
                    break
        finally:
            self._end()

    def _commit_group(self, first: _Append) -> bool:
        """Commit what waits; returns whether the end of the work was among it."""
        group = [first]
        stopped = False
        while len(group) < GROUP:
            try:
                item = self._waiting.get_nowait()
            except Empty:
                break
            if item is None:
                stopped = True
                break
            group.append(item)
        if self._broken is None:
            self._broken = self._commit([entry for entries, _ in group for entry in entries])
        _resolve(group, self._broken)
        return stopped

    def _commit(self, entries: Sequence[Entry]) -> LedgerBroken | None:
        if not entries:
            return None
        try:
            with self._connection.begin():
                write(self._connection, entries)
                failpoint(BEFORE_COMMIT)
            failpoint(AFTER_COMMIT)
        except DBAPIError as error:
            why = breaking(error)
        except Exception as error:  # the root of this thread: whoever waits must hear that it is over
            why = f"{type(error).__name__}: {error}: this is a fault of contractnet"
        else:
            return None
        return LedgerBroken(f"{self._name} cannot be written any more ({why}); nothing of what waited is recorded")

    def _end(self) -> None:
        try:
            self._connection.close()
        except DBAPIError:
            if self._broken is None:  # everything is committed: the log is folded into the file at the next opening
                self._broken = LedgerBroken(f"{self._name} could not be closed")
        finally:
            self._release()
            self._ended.set_result(None)


def _resolve(group: Sequence[_Append], broken: LedgerBroken | None) -> None:
    loop = group[0][1].get_loop()
    try:
        loop.call_soon_threadsafe(_resolve_on_loop, group, broken)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more


def _resolve_on_loop(group: Sequence[_Append], broken: LedgerBroken | None) -> None:
    for entries, future in group:
        if future.done():  # its caller was cancelled; what it appended is recorded
            continue
        if broken is None:
            future.set_result(entries)
        else:
            future.set_exception(LedgerBroken(*broken.args))
