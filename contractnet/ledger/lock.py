"""One writer to a file: a lock that the kernel holds for the process, so that it is free at once when the process is
killed.

It lies on `<file>.lock` and not on the database: closing any handle of the database's file would take SQLite's own
locks from this process. The lock file holds the process id of its holder, for the message to the second one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from contractnet.errors import LedgerLocked
from contractnet.ledger.files import unreachable


class FileLock:
    """Held from construction until `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock of the ledger at `path`, or fail at once.

        Raises:
            LedgerLocked: another process, or another object in this one, holds it.
            LedgerUnusable: the lock file cannot be made.
        """
        self._path = path.with_name(path.name + ".lock")
        while True:
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise unreachable(path, error) from None
            try:
                self._take(path)
                if self._is_still_there():
                    os.ftruncate(self._handle, 0)
                    os.pwrite(self._handle, str(os.getpid()).encode(), 0)
                    return
            except OSError as error:
                os.close(self._handle)
                raise unreachable(path, error) from None
            except LedgerLocked:
                os.close(self._handle)
                raise
            os.close(self._handle)  # its holder removed it while we waited at the door: there is a new one, or none

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._handle, 20, 0).decode("ascii", "replace").strip()
            who = "this process itself" if holder == str(os.getpid()) else f"process {holder or 'unknown'}"
            raise LedgerLocked(f"{path} is being written by {who}: stop it first, or name another ledger") from None

    def _is_still_there(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._handle))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go. The file is removed while the lock is held, so nobody else's is."""
        with contextlib.suppress(OSError):  # the lock is the kernel's; a file that stays behind locks nothing
            self._path.unlink()
        os.close(self._handle)


def holder(path: Path) -> str | None:
    """The process id of whoever writes the ledger at `path` now, `unknown`, or None. Looks only: to try the lock would
    keep a writer that starts at that instant from having it.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        inode, held = lock.stat().st_ino, Path("/proc/locks").read_text()
        if not any(f":{inode} " in line and "FLOCK" in line for line in held.splitlines()):
            return None
        return lock.read_text(errors="replace").strip() or "unknown"
    except OSError:
        return None  # no lock file; or the kernel does not show its locks here
