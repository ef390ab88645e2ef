"""One conversation as a sequence diagram in plain text: lifelines, arrows, and what was decided as notes.

the initiator stands left, participants right of it; `*` marks a note of the one who wrote it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from contractnet.cli.entry_words import Told, tell
from contractnet.ledger.port import Entry
from contractnet.manager.records import Invited

#: lifelines that are drawn; what concerns further ones is told as a note
MOST_LANES: Final = 12
NAME_SHOWN: Final = 24
#: entries that another one says in words, or that only hold the books
SILENT: Final = frozenset({"Moved", "Sent", "Bade", "Declined", "Withdrew", "Finished", "Failed", "Stopped", "Held"})
MARGIN: Final = 12


class Step(NamedTuple):
    """An entry and its words."""

    entry: Entry
    told: Told


def draw(entries: Sequence[Entry]) -> list[str]:
    """The lines of the diagram of one conversation, or of all calls of one tender.

    Args:
        entries: of it, in order; at least one.
    """
    steps = [Step(entry, tell(entry)) for entry in entries if entry.type not in SILENT]
    if not steps:
        return []
    lanes = _lanes(steps)
    drawn, hidden = lanes[:MOST_LANES], lanes[MOST_LANES:]
    width = max(10, *(len(name[:NAME_SHOWN]) + 3 for name in drawn))
    at = {name: number * width + width // 2 for number, name in enumerate(drawn)}
    grid = width * len(drawn)
    start = steps[0].entry.at
    lines = [" " * MARGIN + _heads(at, grid)]
    expected: tuple[str, ...] = ()
    for entry, told in steps:
        if entry.type == Invited.__name__:
            expected = told.named
        row, words = _row(entry, told, at, grid, expected)
        lines.append(f"{_clock(entry.at - start):>{MARGIN - 2}}  {row}  {words}")
    if hidden:
        lines.append(f"{len(hidden)} more take part and are not drawn: {', '.join(hidden)}")
    return lines


def _lanes(steps: Sequence[Step]) -> list[str]:
    """The initiator, then the others in order of appearance."""
    calls = [told.sender for _, told in steps if told.performative == "cfp" and told.sender is not None]
    writers = [entry.agent for entry, _ in steps]
    found = dict.fromkeys(calls[:1] or writers[:1])
    for entry, told in steps:
        if entry.type == Invited.__name__ or told.performative is not None:
            found |= dict.fromkeys([*told.named, *([told.sender] if told.sender else []), *told.receivers])
        found |= {entry.agent: None}
    return list(found)


def _heads(at: dict[str, int], grid: int) -> str:
    line = [" "] * (grid + NAME_SHOWN)
    for name, place in at.items():
        shown = name if len(name) <= NAME_SHOWN else name[: NAME_SHOWN - 1] + "~"
        begin = max(0, place - len(shown) // 2)
        line[begin : begin + len(shown)] = shown
    return "".join(line).rstrip()


def _row(entry: Entry, told: Told, at: dict[str, int], grid: int, expected: tuple[str, ...]) -> tuple[str, str]:
    """The lifelines with an arrow or a mark on them, and the words beside them."""
    line = [" "] * grid
    for place in at.values():
        line[place] = "|"
    to = told.receivers or (expected if told.performative == "cfp" else ())
    ends = [at[name] for name in to if name in at]
    if told.sender is not None and told.sender in at and ends:
        _arrow(line, at[told.sender], ends)
        return "".join(line), told.words
    if told.performative is not None:  # from or to somebody who is not drawn
        return "".join(line), f"{told.sender} -> {', '.join(to) or 'all with the skill'}: {told.words}"
    if entry.agent in at:
        line[at[entry.agent]] = "*"
    return "".join(line), told.words


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


def _clock(ms: int) -> str:
    return f"+{ms / 1000:.3f} s"
