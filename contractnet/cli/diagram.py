"""A recorded conversation as a sequence diagram in plain text: lifelines, arrows, and what was decided as notes.

The initiator stands left, participants right of it; `*` marks a note of the one who wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from contractnet.cli.story import Arrow, Item, Story

NAME_SHOWN: Final = 24
MARGIN: Final = 12


def draw(told: Story) -> list[str]:
    """The lines of the diagram."""
    if not told.items:
        return []
    width = max(10, *(len(name[:NAME_SHOWN]) + 3 for name in told.lanes))
    at = {name: number * width + width // 2 for number, name in enumerate(told.lanes)}
    start = told.items[0].at
    lines = [" " * MARGIN + _heads(at, width * len(at))]
    for item in told.items:
        row, words = _row(item, at, width * len(at))
        lines.append(f"{clock(item.at - start):>{MARGIN - 2}}  {row}  {words}")
    return lines


def clock(ms: int) -> str:
    """`+0.041 s`."""
    return f"+{ms / 1000:.3f} s"


def _heads(at: Mapping[str, int], grid: int) -> str:
    line = [" "] * (grid + NAME_SHOWN)
    for name, place in at.items():
        shown = name if len(name) <= NAME_SHOWN else name[: NAME_SHOWN - 1] + "~"
        begin = max(0, place - len(shown) // 2)
        line[begin : begin + len(shown)] = shown
    return "".join(line).rstrip()


def _row(item: Item, at: Mapping[str, int], grid: int) -> tuple[str, str]:
    """The lifelines with an arrow or a mark on them, and the words beside them."""
    line = [" "] * grid
    for place in at.values():
        line[place] = "|"
    if not isinstance(item, Arrow):
        line[at[item.over]] = "*"
        return "".join(line), item.text()
    ends = [at[name] for name in item.receivers if at[name] != at[item.sender]]
    if not ends:  # to nobody who is known, or to itself
        return "".join(line), f"{item.sender} -> {', '.join(item.receivers) or 'all with the skill'}: {item.text()}"
    _arrow(line, at[item.sender], ends)
    return "".join(line), item.text()


def _arrow(line: list[str], begin: int, ends: Sequence[int]) -> None:
    """Draw from one lifeline to others; one that is only crossed shows no head."""
    for step, head, far in ((1, ">", max(ends)), (-1, "<", min(ends))):
        targets = [end for end in ends if (end - begin) * step > 0]
        if not targets:
            continue
        for place in range(begin + step, far, step):
            line[place] = "-"
        for end in targets:
            line[end] = "|"
            line[end - step] = head
