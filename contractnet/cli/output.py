"""How commands write: tables, instants, JSON lines. Plain text: the same on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest value, two blanks between them."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    for row in [head, *rows]:
        line = "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def json_line(value: Any) -> None:
    """One JSON value on a line of its own, names sorted."""
    click.echo(_encode(value).decode())


def note(command: str, line: str) -> None:
    """A line for people beside the output: on stderr."""
    click.echo(f"contractnet {command}: {line}", err=True)


def instant(ms: int) -> str:
    """An instant, UTC, to the millisecond: `2026-11-21 12:03:44.120Z`."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ms % 1000:03d}Z"


def second(ms: int) -> str:
    """An instant, UTC, to the second."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
