"""What other distributions bring: found by name, and named clearly where it is missing, twice, or broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

import contractnet.brought as module
from contractnet.brought import brought, brought_names
from contractnet.errors import DefinitionError


class Entry(NamedTuple):
    """An entry point."""

    name: str
    value: str
    load: Callable[[], object]


def broken() -> object:
    raise ImportError("no x")


def leaving() -> object:
    raise SystemExit("no y")


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        Entry("tall", "a:TALL", lambda: 3),
        Entry("odd", "a:ODD", broken),
        Entry("over", "a:OVER", leaving),
        Entry("twice", "a:T", lambda: 1),
        Entry("twice", "b:T", lambda: 2),
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: there if group == "g" else [])


def test_it_is_found_by_its_name() -> None:
    assert brought("g", "tall", "thing") == 3
    assert brought_names("g") == ("odd", "over", "tall", "twice")
    assert brought_names("other") == ()


@pytest.mark.parametrize(
    ("group", "name", "said"),
    [
        (
            "g",
            "small",
            "'small' is not known; there are: own, odd, over, tall, twice. Another distribution brings one",
        ),
        (
            "other",
            "tall",
            "there are: own. Another distribution brings one as an entry point of the group other",
        ),
        ("g", "twice", r"thing 'twice': 2 distributions bring one \(a:T, b:T\); remove one"),
        ("g", "odd", "thing 'odd': a:ODD cannot be loaded: ImportError: no x"),
        ("g", "over", "thing 'over': a:OVER cannot be loaded: SystemExit: no y"),
    ],
)
def test_what_is_not_there_is_told(group: str, name: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        brought(group, name, "thing", ["own"])
