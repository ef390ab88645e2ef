"""What the demo prints, run while the site is built."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache

from docs.tools.source import ROOT

COLUMNS = 80


#: of the tasks, those that the first page shows
SHOWN = ("Count the words of a note", "Classify a wish, below every price")


def demo_output() -> str:
    """The demo's own words, as a terminal of 80 columns shows them. Raises RuntimeError where it fails."""
    return f"```text\n{_run()}\n```\n"


def demo_part() -> str:
    """Of them two tasks and the end."""
    parts = _run().split("\n\n")
    tasks = [part for part in parts if part.startswith(SHOWN)]
    return "```text\n" + "\n\n".join(["…", *tasks, "…", *parts[-2:]]) + "\n```\n"


@cache
def _run() -> str:
    """What it prints.

    Raises:
        RuntimeError: it ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "contractnet", "demo", "--seed", "1"],
            cwd=folder,
            env={**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"contractnet demo ended with {done.returncode}:\n{done.stderr}")
    said = done.stdout.replace(f"{sys.executable} -m contractnet", "contractnet").replace(f"{folder}/", "")
    return said.rstrip()
