"""The terminal as commands see it: how wide, which signs it shows, and what a user types to run this program.

Rich draws tables and bars; on anything that is no terminal it writes plain text, and with NO_COLOR everywhere.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: where nobody says how wide the screen is, columns
USUAL_WIDTH: Final = 80
#: a screen that is narrower is not drawn on, but wrapped by the terminal
LEAST_WIDTH: Final = 20


def width() -> int:
    """Columns of the screen: COLUMNS, else the terminal's, else 80 as in a file."""
    return max(LEAST_WIDTH, shutil.get_terminal_size((USUAL_WIDTH, 24)).columns)


def is_terminal() -> bool:
    """Whether standard output is looked at, and not kept or read by a program."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """Where tables are drawn."""
    from rich.console import Console  # slow to import

    plain = bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, width=width(), highlight=False, color_system=None if plain else "auto")


def draw(console: Console, *things: RenderableType) -> None:
    """Print, without blanks at the ends of lines."""
    with console.capture() as drawn:
        for thing in things:
            console.print(thing, markup=False)
    for line in drawn.get().splitlines():
        click.echo(line.rstrip(), color=True)  # coloured or not as the console decided


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns; broken at blanks, and within a word only where it is longer than a line."""
    return wrap(text, columns, break_on_hyphens=False)


def signs(encoding: str | None, plain: str, fancy: str) -> str:
    """Of two ways to write the same, the one that the output can carry.

    Args:
        encoding: of the output; None: unknown.
    """
    try:
        fancy.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return plain
    return fancy


def program() -> str:
    """How this program was started, as it can be typed again in this folder."""
    started = sys.argv[0] or "contractnet"
    path = Path(started)
    if path.name == "__main__.py":
        return f"{_short(Path(sys.executable))} -m contractnet"
    found = shutil.which(path.name)
    if path.name != "contractnet" or (found is not None and Path(found).resolve() == path.resolve()):
        return "contractnet"
    return _short(path)


def _short(path: Path) -> str:
    """Relative to this folder where it lies in it; of a program on PATH its name alone."""
    found = shutil.which(path.name)
    if found is not None and Path(found) == path:
        return path.name
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
