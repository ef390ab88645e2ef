"""What became of a tender, told from its entries alone."""

from __future__ import annotations

import pytest

from contractnet.bidders.decorator import bidder
from contractnet.cli.tale import Mark, Tale, tales
from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.ledger.urls import open_reader
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.messages.values import RefuseReason
from tests.support.bench import Bench
from tests.support.ledgers import LEDGERS


def told(bench: Bench) -> Tale:
    (tale,) = tales(bench.entries)
    return tale


def test_a_settled_tender() -> None:
    tale = told(LEDGERS["settled"]())
    winner = next(part for part in tale.parts.values() if part.mark is Mark.WON)
    assert (tale.skill, tale.unit, tale.rule, tale.rounds) == ("text.summarise", "USD", "best-value", 1)
    assert {agent: part.prices for agent, part in tale.parts.items()} == {"a": [30_000], "b": [30_000], "c": [60_000]}
    assert winner.verdict == "wins"
    assert tale.parts["c"].verdict == "over-reserve"
    assert tale.ended is not None
    assert tale.ended.status == "settled"
    assert any("a tie of a, b" in event for event in tale.events)


def test_everything_that_goes_wrong_is_told() -> None:
    tale = told(LEDGERS["troubled"]())
    words = {agent: part.words() for agent, part in tale.parts.items()}
    assert "not understood (unit: the call is in USD), then repaired" in words["a"]
    assert "failed the check (not good)" in " ".join(words.values())
    assert words["d"] == "late by 6.00 s"
    assert "repaired, then repaired" not in words["a"]
    assert tale.parts["d"].mark is Mark.TROUBLE
    assert "called again, call 2" in tale.events


def test_a_refusal_has_its_reason_and_no_price() -> None:
    bench = Bench()
    bench.open()
    bench.invite("a", "b")
    bench.refuse("a", RefuseReason.UNFIT)
    bench.propose("b", 20_000)
    part = told(bench).parts["a"]
    assert (part.mark, part.prices) == (Mark.NO_BID, [])
    assert part.words().startswith("refuses: unfit")


def test_one_who_says_nothing_is_silent() -> None:
    bench = Bench()
    bench.open()
    bench.invite("a", "b")
    bench.propose("b", 20_000)
    bench.wait(25_000)
    tale = told(bench)
    assert (tale.parts["a"].words(), tale.parts["a"].mark) == ("silent", Mark.TROUBLE)
    assert tale.parts["b"].mark is Mark.WON
    assert tale.ended is None


def test_prices_of_rounds_stand_in_order() -> None:
    bench = Bench()
    bench.open(reserve=10_000, max_rounds=3)
    bench.invite("a")
    bench.propose("a", 30_000)
    bench.propose("a", 20_000, round=2)
    bench.propose("a", 9_000, round=3)
    tale = told(bench)
    assert (tale.rounds, tale.parts["a"].prices) == (3, [30_000, 20_000, 9_000])
    assert tale.parts["a"].words() == "wins, asked 0.03, 0.02 before"


async def test_savings_are_what_was_held_for_filled_slots_and_not_paid(tmp_path: object) -> None:
    @bidder(skill="text.count", name="ada")
    async def ada(call: Call) -> Proposal:
        return Proposal("0.01", eta=1)

    @ada.perform
    async def work(award: Award) -> dict[str, object]:
        return {}

    ledger = f"{tmp_path}/m.db"
    async with Market.open("memory://", agents=[ada], ledger=ledger) as market:
        await (await market.tender(Task("x", "text.count"), reserve="0.05")).result()
        await (await market.tender(Task("y", "text.count"), reserve="0.001", max_rounds=1)).ended()
    settled, dear = tales(open_reader(ledger).entries())
    assert (settled.task, settled.saved) == ("x", 40_000)
    assert (dear.task, dear.saved) == ("y", 0)
    assert dear.ended is not None
    assert dear.ended.status == "no-award"


def test_entries_of_others_are_passed_over() -> None:
    assert tales([]) == []
    bench = Bench()
    bench.open()
    assert [tale.parts for tale in tales(bench.entries)] == [{}]


@pytest.mark.parametrize("name", LEDGERS)
def test_every_ledger_can_be_told(name: str) -> None:
    for tale in tales(LEDGERS[name]().entries):
        assert tale.task
        for part in tale.parts.values():
            assert "\n" not in part.words()
