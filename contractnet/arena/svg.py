"""Charts as SVG: self-contained, without scripts, for light and dark, the same bytes everywhere.

Series differ in colour and in mark, so that they can be told apart in grey. The colours are those of Okabe and Ito,
which most people who confuse colours can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Final
from xml.sax.saxutils import escape

from contractnet.arena.chart import Chart, Point, Series
from contractnet.arena.scale import Scale, scaled

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
#: in light, in dark
_COLOURS: Final = (
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff9248"),
    ("#00805b", "#1fcf9b"),
    ("#b0568b", "#e39ac6"),
    ("#8a6d00", "#e6c229"),
    ("#57606a", "#9198a1"),
    ("#5b3fa6", "#b8a1ff"),
)
_WIDTH: Final = 860
_LEFT: Final = 64
_PLOT: Final = 500
_GAP: Final = 24
_TOP: Final = 48
_HEIGHT: Final = 260
_BELOW: Final = 44
_SMALL: Final = 14
#: pixels of a character, and the most characters of a line under a named place
_CHARACTER: Final = 7
_NAME: Final = 16
_LINE: Final = 20
#: series stand so far beside each other: over names, over numbers
_DODGE: Final = 12
_NEAR: Final = 4
#: the colour of what is no series of its own
_GREY: Final = 5
#: characters of a line of the legend
_LETTERS: Final = 34


def svg(charts: Sequence[Chart], title: str, source: str) -> str:
    """The text of the file: the charts under each other.

    Args:
        title: for those who do not see the picture.
        source: the command that made it.
    """
    heights = [_height(chart) for chart in charts]
    height = sum(heights)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="{_FONT}" font-size="12">',
        "<!-- Generated. Do not edit. -->",
        f"<title>{escape(title)}</title>",
        f"<desc>{escape('; '.join(_described(chart) for chart in charts))}. Made by: {escape(source)}</desc>",
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}"/>',
    ]
    top = 0
    for chart, high in zip(charts, heights, strict=True):
        parts += [f'<g transform="translate(0 {top})">', *_chart(chart), "</g>"]
        top += high
    return "\n".join([*parts, "</svg>", ""])


def _style() -> str:
    light = "".join(_colour(place, pair[0]) for place, pair in enumerate(_COLOURS))
    dark = "".join(_colour(place, pair[1]) for place, pair in enumerate(_COLOURS))
    return (
        ".page{fill:#fff}text{fill:#1f2328}.faint{fill:#59636e}.grid{stroke:#d1d9e0}.axis{stroke:#59636e}"
        ".title{font-size:14px;font-weight:bold}.middle{text-anchor:middle}.right{text-anchor:end}"
        f".line{{fill:none;stroke-width:2}}.thin{{fill:none;stroke-width:1.5;stroke-dasharray:6 4}}{light}"
        "@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#f0f6fc}.faint{fill:#9198a1}"
        f".grid{{stroke:#2a313c}}.axis{{stroke:#9198a1}}{dark}}}"
    )


def _colour(place: int, colour: str) -> str:
    return f".c{place}{{stroke:{colour}}}.f{place}{{fill:{colour}}}"


def _height(chart: Chart) -> int:
    legend = sum(len(_folded(series.name)) for series in _listed(chart)) * _LINE
    return _TOP + max(_HEIGHT + _ticks(chart) * _SMALL, legend) + _BELOW


def _ticks(chart: Chart) -> int:
    """Lines of words under the axis."""
    return max((len(_named(name, chart)) for name in chart.x.names), default=1)


def _named(name: str, chart: Chart) -> list[str]:
    """A name in lines that have room under its place."""
    return _folded(name, min(_NAME, max(8, _PLOT // len(chart.x.names) // _CHARACTER)))


def _described(chart: Chart) -> str:
    return f"{chart.title}: {chart.y.title} by {chart.x.title}, of {', '.join(one.name for one in _listed(chart))}"


def _chart(chart: Chart) -> Iterator[str]:
    points = [point for series in chart.series for point in series.points]
    ends = [end for point in points for end in (point.low, point.y, point.high) if end is not None]
    x = scaled(chart.x, (point.x for point in points), _LEFT, _LEFT + _PLOT)
    y = scaled(chart.y, ends, _TOP + _HEIGHT, _TOP)
    yield f'<text class="title" x="{_LEFT}" y="20">{escape(chart.title)}</text>'
    yield f'<text class="faint" x="{_LEFT}" y="38">{escape(chart.y.title)}</text>'
    yield from _axes(chart, x, y)
    colours = _colours(chart.series)
    marked = [one for one in chart.series if one.style != "line"]
    for series in chart.series:
        if series.style == "line":
            yield from _line(series, colours[series.like or series.name], x, y)
    for mark, series in enumerate(marked):
        apart = _DODGE if chart.x.names else _NEAR if series.style == "joined" else 0
        aside = (2 * mark - (len(marked) - 1)) * apart // 2
        yield from _series(series, colours[series.like or series.name], mark, x, y, aside)
    yield from _legend(chart, colours)


def _legend(chart: Chart, colours: Mapping[str, int]) -> Iterator[str]:
    row, mark = _TOP + 12, 0
    for series in _listed(chart):
        left = _LEFT + _PLOT + _GAP
        colour = _GREY if series.like else colours[series.name]
        if series.style != "points":
            kind = "thin" if series.style == "line" else "line"
            yield f'<path class="{kind} c{colour}" d="M{left} {row - 4}h24"/>'
        if series.style != "line":
            yield _mark(mark, left + 12, row - 4, colour)
            mark += 1
        for line in _folded(series.name):
            yield f'<text x="{left + 32}" y="{row}">{escape(line)}</text>'
            row += _LINE


def _listed(chart: Chart) -> list[Series]:
    """What the legend names; of series of one name, such as theory for each measured one, the first."""
    return list({one.name: one for one in reversed(chart.series)}.values())[::-1]


def _axes(chart: Chart, x: Scale, y: Scale) -> Iterator[str]:
    for tick in y.ticks:
        yield f'<path class="grid" d="M{_LEFT} {tick.pixel}h{_PLOT}"/>'
        yield f'<text class="faint right" x="{_LEFT - 8}" y="{tick.pixel + 4}">{escape(tick.words)}</text>'
    for tick in x.ticks:
        yield f'<path class="axis" d="M{tick.pixel} {_TOP + _HEIGHT}v4"/>'
        for line, words in enumerate(_named(tick.words, chart) if chart.x.names else [tick.words]):
            down = _TOP + _HEIGHT + 18 + line * _SMALL
            yield f'<text class="faint middle" x="{tick.pixel}" y="{down}">{escape(words)}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_TOP + _HEIGHT}h{_PLOT}"/>'
    middle, down = _LEFT + _PLOT // 2, _TOP + _HEIGHT + _ticks(chart) * _SMALL + 24
    yield f'<text class="faint middle" x="{middle}" y="{down}">{escape(chart.x.title)}</text>'


def _colours(series: Sequence[Series]) -> dict[str, int]:
    """A colour for each name that is no other's like."""
    return {name: place % len(_COLOURS) for place, name in enumerate(one.name for one in series if not one.like)}


def _line(series: Series, colour: int, x: Scale, y: Scale, aside: int = 0, kind: str = "thin") -> Iterator[str]:
    if series.points:
        path = "L".join(f"{x.at(point.x) + aside} {y.at(point.y)}" for point in series.points)
        yield f'<path class="{kind} c{colour}" d="M{path}"/>'


def _series(series: Series, colour: int, mark: int, x: Scale, y: Scale, aside: int) -> Iterator[str]:
    if series.style == "joined":
        yield from _line(series, colour, x, y, aside, "line")
    for point in series.points:
        across = x.at(point.x) + aside
        yield from _whisker(point, across, colour, y)
        yield _mark(mark, across, y.at(point.y), colour)


def _whisker(point: Point, across: int, colour: int, y: Scale) -> Iterator[str]:
    if point.low is None or point.high is None:
        return
    low, high = y.at(point.low), y.at(point.high)
    if low - high > 2:
        yield f'<path class="line c{colour}" d="M{across - 3} {low}h6m-3 0V{high}m-3 0h6"/>'


def _mark(mark: int, x: int, y: int, colour: int) -> str:
    shapes = (
        f"M{x - 4} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
        f"M{x - 4} {y - 4}h8v8h-8Z",
        f"M{x} {y - 5}l5 9h-10Z",
        f"M{x} {y - 5}l5 5l-5 5l-5 -5Z",
        f"M{x} {y + 5}l5 -9h-10Z",
        f"M{x - 5} {y - 2}h3v-3h4v3h3v4h-3v3h-4v-3h-3Z",
        f"M{x - 5} {y - 3}h10v6h-10Z",
    )
    return f'<path class="f{colour}" d="{shapes[mark % len(shapes)]}"/>'


def _folded(name: str, letters: int = _LETTERS) -> list[str]:
    """A name in lines of so many characters; broken at blanks and hyphens."""
    return wrap(name, letters, break_long_words=False) or [""]
