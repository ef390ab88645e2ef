"""What the sources say of themselves: docstrings, fields and the `#:` lines behind them."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class."""

    name: str
    type: str  #: as written
    default: str | None  #: as written
    meaning: str  #: the `#:` line behind it, and those that go on below


@dataclass(frozen=True, slots=True)
class ClassSource:
    """A class as its file has it."""

    name: str
    meaning: str  #: its docstring, cleaned
    fields: tuple[Field, ...]
    bases: tuple[str, ...]


@cache
def module(path: Path) -> tuple[ast.Module, tuple[str, ...]]:
    """A file's tree and its lines."""
    text = path.read_text(encoding="utf-8")
    return ast.parse(text), tuple(text.splitlines())


@cache
def classes(file: str) -> dict[str, ClassSource]:
    """The classes of a file of this checkout, in order. `file`: from its root, such as `contractnet/errors.py`."""
    tree, lines = module(ROOT / file)
    return {node.name: _class(node, lines) for node in tree.body if isinstance(node, ast.ClassDef)}


def docstring(file: str) -> str:
    """A file's own docstring."""
    return ast.get_docstring(module(ROOT / file)[0]) or ""


def class_of(cls: type) -> ClassSource:
    """The source of a class."""
    file = Path(inspect.getfile(cls)).relative_to(ROOT)
    return classes(str(file))[cls.__name__]


def _class(node: ast.ClassDef, lines: tuple[str, ...]) -> ClassSource:
    fields = tuple(
        Field(
            name=part.target.id,
            type=ast.unparse(part.annotation),
            default=None if part.value is None else ast.unparse(part.value),
            meaning=_comment(part, lines),
        )
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    )
    bases = tuple(ast.unparse(base) for base in node.bases)
    return ClassSource(node.name, ast.get_docstring(node) or "", fields, bases)


def _comment(part: ast.AnnAssign, lines: tuple[str, ...]) -> str:
    """The `#:` text behind a field, with the lines of comment alone that follow it."""
    last = (part.end_lineno or part.lineno) - 1
    _, sign, text = lines[last][part.end_col_offset or 0 :].partition("#:")
    if not sign:
        return ""
    found = [text.strip()]
    for line in lines[last + 1 :]:
        if not line.strip().startswith("#:"):
            break
        found.append(line.strip().removeprefix("#:").strip())
    return " ".join(found)
