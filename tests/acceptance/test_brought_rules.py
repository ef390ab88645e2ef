"""An award rule that a separate distribution brings: built, installed beside the package, used, and replayed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BROUGHT = Path(__file__).parents[1] / "thirdparty" / "fastest"
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
    """A folder that holds the installed distribution, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("brought")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=BROUGHT, capture_output=True, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def run(folder: Path, site: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(__file__).parents[2]), *([str(site)] if site else [])]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_awards_and_replays_where_it_is_installed_and_is_named_where_it_is_not(site: Path, tmp_path: Path) -> None:
    bought = run(tmp_path, site, "-c", PIPELINE)
    assert (bought.returncode, bought.stdout) == (0, "fast 0.03\n"), bought.stderr
    replayed = run(tmp_path, site, "-m", "contractnet", "replay", "m.db")
    assert replayed.returncode == 0, replayed.stderr
    assert replayed.stdout.splitlines()[-1] == "1 of 1 awards re-derived, 0 differences, 0 model calls"

    without = run(tmp_path, None, "-m", "contractnet", "replay", "m.db")
    assert without.returncode == 1
    assert "award rule 'fastest' is not known" in without.stderr
    assert "is it installed here?" in without.stderr
    refused = run(tmp_path, None, "-c", PIPELINE.replace("m.db", "other.db"))
    assert "award rule 'fastest' is not known" in refused.stderr
    assert "second-price" in refused.stderr
