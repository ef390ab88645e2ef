"""A disk that becomes full while a ledger is written: a real one where it can be mounted, and a limit on file sizes."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contractnet.errors import LedgerUnusable
from contractnet.ledger.urls import open_ledger
from tests.suites.ledger import NOW, OWNER
from tests.unit.ledger.test_sql import broken

ROOT = Path(__file__).parents[3]
LIMITED = """
import asyncio, sys
from contractnet.ledger.urls import open_ledger
from tests.suites.ledger import NOW, OWNER
from tests.unit.ledger.test_sql import broken

async def main():
    await broken(open_ledger(sys.argv[1], kind="ledger", owner=OWNER, now=NOW), sys.argv[2])

asyncio.run(main())
print("broken as it should be")
"""


def holds(path: Path) -> int:
    """Open it again: everything holds, and it can be written."""
    ledger = open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
    ledger.check()
    count = len(list(ledger.entries()))
    ledger.close()
    return count


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    """Works for every user: the write fails with EFBIG, an I/O error to SQLite."""
    path = tmp_path / "x.db"
    open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW).close()
    size = 300_000
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, path, "disk I/O error: look at the disk"],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout == "broken as it should be\n", ended.stderr
    assert holds(path) > 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KiB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here ({mounted.stderr.strip()}); the limit on file sizes was tested")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def test_a_disk_that_becomes_full(small_disk: Path) -> None:
    path = small_disk / "x.db"
    ledger = open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
    await broken(ledger, "the disk is full: free some space, then start again")
    assert holds(path) > 1


def test_a_full_disk_at_the_start(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    fill = ["dd", "if=/dev/zero", f"of={ballast}", "bs=4096"]
    assert "No space left" in subprocess.run(fill, capture_output=True, text=True, check=False).stderr
    path = small_disk / "x.db"
    with pytest.raises(LedgerUnusable, match=r"x\.db: the disk is full: free some space, then start again"):
        open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
    assert not path.exists()
    ballast.unlink()
    assert holds(path) == 1
