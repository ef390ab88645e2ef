"""Where a command's output goes: never over a ledger, and no device, pipe or link is replaced by a file.

Rules:

1. A link is followed: what it points to is written, and the link stays.
2. A regular file is replaced as a whole: written beside it, made durable, then renamed over it.
3. What is no regular file (a pipe, a terminal, `/dev/null`) is written as it stands.
4. What must not be written is known by its identity, so that another spelling, a link or a hard link is refused too.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from contractnet.errors import DefinitionError

#: what lies beside a ledger's file and belongs to it
BESIDE: Final = ("", "-wal", "-shm", "-journal", ".lock")


def target(path: Path, *, never: Sequence[Path], read: Path | None = None) -> Path:
    """The file that is to be written where `path` was named, with all links followed.

    Args:
        never: ledgers that must stay as they are, with the files beside them; they need not exist.
        read: what the same command reads, and must stay as well.
    Raises:
        DefinitionError: it is one of those, a folder, or a link that leads nowhere.
    """
    try:
        found = path.resolve(strict=False)
        if not is_replaced(path):  # not `found`: where /dev/stdout leads has no name of its own
            found = path
    except (OSError, RuntimeError):
        raise DefinitionError(f"{path} leads nowhere, or to itself: name another file") from None
    if found.is_dir():
        raise DefinitionError(f"{path} is a folder: name a file")
    if read is not None and _same(found, read.resolve(strict=False)):
        raise DefinitionError(f"{path} is what is to be read, and would be destroyed: name another file")
    for ledger in never:
        real = ledger.resolve(strict=False)
        for base in {ledger, real}:
            for ending in BESIDE:
                one = base.with_name(base.name + ending)
                if _same(found, one):
                    what = "the ledger itself" if not ending else f"a file of the ledger {ledger}"
                    raise DefinitionError(f"{path} is {what}, and would be destroyed: name another file")
    return found


def is_replaced(path: Path) -> bool:
    """Whether what a target names is a regular file, or nothing yet: written beside it and renamed.

    False for a pipe, a terminal or another device: opened and written.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


@contextmanager
def writing(path: Path, *, never: Sequence[Path] = ()) -> Generator[BinaryIO]:
    """A file to write into; in its place when the block ends without an error, and not at all when with one.

    Args:
        path: see `target`; its permissions stay where it exists.
        never: see `target`.
    Raises:
        DefinitionError: see `target`.
        OSError: it cannot be written.
    """
    place = target(path, never=never)
    if not is_replaced(place):
        with place.open("wb") as file:
            yield file
        return
    beside = place.with_name(f".contractnet.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or os.path.samefile(one, other)
    except OSError:  # one of them does not exist
        return False
