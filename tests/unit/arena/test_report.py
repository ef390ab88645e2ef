"""The pages of docs/experiments are what the package finds now."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from contractnet.arena.catalogue import EXPERIMENTS
from contractnet.arena.report import drift, index, left_over, pages, write

FOLDER = Path(__file__).parents[3] / "docs" / "experiments"
#: take half a minute; `awards/` has small ones of them
LONG = ("confidence", "boasters", "bundle-shill-and-cartel")


def made(name: str) -> dict[str, str]:
    return dict(pages([name], lambda one: lambda steps: None))


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in LONG])
def test_the_page_is_current(name: str) -> None:
    assert drift(FOLDER, made(name)) == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", LONG)
def test_the_page_of_a_long_one_is_current(name: str) -> None:
    assert drift(FOLDER, made(name)) == []


def test_every_experiment_has_its_files_and_nothing_else_is_there() -> None:
    assert left_over(FOLDER) == []
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {"README.md", *(f"{name}.{kind}" for name in EXPERIMENTS for kind in ("md", "svg"))}
    assert drift(FOLDER, {"README.md": index()}) == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_every_picture_is_well_formed(path: Path) -> None:
    """Browsers show none that is not."""
    ElementTree.fromstring(path.read_text(encoding="utf-8"))


def test_drift_is_told_file_by_file(tmp_path: Path) -> None:
    files = {"a.md": "one\n", "b.md": "two\n"}
    write(tmp_path / "new", files)
    assert drift(tmp_path / "new", files) == []
    (tmp_path / "new" / "a.md").write_text("another\n")
    (tmp_path / "new" / "b.md").unlink()
    assert drift(tmp_path / "new", files) == [
        f"{tmp_path}/new/a.md is not current; run `contractnet arena report`",
        f"{tmp_path}/new/b.md is missing; run `contractnet arena report`",
    ]
    assert left_over(tmp_path / "new") == [f"{tmp_path}/new/a.md is of no experiment; remove it"]
