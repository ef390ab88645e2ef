"""The SVG diagrams: everything of a table is in them, nothing foreign is, and they can be read in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from contractnet.interaction.definition import TABLES, load
from contractnet.interaction.drawing.picture import about_row, picture
from contractnet.interaction.drawing.svg import svg
from contractnet.interaction.machine import SAME
from tests.support.drawn import made

NAMESPACE = "{http://www.w3.org/2000/svg}"
PARTS = {"svg", "title", "desc", "style", "rect", "text", "tspan", "g", "path", "circle"}

Element = ElementTree.Element


def drawn(name: str) -> str:
    return made()[f"diagrams/{name}.svg"]


def root(name: str) -> Element:
    return ElementTree.fromstring(drawn(name))


def titles(name: str) -> list[str]:
    return [element.text or "" for element in root(name).iter(f"{NAMESPACE}title")]


def words(element: Element) -> str:
    """The words of a text, its tooltip left out."""
    parts = [element.text or ""]
    for child in element:
        parts += ["" if child.tag.endswith("title") else child.text or "", child.tail or ""]
    return "".join(parts)


def texts(name: str) -> list[str]:
    return [words(element) for element in root(name).iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_a_box_with_what_it_means(name: str) -> None:
    table = load(name)
    found = titles(name)
    for state, about in table.states.items():
        (mine,) = [title for title in found if title.startswith(f"{state}: ")]
        assert about.means in mine
        assert ("; final" in mine) is about.final
    boxes = [element for element in root(name).iter(f"{NAMESPACE}rect") if element.get("class") == "box"]
    rings = [element for element in root(name).iter(f"{NAMESPACE}rect") if element.get("class") == "ring"]
    assert len(boxes) == len(table.states) + 1  # one in the key
    assert len(rings) == sum(state.final for state in table.states.values()) + 1


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_there_with_its_events_and_what_it_does(name: str) -> None:
    table = load(name)
    found, about = texts(name), titles(name)
    for row in table.rows:
        assert [text for text in found if text.startswith(f"{row.name} {row.events[0]}")]
        assert about_row(row) in about
        for event in row.events:
            assert [text for text in found if event in text.split()]
        if row.guard is not None:
            assert [text for text in found if f"[{row.guard}]" in text]


@pytest.mark.parametrize("name", TABLES)
def test_every_state_names_the_rows_that_keep_it(name: str) -> None:
    table = load(name)
    shown = picture(table)
    for state, rows in shown.stays.items():
        assert [row.name for row in rows] == [
            row.name for row in table.rows if state in row.states and row.next in (SAME, state)
        ]
    assert (
        sum(bool(rows) for rows in shown.stays.values()) == sum(text.startswith("\u21ba ") for text in texts(name)) - 1
    )


@pytest.mark.parametrize("name", TABLES)
def test_iterated_rows_alone_are_dashed(name: str) -> None:
    shown = picture(load(name))
    groups = [group for group in root(name).iter(f"{NAMESPACE}g") if group.get("class") == "iterated"]
    states = sum(state.iterated for state in shown.table.states.values())
    arrows = sum(arrow.iterated for arrow in shown.arrows)
    key = any(row.iterated for row in shown.table.rows)
    assert len(groups) == states + arrows + key
    italic = [words(text) for text in root(name).iter(f"{NAMESPACE}text") if text.get("class") == "italic"]
    rows = {row.name for row in shown.table.rows if row.iterated}
    assert {text.split()[0] for text in italic if text[0].isalpha() and text[0].isupper()} == rows


@pytest.mark.parametrize("name", TABLES)
def test_it_holds_nothing_foreign(name: str) -> None:
    for element in root(name).iter():
        assert element.tag.removeprefix(NAMESPACE) in PARTS
        assert not [attribute for attribute in element.attrib if attribute.startswith("on") or "href" in attribute]
    text = drawn(name)
    assert not re.search(r"url\(|@import|@font-face|<!DOCTYPE|<\?", text)
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not [character for character in text if not character.isprintable() and character != "\n"]


@pytest.mark.parametrize("name", TABLES)
def test_everything_is_on_the_page_and_no_words_overlap(name: str) -> None:
    page = root(name)
    _, _, width, height = map(int, (page.get("viewBox") or "").split())
    areas = list(placed(page, 0, 0))
    for x, y, right, bottom, text in areas:
        assert 0 <= x <= right <= width, text
        assert 0 <= y <= bottom <= height, text
    for one, other in combinations(areas, 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3], (one, other)


def placed(element: Element, left: int, top: int) -> Iterator[tuple[int, int, int, int, str]]:
    """Where words stand, by the width that a common monospaced font gives them: 0.602 of its size."""
    if (moved := re.match(r"translate\((\d+) (\d+)\)", element.get("transform") or "")) is not None:
        left, top = left + int(moved[1]), top + int(moved[2])
    if element.tag == f"{NAMESPACE}text":
        classes = (element.get("class") or "").split()
        size = 13 if "name" in classes else 16 if "title" in classes else 11
        wide = int(len(words(element)) * size * 0.602)
        x = left + int(element.get("x") or 0) - (wide // 2 if {"name", "note"} & set(classes) else 0)
        y = top + int(element.get("y") or 0)
        yield x, y - size + 3, x + wide, y + 2, words(element)
    for child in element:
        yield from placed(child, left, top)


def test_arrows_end_at_boxes() -> None:
    for name in TABLES:
        paths = [path for path in root(name).iter(f"{NAMESPACE}path") if path.get("class") == "solid"]
        assert len(paths) == len(picture(load(name)).arrows) + 1  # the start's


def test_they_are_drawn_from_the_table_and_from_nothing_else() -> None:
    name = "participant"
    assert svg(picture(load(name)), f"{name}.toml") == drawn(name)
    assert svg(picture(load(name)), "other.toml").replace("other.toml", f"{name}.toml") == drawn(name)


# ---- light and dark


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_words_can_be_read_in_light_and_in_dark() -> None:
    style = root("initiator").findtext(f"{NAMESPACE}style") or ""
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    for rules in (light, dark):
        fills = dict(re.findall(r"([.\w]+)\{fill:(#\w{6})", rules))
        grounds = [fills.pop(".page"), fills.pop(".box")]
        assert {"text", ".faint", ".received", ".decided", ".timer", ".derived"} <= set(fills)
        assert min(contrast(colour, ground) for colour in fills.values() for ground in grounds) > 4.5
    assert [one for one, _ in pairwise(re.findall(r"\.page\{fill:#\w+", style))]
