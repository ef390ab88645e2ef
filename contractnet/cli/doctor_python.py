"""A look at what contractnet runs on: Python, and its packages against what it needs and what it was tested with."""

from __future__ import annotations

import platform
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

import contractnet
from contractnet import resources
from contractnet.telemetry.findings import Finding, ok, problem, unseen, warning

AREA: Final = "python"
LEAST: Final = (3, 11)
_NEED: Final = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*(?:\(?([<>=!~0-9.,a-z* ]*)\)?)\s*$")
_BOUND: Final = re.compile(r"(>=|<|==)\s*([0-9][0-9.]*)")
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\]+)", re.MULTILINE)
MEND: Final = "install contractnet again"


def look() -> list[Finding]:
    """Python, then the packages."""
    return [_python(), *_packages()]


def _python() -> Finding:
    python = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}"
    text = f"{python}, contractnet {contractnet.__version__}"
    if sys.version_info[:2] < LEAST:
        return problem(AREA, "version", text, "use Python 3.11 or newer")
    if sys.platform != "linux":
        return warning(AREA, "version", text, "only Linux was tried so far")
    return ok(AREA, "version", text)


def _packages() -> list[Finding]:
    """What is missing or wrong, one by one; else one line for all."""
    pins = pinned(_beside("requirements/core.txt"))
    needs = _needs()
    if not needs:
        return [unseen(AREA, "packages", "contractnet is not installed here", MEND)]
    found: list[Finding] = []
    versions: list[str] = []
    for need in needs:
        match = _NEED.match(need)
        if match is None:
            continue
        name, bounds = match[1], match[2] or ""
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            found.append(problem(AREA, name, "is not installed", MEND))
            continue
        versions.append(f"{name} {version}")
        if not within(version, bounds):
            found.append(problem(AREA, name, f"{version} is installed, {bounds.strip()} is needed", MEND))
        elif pins.get(name.lower(), version) != version:
            text = f"{version} is installed, {pins[name.lower()]} was tested"
            found.append(warning(AREA, name, text, "python3 run.py install brings the tested one"))
    tested = ", as tested" if pins else ""
    return found or [ok(AREA, "packages", f"{', '.join(versions)}{tested}")]


def _needs() -> list[str]:
    """What contractnet needs, as `click>=8.2`: as it was installed, else as its folder says."""
    try:
        return [need for need in metadata.requires("contractnet") or () if ";" not in need]
    except metadata.PackageNotFoundError:
        project = _beside("pyproject.toml")
        if project is None:
            return []
        return [str(need) for need in tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]]


def _beside(name: str) -> Path | None:
    """A file of the checkout; an installed package has none."""
    folder = resources.checkout("protocols")
    return None if folder is None else folder.parent / name


def pinned(path: Path | None) -> dict[str, str]:
    """Package, in small letters -> the version that was tested."""
    if path is None or not path.is_file():
        return {}
    return {name.lower(): version for name, version in _PIN.findall(path.read_text(encoding="utf-8"))}


def within(version: str, bounds: str) -> bool:
    """Whether a version keeps bounds such as `>=7.2.4,<8`."""
    mine = _number(version)
    for sign, bound in _BOUND.findall(bounds):
        other = _number(bound)
        size = max(len(mine), len(other))
        left, right = (number + (0,) * (size - len(number)) for number in (mine, other))
        if (sign == ">=" and left < right) or (sign == "<" and left >= right) or (sign == "==" and left != right):
            return False
    return True


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))
