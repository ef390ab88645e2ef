"""What a layout is given and what it answers, in whole pixels; x grows to the right, y downwards."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """Of a box or a label."""

    width: int
    height: int


class Point(NamedTuple):
    """A place."""

    x: int
    y: int


class Area(NamedTuple):
    """Where a box or a label lies."""

    x: int  #: its left side
    y: int  #: its upper side
    width: int
    height: int

    @property
    def right(self) -> int:
        """Its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Its lower side."""
        return self.y + self.height


class Wire(NamedTuple):
    """An arrow from one box or several, joined on their way, to another box."""

    sources: tuple[str, ...]
    target: str  #: none of the sources
    label: Size | None  #: room for its words beside it


class Route(NamedTuple):
    """Where a wire runs: only straight down, up and across."""

    lines: tuple[tuple[Point, ...], ...]  #: one a source; each ends at the target's edge, or where it joins the first
    joints: tuple[Point, ...]  #: where lines of this wire meet
    label: Area | None  #: its left side lies on the wire


class Layout(NamedTuple):
    """Everything in its place, from (0, 0) on."""

    size: Size
    boxes: dict[str, Area]
    routes: tuple[Route, ...]  #: in the order of the wires
