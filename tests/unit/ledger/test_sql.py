"""The ledger in a SQLite file keeps the port's rules, and those of the engine."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Engine

from contractnet.errors import LedgerBroken
from contractnet.ledger.founding import Kind
from contractnet.ledger.port import Ledger
from contractnet.ledger.schema import METADATA, migrate
from contractnet.ledger.sql import SqlLedger
from contractnet.ledger.urls import open_ledger
from tests.suites.ledger import NOW, OWNER, draft
from tests.suites.ledger_durable import DurableLedgerSuite


@contextmanager
def every_connection(seen: Any) -> Iterator[None]:
    """Call `seen(connection)` for each connection to any database that is opened meanwhile."""

    def listener(connection: sqlite3.Connection, _: object) -> None:
        seen(connection)

    event.listen(Engine, "connect", listener)
    try:
        yield
    finally:
        event.remove(Engine, "connect", listener)


#: the statements that made the tables, and the version they are of
STRUCTURE = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
VERSIONS = "SELECT version_num FROM alembic_version"


@contextmanager
def _migrated() -> Iterator[Connection]:
    """An empty database after all migrations."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrate(connection)
        yield connection
    engine.dispose()


class TestSqliteLedger(DurableLedgerSuite):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "a ledger?#%.db"
        self.url = f"sqlite:///{self.path}"

    async def test_the_writer_waits_for_the_disk(self) -> None:
        (await self.open()).close()
        writers: list[sqlite3.Connection] = []
        with every_connection(writers.append):
            ledger = await self.open()
        writer = writers[-1]  # before it the file was looked at
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        ledger.close()

    async def test_appends_that_wait_share_a_commit(self) -> None:
        (await self.open()).close()
        commits: list[str] = []
        with every_connection(lambda connection: connection.set_trace_callback(commits.append)):
            ledger = await self.open()
        commits.clear()
        await asyncio.gather(*(ledger.append([draft(1, f"c{i}")]) for i in range(1000)))
        await ledger.aclose()
        assert 4 <= commits.count("COMMIT") < 500
        assert len([text for text in commits if text.startswith("INSERT")]) < 1000

    async def test_nothing_is_left_beside_a_closed_file(self) -> None:
        async with self.ledger() as ledger:
            await ledger.append([draft(1)])
        assert [path.name for path in self.path.parent.iterdir()] == [self.path.name]

    async def test_a_loop_that_ended_first_does_no_harm(self) -> None:
        loop = asyncio.new_event_loop()

        async def append() -> Ledger:
            ledger = await self.open()
            for version in range(1, 200):
                ledger.append([draft(version)])
            return ledger

        ledger = await asyncio.to_thread(loop.run_until_complete, append())
        loop.close()
        ledger.close()
        async with self.ledger() as ledger:
            assert len(list(ledger.entries())) == 200

    async def test_a_full_database_ends_the_ledger_and_keeps_what_was_kept(self) -> None:
        (await self.open()).close()

        def small(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA max_page_count=40")

        with every_connection(small):
            ledger = await self.open()
        await broken(ledger, "the disk is full: free some space")
        async with self.ledger() as ledger:
            ledger.check()

    async def test_a_violation_in_the_database_is_the_end(self) -> None:
        async with self.ledger() as ledger:
            await ledger.append([draft(1)])
            with sqlite3.connect(self.path, isolation_level=None) as other:  # nobody else may do this
                other.execute("UPDATE entry SET position = 3 WHERE position = 2")
            other.close()
            with pytest.raises(LedgerBroken, match="UNIQUE constraint failed"):
                await ledger.append([draft(2)])
            with pytest.raises(LedgerBroken, match="UNIQUE constraint failed"):
                await ledger.append([draft(3)])

    async def test_the_index_serves_one_conversation(self) -> None:
        (await self.open()).close()
        with sqlite3.connect(self.path) as db:
            query = "SELECT * FROM entry WHERE position > 0 AND conversation = 'c' ORDER BY position LIMIT 5"
            plan = " ".join(str(row) for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
        db.close()
        assert "entry_version (conversation=?" in plan

    async def test_migrations_give_the_tables_that_the_code_has(self) -> None:
        with _migrated() as connection:
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []

    async def test_a_new_file_is_what_migrations_give(self) -> None:
        (await self.open()).close()
        with sqlite3.connect(self.path) as db:
            new = [list(db.execute(query)) for query in (STRUCTURE, VERSIONS)]
        db.close()
        with _migrated() as connection:
            old = [[tuple(row) for row in connection.exec_driver_sql(query)] for query in (STRUCTURE, VERSIONS)]
        assert [name for name, _ in new[0]] == ["alembic_version", "entry", "entry_message", "entry_version"]
        assert new == old

    @pytest.mark.parametrize("there", [True, False])
    async def test_a_file_is_opened_without_alembic_or_other_databases(self, there: bool) -> None:
        if there:
            (await self.open()).close()
        code = (
            "import sys; from contractnet.ledger.founding import Kind;"
            "from contractnet.ledger.urls import open_ledger, open_reader;"
            "assert 'sqlalchemy' not in sys.modules;"
            f"open_ledger({self.url!r}, kind=Kind.LEDGER, owner=None, now=0).close();"
            f"open_reader({self.url!r}).check();"
            "assert 'sqlalchemy' in sys.modules;"
            "assert not {'alembic', 'sqlalchemy.dialects.postgresql'} & {*sys.modules}"
        )
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=True, timeout=60)

    async def test_a_link_is_followed(self, tmp_path: Path) -> None:
        link = tmp_path / "link.db"
        link.symlink_to(self.path)
        ledger = open_ledger(str(link), kind=Kind.LEDGER, owner=OWNER, now=NOW)
        assert isinstance(ledger, SqlLedger)
        assert self.path.with_name(self.path.name + ".lock").exists()
        ledger.close()
        assert self.path.exists()


async def broken(ledger: Ledger, why: str) -> None:
    """Append until the ledger breaks: everything pending and later fails; what had returned is there."""
    version = 0
    kept = 0
    while True:
        first = ledger.append([draft(version + 1, body='"' + "x" * 3000 + '"')])
        second = ledger.append([draft(version + 2)])
        try:
            await first
        except LedgerBroken as error:
            assert why in str(error)  # noqa: PT017
            break
        await second
        version += 2
        kept = version
        assert version < 4000, "the disk never became full"
    with pytest.raises(LedgerBroken, match=why):
        await second
    with pytest.raises(LedgerBroken, match=why):
        await ledger.append([draft(version + 3)])
    assert kept > 0
    assert len(list(ledger.entries())) == kept + 1
    await ledger.aclose()
