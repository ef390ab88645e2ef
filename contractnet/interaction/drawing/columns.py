"""How far right everything lies: wires as straight as may be, boxes over the middle of what they are tied to.

A wire on its way down through several layers is one column and stays straight, unless it crosses another such wire. All
columns are pulled to their places together; then each is moved alone to where fewer wires have to bend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from contractnet.interaction.drawing.spacing import spread
from contractnet.interaction.drawing.strands import PORT, SPACE, Knot

#: between two boxes
APART: Final = 30
_PULLS: Final = 120
_MOVES: Final = 20
_STRAIGHTENINGS: Final = 6
#: a bend counts as much as so many pixels across
_BEND: Final = 60
_STRAIGHT: Final = 100
#: of what nothing moves
_WALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Places across, in pixels."""

    at: list[int]  #: of each knot: of its line, of a box its middle
    ports: dict[tuple[int, int], int]  #: (box, knot tied to it) -> where the wire leaves the box


class _Tie(NamedTuple):
    """What a column hangs on."""

    other: int  #: the column at the other end
    shift: int  #: how far right of that one it wants to be
    free: int  #: so far from the other one it is still straight: half the side of a box


def columns(knots: Sequence[Knot], layers: Sequence[Sequence[int]]) -> Columns:
    """Place every knot, the leftmost side at 0."""
    column = _columns(knots, layers)
    rooms: dict[tuple[int, int], int] = {}
    for layer in layers:
        for left, right in pairwise(layer):
            key = column[left], column[right]
            rooms[key] = max(rooms.get(key, 0), _room(knots[left], knots[right]))
    listed = [(left, right, room) for (left, right), room in rooms.items()]
    ties = _ties(knots, layers, column)
    now = [0] * len(ties)
    weights = [1 + len(tied) for tied in ties]
    for _ in range(_PULLS):
        now = spread(
            [(place + _pulled(place, tied, now)) // 2 for place, tied in zip(now, ties, strict=True)], weights, listed
        )
    boxed = {column[number] for number, knot in enumerate(knots) if knot.box is not None}
    for _ in range(_MOVES):
        _move(now, ties, listed, boxed)
    _straighten(now, knots, layers, column, listed)
    first = min((now[column[number]] - knot.left for number, knot in enumerate(knots)), default=0)
    at = [now[one] - first for one in column]
    return Columns(at, _ports(knots, layers, at))


def _columns(knots: Sequence[Knot], layers: Sequence[Sequence[int]]) -> list[int]:
    """The column of each knot; each box is one of its own."""
    column = list(range(len(knots)))
    for upper_layer, lower_layer in pairwise(layers):
        place = {knot: at for at, knot in enumerate(lower_layer)}
        furthest = -1
        for upper in upper_layer:
            if knots[upper].box is not None:
                continue
            for lower in knots[upper].below:
                free = knots[lower].box is None and column[lower] == lower
                if free and place[lower] > furthest:
                    column[lower] = column[upper]
                    furthest = place[lower]
    number = {one: at for at, one in enumerate(dict.fromkeys(column))}
    return [number[one] for one in column]


def _room(left: Knot, right: Knot) -> int:
    between = APART if left.box is not None and right.box is not None else SPACE
    return left.right + between + right.left


def _ties(knots: Sequence[Knot], layers: Sequence[Sequence[int]], column: Sequence[int]) -> list[list[_Tie]]:
    """What each column hangs on."""
    place = {knot: at for layer in layers for at, knot in enumerate(layer)}
    shift: dict[tuple[int, int], int] = {}  # (box, knot tied to it) -> place of the wire's end, if spread evenly
    for number, knot in enumerate(knots):
        for tied in (knot.above, knot.below) if knot.box is not None else ():
            for at, other in enumerate(sorted(tied, key=place.__getitem__)):
                step = min(2 * PORT, (knot.left + knot.right) // (len(tied) + 1))
                shift[number, other] = (2 * at + 1 - len(tied)) * step // 2
    found: list[list[_Tie]] = [[] for _ in range(1 + max(column, default=-1))]
    for upper, knot in enumerate(knots):
        for lower in knot.below:
            if column[upper] == column[lower]:
                continue
            right = shift.get((upper, lower), 0) - shift.get((lower, upper), 0)
            found[column[lower]].append(_Tie(column[upper], right, _free(knot)))
            found[column[upper]].append(_Tie(column[lower], -right, _free(knots[lower])))
    return found


def _free(knot: Knot) -> int:
    return 0 if knot.box is None else min(knot.left, knot.right) - PORT // 2


def _pulled(place: int, tied: Sequence[_Tie], now: Sequence[int]) -> int:
    """The mean of where its ties pull a column."""
    return sum(now[tie.other] + tie.shift for tie in tied) // len(tied) if tied else place


def _move(
    now: list[int], ties: Sequence[Sequence[_Tie]], rooms: Sequence[tuple[int, int, int]], boxed: set[int]
) -> None:
    """Move each column, as far as its neighbours leave it room, to where it costs least."""
    for one, tied in enumerate(ties):
        low, high = _reach(one, now, rooms)
        choices = [_pulled(now[one], tied, now)]
        if one not in boxed:
            choices += [now[tie.other] + side for tie in tied for side in (tie.shift, -tie.free, tie.free)]
        fitting = [min(max(x, low), high) for x in (now[one], *choices)]
        now[one] = min(fitting, key=lambda x: _bends(x, tied, now))


def _reach(one: int, now: Sequence[int], rooms: Sequence[tuple[int, int, int]]) -> tuple[int, int]:
    """How far a column may move to the left and to the right."""
    low = max((now[left] + room for left, right, room in rooms if right == one), default=min(now))
    high = min((now[right] - room for left, right, room in rooms if left == one), default=max(now))
    return min(low, now[one]), max(high, now[one])


def _bends(x: int, tied: Sequence[_Tie], now: Sequence[int]) -> int:
    far = [abs(x - now[tie.other]) - tie.free for tie in tied]
    return sum(_BEND + one for one in far if one > 0) + sum(abs(x - now[tie.other] - tie.shift) for tie in tied) // 4


def _straighten(
    now: list[int],
    knots: Sequence[Knot],
    layers: Sequence[Sequence[int]],
    column: Sequence[int],
    rooms: Sequence[tuple[int, int, int]],
) -> None:
    """Move columns to the ports of their boxes, where that costs fewer bends or shorter ones."""
    bent = _bent(now, knots, layers, column)
    for _ in range(_STRAIGHTENINGS):
        before = _price(bent)
        for bend in bent:
            low, high = _reach(bend.column, now, rooms)
            was = now[bend.column]
            now[bend.column] = min(max(bend.port, low), high)
            after = _bent(now, knots, layers, column)
            if _price(after) < _price(bent):
                bent = after
            else:
                now[bend.column] = was
        if _price(bent) == before:
            return


class _Bend(NamedTuple):
    port: int
    column: int
    far: int


def _bent(
    now: Sequence[int], knots: Sequence[Knot], layers: Sequence[Sequence[int]], column: Sequence[int]
) -> list[_Bend]:
    """The wires that bend where they leave a box."""
    ports = _ports(knots, layers, [now[one] for one in column])
    ends = [(x, column[other]) for (_, other), x in ports.items() if knots[other].box is None]
    return [_Bend(x, one, abs(x - now[one])) for x, one in ends if x != now[one]]


def _price(bent: Sequence[_Bend]) -> int:
    return sum(_BEND + bend.far for bend in bent)


def _ports(knots: Sequence[Knot], layers: Sequence[Sequence[int]], at: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where each wire leaves its box: straight under or over the next knot where there is room."""
    place = {knot: number for layer in layers for number, knot in enumerate(layer)}
    found: dict[tuple[int, int], int] = {}
    for number, knot in enumerate(knots):
        for tied in (knot.above, knot.below) if knot.box is not None else ():
            others = sorted(tied, key=place.__getitem__)
            low, high = at[number] - knot.left + PORT // 2, at[number] + knot.right - PORT // 2
            for other, x in zip(others, _fit([at[one] for one in others], low, high), strict=True):
                found[number, other] = x
    for (box, other), x in list(found.items()):
        if knots[other].box is not None and len(_side(knots[box], other)) == 1:  # nothing else is in its way
            low, high = at[box] - knots[box].left + PORT // 2, at[box] + knots[box].right - PORT // 2
            found[box, other] = min(max(found[other, box], low), high) if low <= high else x
    return found


def _side(box: Knot, other: int) -> list[int]:
    return box.above if other in box.above else box.below


def _fit(wanted: Sequence[int], low: int, high: int) -> list[int]:
    """As near to what is wanted as there is room between two sides."""
    last = len(wanted) + 1
    rooms = [(one, one + 1, PORT if 0 < one < last - 1 else 0) for one in range(last)]
    weights = [_STRAIGHT if low <= x <= high else 1 for x in wanted]  # the others have to bend anyway
    inside = [min(max(x, low), high) for x in wanted]
    return spread([low, *inside, high], [_WALL, *weights, _WALL], rooms)[1:last]
