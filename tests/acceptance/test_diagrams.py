"""`contractnet schema` in a checkout of its own: a changed row is told, and drawn again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("contractnet", "protocols"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def schema(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "contractnet", "schema", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_changed_row_makes_the_check_fail_until_it_is_drawn(checkout: Path) -> None:
    assert schema(checkout, "--check").returncode == 0
    table = checkout / "protocols" / "participant.toml"
    begin, row, end = table.read_text(encoding="utf-8").partition('row = "P17"')
    table.write_text(begin + row + end.replace('next = "CLOSED"', 'next = "CANCELLED"', 1), encoding="utf-8")
    done = schema(checkout, "--check")
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert [line.split(" differs")[0] for line in told] == [
        str(checkout / "protocols" / "diagrams" / name) for name in ("participant.mmd", "participant.svg")
    ]
    assert schema(checkout).returncode == 0
    assert schema(checkout, "--check").returncode == 0
    drawn = (checkout / "protocols" / "diagrams" / "participant.mmd").read_text(encoding="utf-8")
    assert "OFFERED --> CANCELLED: P17 #35;withdraw" in drawn


def test_left_over_and_missing_diagrams_are_told(checkout: Path) -> None:
    diagrams = checkout / "protocols" / "diagrams"
    (diagrams / "initiator.svg").unlink()
    (diagrams / "old.svg").write_text("<svg/>", encoding="utf-8")
    table = checkout / "protocols" / "initiator.toml"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("renew the lease", "renew the lease at once", 1), encoding="utf-8")
    mermaid = (diagrams / "initiator.mmd").read_text(encoding="utf-8")
    (diagrams / "initiator.mmd").write_text(mermaid.replace("PROPOSED", "PROPOSE", 1), encoding="utf-8")
    done = schema(checkout, "--check")
    assert done.returncode == 1
    assert [line.removeprefix(f"{diagrams}/").split(";")[0] for line in done.stdout.splitlines()] == [
        "initiator.mmd differs from line 21 on",
        "initiator.svg is missing",
        "old.svg is of no table",
    ]
    done = schema(checkout)
    assert done.returncode == 1
    assert done.stdout == f"{diagrams}/old.svg is of no table; remove it\n"
    (diagrams / "old.svg").unlink()
    assert schema(checkout, "--check").returncode == 0
    assert "renew the lease at once" in (diagrams / "initiator.svg").read_text(encoding="utf-8")
