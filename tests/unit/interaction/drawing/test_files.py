"""The committed diagrams are those of the tables, and no change of a table goes unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contractnet.interaction.definition import TABLES, load
from contractnet.interaction.drawing.mermaid import mermaid
from contractnet.interaction.drawing.picture import about_row, picture
from contractnet.interaction.drawing.svg import svg
from contractnet.interaction.machine import SAME, Row, Table
from contractnet.messages.schemas import drift
from tests.support import drawn

ROOT = Path(__file__).parents[4]


def test_committed_diagrams_are_those_of_the_tables() -> None:
    assert drift(ROOT / "protocols", drawn.made()) == []
    there = {f"diagrams/{path.name}" for path in (ROOT / "protocols" / "diagrams").iterdir()}
    assert there == set(drawn.made())


def test_they_are_the_same_whatever_order_sets_have() -> None:
    code = (
        "import hashlib; from contractnet.interaction.drawing.files import diagrams;"
        "print(hashlib.sha256(repr(diagrams()).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def changed(table: Table, row: Row, **fields: Any) -> Table:
    """The table with one row changed."""
    rows = [msgspec.structs.replace(one, **fields) if one is row else one for one in table.rows]
    return made(table, rows)


def made(table: Table, rows: list[Row]) -> Table:
    return Table(
        name=table.name,
        title=table.title,
        protocols=table.protocols,
        start=table.start,
        states=table.states,
        rows=rows,
        events=table.events,
        properties=[name for name in table.properties if name != "final"],
    )


@pytest.mark.parametrize("name", TABLES)
def test_each_row_taken_away_or_changed_is_seen(name: str) -> None:
    table = load(name)
    before = mermaid(picture(table), "t.toml")
    for row in table.rows:
        other = next(state for state in table.states if state not in (*row.states, row.next))
        others = [
            made(table, [one for one in table.rows if one is not row]),
            changed(table, row, next=other),
            changed(table, row, events=("?other",)),
            changed(table, row, iterated=not row.iterated),
            changed(table, row, guard="other"),
            changed(table, row, name=f"{table.name}99"),
            changed(table, row, states=(other, *row.states)),
        ]
        if row.next != SAME:
            others.append(changed(table, row, next=SAME))
        seen = {mermaid(picture(one), "t.toml") for one in others}
        assert before not in seen, row.name
        assert len(seen) == len(others), row.name


@pytest.mark.parametrize("name", TABLES)
def test_what_a_row_does_is_seen_in_the_svg(name: str) -> None:
    table = load(name)
    last = table.rows[-1]
    before = drawn.made()[f"diagrams/{name}.svg"]
    for fields in ({"does": "something else"}, {"sends": ("cfp",)}, {"see": ("D1",)}, {"fires": ("C:#award",)}):
        after = svg(picture(changed(table, last, **fields)), f"{name}.toml")
        assert after != before
    assert len({about_row(row) for row in table.rows}) == len(table.rows)
