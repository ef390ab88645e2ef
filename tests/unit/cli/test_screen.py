"""What the terminal shows and how this program is called again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from contractnet.cli import screen


@pytest.mark.parametrize(
    ("encoding", "sign"), [("utf-8", "✓"), ("ascii", "+"), ("latin-1", "+"), (None, "+"), ("no such", "+")]
)
def test_signs_that_the_output_can_carry(encoding: str | None, sign: str) -> None:
    assert screen.signs(encoding, "+", "✓") == sign


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("3", 20), ("nonsense", 80), ("", 80)])
def test_the_width_is_what_is_said_and_never_nothing(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(sys, "__stdout__", file)
        assert screen.width() == width


def test_no_color_means_no_styles_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert screen.console().color_system is None


def test_the_program_is_called_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "contractnet"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert screen.program() == ".venv/bin/contractnet"
    monkeypatch.setenv("PATH", str(program.parent))
    assert screen.program() == "contractnet"
    monkeypatch.setattr(sys, "argv", ["/somewhere/contractnet/__main__.py"])
    monkeypatch.setattr(sys, "executable", "/opt/python/bin/python3")
    assert screen.program() == "/opt/python/bin/python3 -m contractnet"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert screen.program() == "contractnet"
