"""A bidder that a separate distribution brings: named in an agent's file, bidding on a market, its work a program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.distribution import installed, python

AGENT = f"""
id = "ada"
skills = ["text.translate"]
capacity = 2
[bid]
bidder = "by-the-word"
[perform]
command = ["{sys.executable}", "-c", "print('{{\\"done\\": true}}')"]
"""
PIPELINE = """
import asyncio
from contractnet import Market, NoAward, Task
from contractnet.agent.loading import load_agent

async def main():
    async with Market.open("memory://", agents=[load_agent("ada.toml", print)], ledger="sqlite:///m.db") as market:
        contract = await market.tender(
            Task("Translate", skill="text.translate", input={"text": "four words of text"}), reserve="0.05")
        print(contract.winner, contract.price, await contract.result())
        try:
            contract = await market.tender(Task("Translate", skill="text.translate", input={"text": " "}), reserve="1")
            await contract.result()
        except NoAward as error:
            print(error)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("word", tmp_path_factory.mktemp("brought"))


def test_it_bids_where_it_is_installed_and_is_named_where_it_is_not(site: Path, tmp_path: Path) -> None:
    (tmp_path / "ada.toml").write_text(AGENT)
    bought = python(tmp_path, site, "-c", PIPELINE)
    assert bought.returncode == 0, bought.stderr
    first, second = bought.stdout.splitlines()
    assert first == "ada 0.002 {'done': True}"
    assert "refused" in second
    assert "there are no words in it" in Path(tmp_path / "m.db").read_bytes().decode(errors="replace")
    replayed = python(tmp_path, None, "-m", "contractnet", "replay", "m.db")  # what it bid is recorded
    assert replayed.stdout.splitlines()[-1] == "1 of 1 awards re-derived, 0 differences, 0 model calls"

    without = python(tmp_path, None, "-m", "contractnet", "worker", "ada.toml")
    assert without.returncode == 2
    assert "ada.toml: bid.bidder: bidder 'by-the-word' is not known; there are: none" in without.stderr
    assert "entry point of the group contractnet.bidders; is it installed here?" in without.stderr
