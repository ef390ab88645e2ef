"""Answers left beside a ledger for the process that writes it, or for the next one: a ledger has one writer, so whoever
answers a pending decision from outside leaves it in the folder `<file>.answers`.

Each answer is a file, complete when it has its name. Who takes one removes it when what follows from it is durable; a
process that dies before that finds it again.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from contractnet.ledger.files import unreachable

ENDING: Final = ".json"
MOST_BYTES: Final = 65_536


def folder_of(path: Path) -> Path:
    """Where the answers for the ledger at `path` lie."""
    real = path.resolve(strict=False)
    return real.with_name(real.name + ".answers")


def leave(path: Path, body: bytes) -> Path:
    """Leave an answer; returns its file.

    Raises:
        LedgerUnusable: the folder cannot be made or written.
    """
    folder = folder_of(path)
    try:
        folder.mkdir(exist_ok=True)
        name = f"{len(left(path)):04d}-{secrets.token_hex(6)}"
        half = folder / f".{name}"
        with half.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return half.rename(folder / f"{name}{ENDING}")
    except OSError as error:
        raise unreachable(path, error) from None


def left(path: Path) -> list[Path]:
    """The files of the answers that nobody has taken, in the order in which they were left."""
    try:
        return sorted(one for one in folder_of(path).iterdir() if one.name.endswith(ENDING))
    except OSError:
        return []


def read(file: Path) -> bytes:
    """The answer, no more than `MOST_BYTES` of it; empty where it cannot be read."""
    try:
        with file.open("rb") as handle:
            return handle.read(MOST_BYTES)
    except OSError:
        return b""


def taken(file: Path) -> None:
    """It has been dealt with: it goes, and its folder where it was the last."""
    with suppress(OSError):
        file.unlink()
    with suppress(OSError):  # there is another
        file.parent.rmdir()
