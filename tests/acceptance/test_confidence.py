"""A market that learns: over a ledger on disk, a manager that is killed in the middle of work, and verdicts from the
shell, awards go to whoever has been good, whatever it says of itself.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from contractnet.cli.main import run
from contractnet.ledger.urls import open_reader
from contractnet.manager.records import Decided, Opened
from tests.support.commands import environment

#: argv: tenders, the one in whose work the process is killed (none: -1)
PROGRAM = """
import asyncio, os, signal, sys
from contractnet import Market, Proposal, Task, bidder
from contractnet.clock import scaled
from contractnet.manager.settings import Settings

many, fatal = int(sys.argv[1]), int(sys.argv[2])

@bidder(skill="text.summarise", capacity=4)
async def boaster(call):
    return Proposal(price="0.0100", eta=5, confidence=0.99)

@boaster.perform
async def fails(award):
    raise ValueError("no idea")

@bidder(skill="text.summarise", capacity=4)
async def steady(call):
    return Proposal(price="0.0101", eta=5, confidence=0.70)

@steady.perform
async def works(award):
    if award.task == f"task {fatal}":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"summary": award.task}

async def main():
    settings = scaled(Settings(listen_ms=0), 0.05)
    async with Market.open("memory://", agents=[boaster, steady], ledger="market.db", settings=settings) as market:
        for number in range(many):
            task = Task(f"task {number}", skill="text.summarise", key=f"t{number}")
            contract = await market.tender(task, reserve="0.05", lease=1, reply_within=5)
            await contract.result()

asyncio.run(main())
"""


def work(folder: Path, many: int, fatal: int = -1) -> int:
    arguments = [sys.executable, "-c", PROGRAM, str(many), str(fatal)]
    return subprocess.run(arguments, cwd=folder, env=environment(), timeout=120, check=False).returncode


def decisions(ledger: Path) -> list[tuple[str, Decided]]:
    """(key, decision) of every round, in order."""
    with closing(open_reader(str(ledger))) as reader:
        keys, found = dict[str, str](), list[tuple[str, Decided]]()
        for entry in reader.entries():
            if entry.type == Opened.__name__:
                keys[entry.conversation] = msgspec.json.decode(entry.body, type=Opened).key or ""
            elif entry.type == Decided.__name__:
                decided = msgspec.json.decode(entry.body, type=Decided)
                found.append((keys[entry.conversation.partition(".")[0]], decided))
        return found


def used(decided: Decided, agent: str) -> tuple[int, int]:
    """(probability, outcomes behind it) of an agent."""
    return next((bid.probability, bid.outcomes) for bid in decided.bids if bid.participant == agent)


def test_an_overconfident_agent_loses_its_awards_over_restarts_and_verdicts(tmp_path: Path) -> None:
    ledger = tmp_path / "market.db"
    assert work(tmp_path, 6, fatal=3) == -signal.SIGKILL
    assert work(tmp_path, 6) == 0
    found = decisions(ledger)
    assert [decided.winner for _, decided in found] == ["boaster", *["steady"] * (len(found) - 1)]
    assert {key for key, _ in found} == {f"t{number}" for number in range(6)}
    at_first, at_last = found[0][1], found[-1][1]
    assert used(at_first, "boaster") == used(at_first, "steady") == (500_000, 0)
    assert used(at_last, "boaster")[1] in (1, 2)  # known before the kill; after it, it may have been a runner-up
    assert used(at_last, "boaster")[0] < 600_000 < used(at_last, "steady")[0]

    assert all(run(["judge", str(ledger), f"t{number}", "bad", "--note", "copied"]) == 0 for number in range(6))
    assert work(tmp_path, 7) == 0
    assert decisions(ledger)[-1][1].winner == "boaster"
    assert run(["replay", str(ledger)]) == 0
