"""An award rule that a separate distribution brings: built, installed beside the package, used, and replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.distribution import installed, python

PIPELINE = """
import asyncio
from contractnet import Market, Proposal, Task, bidder

def agent(name, price, eta):
    @bidder(skill="text.summarise", name=name)
    async def bid(call):
        return Proposal(price=price, eta=eta, confidence=0.9)
    @bid.perform
    async def work(award):
        return {"by": name, "paid": str(award.price)}
    return bid

async def main():
    agents = [agent("cheap", "0.01", 40), agent("fast", "0.03", 2), agent("faster", "0.09", 1)]
    async with Market.open("memory://", agents=agents, ledger="sqlite:///m.db") as market:
        contract = await market.tender(Task("Summarise", skill="text.summarise"), reserve="0.05", rule="fastest")
        await contract.result()
        print(contract.winner, contract.price)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("fastest", tmp_path_factory.mktemp("brought"))


def test_it_awards_and_replays_where_it_is_installed_and_is_named_where_it_is_not(site: Path, tmp_path: Path) -> None:
    bought = python(tmp_path, site, "-c", PIPELINE)
    assert (bought.returncode, bought.stdout) == (0, "fast 0.03\n"), bought.stderr
    replayed = python(tmp_path, site, "-m", "contractnet", "replay", "m.db")
    assert replayed.returncode == 0, replayed.stderr
    assert replayed.stdout.splitlines()[-1] == "1 of 1 awards re-derived, 0 differences, 0 model calls"

    without = python(tmp_path, None, "-m", "contractnet", "replay", "m.db")
    assert without.returncode == 1
    assert "award rule 'fastest' is not known" in without.stderr
    assert "is it installed here?" in without.stderr
    refused = python(tmp_path, None, "-c", PIPELINE.replace("m.db", "other.db"))
    assert "award rule 'fastest' is not known" in refused.stderr
    assert "second-price" in refused.stderr
