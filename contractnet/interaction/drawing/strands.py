"""The boxes and wires as knots in layers: each wire passes every layer between its ends in a knot of its own.

So nothing that lies in a layer is ever crossed there; wires cross in the gaps between layers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from contractnet.interaction.drawing.shapes import Size, Wire

#: from a wire to the words beside it, and behind them
BESIDE: Final = 5
#: between a wire and what is next to it
SPACE: Final = 16
#: between two wires at the side of a box
PORT: Final = 16
#: a label goes rather into a layer with so much more in it than one layer further from its source
_FAR: Final = 150


@dataclass(slots=True)
class Knot:
    """A box, a label, or a wire on its way through a layer."""

    layer: int
    left: int  #: what it needs left of its line
    right: int  #: and right of it
    height: int
    box: str | None = None
    wire: int = -1  #: whose it is, where it is no box
    label: bool = False
    above: list[int] = field(default_factory=list[int])  #: the knots of the layer above that it is tied to
    below: list[int] = field(default_factory=list[int])


@dataclass(slots=True)
class Strands:
    """All knots, and the way of each wire through them."""

    knots: list[Knot]
    boxes: dict[str, int]
    ways: list[list[list[int]]]  #: of each wire, of each source: its knots from the upper end to the lower one
    upwards: list[bool]  #: wires whose arrow is at the upper end

    def layers(self) -> list[list[int]]:
        """The knots of each layer, in the order in which they were made."""
        found: list[list[int]] = [[] for _ in range(1 + max((knot.layer for knot in self.knots), default=-1))]
        for number, knot in enumerate(self.knots):
            found[knot.layer].append(number)
        return found


def strands(sizes: Mapping[str, Size], ranks: Mapping[str, int], wires: Sequence[Wire]) -> Strands:
    """The knots of a drawing.

    Args:
        sizes, ranks: of each box.
    """
    made = Strands([], {}, [], [])
    for name, size in sizes.items():
        made.boxes[name] = len(made.knots)
        made.knots.append(Knot(ranks[name], size.width // 2, size.width - size.width // 2, size.height, box=name))
    crowd = [0] * (1 + max(ranks.values(), default=0))
    for knot in made.knots:
        crowd[knot.layer] += knot.left + knot.right
    for number, wire in enumerate(wires):
        _add(made, number, wire, ranks, crowd)
    for box in made.boxes.values():
        knot = made.knots[box]
        side = PORT * max(len(knot.above), len(knot.below)) // 2
        knot.left, knot.right = max(knot.left, side), max(knot.right, side)
    return made


def _add(made: Strands, number: int, wire: Wire, ranks: Mapping[str, int], crowd: list[int]) -> None:
    sources = sorted(wire.sources, key=lambda name: -ranks[name])  # the lowest one leads the way
    near, far = ranks[sources[0]], ranks[wire.target]
    up = near > far
    made.upwards.append(up)
    upper, lower = (wire.target, sources[0]) if up else (sources[0], wire.target)
    between = range(ranks[upper] + 1, ranks[lower])
    joined = len(sources) > 1
    at = near + 1 if joined else _label_layer(near, between, crowd)
    way = [made.boxes[upper]]
    way += [_knot(made, number, layer, wire.label if layer == at else None, crowd) for layer in between]
    way.append(made.boxes[lower])
    ways = [way]
    for source in sources[1:]:
        branch = [_knot(made, number, layer, None, crowd) for layer in range(ranks[source] + 1, near + 1)]
        ways.append([made.boxes[source], *branch, way[1]])
    made.ways.append(ways)
    for one in ways:
        for above, below in pairwise(one):
            if below not in made.knots[above].below:
                made.knots[above].below.append(below)
                made.knots[below].above.append(above)


def _label_layer(near: int, between: range, crowd: Sequence[int]) -> int:
    """The layer between boxes with the least in it; of nearly equal ones that next to the source."""
    odd = [layer for layer in between if (layer - near) % 2]
    return min(odd, key=lambda layer: (crowd[layer] + _FAR * abs(layer - near), abs(layer - near)), default=-1)


def _knot(made: Strands, number: int, layer: int, label: Size | None, crowd: list[int]) -> int:
    knot = Knot(layer, 0, 0, 0, wire=number)
    if label is not None:
        knot.right, knot.height, knot.label = BESIDE + label.width, label.height, True
    crowd[layer] += knot.right + SPACE
    made.knots.append(knot)
    return len(made.knots) - 1
