"""A layered drawing: boxes in layers from top to bottom, wires that run only straight down, up and across.

Promises, for every input: boxes and labels do not overlap, no wire runs through a box or a label, and the same input
gives the same drawing on every machine.

Source: Sugiyama, Tagawa, Toda 1981.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from contractnet.interaction.drawing.columns import Columns, columns
from contractnet.interaction.drawing.order import order
from contractnet.interaction.drawing.ranks import ranks
from contractnet.interaction.drawing.shapes import Area, Layout, Point, Route, Size, Wire
from contractnet.interaction.drawing.strands import BESIDE, Knot, Strands, strands
from contractnet.interaction.drawing.tracks import Run, tracks

#: between two tracks
TRACK: Final = 10
#: from a layer to the first track under it; to the layer under the last one, room for an arrow's head
_ABOVE: Final = 10
_BELOW: Final = 18


def layout(boxes: Mapping[str, Size], wires: Sequence[Wire]) -> Layout:
    """Place boxes and wires.

    Args:
        boxes: name -> size, sources before targets wherever a wire is to run downwards. A box with many wires is made
            wider.
        wires: one with several sources must be able to run downwards from all of them.
    """
    made = strands(boxes, ranks(list(boxes), wires), wires)
    layers = order(made.knots, made.layers())
    across = columns(made.knots, layers)
    gaps = _gaps(made, across, len(layers))
    tops, foot = _heights(made.knots, layers, gaps)
    placed = {name: _area(made.knots[number], across.at[number], tops) for name, number in made.boxes.items()}
    routes = tuple(_route(made, number, wire, across, gaps, tops, placed) for number, wire in enumerate(wires))
    right = max((across.at[number] + knot.right for number, knot in enumerate(made.knots)), default=0)
    return Layout(Size(right, foot), placed, routes)


def _area(box: Knot, x: int, tops: Sequence[int]) -> Area:
    return Area(x - box.left, tops[box.layer], box.left + box.right, box.height)


#: (wire, lower knot) -> its way through the gap, and its track
_Gap = dict[tuple[int, int], tuple[Run, int]]


def _ends(across: Columns, upper: int, lower: int) -> tuple[int, int]:
    """Where a tie begins above and ends below."""
    top = across.ports.get((upper, lower), across.at[upper])
    return top, across.ports.get((lower, upper), across.at[lower])


def _gaps(made: Strands, across: Columns, count: int) -> list[_Gap]:
    """What runs in the gap under each layer."""
    ends: list[dict[tuple[int, int], list[tuple[int, int]]]] = [{} for _ in range(count)]
    for number, ways in enumerate(made.ways):
        for way in ways:
            for upper, lower in pairwise(way):
                found = ends[made.knots[upper].layer].setdefault((number, lower), [])
                if (tie := _ends(across, upper, lower)) not in found:
                    found.append(tie)
    gaps: list[_Gap] = []
    for gap in ends:
        runs = [Run(tuple(top for top, _ in ties), tuple({bottom: 0 for _, bottom in ties})) for ties in gap.values()]
        gaps.append({key: (run, track) for key, run, track in zip(gap, runs, tracks(runs), strict=True)})
    return gaps


def _heights(knots: Sequence[Knot], layers: Sequence[Sequence[int]], gaps: Sequence[_Gap]) -> tuple[list[int], int]:
    """The upper side of each layer's boxes, and the foot of the last one."""
    tops: list[int] = []
    y = foot = 0
    for layer, gap in zip(layers, gaps, strict=True):
        tops.append(y)
        y += max(knots[number].height for number in layer)
        foot = y
        y += _ABOVE + _BELOW + TRACK * max((track for _, track in gap.values()), default=0)
    return tops, foot


def _route(
    made: Strands,
    number: int,
    wire: Wire,
    across: Columns,
    gaps: Sequence[_Gap],
    tops: Sequence[int],
    placed: Mapping[str, Area],
) -> Route:
    lines: list[tuple[Point, ...]] = []
    joints: dict[Point, None] = {}
    label: Area | None = None
    for way in made.ways[number]:
        points: list[Point] = []
        for upper, lower in pairwise(way):
            knot, below = made.knots[upper], made.knots[lower]
            top, bottom = _ends(across, upper, lower)
            run, track = gaps[knot.layer][number, lower]
            begin = placed[knot.box].bottom if knot.box is not None else tops[knot.layer]
            height = tops[below.layer] - _BELOW - TRACK * (_tracks(gaps[knot.layer]) - track)
            points += [Point(top, begin), Point(top, height)]
            if lines and lower == way[-1]:
                points.append(Point(run.joined(top), height))
                break
            points += [Point(bottom, height), Point(bottom, tops[below.layer])]
            joints |= dict.fromkeys(Point(x, height) for x in run.joints())
            if below.label and wire.label is not None:
                label = Area(bottom + BESIDE, tops[below.layer], *wire.label)
        lines.append(_straightened(points[::-1] if made.upwards[number] else points))
    return Route(tuple(lines), tuple(joints), label)


def _tracks(gap: _Gap) -> int:
    return max(0, *(track for _, track in gap.values()))


def _straightened(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without the points at which a line goes straight on."""
    found: list[Point] = []
    for point in points:
        if found and found[-1] == point:
            continue
        while len(found) > 1 and (found[-2].x == found[-1].x == point.x or found[-2].y == found[-1].y == point.y):
            found.pop()
        found.append(point)
    return tuple(found)
