"""The lock on a ledger's file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contractnet.errors import LedgerLocked, LedgerUnusable
from contractnet.ledger.lock import FileLock

HOLDER = """
import sys, time
from pathlib import Path
from contractnet.ledger.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_one_holds_it_and_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    lock = FileLock(path)
    assert (tmp_path / "x.db.lock").read_text() == str(os.getpid())
    with pytest.raises(LedgerLocked, match=r"x\.db is being written by this process itself: stop it first"):
        FileLock(path)
    lock.release()
    assert list(tmp_path.iterdir()) == []
    FileLock(path).release()


def test_it_is_free_at_once_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(LedgerLocked, match=f"is being written by process {holder.pid}: stop it first"):
                FileLock(path)
        finally:
            holder.kill()
    assert path.with_name("x.db.lock").exists()
    FileLock(path).release()


def test_an_old_lock_file_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "x.db.lock").write_text("1234567890")
    lock = FileLock(tmp_path / "x.db")
    assert (tmp_path / "x.db.lock").read_text() == str(os.getpid())
    lock.release()


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.db.lock").mkdir()
    with pytest.raises(LedgerUnusable, match="cannot be opened"):
        FileLock(tmp_path / "x.db")


def test_never_two_at_a_time(tmp_path: Path) -> None:
    """Many take and let go at once: the file is removed under their hands, and still only one holds it."""
    path = tmp_path / "x.db"
    inside = 0
    most = 0
    taken = 0

    def contender() -> None:
        nonlocal inside, most, taken
        for _ in range(300):
            try:
                lock = FileLock(path)
            except LedgerLocked:
                continue
            inside += 1
            most = max(most, inside)
            taken += 1
            inside -= 1
            lock.release()

    threads = [threading.Thread(target=contender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert taken > 0
    assert list(tmp_path.iterdir()) == []
