"""How commands write: tables, entries, instants, JSON lines. Plain text: in a file one line for each row.

On a terminal that is too narrow for a row, its words go on under themselves; nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final

import click
import msgspec

from contractnet.cli import screen

#: between columns
GAP: Final = "  "
#: a column is folded to so many characters at least
LEAST_FOLDED: Final = 16
#: words stand beside what is before them where there is room for so many characters
LEAST_WORDS: Final = 24
INDENT: Final = "    "
_encode = msgspec.json.Encoder(order="sorted").encode


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest value, two blanks between them. On a terminal without room for that the widest
    column is folded; where that is not enough each row becomes a list.
    """
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    over = sum(widths) + len(GAP) * (len(head) - 1) - screen.width()
    if over > 0 and screen.is_terminal():
        widest = widths.index(max(widths))
        widths[widest] = max(widths[widest] - over, len(head[widest]), LEAST_FOLDED)
        if sum(widths) + len(GAP) * (len(head) - 1) > screen.width():
            _lists(head, rows)
            return
    for row in [head, *rows]:
        cells = [screen.wrapped(value, width) or [""] for value, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            click.echo(GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip())


def _lists(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """One line for each value, under its column's name."""
    width = max(len(name) for name in head)
    for number, row in enumerate(rows):
        if number:
            click.echo()
        for name, value in zip(head, row, strict=True):
            folded(f"{name.ljust(width)}{GAP}", value)


def folded(before: str, words: str) -> None:
    """A line that begins with what is as wide as it is; on a terminal the words go on under themselves, or, where the
    beginning takes most of the width, under a small indent.
    """
    room = screen.width() - len(before)
    if not screen.is_terminal() or len(words) <= room:
        click.echo(f"{before}{words}".rstrip())
        return
    if room >= LEAST_WORDS:
        first, *more = screen.wrapped(words, room)
        click.echo("\n".join([before + first, *(" " * len(before) + line for line in more)]))
        return
    lines = [*screen.wrapped(before.strip(), screen.width()), *screen.wrapped(words, screen.width() - len(INDENT))]
    beginning = len(screen.wrapped(before.strip(), screen.width()))
    click.echo("\n".join(line if number < beginning else INDENT + line for number, line in enumerate(lines)))


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
