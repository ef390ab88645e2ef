"""Debian packages without root and without fetched lists: apt-get and dpkg on folders of our own.

Owns one folder, which holds the lists, apt's caches and an empty record of what is installed. Installs nothing and
changes nothing outside that folder. The standard library only: `run.py` uses it before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from contractnet.errors import NodeError

#: Says one line of progress to the user.
Say = Callable[[str], None]

LISTS_LIVE_S = 3600.0
COMMAND_TIMEOUT_S = 600.0
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")  # what Debian's pip trusts


def is_available() -> bool:
    """Whether this machine has Debian's tools at all."""
    return all(shutil.which(tool) for tool in ("apt-get", "dpkg", "dpkg-query"))


class Apt:
    """apt-get with its state in `folder`; sources, keys and proxies are the machine's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lists = self.folder / "lists"
        for part in (self._lists / "partial", self.folder / "cache" / "archives" / "partial"):
            part.mkdir(parents=True, exist_ok=True)
        (self.folder / "nothing-installed").touch()
        settings = {
            "Dir::State": self.folder,
            "Dir::State::lists": self._lists,
            "Dir::State::status": self.folder / "nothing-installed",
            "Dir::Cache": self.folder / "cache",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "root",  # else root's downloads are made as a user who may not write here
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self._options = [option for name, value in settings.items() for option in ("-o", f"{name}={value}")]
        self._update_said = ""

    def update(self, say: Say) -> None:
        """Fetch the lists, unless they are fresh. One bad source is no error here: a missing package will be one."""
        fresh = self.folder / "lists-fetched"
        if fresh.exists() and 0 <= time.time() - fresh.stat().st_mtime < LISTS_LIVE_S:
            return
        say("fetching the package lists")
        done = self._run(["update", "-q"])
        self._update_said = done.stdout
        if done.returncode == 0 and "Err:" not in done.stdout:  # without a network it ends with 0 all the same
            fresh.touch()

    def closure(self, names: Sequence[str]) -> list[str]:
        """All packages that `names` need, themselves among them, as if nothing was installed.

        Raises:
            NodeError: if a package is unknown or cannot be had.
        """
        done = self._run(["install", "--simulate", "--no-install-recommends", *names])
        if done.returncode:
            raise self._error(f"Debian's archive does not give {' '.join(names)}", done.stdout)
        return sorted({line.split()[1] for line in done.stdout.splitlines() if line.startswith("Inst ")})

    def unpack(self, names: Iterable[str], target: Path) -> int:
        """Download the packages themselves, without what they need, and unpack them into `target`; returns how many.

        Raises:
            NodeError: if one cannot be downloaded or unpacked.
        """
        debs = self.folder / f"debs-{os.getpid()}"
        debs.mkdir(exist_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        try:
            done = self._run(["download", "-q", *sorted(names)], debs)
            files = sorted(debs.glob("*.deb"))
            if done.returncode or not files:
                raise self._error("Debian packages could not be downloaded", done.stdout)
            for deb in files:
                out = _run(["dpkg", "-x", str(deb), str(target)])
                if out.returncode:
                    raise self._error(f"{deb.name} could not be unpacked", out.stdout)
            return len(files)
        finally:
            shutil.rmtree(debs, ignore_errors=True)

    def _run(self, arguments: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return _run(["apt-get", *self._options, *arguments], folder)

    def _error(self, what: str, said: str) -> NodeError:
        lines = (self._update_said + said).splitlines()
        wrong = [line for line in lines if line.startswith(("E:", "W:", "Err:", "dpkg"))] or lines
        return NodeError(
            f"{what}. Is there a network, and does `apt-get update` work on this machine? It said:\n"
            + "\n".join(f"  | {line}" for line in wrong[-12:])
        )


def installed() -> set[str]:
    """Names of the packages that are installed on this machine, without their architecture."""
    done = _run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"])
    return {line.split()[1] for line in done.stdout.splitlines() if line.startswith("ii ")}


def fetch_pip(cache: Path, say: Say) -> tuple[Path, dict[str, str]]:
    """Unpack pip's wheel, as Debian packages it for venv, under `cache`.

    Returns:
        The wheel, and what has to be added to pip's environment: certificates, where the machine and its pip
        know none.
    Raises:
        NodeError: if it cannot be had.
    """
    target = cache / "pip"
    if not _wheels(target):
        say("this Python came without pip; fetching it from Debian's archive, into .cache")
        apt = Apt(cache / "apt")
        apt.update(say)
        apt.unpack(["python3-pip-whl", "ca-certificates"], target)
    wheels = _wheels(target)
    if not wheels:
        raise NodeError(f"the Debian package python3-pip-whl held no wheel of pip; see {target}")
    wheel, own = wheels[-1], target / "ca-certificates.crt"
    configured = ".cert=" in _run([sys.executable, str(wheel / "pip"), "config", "list"]).stdout
    if configured or CA_BUNDLE.exists() or os.environ.get("REQUESTS_CA_BUNDLE"):
        return wheel, {}
    parts = sorted((target / "usr/share/ca-certificates").rglob("*.crt"))
    own.write_text("".join(part.read_text(encoding="ascii") for part in parts), encoding="ascii")
    return wheel, {"PIP_CERT": str(own)}


def _wheels(target: Path) -> list[Path]:
    return sorted((target / "usr/share/python-wheels").glob("pip-*.whl"))


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool in the C locale, its standard error among its output."""
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeError(f"{command[0]} did not do its work: {error}") from error
