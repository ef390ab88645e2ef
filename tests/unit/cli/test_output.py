"""Tables and entries on screens of any width: nothing is cut off, nothing is wider than the screen where it can fit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contractnet.cli import output, screen

CELL = st.text("abcdefgh .", min_size=1, max_size=40).map(str.strip).filter(bool)
HEAD = ("AGENT", "DAEMON", "SKILLS", "CAPACITY", "FREE", "SINCE")
ROW = ("summariser", "d_1a2b3c4d", "text.summarise text.translate text.count", "4", "4", "2026-11-21 12:03:44Z")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Standard output is one."""
    monkeypatch.setattr(screen, "is_terminal", lambda: True)
    return monkeypatch


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_wide_screen_has_one_line_a_row(terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "140")
    output.table(HEAD, [ROW])
    assert [len(line.split("  ")) > 5 for line in lines(capsys)] == [True, True]


def test_on_80_columns_the_widest_column_is_folded(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", "80")
    output.table(HEAD, [ROW])
    found = lines(capsys)
    assert max(map(len, found)) <= 80
    assert found[1].split()[:3] == ["summariser", "d_1a2b3c4d", "text.summarise"]
    assert [line.strip() for line in found[2:]] == ["text.translate", "text.count"]


def test_on_40_columns_each_row_is_a_list(terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.setenv("COLUMNS", "40")
    output.table(HEAD, [ROW, ROW])
    found = lines(capsys)
    assert found[0] == "AGENT     summariser"
    assert "" in found, "a line between rows"
    assert max(map(len, found)) <= 40


def test_a_file_gets_one_line_a_row_at_any_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    output.table(HEAD, [ROW])
    output.folded("x: ", "word " * 40)
    assert len(lines(capsys)) == 3


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(width=st.integers(20, 160), rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4))
def test_nothing_is_lost_at_any_width(
    width: int,
    rows: list[tuple[str, str, str]],
    terminal: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.setenv("COLUMNS", str(width))
    output.table(("A", "B", "C"), rows)
    found = lines(capsys)
    assert max(map(len, found)) <= width
    assert sorted("".join(found).replace(" ", "")) == sorted(
        "".join(["".join(row) for row in rows] + _names(found, rows)).replace(" ", "")
    )


def _names(found: list[str], rows: list[tuple[str, str, str]]) -> list[str]:
    """The names of the columns: once above a table, before each value in lists."""
    listed = not (found[0].startswith("A ") and found[0].endswith("C") and "B" in found[0])
    return ["ABC"] * (len(rows) if listed else 1)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(
    width=st.integers(20, 160), before=st.text("abc ", max_size=60), words=st.text("defg ", min_size=1, max_size=300)
)
def test_an_entry_goes_on_under_itself(
    width: int, before: str, words: str, terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.setenv("COLUMNS", str(width))
    output.folded(before, words)
    found = lines(capsys)
    assert max(map(len, found), default=0) <= width
    assert sorted("".join(found).replace(" ", "")) == sorted((before + words).replace(" ", ""))
