"""The wheel: holds the code, the migrations and both data folders, and works without the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_it_holds_all_that_is_tracked(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "contractnet").rglob("*.py")}
    data = {
        f"contractnet/_data/{path.relative_to(ROOT)}"
        for kind in ("agents", "protocols")
        for path in (ROOT / kind).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert code <= names
    assert data <= names
    assert "contractnet/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "run.py"))]


def test_it_finds_its_data_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import contractnet; print(contractnet.__file__);"
        "from contractnet.resources import checkout, folder;"
        "print(checkout('agents'), folder('protocols').joinpath('participant.toml').is_file());"
        "from contractnet.interaction.definition import load; load('participant')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "site/contractnet/__init__.py"), "None True"]
