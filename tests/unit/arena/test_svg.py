"""The pictures: everything measured is in them, nothing foreign is, and they are the same bytes each time."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from contractnet.arena.chart import Axis, Chart, Point, Series, measured
from contractnet.arena.estimates import Estimate
from contractnet.arena.svg import svg

NAMESPACE = "{http://www.w3.org/2000/svg}"
PARTS = {"svg", "title", "desc", "style", "rect", "text", "g", "path"}
ESTIMATES = [Estimate(Fraction(n, 10), Fraction(n - 1, 10), Fraction(n + 1, 10)) for n in (2, 5, 8)]
POINTS = tuple(measured(place, one) for place, one in enumerate(ESTIMATES))
NAMED = Chart(
    title="Paid under <each> rule",
    x=Axis(title="rule", names=("lowest-price", "highest-quality-under-reserve", "third")),
    y=Axis(title="paid & kept", low=Fraction(0)),
    series=tuple(Series(name=name, style="points", points=POINTS) for name in ("nobody", "a shill", "a cartel")),
)
CURVES = Chart(
    title="Curves",
    x=Axis(title="reserve"),
    y=Axis(title="kept"),
    series=(
        Series(name="3 bidders", style="joined", points=POINTS),
        Series(name="theory", style="line", points=(Point(Fraction(0), Fraction(0)),) * 2, like="3 bidders"),
        Series(name="5 bidders", style="points", points=POINTS),
        Series(name="theory", style="line", points=POINTS, like="5 bidders"),
    ),
)
MADE = svg((NAMED, CURVES), "What is paid?", "contractnet arena run x --seed 1 & more")
ROOT = ElementTree.fromstring(MADE)


def classes(name: str) -> list[ElementTree.Element]:
    return [one for one in ROOT.iter() if name in (one.get("class") or "").split()]


def texts() -> list[str]:
    return [one.text or "" for one in ROOT.iter(f"{NAMESPACE}text")]


def test_the_same_charts_are_the_same_bytes() -> None:
    assert svg((NAMED, CURVES), "What is paid?", "contractnet arena run x --seed 1 & more") == MADE


def test_titles_axes_and_series_are_named_once_each() -> None:
    for words in ("Paid under <each> rule", "paid & kept", "rule", "nobody", "a shill", "Curves", "kept", "theory"):
        assert texts().count(words) == 1, words
    assert " ".join(texts()).count("highest-quality- under-reserve") == 1  # folded at its hyphens


def test_every_point_has_its_mark_and_its_whiskers() -> None:
    marks = [one for one in ROOT.iter(f"{NAMESPACE}path") if re.fullmatch(r"f\d", one.get("class") or "")]
    assert len(marks) == 3 * 3 + 2 * 3 + 3 + 2  # of the points, and in the legends
    whiskers = [one for one in classes("line") if "h6m-3" in (one.get("d") or "")]
    assert len(whiskers) == 3 * 3 + 2 * 3


def test_series_differ_in_colour_and_in_mark() -> None:
    (group, _) = ROOT.findall(f"{NAMESPACE}g")
    marks = [one for one in group.iter(f"{NAMESPACE}path") if re.fullmatch(r"f\d", one.get("class") or "")]
    shapes = {(one.get("class"), re.sub(r"^M\d+ \d+", "", one.get("d") or "")) for one in marks}
    assert len(shapes) == 3
    assert len({colour for colour, _ in shapes}) == 3


def test_theory_has_the_colour_of_what_it_is_of() -> None:
    (_, group) = ROOT.findall(f"{NAMESPACE}g")
    thin = [one.get("class") for one in group.iter(f"{NAMESPACE}path") if "thin" in (one.get("class") or "")]
    assert thin == ["thin c0", "thin c1", "thin c5"]  # the last in the legend, for all


def test_a_taller_value_stands_higher() -> None:
    (group, _) = ROOT.findall(f"{NAMESPACE}g")
    marks = [one.get("d") or "" for one in group.iter(f"{NAMESPACE}path") if one.get("class") == "f0"][:3]
    heights = [int(found[1]) for mark in marks if (found := re.match(r"M\d+ (\d+)", mark))]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3


def test_it_holds_nothing_foreign() -> None:
    for element in ROOT.iter():
        assert element.tag.removeprefix(NAMESPACE) in PARTS
        assert not [attribute for attribute in element.attrib if attribute.startswith("on") or "href" in attribute]
    assert not re.search(r"url\(|@import|@font-face|<!DOCTYPE|<\?", MADE)
    assert set(re.findall(r"https?://[^\"]*", MADE)) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme:dark" in MADE


def test_everything_is_on_the_page() -> None:
    _, _, width, height = map(int, (ROOT.get("viewBox") or "").split())
    tops = [int((group.get("transform") or "")[len("translate(0 ") : -1]) for group in ROOT.findall(f"{NAMESPACE}g")]
    for top, group in zip(tops, ROOT.findall(f"{NAMESPACE}g"), strict=True):
        for one in group.iter(f"{NAMESPACE}text"):
            x, y, long = int(one.get("x") or 0), int(one.get("y") or 0), 7 * len(one.text or "")
            kind = (one.get("class") or "").split()
            left = x - long if "right" in kind else x - long // 2 if "middle" in kind else x
            assert left >= 0, one.text
            assert left + long <= width, one.text
            assert top + y + 4 <= height, one.text


@pytest.mark.parametrize("chart", [NAMED, CURVES])
def test_a_chart_of_no_points_is_drawn(chart: Chart) -> None:
    empty = Chart(title="t", x=chart.x, y=chart.y, series=(Series(name="s", style="joined", points=()),))
    ElementTree.fromstring(svg((empty,), "t", "s"))
