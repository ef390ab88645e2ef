"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
#: (code, what it prints): each block of code is followed by its output
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_code_to_run() -> None:
    assert len(BLOCKS) == README.read_text(encoding="utf-8").count("```python") == 1


def test_it_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_demo_is_that_of_the_docs() -> None:
    shown = re.findall(
        r"^Count the words of a note\n.*?```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(shown) == 1
    assert shown[0] in (README.parent / "docs" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("code", "printed"), BLOCKS)
def test_code_runs_as_it_stands(code: str, printed: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == printed
    assert ("market.db" in code) is (tmp_path / "market.db").exists()
