"""Pictures as PNG: drawn where resvg and a font are, and said clearly where one is missing."""

from __future__ import annotations

import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from contractnet.arena.chart import Axis, Chart, Point, Series
from contractnet.arena.png import ZOOM, drawn, png, ready
from contractnet.arena.svg import svg
from contractnet.errors import DefinitionError
from tests.support.fonts import needs_font

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(x: str = "x") -> str:
    series = Series(name="s", style="points", points=(Point(Fraction(1), Fraction(2)),))
    return svg([Chart(title="t", x=Axis(title=x), y=Axis(title="y"), series=(series,))], "t", "a test")


def size(data: bytes) -> tuple[int, int]:
    """Of a PNG: its first chunk begins with width and height."""
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@needs_font
def test_it_has_the_picture_of_the_svg() -> None:
    text = picture()
    data = png(text)
    width, height = size(data)
    assert data.startswith(SIGNATURE)
    assert f'width="{width // ZOOM}" height="{height // ZOOM}"' in text
    assert png(text) == data
    assert png(picture("something else")) != data  # words are drawn


@needs_font
def test_the_name_of_the_file_decides() -> None:
    assert drawn(picture(), Path("p.svg")) == picture().encode()
    assert drawn(picture(), Path("p.png")).startswith(SIGNATURE)


def test_a_machine_without_fonts_is_told_so() -> None:
    with pytest.raises(
        DefinitionError,
        match=r"a PNG needs a font: install one of DejaVu Sans, Liberation Sans, .*, or name a file \.svg",
    ):
        ready(system_fonts=False)


def test_without_resvg_it_is_told_what_to_install_and_svg_needs_nothing(tmp_path: Path) -> None:
    look = (
        "import sys; sys.modules['resvg_py'] = None\n"
        "from contractnet.cli.main import run\n"
        f"words = ['bargain', 'linear', 'linear', '--trials', '2', '--plot', {str(tmp_path)!r} + '/p.']\n"
        "words[-1] += 'png'; print(run(words))\n"
        "words[-1] = words[-1].replace('.png', '.svg'); print(run(words))\n"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2\n2 bargainings")
    assert done.stdout.endswith("\n0\n")
    assert "a PNG needs the package resvg_py, which is not installed: pip install 'contractnet[png]'" in done.stderr
    assert "or name a file .svg, which needs nothing" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["p.svg"]
