"""Axes: everything that is shown lies on them, at whole steps."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.chart import Axis
from contractnet.arena.scale import scaled
from tests.support.examples import often


def test_an_axis_of_names_has_a_place_for_each() -> None:
    found = scaled(Axis(title="rule", names=("a", "b", "c")), [], 0, 300)
    assert [(tick.pixel, tick.words) for tick in found.ticks] == [(50, "a"), (150, "b"), (250, "c")]


def test_an_axis_with_stated_ends_keeps_them() -> None:
    axis = Axis(title="share", low=Fraction(0), high=Fraction(1), places=0, scale=100)
    found = scaled(axis, [Fraction(1, 3)], 100, 0)
    assert [tick.words for tick in found.ticks] == ["0", "20", "40", "60", "80", "100"]
    assert (found.at(Fraction(0)), found.at(Fraction(1)), found.at(Fraction(1, 4))) == (100, 0, 75)
    assert found.at(Fraction(2)) == 0  # what lies beyond is shown at the end


def test_one_value_alone_has_an_axis_too() -> None:
    found = scaled(Axis(title="x"), [Fraction(5)], 0, 100)
    assert found.low <= 5 < found.high


@settings(max_examples=often(300), deadline=None)
@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=4), st.sampled_from([1, 7, 1_000, 10**6]))
def test_every_value_lies_on_its_axis(whole: list[int], parts: int) -> None:
    values = [Fraction(one, parts) for one in whole]
    found = scaled(Axis(title="x"), values, 0, 500)
    assert found.low <= min(values) <= max(values) <= found.high
    assert 2 <= len(found.ticks) <= 14
    pixels = [tick.pixel for tick in found.ticks]
    assert pixels == sorted(pixels)
    assert pixels[0] == 0
    assert pixels[-1] == 500
    order = sorted(values)
    assert [found.at(value) for value in order] == sorted(found.at(value) for value in order)
