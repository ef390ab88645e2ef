"""The order in each layer, such that few wires cross.

Each layer is sorted by the mean place of what its knots are tied to, down and up in turn; then neighbours change places
where that saves crossings. The best order that was seen on the way is taken. Nothing is drawn by lot.

Source: Sugiyama, Tagawa, Toda 1981 (barycentre); Gansner, Koutsofios, North, Vo 1993 (transposition).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contractnet.interaction.drawing.strands import Knot

_SWEEPS: Final = 16
#: a crossing of two wires that are both on their way bends one of them
_BENT: Final = 3
_SCALE: Final = 1_000

Layers = list[list[int]]


def order(knots: Sequence[Knot], layers: Layers) -> Layers:
    """The layers in the order in which they are to be drawn, from left to right."""
    best, least = layers, -1
    for start in (layers, [layer[::-1] for layer in layers]):
        now = [list(layer) for layer in start]
        for sweep in range(_SWEEPS):
            _sweep(knots, now, down=sweep % 2 == 0)
            _transpose(knots, now)
            crossings = sum(_crossings(knots, now, at) for at in range(len(now) - 1))
            if least < 0 or crossings < least:
                best, least = [list(layer) for layer in now], crossings
            if least == 0:
                return best
    return best


def _sweep(knots: Sequence[Knot], layers: Layers, *, down: bool) -> None:
    numbers = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
    for number in numbers:
        place = {knot: at for at, knot in enumerate(layers[number - 1 if down else number + 1])}
        layer = layers[number]
        mean: dict[int, int] = {}
        for at, knot in enumerate(layer):
            tied = knots[knot].above if down else knots[knot].below
            mean[knot] = sum(place[one] for one in tied) * _SCALE // len(tied) if tied else at * _SCALE
        layer.sort(key=mean.__getitem__)


def _transpose(knots: Sequence[Knot], layers: Layers) -> None:
    """Let neighbours change places as long as that saves crossings."""
    places = [{knot: at for at, knot in enumerate(layer)} for layer in layers]
    better = True
    while better:
        better = False
        for number, layer in enumerate(layers):
            above = places[number - 1] if number else {}
            below = places[number + 1] if number + 1 < len(layers) else {}
            for at in range(len(layer) - 1):
                left, right = layer[at], layer[at + 1]
                saved = _between(knots, left, right, above, below) - _between(knots, right, left, above, below)
                if saved > 0:
                    layer[at], layer[at + 1] = right, left
                    places[number][left], places[number][right] = at + 1, at
                    better = True


def _between(knots: Sequence[Knot], left: int, right: int, above: dict[int, int], below: dict[int, int]) -> int:
    """The weight of the crossings of the wires of two neighbours."""
    weight = 0
    one, two = knots[left], knots[right]
    for mine, others, place in ((one.above, two.above, above), (one.below, two.below, below)):
        for a in mine:
            for b in others:
                if place[a] > place[b]:
                    weight += _weight(knots, (left, a), (right, b))
    return weight


def _crossings(knots: Sequence[Knot], layers: Layers, at: int) -> int:
    """The weight of the crossings under a layer."""
    place = {knot: number for number, knot in enumerate(layers[at + 1])}
    ties = [(upper, lower) for upper in layers[at] for lower in sorted(knots[upper].below, key=place.__getitem__)]
    return sum(
        _weight(knots, one, two)
        for number, one in enumerate(ties)
        for two in ties[number + 1 :]
        if place[one[1]] > place[two[1]] and one[0] != two[0]
    )


def _weight(knots: Sequence[Knot], one: tuple[int, int], two: tuple[int, int]) -> int:
    bent = all(knots[knot].box is None for tie in (one, two) for knot in tie)
    return _BENT if bent else 1
