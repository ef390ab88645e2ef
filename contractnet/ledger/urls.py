"""What a ledger's URL opens: `sqlite:///FILE`, a bare path, `memory://`; for reading also an exported JSONL file.

SQLAlchemy is imported only where a file is opened, since importing it takes longer than most commands.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from contractnet.errors import DefinitionError, LedgerUnusable
from contractnet.ledger.founding import Kind
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import Ledger, LedgerReader


def file_of(url: str, *, reading: bool = False) -> Path | None:
    """The file that a ledger's URL names, or None for `memory://`.

    `sqlite:///FILE` is relative to the working directory, `sqlite:////FILE` absolute; the rest is taken as it stands.

    Args:
        reading: it is to be read, so error texts do not propose a ledger in memory.
    Raises:
        DefinitionError: the URL names no ledger of this version.
    """
    allowed = "sqlite:///FILE or a path" if reading else "sqlite:///FILE, a path, or memory://"
    scheme, separator, rest = url.partition("://")
    if not separator:
        if not url or url == ":memory:":
            raise DefinitionError(f"{url!r} is no ledger: use {allowed}")
        return Path(url)
    if scheme == "memory":
        if rest:
            raise DefinitionError(f"{url}: a ledger in memory has no name, write memory://")
        return None
    if scheme == "sqlite":
        if not rest.startswith("/") or rest in ("/", "/:memory:"):
            memory = "" if reading else ", or memory:// for a ledger in memory"
            raise DefinitionError(f"{url}: write sqlite:///FILE (three slashes){memory}")
        return Path(rest[1:])
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        raise DefinitionError(f"{scheme}://: PostgreSQL is not in this version: use sqlite:///FILE")
    raise DefinitionError(f"{scheme}:// is no ledger: use {allowed}")


def new_owner() -> str:
    """A new manager's id: `m` and 12 hex digits."""
    return f"m{secrets.token_hex(6)}"


def open_ledger(url: str, *, kind: Kind | str, owner: str | None, now: int) -> Ledger:
    """Open a ledger to write it; a file that does not exist is made.

    Args:
        url: `sqlite:///FILE`, a path, or `memory://`.
        kind: `ledger` of a manager, `journal` of a daemon.
        owner: the manager's id or the daemon's name; None: the one in the file, in a new file a new id.
        now: milliseconds since the Unix epoch, of the first entry of a new ledger.
    Raises:
        DefinitionError: the URL is wrong.
        LedgerUnusable: missing folder, another kind of file, read-only, another version, another's ledger.
        LedgerLocked: another process writes it.
        LedgerDamaged: the chain does not hold.
    """
    path = file_of(url)
    if path is None:
        return MemoryLedger(owner or new_owner(), kind, now)
    from contractnet.ledger.sql import SqlLedger  # slow to import

    return SqlLedger.open(path, kind=Kind(kind), owner=owner, new_owner=new_owner, now=now)


def filled(reader: LedgerReader, url: str) -> LedgerReader:
    """A reader of a ledger that has entries; `url` is its name in messages.

    Raises:
        LedgerUnusable: it has none, which no ledger is without: they were deleted.
        LedgerDamaged: the first of them cannot be read.
    """
    if next(reader.entries(), None) is None:
        raise LedgerUnusable(f"{url} has no entries, not even its first: they were deleted: restore a copy")
    return reader


def open_reader(url: str) -> LedgerReader:
    """Open a SQLite ledger, being written or not, or an exported JSONL file to read it. Makes nothing.

    Raises:
        DefinitionError: the URL is wrong, or names a ledger that cannot be read from outside.
        LedgerUnusable: there is no ledger there that this version reads.
    """
    path = file_of(url, reading=True)
    if path is None:
        raise DefinitionError("memory://: a ledger in memory ends with its process and cannot be read from outside")
    from contractnet.ledger.reader import open_file  # slow to import

    return open_file(path)
