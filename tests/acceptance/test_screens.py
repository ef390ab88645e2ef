"""The pictures of the commands: made by one command, of every command and width, needing nothing from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.commands import ROOT, environment

FOLDER = ROOT / "docs" / "screens"
NAMES = sorted(f"{name}-{columns}.svg" for name in ("demo", "call", "agents", "log", "doctor") for columns in (80, 140))
SVG = "{http://www.w3.org/2000/svg}"


def checked(path: Path) -> str:
    """The words of a picture that is well formed and self-contained."""
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert {one.tag for one in root.iter()} == {f"{SVG}{name}" for name in ("svg", "title", "rect", "text")}
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http://USER:", "")
    width = float(root.attrib["width"])
    for one in root.iter(f"{SVG}text"):
        assert one.attrib["{http://www.w3.org/XML/1998/namespace}space"] == "preserve"  # else columns run together
        assert float(one.attrib["x"]) + float(one.attrib["textLength"]) <= width
    return " ".join(one.text or "" for one in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("name", NAMES)
def test_those_of_the_docs_are_whole(name: str) -> None:
    words = checked(FOLDER / name)
    assert f"$ contractnet {name.partition('-')[0]}" in words
    assert "/tmp" not in words
    assert sys.prefix not in words


@pytest.mark.rabbitmq
@pytest.mark.campaign
def test_they_are_made_by_one_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "make.py"), str(tmp_path)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    assert "repaired, wins" in checked(tmp_path / "demo-140.svg")
    assert "counter" in checked(tmp_path / "agents-80.svg")
    assert "tender ended: settled" in checked(tmp_path / "log-140.svg")
    assert "broker quorum queues" in checked(tmp_path / "doctor-80.svg")
    assert "3 settled" in checked(tmp_path / "call-80.svg")
