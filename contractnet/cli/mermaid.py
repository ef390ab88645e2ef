"""A recorded conversation as a Mermaid sequence diagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contractnet.cli.diagram import clock
from contractnet.cli.entry_words import printable
from contractnet.cli.story import Arrow, Item, Story, few
from contractnet.interaction.drawing.mermaid import plain
from contractnet.interaction.drawing.words import wrapped

#: words of a message are broken into lines of so many characters for each lifeline they pass; of a note likewise
_BROAD: Final = 36
#: a note of so many characters spans all lifelines
_LONG: Final = 60
#: no syntax behind the colon of a message or a note
_SAFE: Final = ":\"'{}/!*"


def sequence_diagram(told: Story, title: str) -> list[str]:
    """The lines of the diagram; whatever agents wrote is in it as text and never as Mermaid's syntax.

    Args:
        title: what is drawn, for a comment and for readers who do not see the picture.
    """
    lane = {name: f"p{number}" for number, name in enumerate(told.lanes)}
    # a blank would make Mermaid take the next line for it
    lines = ["sequenceDiagram", f"    accTitle: {plain(title).strip() or '-'}"]
    lines += [f"    participant {short} as {plain(name).strip() or '-'}" for name, short in lane.items()]
    for item in told.items:
        lines.append(f"    {_line(item, lane, told)}")
    return lines


def _line(item: Item, lane: Mapping[str, str], told: Story) -> str:
    words = f"{clock(item.at - told.items[0].at)} {item.text()}"
    order = list(told.lanes)
    if not isinstance(item, Arrow):
        if len(words) <= _LONG:
            return f"Note over {lane[item.over]}: {_text(words, 1)}"
        spanned = ",".join(dict.fromkeys([lane[order[0]], lane[order[-1]]]))
        return f"Note over {spanned}: {_text(words, len(order) - 1)}"
    if not item.receivers:
        return f"Note over {lane[item.sender]}: {_text(f'{words} (to all with the skill)', 1)}"
    begin = order.index(item.sender)
    far = max(item.receivers, key=lambda name: abs(order.index(name) - begin))
    if len(item.receivers) > 1:
        words += " (to all)" if len(item.receivers) == len(order) - 1 else f" (to {few(item.receivers)})"
    arrow = "-x" if item.lost else "->>"
    return f"{lane[item.sender]}{arrow}{lane[far]}: {_text(words, abs(order.index(far) - begin))}"


def _text(words: str, lanes: int) -> str:
    """The words in lines: Mermaid's own wrapping breaks signs that are written as numbers."""
    broken = wrapped(printable(words).split(), _BROAD * max(1, lanes))
    return "<br/>".join(plain(line, _SAFE) for line in broken)
