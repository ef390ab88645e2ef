"""A changed byte is found, by its position: in any column of any row, and anywhere in the file."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import LedgerDamaged, LedgerError
from contractnet.ledger.port import Entry
from contractnet.ledger.schema import ENTRY
from contractnet.ledger.urls import open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER, draft

LENGTH = 12
COLUMNS = tuple(ENTRY.c.keys())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger of LENGTH entries, some of them messages."""
    path = tmp_path_factory.mktemp("sound") / "x.db"

    async def fill() -> None:
        ledger = open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
        for i in range(LENGTH - 1):
            message = ("in", "ada", f"id-{i}") if i % 2 else None
            body = f'{{"price":{1000 + i},"reason":"größer","seed":"{i:032x}"}}'
            await ledger.append([draft(i // 2 + 1, f"c{i % 2}", at=NOW + i, body=body, message=message)])
        await ledger.aclose()

    asyncio.run(fill())
    return path


class Text(bytes):
    """The bytes of a text."""


@contextmanager
def copy(sound: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copy(sound, folder))


def hasty(path: Path) -> sqlite3.Connection:
    """A connection that does not wait for the disk."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    return db


def change(path: Path, position: int, column: str, changed: Callable[[object], object]) -> object | None:
    """Change one value; returns what it is now, or None where the table itself does not take it."""
    with closing(hasty(path)) as db:
        (value,) = db.execute(f"SELECT {column} FROM entry WHERE position = ?", (position,)).fetchone()
        other = changed(value)
        try:
            # The driver takes a text only if it is UTF-8; as bytes, made a text by the database, it need not be.
            value = "CAST(? AS TEXT)" if type(other) is Text else "?"
            db.execute(f"UPDATE entry SET {column} = {value} WHERE position = ?", (other, position))
        except sqlite3.IntegrityError:
            return None
        return other


def first_bad(path: Path) -> int | None:
    with pytest.raises(LedgerDamaged) as found:
        open_reader(str(path)).check()
    assert str(found.value).startswith(f"{path} is damaged")
    with pytest.raises(LedgerDamaged) as at_opening:
        open_ledger(str(path), kind="ledger", owner=None, now=NOW)
    assert at_opening.value.position == found.value.position
    return found.value.position


@st.composite
def byte_changes(draw: st.DrawFn) -> Callable[[object], object]:
    """One byte of a value is another one: a text stays text, even one that is no UTF-8."""
    place = draw(st.integers(0, 10**6))
    flip = draw(st.integers(1, 255))

    def changed(value: object) -> object:
        if value is None:
            return "x"
        if isinstance(value, int):
            return value ^ (flip << (place % 5 * 8))
        assert isinstance(value, str)
        data = bytearray(value.encode())
        data[place % len(data)] ^= flip
        return Text(data)

    return changed


@settings(deadline=None, max_examples=200)
@given(position=st.integers(1, LENGTH), column=st.sampled_from(COLUMNS), changed=byte_changes())
def test_a_changed_byte_of_any_column_is_found_by_its_position(
    position: int, column: str, changed: Callable[[object], object], sound: Path
) -> None:
    with copy(sound) as path:
        value = change(path, position, column, changed)
        if value is None:  # such as another row's position: the database refuses it
            return
        moved = value if column == "position" and isinstance(value, int) else position
        # A row that moved behind the end is missing where it was; one before the beginning is the first, wrongly.
        expected = 1 if moved < 1 else min(position, moved)
        assert first_bad(path) == expected


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("position", [1, 6, LENGTH])
def test_a_value_of_another_type_is_found_by_its_position(position: int, column: str, sound: Path) -> None:
    if column == "position":
        return  # its column takes integers only
    for other in (b"\xff\xfe", 2**62, "", 1.5):
        with copy(sound) as path:
            assert change(path, position, column, lambda _, other=other: other) is not None  # type: ignore[misc]
            assert first_bad(path) == position


@pytest.mark.parametrize("position", range(1, LENGTH))
def test_a_removed_row_is_found_by_its_position(position: int, sound: Path) -> None:
    with copy(sound) as path:
        with closing(hasty(path)) as db:
            db.execute("DELETE FROM entry WHERE position = ?", (position,))
        assert first_bad(path) == position


def test_an_added_row_is_found_wherever_it_lies(sound: Path) -> None:
    for position in (-7, 0, LENGTH + 1, LENGTH + 9):
        with copy(sound) as path:
            with closing(hasty(path)) as db:
                columns = ", ".join(COLUMNS[2:])
                db.execute(
                    f"INSERT INTO entry (position, agent, {columns}) "
                    f"SELECT ?, 'other', {columns} FROM entry WHERE position = ?",
                    (position, LENGTH),
                )
            with pytest.raises(LedgerDamaged) as found:
                open_reader(str(path)).check()
            assert found.value.position == max(1, min(position, LENGTH + 1))


@settings(deadline=None, max_examples=200)
@given(place=st.integers(0, 10**9), flip=st.integers(1, 255))
def test_a_flipped_byte_anywhere_in_the_file_is_found_or_changes_nothing(place: int, flip: int, sound: Path) -> None:
    expected = read(sound)
    with copy(sound) as path:
        data = bytearray(path.read_bytes())
        data[place % len(data)] ^= flip
        path.write_bytes(data)
        try:
            entries = read(path)
        except LedgerError:
            return
        assert entries == expected


def read(path: Path) -> list[Entry]:
    """Everything, twice: by position and by conversation."""
    reader = open_reader(str(path))
    try:
        reader.check()
        streams = [list(reader.entries(conversation=name)) for name in ("ledger", "c0", "c1")]
        return list(reader.entries()) + [entry for stream in streams for entry in stream]
    finally:
        reader.close()


@pytest.mark.parametrize("keep", range(1, 20))
def test_a_file_cut_anywhere_is_refused(keep: int, sound: Path) -> None:
    with copy(sound) as path:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * keep // 20])
        with pytest.raises(LedgerError, match="restore a copy"):
            read(path)
        with pytest.raises(LedgerError, match="restore a copy"):
            open_ledger(str(path), kind="ledger", owner=None, now=NOW)
