"""What the tests of real cancels share: workers that take a cancel in different ways."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.fleet import ROOT, Fleet, Process

AGENTS = ROOT / "tests" / "acceptance" / "cancel_agents.py"


def prepare(folder: Path) -> None:
    """Put the agents where workers find them."""
    shutil.copy(AGENTS, folder / "cancel_agents.py")


def host(fleet: Fleet, daemon: str, agents: Sequence[str], *, connected: bool = True) -> Process:
    """A worker process of that name, with agents of `tests/acceptance/cancel_agents.py`."""
    references = [f"cancel_agents:{agent}" for agent in agents]
    process = fleet.run(daemon, "worker", *references, "--broker", fleet.broker, "--name", daemon)
    fleet.workers[daemon] = process
    if connected:
        process.says("connected")
    return process
