"""What a URL opens, and what it says where it cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contractnet.errors import DefinitionError, LedgerUnusable
from contractnet.ledger import urls
from contractnet.ledger.founding import founding
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import Ledger
from contractnet.ledger.urls import file_of, open_ledger, open_reader
from tests.suites.ledger import NOW, OWNER


def opened(path: Path) -> Ledger:
    return open_ledger(str(path), kind="ledger", owner=OWNER, now=NOW)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("contractnet.db", "contractnet.db"),
        ("/var/lib/x.db", "/var/lib/x.db"),
        ("sqlite:///contractnet.db", "contractnet.db"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite:///a%20b?c.db", "a%20b?c.db"),
        ("memory://", None),
    ],
)
def test_the_file_that_a_url_names(url: str, path: str | None) -> None:
    assert file_of(url) == (None if path is None else Path(path))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "'' is no ledger: use sqlite:///FILE, a path, or memory://"),
        (":memory:", "':memory:' is no ledger: use sqlite:///FILE, a path, or memory://"),
        ("memory://name", "memory://name: a ledger in memory has no name, write memory://"),
        ("sqlite://", "sqlite://: write sqlite:///FILE (three slashes), or memory:// for a ledger in memory"),
        ("sqlite://x.db", "sqlite://x.db: write sqlite:///FILE (three slashes), or memory:// for a ledger in memory"),
        (
            "sqlite:///:memory:",
            "sqlite:///:memory:: write sqlite:///FILE (three slashes), or memory:// for a ledger in memory",
        ),
        ("postgresql://u:secret@h/d", "postgresql://: PostgreSQL is not in this version: use sqlite:///FILE"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://: PostgreSQL is not in this version: use sqlite:///FILE"),
        ("mysql://u:secret@h", "mysql:// is no ledger: use sqlite:///FILE, a path, or memory://"),
    ],
)
def test_a_url_that_names_none(url: str, text: str) -> None:
    for function in (file_of, lambda url: open_ledger(url, kind="ledger", owner=None, now=NOW)):
        with pytest.raises(DefinitionError) as found:
            function(url)
        assert str(found.value) == text


@pytest.mark.parametrize("url", ["", ":memory:", "sqlite://x.db", "mysql://u:secret@h", "postgresql://h/d"])
def test_one_that_is_to_be_read_is_not_looked_for_in_memory(url: str) -> None:
    with pytest.raises(DefinitionError) as found:
        open_reader(url)
    assert "sqlite:///FILE" in str(found.value)
    assert "memory://" not in str(found.value)


def test_memory_is_not_read_from_outside() -> None:
    with pytest.raises(DefinitionError, match="ends with its process"):
        open_reader("memory://")


def test_a_ledger_in_memory_has_an_owner_too() -> None:
    named = open_ledger("memory://", kind="journal", owner="d1", now=NOW)
    assert isinstance(named, MemoryLedger)
    assert named.owner == "d1"
    assert founding(named.head, "it").kind == "journal"
    unnamed = open_ledger("memory://", kind="ledger", owner=None, now=NOW)
    assert re.fullmatch("m[0-9a-f]{12}", unnamed.owner)


def test_a_bare_path_and_a_url_are_one_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_ledger("x.db", kind="ledger", owner=OWNER, now=NOW).close()
    for url in ("sqlite:///x.db", f"sqlite:///{tmp_path}/x.db", str(tmp_path / "x.db")):
        ledger = open_ledger(url, kind="ledger", owner=None, now=NOW)
        assert ledger.owner == OWNER
        ledger.close()


def test_a_reader_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="does not exist"):
        open_reader(str(tmp_path / "x.db"))
    assert list(tmp_path.iterdir()) == []
    opened(tmp_path / "x.db").close()
    reader = open_reader(str(tmp_path / "x.db"))
    assert len(list(reader.entries())) == 1
    reader.check()
    reader.close()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


def test_importing_this_costs_no_database() -> None:
    assert "sqlalchemy" not in vars(urls)
