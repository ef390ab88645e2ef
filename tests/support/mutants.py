"""Faults on purpose: a function of the package with a piece of its text replaced, wherever it was imported to."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest


@dataclass(frozen=True)
class Change:
    """One replacement in the text of one function."""

    function: Callable[..., Any]
    before: str  #: stands once in the function's text
    after: str

    def apply(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Swap the code of the function object, so that every name for it has the fault."""
        assert isinstance(self.function, FunctionType)
        text = textwrap.dedent(inspect.getsource(self.function))
        found = text.count(self.before)
        assert found == 1, f"{self.before!r} stands {found} times in {self.function.__qualname__}: mend the mutant"
        made: dict[str, Any] = {}
        exec(
            "from __future__ import annotations\n" + text.replace(self.before, self.after),
            self.function.__globals__,
            made,
        )
        monkeypatch.setattr(self.function, "__code__", made[self.function.__name__].__code__)


@dataclass(frozen=True)
class Mutant:
    """A fault, and by which invariants it may be found."""

    name: str
    changes: Sequence[Change]
    found_by: frozenset[str]
