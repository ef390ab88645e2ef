"""The pages of docs/ whose commands talk to a broker, followed as a reader would."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.tools.blocks import NEEDS_BROKER, Reader
from docs.tools.stage import pages

PAGES = [path for path in sorted(pages()) if NEEDS_BROKER in path.read_text(encoding="utf-8")]


def test_there_are_such_pages() -> None:
    assert [path.stem for path in PAGES] == ["worker"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(path: Path, tmp_path: Path, amqp_url: str) -> None:
    reader = Reader(tmp_path, {"CONTRACTNET_BROKER": amqp_url})
    assert list(reader.follow(path.read_text(encoding="utf-8"))) == []
