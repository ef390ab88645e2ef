"""In which layer each box lies: a target under its sources, and as near to them as may be.

Rules:

1. An arrow against the order in which the boxes are given runs upwards; all others run downwards. The authors of a
   table list its states as a conversation goes through them, so no search for the fewest arrows upwards is needed.
2. Boxes lie in even layers, labels between them in odd ones. A box that only begins one arrow without a label lies in
   the odd layer over its target.
"""

from __future__ import annotations

from collections.abc import Sequence

from contractnet.interaction.drawing.shapes import Wire


def ranks(names: Sequence[str], wires: Sequence[Wire]) -> dict[str, int]:
    """The layer of each box, from 0.

    Args:
        names: of the boxes, sources before targets wherever the arrow is to run downwards.
    """
    place = {name: number for number, name in enumerate(names)}
    marks = _marks(wires)
    arcs = [
        (min(source, wire.target, key=place.__getitem__), max(source, wire.target, key=place.__getitem__))
        for wire in wires
        for source in wire.sources
        if source not in marks
    ]
    main = [name for name in names if name not in marks]
    rank = dict.fromkeys(main, 0)
    for name in main:  # in this order every upper end is done before its lower ends
        rank[name] = max((rank[upper] + 1 for upper, lower in arcs if lower == name), default=0)
    moved = True
    while moved:
        moved = False
        for name in main:
            moved |= _nearer(name, rank, arcs)
    found = {name: 2 * layer for name, layer in rank.items()}
    found |= {source: found[target] - 1 for source, target in marks.items()}
    first = min(found.values(), default=0)
    return {name: found[name] - first for name in names}


def _marks(wires: Sequence[Wire]) -> dict[str, str]:
    """The boxes of which nothing is drawn but one arrow without a label -> its target."""
    ends = [name for wire in wires for name in (*wire.sources, wire.target)]
    return {
        wire.sources[0]: wire.target
        for wire in wires
        if wire.label is None and len(wire.sources) == 1 and ends.count(wire.sources[0]) == 1
    }


def _nearer(name: str, rank: dict[str, int], arcs: Sequence[tuple[str, str]]) -> bool:
    """Move one box as far as that makes its arrows shorter together; whether it was moved."""
    uppers = [rank[upper] for upper, lower in arcs if lower == name]
    lowers = [rank[lower] for upper, lower in arcs if upper == name]
    wanted = rank[name]
    if len(lowers) > len(uppers):
        wanted = min(lowers) - 1
    elif uppers and len(uppers) > len(lowers):
        wanted = max(uppers) + 1
    moved = wanted != rank[name]
    rank[name] = wanted
    return moved
