"""A file that is no ledger, a damaged one, one that may not be written: each has its own error, and is left alone."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contractnet.errors import ContractNetError, LedgerDamaged, LedgerLocked, LedgerUnusable
from contractnet.ledger.port import Ledger
from contractnet.ledger.urls import open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER, draft


def opened(path: Path) -> Ledger:
    return open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)


def in_loop(path: Path, appends: int) -> None:
    """Make a ledger of so many entries over 4 KiB, so that it has many pages."""

    async def fill() -> None:
        ledger = opened(path)
        for version in range(1, appends + 1):
            ledger.append([draft(version, body='"' + "x" * 5000 + '"')])
        await ledger.aclose()

    asyncio.run(fill())


# One row for each way a file can be wrong: how it is made, what the writer and the reader say.

Wrong = tuple[type[ContractNetError], str]


def _no_folder(path: Path) -> Path:
    return path.parent / "none" / "x.db"


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _below_a_file(path: Path) -> Path:
    path.write_text("text")
    return path / "x.db"


def _bytes(content: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def _other_database(path: Path) -> Path:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE song (title TEXT)")
    db.close()
    return path


def _table_of_that_name(path: Path) -> Path:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE entry (title TEXT)")
    db.close()
    return path


def _changed(*statements: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        opened(path).close()
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()
        return path

    return make


def _cut(part: float) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        in_loop(path, 40)
        os.truncate(path, int(path.stat().st_size * part))
        return path

    return make


def _log_alone(path: Path) -> Path:
    path.with_name(path.name + "-wal").write_bytes(b"x" * 5000)
    return path


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
NOT_A_LEDGER = (LedgerUnusable, "is not a ledger (not a SQLite database, or its beginning is lost): name another file")
NO_LEDGER = (LedgerUnusable, "is a database, but no ledger: name another file")
EMPTY = (LedgerUnusable, "is empty, which a ledger never is: restore a copy, or remove it to begin a new one")
NEWER = (
    LedgerUnusable,
    "has tables of version r9999, and this contractnet knows them up to r0001: a newer one wrote it, use that",
)
FORMAT = (LedgerDamaged, "is damaged: position 1: its content does not have its hash: restore a copy")
CUT = (LedgerDamaged, "is damaged (database disk image is malformed): it was cut off or overwritten: restore a copy")
WRONG: dict[str, tuple[Callable[[Path], Path], Wrong, Wrong]] = {
    "no folder": (
        _no_folder,
        (LedgerUnusable, "none: make it first, or name another file"),
        (LedgerUnusable, "none: make it first, or name another file"),
    ),
    "a folder": (_folder, (LedgerUnusable, "is a folder: name a file"), (LedgerUnusable, "is a folder: name a file")),
    "a pipe": (_fifo, (LedgerUnusable, "is not an ordinary file"), (LedgerUnusable, "is not an ordinary file")),
    "below a file": (
        _below_a_file,
        (LedgerUnusable, "cannot be opened (Not a directory): name another file"),
        (LedgerUnusable, "cannot be opened (Not a directory): name another file"),
    ),
    "empty": (_bytes(b""), EMPTY, EMPTY),
    "a picture": (_bytes(PICTURE), NOT_A_LEDGER, NOT_A_LEDGER),
    "a line of text": (_bytes(b"hello\n"), NOT_A_LEDGER, NOT_A_LEDGER),
    "other lines of JSON": (_bytes(b'{"task":"x"}\n' * 500), NOT_A_LEDGER, NOT_A_LEDGER),
    "another database": (_other_database, NO_LEDGER, NO_LEDGER),
    "another table of our name": (_table_of_that_name, NO_LEDGER, NO_LEDGER),
    "a newer version": (_changed("UPDATE alembic_version SET version_num = 'r9999'"), NEWER, NEWER),
    "no version": (
        _changed("DELETE FROM alembic_version"),
        (LedgerUnusable, "does not say of which version its tables are: something else changed it"),
        (LedgerUnusable, "does not say of which version its tables are: something else changed it"),
    ),
    "cut in the middle": (_cut(0.5), CUT, CUT),
    "cut in the first page": (_cut(0.01), CUT, CUT),
    "cut in the last page": (
        _cut(0.999),
        (LedgerDamaged, "is damaged (it is shorter than it says): it was cut off: restore a copy"),
        (LedgerDamaged, "is damaged (it is shorter than it says): it was cut off: restore a copy"),
    ),
    "a changed founding": (_changed("UPDATE entry SET body = replace(body, '1', '2')"), FORMAT, FORMAT),
}


def file_and_names(path: Path) -> dict[str, int]:
    return {found.name: found.stat().st_size for found in path.parent.iterdir() if not found.is_dir()}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_has_its_own_error_and_is_left_alone(name: str, tmp_path: Path) -> None:
    make, for_writer, for_reader = WRONG[name]
    path = make(tmp_path / "x.db")
    before = file_and_names(tmp_path / "x.db")
    for (kind, text), open_it in (
        (for_writer, lambda: opened(path)),
        (for_reader, lambda: open_reader(str(path)).check()),
    ):
        with pytest.raises(kind) as found:
            open_it()
        assert str(found.value).startswith(str(path))
        assert text in str(found.value)
        assert {name: size for name, size in file_and_names(tmp_path / "x.db").items() if size} == {
            name: size for name, size in before.items() if size
        }


def test_a_reader_does_not_read_an_older_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path / "x.db").close()
    monkeypatch.setattr("contractnet.ledger.reader.HEAD", "r0002")
    with pytest.raises(
        LedgerUnusable, match=r"has tables of the older version r0001 \(now r0002\): open it once to write"
    ):
        open_reader(str(tmp_path / "x.db"))


def test_a_log_without_its_ledger_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    path = _log_alone(tmp_path / "x.db")
    with pytest.raises(LedgerUnusable, match=r"x\.db-wal belongs to a ledger that is gone: put x\.db back"):
        opened(path)
    path.with_name("x.db-wal").unlink()
    opened(path).close()


def test_what_a_killed_maker_left_is_no_hindrance(tmp_path: Path) -> None:
    for name in ("x.db.new", "x.db.new-wal", "x.db.new-shm", "x.db.lock"):
        (tmp_path / name).write_bytes(b"half" * 3000)
    ledger = opened(tmp_path / "x.db")
    ledger.check()
    ledger.close()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


def test_a_program_that_locks_the_database_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path / "x.db").close()
    monkeypatch.setattr("contractnet.ledger.engine.BUSY_TIMEOUT_S", 0)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerLocked, match="is being written by another program"):
        opened(tmp_path / "x.db")
    other.execute("ROLLBACK")
    other.close()
    opened(tmp_path / "x.db").close()


# Permissions bind nobody who is root, so these tests become somebody else for a moment.


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user reaches and may write in."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        opened(path / "warm.db").close()  # whatever is imported lazily is imported now
        yield path
        path.chmod(0o777)


@contextmanager
def ordinary_user() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_file_is_read_and_not_written(folder: Path) -> None:
    path = folder / "x.db"
    opened(path).close()
    path.chmod(0o444)
    with ordinary_user():
        with pytest.raises(LedgerUnusable, match="is read-only for this user: give write permission"):
            opened(path)
        reader = open_reader(str(path))
        reader.check()
        assert len(list(reader.entries())) == 1
        reader.close()


def test_a_read_only_folder_is_read_and_not_written(folder: Path) -> None:
    path = folder / "x.db"
    opened(path).close()
    path.chmod(0o666)
    folder.chmod(0o555)
    with ordinary_user():
        for name in (path, folder / "new.db"):
            with pytest.raises(LedgerUnusable, match=r"the folder .* is read-only for this user"):
                opened(name)
        reader = open_reader(str(path))
        reader.check()
        reader.close()
    assert sorted(found.name for found in folder.iterdir()) == ["warm.db", "x.db"]


def test_an_unreadable_file_says_so(folder: Path) -> None:
    path = folder / "x.db"
    opened(path).close()
    path.chmod(0)
    with ordinary_user(), pytest.raises(LedgerUnusable, match="may not be read by this user"):
        open_reader(str(path))
