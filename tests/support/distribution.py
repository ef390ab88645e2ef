"""Distributions of other people: built as wheels, installed beside the package, used by processes that see both."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.commands import ROOT

THIRD_PARTY = ROOT / "tests" / "thirdparty"


def installed(name: str, folder: Path) -> Path:
    """A folder that holds the distribution of that name in tests/thirdparty, as an installer leaves it."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=THIRD_PARTY / name, capture_output=True, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def python(folder: Path, site: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python there; with a site, as where that distribution is installed."""
    paths = [str(ROOT), *([str(site)] if site else [])]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
