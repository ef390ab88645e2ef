"""The log beside the file is cut anywhere, as a crash of the machine may leave it: each append is whole or absent."""

from __future__ import annotations

import shutil
from pathlib import Path

from contractnet.ledger.port import Entry
from contractnet.ledger.urls import open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER, draft

#: entries of each append
SIZES = (1, 3, 2, 40, 1, 7)


async def test_a_cut_log_holds_a_beginning_of_the_appends(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    ledger = open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)
    ends = [1]
    for number, size in enumerate(SIZES):
        entries = await ledger.append(
            [draft(version, f"c{number}", body='"long"' * 30) for version in range(1, size + 1)]
        )
        ends.append(entries[-1].position)
    whole = list(ledger.entries())
    log = log_of(path).read_bytes()
    shutil.copy(path, tmp_path / "kept.db")
    await ledger.aclose()

    seen: set[int] = set()
    cuts = {*range(0, len(log), 1021), *range(len(log) - 4200, len(log), 211), len(log)}
    for number, cut in enumerate(sorted(cuts)):
        copy = tmp_path / f"{number}.db"
        shutil.copy(tmp_path / "kept.db", copy)
        log_of(copy).write_bytes(log[:cut])
        entries = read(copy)
        assert entries == whole[: len(entries)]
        assert len(entries) in ends
        seen.add(len(entries))
        if number % 10 == 0:
            again = open_ledger(str(copy), kind="ledger", owner=OWNER, now=NOW)
            assert again.head == entries[-1]
            await again.append([draft(1, "after")])
            await again.aclose()
            assert read(copy)[:-1] == entries
    assert seen == set(ends)


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def read(path: Path) -> list[Entry]:
    reader = open_reader(str(path))
    reader.check()
    entries = list(reader.entries())
    reader.close()
    return entries
