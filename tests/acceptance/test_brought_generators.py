"""An offer generator that a separate distribution brings: built, installed beside the package, and bargained with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BROUGHT = Path(__file__).parents[1] / "thirdparty" / "split"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed distribution, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("brought")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=BROUGHT, capture_output=True, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def run(site: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2]), *([str(site)] if site else [])]
    return subprocess.run(
        [sys.executable, "-m", "contractnet", "bargain", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_bargains_where_it_is_installed_and_is_named_where_it_is_not(site: Path) -> None:
    played = run(site, "split-the-difference:percent=40", "linear", "--trials", "20", "--json", "--swap")
    assert played.returncode == 0, played.stderr
    bought, sold = (json.loads(line) for line in played.stdout.splitlines())
    assert (bought["buyer"], sold["seller"]) == ("split-the-difference:percent=40",) * 2
    assert float(bought["deals_feasible"]) > 0
    assert (bought["buyer_violations"], bought["seller_violations"]) == ("0", "0")
    assert "split-the-difference" in run(site, "--list").stdout

    without = run(None, "split-the-difference", "linear")
    assert without.returncode == 2
    assert "strategy 'split-the-difference' is not known; there are: og-linear, " in without.stderr
    assert "is it installed here?" in without.stderr
