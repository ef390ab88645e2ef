"""A model of random weights on a real llama.cpp server bargains live: legal acts, and never under its cost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contractnet.agent.loading import load_agents
from contractnet.bargaining.result import BargainResult
from contractnet.cli.main import run
from contractnet.market.market import Market
from contractnet.messages.values import parse_amount
from tests.support.llama import llama

PERSONAS = ("desperate", "aggressive", "fair", "warm", "dominant")
AGENT = """
id = "{name}"
skills = ["text.count"]
[cost]
price = "0.02"
[model]
base_url = "{url}"
name = "noise"
[bargain]
mode = "{mode}"
words = "model"
persona = "{name}"
"""


@pytest.fixture(scope="module")
def noise() -> Iterator[str]:
    """The base URL of a llama.cpp server whose model is noise."""
    with llama() as url:
        yield url


async def _sessions(folder: Path, url: str, each: int, ledger: Path) -> list[BargainResult]:
    files = []
    for number, name in enumerate(PERSONAS):
        files.append(folder / f"{name}.toml")
        files[-1].write_text(AGENT.format(name=name, url=url, mode=("bounded", "bounded", "og")[number % 3]))
    async with Market.open("memory://", agents=load_agents([*map(str, files)], print), ledger=str(ledger)) as market:
        return [
            await market.bargain(name, "a report", limit="0.07", high="0.09", turns=6, within=300)
            for name in PERSONAS
            for _ in range(each)
        ]


def judged(results: list[BargainResult], ledger: Path) -> None:
    for one in results:
        assert one.status in ("agreed", "ended"), one
        assert one.price is None or 0.02 <= float(one.price) <= 0.07
        for act in one.acts:
            if act.by != one.agent or act.terms is None:
                continue
            assert act.terms[0] >= 20_000
            for number in re.findall(r"\d+(?:\.\d+)?", act.text):
                assert parse_amount(number, "a number in the words") == act.terms[0]
    assert run(["replay", str(ledger)]) == 0
    print(f"{len(results)} sessions, {sum(one.agreed for one in results)} agreed")


def test_noise_that_bargains_live_keeps_its_cost_in_thirty_sessions(tmp_path: Path, noise: str) -> None:
    ledger = tmp_path / "own.db"
    judged(asyncio.run(_sessions(tmp_path, noise, 6, ledger)), ledger)
