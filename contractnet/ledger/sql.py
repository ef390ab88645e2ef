"""A ledger in a SQLite file.

A new ledger is made whole under another name (`<file>.new`) and then renamed: under its own name a file is a ledger
with its founding entry, or it is refused. An existing one is read from the first entry to the last when it is opened
(about 100,000 entries a second): the chain is checked, and what a writer must know is gathered (`places`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DBAPIError

from contractnet.errors import LedgerBroken, LedgerUnusable, VersionConflict
from contractnet.ledger import files
from contractnet.ledger.engine import FAULTS, ReadOnly, opening_error, writer_engine
from contractnet.ledger.founding import Founding, Kind, founding, founding_draft, same_owner
from contractnet.ledger.lock import FileLock
from contractnet.ledger.places import Places
from contractnet.ledger.port import Draft, Entry
from contractnet.ledger.reader import SqlReader
from contractnet.ledger.rows import stored, write
from contractnet.ledger.schema import HEAD, make, migrate, revision
from contractnet.ledger.writer import Writer


class SqlLedger:
    """The one writer of a file. It holds the lock until it is closed, or the process ends."""

    def __init__(self, path: Path, owner: str, places: Places, writer: Writer) -> None:
        """Use `open`."""
        self._path = path
        self._owner = owner
        self._places = places
        self._writer = writer
        self._reader = SqlReader(path)
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, kind: Kind, owner: str | None, new_owner: Callable[[], str], now: int) -> SqlLedger:
        """Open the ledger at `path` to write it, or make a new one.

        Args:
            path: of the database; a link is followed.
            kind: whose ledger it is to be.
            owner: the id it must have; None: the one it has, in a new file one from `new_owner`.
            now: instant of the founding entry, where one is made.
        Raises:
            LedgerUnusable, LedgerLocked, LedgerDamaged: as `urls.open_ledger`.
        """
        path = Path(os.path.realpath(path))
        existing = files.exists(path)
        if existing:
            files.writable(path)
        lock = FileLock(path)
        try:
            if not files.exists(path):
                _found(path, founding_draft(kind, owner or new_owner(), now))
            return cls._opened(path, kind, owner, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _opened(cls, path: Path, kind: Kind, owner: str | None, lock: FileLock) -> SqlLedger:
        files.filled(path)
        engine = writer_engine(path)
        try:
            if ReadOnly(path).is_cut():
                raise files.cut(path)
            connection = engine.connect()
            try:
                places, found = _load(connection, path)
                same_owner(found, kind, owner, str(path))
            except BaseException:
                connection.close()
                raise
        except FAULTS as error:
            raise opening_error(error, path) from error

        def release() -> None:
            engine.dispose()
            lock.release()

        return cls(path, found.owner, places, Writer(connection, str(path), release))

    @property
    def owner(self) -> str:
        return self._owner

    @property
    def head(self) -> Entry | None:
        return self._places.head

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[Sequence[Entry]]:
        future: asyncio.Future[Sequence[Entry]] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_exception(LedgerBroken(f"{self._path} is closed"))
            return future
        try:
            entries = self._places.place(drafts)
        except VersionConflict as conflict:
            future.set_exception(conflict)
            return future
        self._writer.put(entries, future)
        return future

    def entries(self, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
        return self._reader.entries(after, conversation)

    def check(self) -> None:
        self._reader.check()

    def close(self) -> None:
        self._closed = True
        self._writer.stop().result()
        self._reader.close()

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.wrap_future(self._writer.stop())
        self._reader.close()


def _load(connection: Connection, path: Path) -> tuple[Places, Founding]:
    """Bring an older file up to date, then read and check everything."""

    def read(statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        return connection.execute(statement).all()

    with connection.begin():
        if revision(connection, str(path)) != HEAD:
            migrate(connection)
        places = Places()
        first: Entry | None = None
        with files.naming(path):
            for entry in stored(read):
                places.admit(entry)
                first = first or entry
    return places, founding(first, str(path))


def _found(path: Path, draft: Draft) -> None:
    """Make a new ledger of one entry. The caller holds its lock."""
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise LedgerUnusable(f"{log} belongs to a ledger that is gone: put {path.name} back beside it, or remove it")
    new = path.with_name(path.name + ".new")
    for suffix in ("", "-wal", "-shm"):  # left by one that was killed while it did this
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    engine = writer_engine(new, make=True)
    try:
        with engine.begin() as connection:
            make(connection)
            write(connection, Places().place([draft]))
    except DBAPIError as error:
        raise opening_error(error, path) from error
    try:
        new.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise files.unreachable(path, error) from None
