"""A mediator's rung that a separate distribution brings: named in the ladder of an agent's file, and settling."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.distribution import installed, python

ARBITER = """
id = "arbiter"
[mediate]
ladder = ["quickest"]
"""
PIPELINE = """
import asyncio
from contractnet import Market, Proposal, Task, bidder
from contractnet.agent.loading import load_agent

def agent(name, price, eta):
    @bidder(skill="text.write", name=name)
    async def bid(call):
        return Proposal(price=price, eta=eta, confidence=0.9)
    @bid.perform
    async def work(award):
        return {"by": name}
    return bid

async def main():
    agents = [agent("cheap", "0.02", 40), agent("fast", "0.04", 2), agent("dear", "0.09", 1)]
    arbiter = load_agent("arbiter.toml", print)
    async with Market.open("memory://", agents=[*agents, arbiter], ledger="sqlite:///m.db") as market:
        contract = await market.tender(
            Task("Write", skill="text.write"), reserve="0.01", mediator="arbiter", mediation_limit="0.06")
        print(contract.winner, contract.price, await contract.result())

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("quickest", tmp_path_factory.mktemp("brought"))


def test_it_settles_where_it_is_installed_and_is_named_where_it_is_not(site: Path, tmp_path: Path) -> None:
    (tmp_path / "arbiter.toml").write_text(ARBITER)
    bought = python(tmp_path, site, "-c", PIPELINE)
    assert (bought.returncode, bought.stdout) == (0, "fast 0.04 {'by': 'fast'}\n"), bought.stderr
    replayed = python(tmp_path, None, "-m", "contractnet", "replay", "m.db")  # its choice is recorded
    assert replayed.stdout.splitlines()[-1] == "1 of 1 awards re-derived, 0 differences, 0 model calls"

    without = python(tmp_path, None, "-m", "contractnet", "worker", "arbiter.toml")
    assert without.returncode == 2
    assert "arbiter.toml: mediate.ladder: rung 'quickest' is not known" in without.stderr
    assert "there are: standing-offers, extra-round" in without.stderr
