"""Numbers and tables as text, the same bytes everywhere: for people, for Markdown, for CSV, for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction

from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell, Column, Table


def decimal(value: Fraction | int, places: int = 0) -> str:
    """With so many decimals, half to even."""
    digits = round(Fraction(value) * 10**places)
    sign, (whole, rest) = "-" if digits < 0 else "", divmod(abs(digits), 10**places)
    return f"{sign}{whole}.{rest:0{places}}" if places else f"{sign}{whole}"


def percent(value: Fraction | int, places: int = 1) -> str:
    """A share in percent: `87.5 %`."""
    return f"{decimal(100 * Fraction(value), places)} %"


def span(estimate: Estimate, places: int = 2, scale: int = 1) -> str:
    """An estimate with its interval: `0.87 (0.85 to 0.89)`."""
    value, low, high = (decimal(one * scale, places) for one in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def cell(value: Cell, column: Column) -> str:
    """A cell as people read it; a dash where there is none."""
    match value:
        case None:
            return "–"
        case str():
            return value
        case Estimate():
            return span(value, column.places, column.scale)
        case _:
            return decimal(value * column.scale, column.places)


def heads(table: Table) -> list[str]:
    """The titles of the columns, with their units."""
    return [f"{column.title}, {column.unit}" if column.unit else column.title for column in table.columns]


def cells(table: Table) -> Iterator[list[str]]:
    """The rows as people read them."""
    for row in table.rows:
        yield [cell(value, column) for value, column in zip(row, table.columns, strict=True)]


def markdown(table: Table) -> str:
    """The table as Markdown; numbers to the right."""
    numeric = [any(not isinstance(row[at], str) for row in table.rows) for at in range(len(table.columns))]
    rule = ["---:" if right else "---" for right in numeric]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads(table), rule, *cells(table)))


def plain(table: Table) -> Iterator[dict[str, str | None]]:
    """The rows for programs: a value for each column, and `_low` and `_high` for what was measured.

    Numbers are decimals in the unit of their column, as strings, since no float is exact.
    """
    for row in table.rows:
        found: dict[str, str | None] = {}
        for value, column in zip(row, table.columns, strict=True):
            low: Fraction | None = None
            high: Fraction | None = None
            main: Cell = value
            if isinstance(value, Estimate):
                main, low, high = value.value, value.low, value.high
            found[column.key] = None if main is None else cell(main, column)
            if _is_measured(table, column):
                found[f"{column.key}_low"] = None if low is None else cell(low, column)
                found[f"{column.key}_high"] = None if high is None else cell(high, column)
        yield found


def comma_separated(table: Table) -> str:
    """The same as CSV (RFC 4180, lines end with LF), with a line of names; empty where there is no value."""
    out = io.StringIO()
    rows = list(plain(table))
    names: Sequence[str] = list(rows[0]) if rows else [column.key for column in table.columns]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _is_measured(table: Table, column: Column) -> bool:
    place = table.columns.index(column)
    return any(isinstance(row[place], Estimate) for row in table.rows)
