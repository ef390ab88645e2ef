"""What stands under a picture: the rows that leave a state as it is, and what the signs mean."""

from __future__ import annotations

from typing import Final

from contractnet.interaction.drawing.picture import Picture
from contractnet.interaction.drawing.style import KINDS, text, written
from contractnet.interaction.drawing.words import LINE, Line, lines, room, small

_GAP: Final = 28
_HEADING: Final = 20
_SIGN: Final = 22
_FINAL: Final = (
    '<rect class="box" x="0" y="0" width="20" height="14" rx="4"/>'
    '<rect class="ring" x="3" y="3" width="14" height="8" rx="2"/>'
)
_PREFIXES: Final = {
    "?": "received from the other side",
    "#": "our own decision",
    "@": "a timer of ours",
    "=": "derived from other tables",
}


def key(picture: Picture, width: int) -> tuple[list[str], int]:
    """The parts, from (0, 0) on, and their height."""
    stays, height = _stays(picture, width)
    signs, more = _signs(picture, width, height)
    return [*stays, *signs], height + more


def _stays(picture: Picture, width: int) -> tuple[list[str], int]:
    """The list of rows that are no arrows, in columns of about equal height."""
    staying = {row.name for rows in picture.stays.values() for row in rows}
    blocks = [lines([row]) for row in picture.table.rows if row.name in staying]
    if not blocks:
        return [], 0
    wide = max(room(block).width for block in blocks) + _GAP
    count = max(1, min(width // wide, len(blocks)))
    most = -(-sum(map(len, blocks)) // count)
    while len(columns := _columns(blocks, most)) > count:
        most += 1
    parts = [text("\u21ba rows that leave the state as it is (next is =): the boxes name them", 0, 0, "faint")]
    for number, column in enumerate(columns):
        parts += written(column, number * wide, _HEADING)
    return parts, _HEADING + LINE * max(map(len, columns)) + _GAP // 2


def _columns(blocks: list[list[Line]], most: int) -> list[list[Line]]:
    """The blocks, none of them parted, in columns of at most so many lines."""
    columns: list[list[Line]] = [[]]
    for block in blocks:
        if columns[-1] and len(columns[-1]) + len(block) > most:
            columns.append([])
        columns[-1] += block
    return columns


def _signs(picture: Picture, width: int, top: int) -> tuple[list[str], int]:
    """What prefixes, lines and boxes mean."""
    events = picture.table.events
    items: list[tuple[str, str]] = [
        (f'<text class="{KINDS[prefix]}" x="8" y="11">{prefix}</text>', means)
        for prefix, means in _PREFIXES.items()
        if any(event.startswith(prefix) for event in events)
    ]
    if any(row.guard is not None for row in picture.table.rows):
        items.append(('<text x="0" y="11">[ ]</text>', "only if so"))
    items.append(('<circle class="solid" cx="11" cy="7" r="6"/>', "start"))
    items.append((_FINAL, "final: nothing more is waited for"))
    if any(row.iterated for row in picture.table.rows):
        dashed = '<g class="iterated"><path class="wire" d="M0 7L20 7"/></g>'
        items.append((dashed, "dashed, italic: iterated protocol only"))
    if any(len(arrow.sources) > 1 and not arrow.listed for arrow in picture.arrows):
        items.append(('<path class="wire" d="M0 7L20 7"/><circle class="solid" cx="10" cy="7" r="2.5"/>', "lines join"))
    parts: list[str] = []
    x, y = 0, top
    for sign, means in items:
        wide = _SIGN + 4 + small(len(means))
        if x and x + wide > width:
            x, y = 0, y + LINE + 6
        parts.append(f'<g transform="translate({x} {y})">{sign}{text(means, _SIGN + 4, 0)}</g>')
        x += wide + _GAP
    return parts, y - top + LINE
