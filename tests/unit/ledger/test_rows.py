"""Entries into rows and back, in every size of a group."""

from __future__ import annotations

from sqlalchemy import StaticPool, create_engine, event

from contractnet.ledger.places import Places
from contractnet.ledger.rows import LARGEST, stored, write
from contractnet.ledger.schema import METADATA
from tests.suites.ledger import draft


def test_every_size_of_a_group_is_written_in_few_statements() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    METADATA.create_all(engine)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    places = Places()
    expected = []
    different: set[str] = set()
    with engine.begin() as connection:
        for size in (*range(40), 255, 256, 257, 2 * LARGEST + 17):
            entries = places.place([draft(version, f"c{size}") for version in range(1, size + 1)])
            statements.clear()
            write(connection, entries)
            assert len(statements) <= size // LARGEST + 2
            different.update(statements)
            expected += entries
        assert list(stored(lambda query: connection.execute(query).all())) == expected
    assert len(different) <= 32
    engine.dispose()
