"""A model of random weights on a real llama.cpp server bargains: legal acts only, and never a deal past its limit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from contractnet.cli.main import run
from tests.support.llama import llama


@pytest.fixture(scope="module")
def noise() -> Iterator[str]:
    """The base URL of a llama.cpp server whose model is noise."""
    with llama() as url:
        yield url


def played(url: str, trials: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Half of them as the buyer, half as the seller."""
    asked = ["--model", url, "--trials", str(trials // 2), "--turns", "4", "--swap", "--json"]
    assert run(["bargain", "model", "linear", *asked]) == 0
    *pairings, counted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [one["trials"] for one in pairings] == [str(trials // 2)] * 2
    for one in pairings:
        assert (one["buyer_violations"], one["seller_violations"], one["refused"]) == ("0", "0", "0")
        assert one["deals_infeasible"] in (None, "0.0")
    assert counted["requests"] >= trials
    assert counted["tokens_in"] > 0


def test_noise_at_the_table_keeps_its_limit_in_thirty_sessions(noise: str, capsys: pytest.CaptureFixture[str]) -> None:
    played(noise, 30, capsys)


@pytest.mark.campaign
def test_noise_at_the_table_keeps_its_limit_in_three_hundred(noise: str, capsys: pytest.CaptureFixture[str]) -> None:
    played(noise, 300, capsys)
