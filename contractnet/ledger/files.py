"""What can be said about a ledger's file before it is opened, and how its name gets into messages."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from contractnet.errors import LedgerDamaged, LedgerUnusable


def exists(path: Path) -> bool:
    """Whether there is a file at `path`.

    Raises:
        LedgerUnusable: the folder is missing, or what is there is no file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.parent.is_dir():
            return False
        raise LedgerUnusable(f"{path}: there is no folder {path.parent}: make it first, or name another file") from None
    except OSError as error:
        raise unreachable(path, error) from None
    if stat.S_ISDIR(mode):
        raise LedgerUnusable(f"{path} is a folder: name a file, such as {path / 'contractnet.db'}")
    if not stat.S_ISREG(mode):
        raise LedgerUnusable(f"{path} is not an ordinary file: name another")
    return True


def writable(path: Path) -> None:
    """Check that the existing file may be written.

    Raises:
        LedgerUnusable: it is read-only for this user.
    """
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise LedgerUnusable(f"{path} is read-only for this user: give write permission, or name another file")


def readable(path: Path) -> None:
    """Check that the existing file may be read and holds something.

    Raises:
        LedgerUnusable: it may not, or is empty.
    """
    if not os.access(path, os.R_OK, effective_ids=True):
        raise LedgerUnusable(f"{path} may not be read by this user: give read permission, or name another file")
    filled(path)


def filled(path: Path) -> None:
    """Check that the existing file is not empty.

    Raises:
        LedgerUnusable: it is: no ledger is ever empty, so it lost its content or never had any.
    """
    if path.stat().st_size == 0:
        raise LedgerUnusable(
            f"{path} is empty, which a ledger never is: restore a copy, or remove it to begin a new one"
        )


def unreachable(path: Path, error: OSError) -> LedgerUnusable:
    """What to raise where the system refused the file or one beside it."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return LedgerUnusable(
            f"{path}: the folder {path.parent} is read-only for this user, and a ledger writes files beside its own: "
            "give write permission, or name another folder"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LedgerUnusable(f"{path}: the disk is full: free some space, then start again")
    return LedgerUnusable(f"{path} cannot be opened ({error.strerror}): name another file")


def cut(path: Path) -> LedgerDamaged:
    """What to raise where a file is shorter than it says."""
    return LedgerDamaged(f"{path} is damaged (it is shorter than it says): it was cut off: restore a copy")


@contextmanager
def naming(path: Path) -> Generator[None, None, None]:
    """Put the file's name, and what to do, into a LedgerDamaged that passes."""
    try:
        yield
    except LedgerDamaged as damage:
        text = f"{path} is damaged: {damage}: restore a copy; what lies before can still be exported"
        raise LedgerDamaged(text, damage.position) from damage.__cause__
