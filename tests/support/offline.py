"""A market run again from recorded answers, in a process that can reach no endpoint: openai cannot be imported, and no
socket can be connected.

    python tests/support/offline.py TASKS LEDGER JOURNAL AGENT.toml...
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contractnet.agent.loading import load_agents
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.market.terms import TermOptions

RESERVE, ETA_COST, REPLY_S = "0.5", "0.000001", 60


async def run(tasks: str, ledger: Path, journal: Path, agents: Sequence[Path]) -> None:
    """A whole market: eight tenders at once, of JSON lines."""
    hosted = load_agents([str(agent) for agent in agents], print)
    lines: list[dict[str, Any]] = [json.loads(line) for line in tasks.splitlines()]
    async with Market.open(
        "memory://", agents=hosted, ledger=str(ledger), journal=str(journal), concurrency=8
    ) as market:
        wanted = [
            Task(line["task"], line["skill"], line["input"], result_schema=line["result_schema"], key=str(number))
            for number, line in enumerate(lines)
        ]
        terms: TermOptions = {"reserve": RESERVE, "eta_cost": ETA_COST, "reply_within": REPLY_S, "rule": "best-value"}
        terms["confidence"] = "stated"  # which of eight has ended when another is decided is the machine's affair
        async for _ in market.tender_many(wanted, **terms):
            pass


def cut_off() -> None:
    """From here on nothing can be reached."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            raise PermissionError(f"no connection is allowed here: {arguments[1:]}")

    sys.modules["openai"] = None  # type: ignore[assignment]  # the import system's own way to say "not there"
    sys.addaudithook(hook)


if __name__ == "__main__":
    cut_off()
    first, *others = map(Path, sys.argv[1:])
    asyncio.run(run(first.read_text(), others[0], others[1], others[2:]))
