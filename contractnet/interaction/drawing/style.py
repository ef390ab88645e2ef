"""Fonts and colours of the pictures, and lines of words written in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from contractnet.interaction.drawing.words import LINE, Line, small

FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
#: the kind of an event -> its class
KINDS: Final = {"?": "received", "#": "decided", "@": "timer", "=": "derived"}

#: selectors, in light, in dark
_COLOURS: Final = (
    (".page", "fill:#ffffff", "fill:#0d1117"),
    (".box", "fill:#f6f8fa;stroke:#57606a", "fill:#1c2128;stroke:#9198a1"),
    (".ring,.wire,.list", "fill:none;stroke:#57606a", "stroke:#9198a1"),
    (".solid", "fill:#424a53", "fill:#b7bdc8"),
    ("text", "fill:#1f2328", "fill:#f0f6fc"),
    (".faint", "fill:#59636e", "fill:#9198a1"),
    (".received", "fill:#0550ae", "fill:#79c0ff"),
    (".decided", "fill:#116329", "fill:#7ee787"),
    (".timer", "fill:#953800", "fill:#ffa657"),
    (".derived", "fill:#6639ba", "fill:#d2a8ff"),
)
_SHAPES: Final = (
    ".title{font-size:16px;font-weight:bold}",
    ".name{font-size:13px;font-weight:bold;text-anchor:middle}",
    ".note{text-anchor:middle}",
    ".iterated .wire,.iterated .box,.iterated .ring{stroke-dasharray:5 3}",
    ".italic{font-style:italic}",
)
_LIGHT: Final = "".join(f"{names}{{{light}}}" for names, light, _ in _COLOURS)
_DARK: Final = "".join(f"{names}{{{dark}}}" for names, _, dark in _COLOURS)
STYLE: Final = f"{_LIGHT}{''.join(_SHAPES)}@media (prefers-color-scheme:dark){{{_DARK}}}"


def text(words: str, x: int, y: int, *classes: str) -> str:
    """Words at a place; `y` is the upper side of their line."""
    named = f' class="{" ".join(classes)}"' if classes else ""
    return f'<text{named} x="{x}" y="{y + 11}">{escape(words)}</text>'


def written(lines: Sequence[Line], x: int, y: int) -> list[str]:
    """Lines of rows and events, from the upper left corner of their room on."""
    found: list[str] = []
    for number, line in enumerate(lines):
        italic = ' class="italic"' if line.iterated else ""
        kind = f' class="{KINDS[line.kind]}"' if line.kind else ""
        row = f"{escape(line.row)} " if line.row else ""
        begin = f'<text{italic} x="{x + small(line.indent)}" y="{y + LINE * number + 11}">'
        title = f"<title>{escape(line.about)}</title>"
        found.append(f"{begin}{title}{row}<tspan{kind}>{escape(line.text)}</tspan></text>")
    return found
