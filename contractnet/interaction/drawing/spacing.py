"""Places on a line: as near as may be to where each one wants to be, with room between them.

Exact for whole numbers up to rounding, and the same on every machine: blocks of variables that touch one another move
as one, to the weighted mean of what they want.

Source: Dwyer, Marriott, Stuckey 2005 (variable placement with separation constraints, the satisfying half).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Block:
    members: list[int] = field(default_factory=list[int])
    moment: int = 0  #: sum of weight x (wanted place less offset)
    weight: int = 0

    @property
    def place(self) -> int:
        return self.moment // self.weight


def spread(wanted: Sequence[int], weights: Sequence[int], rooms: Sequence[tuple[int, int, int]]) -> list[int]:
    """The places.

    Args:
        wanted, weights: of each variable; weights over 0.
        rooms: (left, right, least distance); they must not go in a circle.
    """
    before: list[list[tuple[int, int]]] = [[] for _ in wanted]
    for left, right, room in rooms:
        before[right].append((left, room))
    offset = [0] * len(wanted)
    block_of: list[_Block] = [_Block() for _ in wanted]
    for one in _sorted(before):
        block = block_of[one]
        block.members, block.moment, block.weight = [one], weights[one] * wanted[one], weights[one]
        while (worst := _worst(block, block_of, offset, before)) is not None:
            left, room, right = worst
            block = _join(block_of[left], block, offset[left] + room - offset[right], offset, weights)
            for member in block.members:
                block_of[member] = block
    return [block_of[one].place + offset[one] for one in range(len(wanted))]


def _sorted(before: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
    """Every variable after those on its left."""
    after: list[list[int]] = [[] for _ in before]
    waits = [len(lefts) for lefts in before]
    for one, lefts in enumerate(before):
        for left, _ in lefts:
            after[left].append(one)
    ready = [one for one, count in enumerate(waits) if count == 0]
    for one in ready:  # grows on the way
        for right in after[one]:
            waits[right] -= 1
            if waits[right] == 0:
                ready.append(right)
    assert len(ready) == len(before), "the order goes in a circle"
    return ready


def _worst(
    block: _Block, block_of: Sequence[_Block], offset: Sequence[int], before: Sequence[Sequence[tuple[int, int]]]
) -> tuple[int, int, int] | None:
    """The room that is missing most on the left of a block: (left, room, right)."""
    found, most = None, 0
    for right in block.members:
        for left, room in before[right]:
            if block_of[left] is not block:
                missing = block_of[left].place + offset[left] + room - block.place - offset[right]
                if missing > most:
                    found, most = (left, room, right), missing
    return found


def _join(one: _Block, other: _Block, distance: int, offset: list[int], weights: Sequence[int]) -> _Block:
    """Both as one, the other one at that distance from the first."""
    for member in other.members:
        offset[member] += distance
    one.members += other.members
    one.moment += other.moment - other.weight * distance
    one.weight += other.weight
    return one
