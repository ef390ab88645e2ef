"""Reading a ledger's file, a SQLite database (beside its writer or without one) or exported JSONL; makes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contractnet.errors import LedgerDamaged, LedgerUnusable
from contractnet.ledger import files
from contractnet.ledger.chain import verify
from contractnet.ledger.engine import FAULTS, ReadOnly, is_no_database, opening_error
from contractnet.ledger.jsonl import JsonlReader, begins_as_jsonl
from contractnet.ledger.port import Entry, LedgerReader
from contractnet.ledger.rows import stored
from contractnet.ledger.schema import HEAD, revision


class SqlReader:
    """Read access to a SQLite file; opens it anew for every 2,000 entries and holds nothing in between."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = ReadOnly(path)

    def entries(self, after: int = 0, conversation: str | None = None) -> Iterator[Entry]:
        try:
            with files.naming(self._path):
                yield from stored(self._file.rows, after, conversation)
        except FAULTS as error:
            raise opening_error(error, self._path) from error

    def check(self) -> None:
        try:
            with files.naming(self._path):
                verify(stored(self._file.rows))
                wrong = self._file.structure()
                if wrong is not None:
                    raise LedgerDamaged(wrong)
        except FAULTS as error:
            raise opening_error(error, self._path) from error

    def close(self) -> None:
        pass


def open_file(path: Path) -> LedgerReader:
    """Open whatever of the two the file is.

    Raises:
        LedgerUnusable: it is none of them, cannot be read, or is of another version.
    """
    if not files.exists(path):
        raise LedgerUnusable(f"{path} does not exist: look at the name and the folder")
    files.readable(path)
    file = ReadOnly(path)
    try:
        found = file.run(lambda connection: revision(connection, str(path)))
        if file.is_cut():
            raise files.cut(path)
    except FAULTS as error:
        if is_no_database(error) and begins_as_jsonl(path):
            return JsonlReader(path)
        raise opening_error(error, path) from error
    if found != HEAD:
        raise LedgerUnusable(
            f"{path} has tables of the older version {found} (now {HEAD}): open it once to write it, that updates it"
        )
    return SqlReader(path)
