"""Pictures as PNG: the SVG of `arena.svg`, drawn by resvg with the fonts of the machine, twice its size, in light.

The one module that imports resvg. A PNG is not the same bytes on every machine, since fonts are not; the SVG is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from contractnet.errors import DefinitionError

#: pixels of the PNG for one of the SVG
ZOOM: Final = 2
#: the first that the machine has is taken; resvg knows no other way to find one
FONTS: Final = ("DejaVu Sans", "Liberation Sans", "Noto Sans", "Open Sans", "Roboto", "Ubuntu", "Arial", "Helvetica")
_STYLE: Final = f"text{{font-family:{','.join(repr(name) for name in FONTS)}}}"
_PROBE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'
_INSTEAD: Final = "or name a file .svg, which needs nothing"


@cache
def ready(*, system_fonts: bool = True) -> None:
    """Find out whether pictures can be drawn here, which is better known before a long run than after.

    Args:
        system_fonts: False: as on a machine that has none.
    Raises:
        DefinitionError: what draws is not installed, or there is no font; says what to do.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise DefinitionError(
            f"a PNG needs the package resvg_py, which is not installed: pip install 'contractnet[png]', {_INSTEAD}"
        ) from None
    empty, words = (
        svg_to_bytes(svg_string=_PROBE.format(inside), style_sheet=_STYLE, skip_system_fonts=not system_fonts)
        for inside in ("", '<text x="2" y="15">n</text>')
    )
    if empty == words:
        raise DefinitionError(f"a PNG needs a font: install one of {', '.join(FONTS)}, {_INSTEAD}")


def png(text: str) -> bytes:
    """The picture of an SVG, as the bytes of a PNG file.

    Raises:
        DefinitionError: see `ready`.
    """
    ready()
    from resvg_py import svg_to_bytes

    return svg_to_bytes(svg_string=text, style_sheet=_STYLE, zoom=ZOOM)


def drawn(text: str, path: Path) -> bytes:
    """An SVG as the bytes of a picture's file: PNG or SVG, as the file's name says.

    Raises:
        DefinitionError: see `ready`.
    """
    return png(text) if path.suffix == ".png" else text.encode()
