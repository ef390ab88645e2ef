"""`contractnet decide`: what is pending, and answers that a running market takes, or the next one."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from contractnet import Task
from contractnet.cli.main import run
from contractnet.ledger import answers
from tests.unit.market.test_market import SKILL, agent, market

ONE = agent("one", "0.05")


async def pending(ledger: Path) -> None:
    """A market that is left while it waits for a decision."""
    async with market([ONE], str(ledger), budget="0.05", at_limit="ask", grace=0) as here:
        await here.begin(Task("x", SKILL, key="k"), reserve="0.10")
        while not here.manager.book.questions.open:
            await asyncio.sleep(0.01)


async def goes_on(ledger: Path) -> str | None:
    async with market([ONE], str(ledger), budget="0.05", at_limit="ask", grace=0) as here:
        contract = await here.begin(Task("x", SKILL, key="k"), reserve="0.10")
        return (await contract.ended()).status


async def test_it_is_shown_and_the_next_market_takes_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "m.db"
    await pending(ledger)
    assert await asyncio.to_thread(run, ["decide", str(ledger)]) == 0
    shown = capsys.readouterr().out.splitlines()
    head, row = (" ".join(line.split()) for line in shown)
    assert head == "DECISION WHAT GRANTED HELD SPENT LEFT WAITING MAY NEED CHOICES"
    assert row == "q1 limit of the market 0.05 0 0 0.05 1 0.05 grant hand-back stop wait"
    assert await asyncio.to_thread(run, ["decide", str(ledger), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["told"]["needs"] == 50_000
    assert await asyncio.to_thread(run, ["decide", str(ledger), "q1", "grant", "0.05", "--by", "kim"]) == 0
    assert "no market runs" in capsys.readouterr().out
    assert await goes_on(ledger) == "settled"
    assert not answers.folder_of(ledger).exists()
    assert await asyncio.to_thread(run, ["decide", str(ledger)]) == 0
    assert "nothing is pending" in capsys.readouterr().err


async def test_a_running_market_takes_it_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "m.db"
    await pending(ledger)
    going = asyncio.create_task(goes_on(ledger))
    while not (tmp_path / "m.db.lock").exists():
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(run, ["decide", str(ledger), "q1", "stop", "--why", "enough"]) == 0
    assert capsys.readouterr().out == "q1: stop, taken\n"
    assert await going == "cancelled"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("q1",), "decision q1: say what: grant, hand-back, stop, wait"),
        (("q9",), "decision q9: say what: one of its choices"),
        (("q9", "stop"), "the decision q9 is not known here"),
        (("q1", "maybe"), "'maybe' is none of grant, hand-back, stop, wait"),
        (("q1", "grant"), "grant needs an amount over 0"),
        (("q1", "grant", "0"), "grant needs an amount over 0"),
        (("q1", "grant", "much"), "'much' is not an amount"),
        (("q1", "stop", "1.00"), "stop takes no amount"),
    ],
)
async def test_wrong_answers(tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "m.db"
    await pending(ledger)
    assert await asyncio.to_thread(run, ["decide", str(ledger), *words]) == 2
    assert said in capsys.readouterr().err
    assert answers.left(ledger) == []


@pytest.mark.parametrize("words", [(), ("q1", "stop")])
async def test_an_exported_copy_takes_no_answer(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, copy = tmp_path / "m.db", tmp_path / "copy.jsonl"
    await pending(ledger)
    assert await asyncio.to_thread(run, ["export", str(ledger), "--out", str(copy)]) == 0
    assert await asyncio.to_thread(run, ["decide", str(copy), *words]) == 3
    err = capsys.readouterr().err
    assert err.endswith(f"{copy} is an exported copy, which no market runs on: name the ledger itself\n")
    assert not answers.folder_of(copy).exists()


async def test_what_is_no_answer_is_dropped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = tmp_path / "m.db"
    await pending(ledger)
    for body in (b"", b"{}", b'{"id":"q7","choice":"stop","by":"x"}', b'{"id":"q1","choice":"grant","by":"x"}'):
        answers.leave(ledger, body)
    answers.leave(ledger, b'{"id":"q1","choice":"stop","by":"x"}')
    with caplog.at_level(logging.WARNING, "contractnet.ledger"):
        assert await goes_on(ledger) == "cancelled"
    assert [record.message.startswith("an answer was dropped: ") for record in caplog.records] == [True] * 4
    assert not answers.folder_of(ledger).exists()
