"""The checker stands alone: the standard library, and itself."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from contractnet import conformance

FILES = sorted(Path(conformance.__file__).parent.glob("*.py"))


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_imports_nothing_of_the_package_and_no_library(file: Path) -> None:
    others = {name for name in imported(file) if not name.startswith("contractnet.conformance")}
    assert {name.split(".")[0] for name in others} <= sys.stdlib_module_names
