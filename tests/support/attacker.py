"""An attacker on a ledger's file: changes one byte of one entry, and may then make all hashes after it anew."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.support.audit import COLUMNS

NAMES = COLUMNS.split(", ")


def copy(source: Path, target: Path) -> Path:
    """A copy of a ledger that may be in use, without its log."""
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.execute("PRAGMA journal_mode=DELETE")
    new.close()
    return target


def tamper(path: Path, position: int, column: str, change: Callable[[str], str], *, reseal: bool) -> None:
    """Change one column of one entry; with `reseal` the hashes from there to the end are right again."""
    connection = sqlite3.connect(path)
    with connection:
        (old,) = connection.execute(f"SELECT {column} FROM entry WHERE position = ?", (position,)).fetchone()
        new = change(str(old))
        assert len(new) == len(str(old))
        assert sum(one != other for one, other in zip(new, str(old), strict=True)) == 1
        value = int(new) if isinstance(old, int) else new
        connection.execute(f"UPDATE entry SET {column} = ? WHERE position = ?", (value, position))
        if reseal:
            _reseal(connection, position)
    connection.close()


def _reseal(connection: sqlite3.Connection, position: int) -> None:
    before = connection.execute("SELECT hash FROM entry WHERE position = ?", (position - 1,)).fetchone()
    previous = before[0] if before else "0" * 64
    query = f"SELECT {COLUMNS} FROM entry WHERE position >= ? ORDER BY position"
    for values in connection.execute(query, (position,)).fetchall():
        entry = dict(zip(NAMES, values, strict=True))
        del entry["hash"]
        entry["previous"] = previous
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            "UPDATE entry SET previous = ?, hash = ? WHERE position = ?", (previous, digest, entry["position"])
        )
        previous = digest


def digit_after(pattern: str) -> Callable[[str], str]:
    """Changes the last digit (hexadecimal, too) of the value that follows the pattern."""

    def change(text: str) -> str:
        found = re.search(pattern + r"([0-9a-f]+)", text)
        assert found is not None, (pattern, text)
        at = found.end() - 1
        return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]

    return change


def letter_after(pattern: str) -> Callable[[str], str]:
    """Changes the first letter of the word that follows the pattern."""

    def change(text: str) -> str:
        found = re.search(pattern + "([a-z])", text)
        assert found is not None, (pattern, text)
        at = found.end() - 1
        return text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]

    return change


def later(instant: str) -> str:
    """One digit of it, so that it is later."""
    at = max(at for at, digit in enumerate(instant) if digit != "9")
    return instant[:at] + str(int(instant[at]) + 1) + instant[at + 1 :]
