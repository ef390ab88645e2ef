"""A look at a ledger and where it lies, without touching it: can it be read, written, trusted, and for how long."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from contractnet.errors import LedgerDamaged, LedgerError
from contractnet.ledger import files
from contractnet.ledger.founding import founding
from contractnet.ledger.lock import holder
from contractnet.ledger.urls import file_of, filled, open_reader
from contractnet.telemetry.findings import Finding, ok, problem, unseen, warning

AREA: Final = "ledger"
#: less free space than this is a problem, and a warning, bytes
LEAST_FREE, SCARCE_FREE = 16 * 2**20, 512 * 2**20
#: a write to disk that takes longer slows every message down, seconds
SLOW_WRITE_S: Final = 0.05
WRITES: Final = 5
#: file systems on which SQLite's log does not work between machines
_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"})
_MOUNTS: Final = Path("/proc/self/mountinfo")


def look(url: str) -> list[Finding]:
    """Everything there is to say about the ledger of that URL.

    Raises:
        DefinitionError: the URL names no ledger.
    """
    path = file_of(url)
    engine = ok(AREA, "SQLite", f"{sqlite3.sqlite_version}; one process writes a ledger, as SQLite needs it")
    if path is None:
        return [engine, ok(AREA, "place", "in memory: nothing is kept")]
    if not path.parent.is_dir():
        return [engine, problem(AREA, "folder", f"there is no folder {path.parent}", "make it, or name another file")]
    folder = path.parent
    return [engine, _space(folder), _file_system(folder), _write(path), *_content(path, url)]


# ---- where it lies


def _space(folder: Path) -> Finding:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    text = f"{_size(free)} free in {folder.resolve()}"
    if free < LEAST_FREE:
        return problem(AREA, "disk", text, "free some space: a ledger that cannot be written ends its process")
    if free < SCARCE_FREE:
        return warning(AREA, "disk", text, "a tender takes some 20 kB: free some space before it fills up")
    return ok(AREA, "disk", text)


def _file_system(folder: Path) -> Finding:
    kind = _kind(folder.resolve())
    if kind is None:
        return unseen(AREA, "file system", "what kind it is cannot be seen here", "use a local one")
    if kind in _NETWORK:
        return problem(AREA, "file system", f"{kind}, over a network", "SQLite needs a local one: name another folder")
    return ok(AREA, "file system", kind)


def _kind(folder: Path) -> str | None:
    """The kind of file system that a folder lies on."""
    with suppress(OSError):
        found: list[tuple[int, str]] = []
        for line in _MOUNTS.read_text(errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            mounted = Path(before.split()[4].replace("\\040", " "))
            if folder.is_relative_to(mounted):
                found.append((len(mounted.parts), after.split()[0]))
        if found:
            return max(found, key=lambda one: one[0])[1]
    return None


def _write(path: Path) -> Finding:
    """Write a file beside it, five times to the disk, and remove it."""
    probe = path.with_name(f".{path.name}.{secrets.token_hex(4)}.doctor")
    try:
        if path.exists():
            files.writable(path)
        began = time.perf_counter()
        try:
            with probe.open("xb", buffering=0) as file:
                for _ in range(WRITES):
                    file.write(bytes(4_096))
                    os.fsync(file.fileno())
        except OSError as error:
            raise files.unreachable(path, error) from None
        finally:
            probe.unlink(missing_ok=True)
    except LedgerError as error:
        return problem(AREA, "writing", str(error))
    except OSError as error:
        return problem(AREA, "writing", f"{path.parent}: {error.strerror}", "name another folder")
    each = (time.perf_counter() - began) / WRITES
    text = f"4 kB are on disk after {each * 1000:.1f} ms"
    if each > SLOW_WRITE_S:
        return warning(AREA, "writing", text, "every message waits for it: use a faster disk")
    return ok(AREA, "writing", text)


# ---- what is in it


def _content(path: Path, url: str) -> list[Finding]:
    try:
        if not files.exists(path):
            return [ok(AREA, "file", f"{path} does not exist yet; it is made when it is needed")]
        with closing(filled(open_reader(url), url)) as reader:
            found = founding(next(reader.entries()), url)
            reader.check()
            count, at = 0, 0
            for entry in reader.entries():
                count, at = entry.position, entry.at
    except LedgerDamaged as error:
        return [problem(AREA, "chain", str(error))]
    except LedgerError as error:
        return [problem(AREA, "file", str(error))]
    last = datetime.fromtimestamp(at // 1000, UTC)
    text = f"{found.kind.value} of {found.owner}, {count} entries, the last of {last:%Y-%m-%d %H:%M:%S}Z"
    return [
        ok(AREA, "file", f"{text}; {_size(path.stat().st_size)}"),
        ok(AREA, "chain", f"all {count} hashes hold"),
        _lock(path),
    ]


def _lock(path: Path) -> Finding:
    who = holder(path)
    if who is None:
        return ok(AREA, "lock", "free: no process writes it")
    return ok(AREA, "lock", f"process {who} writes it now")


def _size(count: int) -> str:
    """Bytes in words: `3.2 GB`."""
    size, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while size >= 1_000 and len(units) > 1:
        size, units = size / 1_000, units[1:]
    unit = units[0]
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
