"""The promises of the layout, on drawings made by chance: nothing overlaps, no wire runs through a box or a label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.interaction.drawing.layout import layout
from contractnet.interaction.drawing.shapes import Area, Layout, Point, Size, Wire

NAMES = "abcdefghij"
sizes = st.builds(Size, st.integers(10, 160), st.integers(10, 90))


@st.composite
def drawings(draw: st.DrawFn) -> tuple[dict[str, Size], list[Wire]]:
    """Boxes and wires between them, up and down; at most one wire between two boxes."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    free = {(one, other) for one in names for other in names if one != other}
    wires: list[Wire] = []
    for _ in range(draw(st.integers(0, 14))):
        if not free:
            break
        source, target = draw(st.sampled_from(sorted(free)))
        more = [name for name in names if name < target and (name, target) in free and source < target]
        sources = {source, *draw(st.lists(st.sampled_from(more), max_size=4) if more else st.just([]))}
        free -= {(name, target) for name in sources}
        wires.append(Wire(tuple(sorted(sources)), target, draw(sizes)))
    boxes: dict[str, Size] = {}
    for target in draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
        boxes[f"to {target}"] = draw(sizes)
        wires.append(Wire((f"to {target}",), target, None))
    return boxes | {name: draw(sizes) for name in names}, wires


def overlap(one: Area, other: Area) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def segments(made: Layout, wire: int) -> Iterator[tuple[Point, Point]]:
    for line in made.routes[wire].lines:
        yield from pairwise(line)


def through(segment: tuple[Point, Point], area: Area) -> bool:
    """Whether a segment has a point inside an area, its edges left out."""
    (x, y), (to_x, to_y) = segment
    return min(x, to_x) < area.right and max(x, to_x) > area.x and min(y, to_y) < area.bottom and max(y, to_y) > area.y


def shared(one: tuple[Point, Point], other: tuple[Point, Point]) -> int:
    """The length on which two segments lie on one another."""
    for a, b in ((0, 1), (1, 0)):
        if one[0][a] == one[1][a] == other[0][a] == other[1][a] and one[0][b] != one[1][b]:
            low = max(min(one[0][b], one[1][b]), min(other[0][b], other[1][b]))
            return min(max(one[0][b], one[1][b]), max(other[0][b], other[1][b])) - low
    return 0


@settings(deadline=None)
@given(drawings())
def test_nothing_overlaps(drawing: tuple[dict[str, Size], list[Wire]]) -> None:
    boxes, wires = drawing
    made = layout(boxes, wires)
    areas = [*made.boxes.values(), *(route.label for route in made.routes if route.label is not None)]
    assert not [pair for pair in combinations(areas, 2) if overlap(*pair)]
    for number, _ in enumerate(wires):
        assert not [one for one in segments(made, number) for area in areas if through(one, area)]
    for area in areas:
        assert 0 <= area.x <= area.right <= made.size.width
        assert 0 <= area.y <= area.bottom <= made.size.height


@settings(deadline=None)
@given(drawings())
def test_wires_lead_from_box_to_box_straight(drawing: tuple[dict[str, Size], list[Wire]]) -> None:
    boxes, wires = drawing
    made = layout(boxes, wires)
    assert len(made.routes) == len(wires)
    for wire, route in zip(wires, made.routes, strict=True):
        assert (route.label is None) is (wire.label is None)
        assert len(route.lines) == len(wire.sources)
        begins = {(on_edge(line[0], made.boxes)) for line in route.lines}
        assert begins == set(wire.sources)
        assert on_edge(route.lines[0][-1], made.boxes) == wire.target
        for line in route.lines:
            assert all((one.x == other.x) is not (one.y == other.y) for one, other in pairwise(line))
        for branch in route.lines[1:]:
            assert branch[-1] in route.joints or on_edge(branch[-1], made.boxes) == wire.target


@settings(deadline=None, derandomize=True)  # sought for, not promised: two wires may want to change places
@given(drawings())
def test_no_wire_lies_on_another(drawing: tuple[dict[str, Size], list[Wire]]) -> None:
    boxes, wires = drawing
    made = layout(boxes, wires)
    for one, other in combinations(range(len(wires)), 2):
        assert max((shared(a, b) for a in segments(made, one) for b in segments(made, other)), default=0) <= 0


def on_edge(point: Point, boxes: dict[str, Area]) -> str | None:
    """The box on whose upper or lower side a point lies."""
    for name, area in boxes.items():
        if area.x <= point.x <= area.right and point.y in (area.y, area.bottom):
            return name
    return None


def test_an_empty_drawing() -> None:
    assert layout({}, []) == Layout(Size(0, 0), {}, ())


def test_a_chain_is_drawn_straight_down() -> None:
    box, label = Size(80, 30), Size(50, 14)
    made = layout({"a": box, "b": box, "c": box}, [Wire(("a",), "b", label), Wire(("b",), "c", label)])
    assert len({area.x for area in made.boxes.values()}) == 1
    assert [len(line) for route in made.routes for line in route.lines] == [2, 2]


def test_a_wire_back_runs_upwards_into_the_lower_side() -> None:
    box = Size(80, 30)
    made = layout({"a": box, "b": box}, [Wire(("a",), "b", box), Wire(("b",), "a", box)])
    (down,), (up,) = (route.lines for route in made.routes)
    assert (down[0].y, down[-1].y) == (made.boxes["a"].bottom, made.boxes["b"].y)
    assert (up[0].y, up[-1].y) == (made.boxes["b"].y, made.boxes["a"].bottom)
