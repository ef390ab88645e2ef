"""Rules of the tree that no linter knows: sizes, empty package files, data files that parse, a text that is plain."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 300
MAX_TEST_LINES = 700  # a table of cases is longer than one idea
MAX_FUNCTION_LINES = 60
CODE = [*sorted((ROOT / "contractnet").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]
PACKAGE = [path for path in CODE if path.is_relative_to(ROOT / "contractnet")]
SUB_PACKAGES = [path for path in PACKAGE if path.name == "__init__.py" and path.parent.name != "contractnet"]
TOML = sorted(path for kind in ("agents", "protocols") for path in (ROOT / kind).rglob("*.toml"))
TEXTS = [
    path
    for path in (*CODE, ROOT / "run.py", *ROOT.glob("*.md"), *ROOT.glob("*.toml"), *(ROOT / "deploy").glob("*"), *TOML)
    if path.is_file()
]
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "XX" + "X")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", [*CODE, ROOT / "run.py"], ids=name)
def test_a_file_is_one_idea_long(path: Path) -> None:
    limit = MAX_TEST_LINES if path.is_relative_to(ROOT / "tests") else MAX_LINES
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= limit


@pytest.mark.parametrize("path", PACKAGE, ids=name)
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [node.name for node in functions(tree) if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES]
    assert not long


@pytest.mark.parametrize("path", SUB_PACKAGES, ids=name)
def test_a_sub_package_file_holds_its_docstring_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_every_sub_package_has_its_file() -> None:
    folders = {path.parent for path in PACKAGE if path.parent.name != "versions" and "migrations" not in path.parts}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("path", PACKAGE, ids=name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", TOML, ids=name)
def test_data_files_parse(path: Path) -> None:
    assert tomllib.loads(path.read_text(encoding="utf-8"))


def test_there_are_data_files() -> None:
    assert {path.parent.name for path in TOML} >= {"protocols"}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_nothing_is_left_for_later_in_a_comment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [word for word in UNFINISHED if word in text]


@pytest.mark.parametrize("folder", ["agents", "protocols"])
def test_the_data_folders_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_the_pinned_packages_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert all(line.startswith(("#", "    --hash=sha256:")) or "==" in line for line in text.splitlines())


def test_what_the_tests_need_holds_what_the_demo_needs() -> None:
    core, docs, dev = (
        {line.split()[0] for line in (ROOT / "requirements" / file).read_text().splitlines() if "==" in line}
        for file in ("core.txt", "docs.txt", "dev.txt")
    )
    assert core < docs < dev


def test_what_the_tests_need_holds_what_models_need() -> None:
    core, llm, dev = (
        {line.partition("==")[0] for line in (ROOT / "requirements" / file).read_text().splitlines() if "==" in line}
        for file in ("core.txt", "llm.txt", "dev.txt")
    )
    assert core < llm < dev
