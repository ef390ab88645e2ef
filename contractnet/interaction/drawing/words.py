"""The words of a picture, line by line, and the room that they take in a monospaced font."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from contractnet.interaction.drawing.picture import about_row
from contractnet.interaction.drawing.shapes import Size
from contractnet.interaction.machine import Row

#: of the small font and of the bold one that names states: height of a line, and width of ten characters
LINE: Final = 14
_TEN_SMALL: Final = 67
_TEN_BOLD: Final = 80
#: an event and its guard are on one line up to so many characters
_ONE_LINE: Final = 22


class Line(NamedTuple):
    """A line of a label or a list: the name of a row and an event, or what goes on under it."""

    row: str  #: empty: goes on
    text: str
    kind: str  #: `?`, `#`, `@` or `=` where it is an event, else empty
    iterated: bool
    about: str  #: what the row does
    indent: int = 0  #: characters left free


def lines(rows: Iterable[Row]) -> list[Line]:
    """The rows, each event on a line of its own, guards behind or under them."""
    found: list[Line] = []
    for row in rows:
        about = about_row(row)
        texts = list(row.events)
        guard = f"[{row.guard}]" if row.guard is not None else ""
        if guard and len(texts) == 1 and len(f"{row.name} {texts[0]} {guard}") <= _ONE_LINE:
            texts = [f"{texts[0]} {guard}"]
        elif guard:
            texts.append(guard)
        for number, text in enumerate(texts):
            kind = text[0] if text[0] in "?#@=" else ""
            indent = len(row.name) + 1 if number else 0
            found.append(Line("" if number else row.name, text, kind, row.iterated, about, indent))
    return found


def small(characters: int) -> int:
    """How wide so many small characters are."""
    return -(-characters * _TEN_SMALL // 10)


def bold(characters: int) -> int:
    """How wide so many bold characters are."""
    return -(-characters * _TEN_BOLD // 10)


def room(written: Iterable[Line]) -> Size:
    """What lines of words take."""
    widths = [line.indent + len(line.row) + bool(line.row) + len(line.text) for line in written]
    return Size(small(max(widths, default=0)), LINE * len(widths))


def wrapped(words: Iterable[str], most: int) -> list[str]:
    """Words in lines of at most so many characters, if no word is longer."""
    found: list[str] = []
    for word in words:
        if found and len(found[-1]) + 1 + len(word) <= most:
            found[-1] += " " + word
        else:
            found.append(word)
    return found
