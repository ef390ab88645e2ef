"""Everything that is particular to SQLite: how a file is opened, what is set on it, what its errors mean.

Another database needs another module with these names; the table, the statements and the writer thread stay.

Rules:

1. The writer is one connection, `journal_mode=WAL`, `synchronous=FULL`, both set and read back: a commit that
   returned is on disk. Only it writes and checkpoints (SQLite before 3.51.3 can damage a file that two connections
   write at a time).
2. Readers cannot write (`mode=ro`) and leave nothing behind. Where no log (`-wal`) lies beside the file nobody writes
   it, and it is read as it is (`immutable=1`: works in a read-only folder, makes no files); what was read so counts
   only if the file has not changed meanwhile.
3. `BEGIN` is ours: the driver's own handling of transactions is off.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Executable, NullPool, Row, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from contractnet.errors import LedgerDamaged, LedgerError, LedgerLocked, LedgerUnusable

T = TypeVar("T")

#: what reading may raise: the driver lets the second pass where SQLite's own message holds bytes of a damaged file
Fault = DBAPIError | UnicodeDecodeError
FAULTS = (DBAPIError, UnicodeDecodeError)

#: how long the writer waits for another program that has the file locked
BUSY_TIMEOUT_S = 10

_WRITER_PRAGMAS = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("mmap_size", "0", 0),
    ("trusted_schema", "OFF", 0),
)


def _connect(path: Path, parameters: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?{parameters}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=False,  # opened by one thread and handed to another, never used by two at a time
    )


def writer_engine(path: Path, *, make: bool = False) -> Engine:
    """An engine whose one connection writes the file; it is made only if `make`."""

    def creator() -> sqlite3.Connection:
        connection = _connect(path, "mode=rwc" if make else "mode=rw")
        try:
            for name, value, read_back in _WRITER_PRAGMAS:
                connection.execute(f"PRAGMA {name}={value}").close()
                found = connection.execute(f"PRAGMA {name}").fetchone()
                if found is not None and found[0] != read_back:
                    raise LedgerUnusable(
                        f"{path}: SQLite cannot set {name}={value} here (it is {found[0]}): use a local file system"
                    )
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=creator, poolclass=NullPool)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class ReadOnly:
    """Reads a file that another connection, or process, may be writing; each call sees one state of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._live = self._engine("mode=ro")
        self._still = self._engine("mode=ro&immutable=1")

    def _engine(self, parameters: str) -> Engine:
        path = self._path
        return create_engine("sqlite://", creator=lambda: _connect(path, parameters), poolclass=NullPool)

    def rows(self, statement: Executable) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of one query; raises as `run`."""
        return self.run(lambda connection: connection.execute(statement).all())

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do some reading with a connection that is open for as long; it may be done a second time.

        Raises:
            DBAPIError, UnicodeDecodeError: see `is_damage` and `opening_error`.
        """
        while True:
            before = self._state_if_still()
            engine = self._live if before is None else self._still
            try:
                with engine.connect() as connection:
                    found = work(connection)
            except FAULTS:
                if before == self._state_if_still():
                    raise
                continue
            if before is None or before == self._state_if_still():
                return found

    def _state_if_still(self) -> tuple[int, int, int] | None:
        """What changes with every change of the file, or None where a log shows that it is, or was, being written."""
        if self._log.exists():
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def structure(self) -> str | None:
        """SQLite's own check of the file, indexes included: None, or the first thing that is wrong."""
        rows = self.rows(text("PRAGMA integrity_check(1)"))
        return None if rows[0][0] == "ok" else str(rows[0][0]).replace("\n", " ")

    def is_cut(self) -> bool:
        """Whether the file is shorter, or longer, than it says; not known, so False, while it is being written."""
        pages, size = (self.rows(text(f"PRAGMA {name}"))[0][0] for name in ("page_count", "page_size"))
        at_rest = self._state_if_still()
        return at_rest is not None and pages * size != at_rest[1]


def code(error: Fault) -> int | None:
    """SQLite's primary result code, or None where the driver could not read a text."""
    found = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, DBAPIError) else None
    return found & 0xFF if isinstance(found, int) else None


def reason(error: Fault) -> str:
    """What the database said."""
    return str(error.orig) if isinstance(error, DBAPIError) else "a text in it is no UTF-8"


def is_damage(error: Fault) -> bool:
    """Whether the error speaks of the file's content, not of permission or locks."""
    return code(error) not in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_FULL,
    )


def is_no_database(error: Fault) -> bool:
    """Whether the file does not begin as a SQLite database does."""
    return code(error) == sqlite3.SQLITE_NOTADB


def opening_error(error: Fault, path: Path) -> LedgerError:
    """What to raise where the file could not be opened, or not read for a reason that is none of one row's."""
    match code(error):
        case sqlite3.SQLITE_NOTADB:
            return LedgerUnusable(
                f"{path} is not a ledger (not a SQLite database, or its beginning is lost): name another file"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LedgerLocked(f"{path} is being written by another program: stop it first, or name another ledger")
        case sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return LedgerUnusable(
                f"{path} cannot be opened ({reason(error)}): "
                "give permission for it and for its folder, or name another file"
            )
        case sqlite3.SQLITE_FULL:
            return LedgerUnusable(f"{path}: the disk is full: free some space, then start again")
        case sqlite3.SQLITE_CORRUPT | None:
            return LedgerDamaged(f"{path} is damaged ({reason(error)}): it was cut off or overwritten: restore a copy")
        case _:
            return LedgerUnusable(
                f"{path} cannot be read as a ledger ({reason(error)}): restore a copy, or name another file"
            )


def breaking(error: DBAPIError) -> str:
    """Why a commit failed, and what to do, in one sentence."""
    if code(error) == sqlite3.SQLITE_FULL:
        return "the disk is full: free some space, then start again"
    return f"{error.orig}: look at the disk, then start again"
