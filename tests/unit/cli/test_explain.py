"""`log --explain`: a decision in plain words, from what was recorded."""

from __future__ import annotations

from typing import get_args

import pytest

from contractnet.cli import explain as module
from contractnet.cli.explain import explain
from contractnet.cli.main import run
from contractnet.errors import DefinitionError
from contractnet.manager.allotment import PART_RULES
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.awards.stopping import StopReason
from contractnet.mechanisms.calibration.bond import Bond
from tests.support.bench import Bench
from tests.support.ledgers import LEDGERS

Captured = pytest.CaptureFixture[str]


def told(bench: Bench, wanted: str = "t") -> list[str]:
    bench.check()
    return list(explain(bench.entries, wanted))


def test_everything_that_a_decision_may_say_has_words() -> None:
    assert set(module._LOSSES) == set(LossReason)
    assert set(module._STOPS) == set(get_args(StopReason))
    assert set(module._RULES) == set(AWARD_RULES)
    assert set(module._PART_RULES) == set(PART_RULES)


def test_a_settled_tender() -> None:
    bench = Bench()
    bench.start("ada", "bob", "cy", "dan", "eve", rule="second-price", value=90_000, eta_cost=10)
    for agent, price in (("ada", 20_000), ("bob", 35_000), ("cy", 60_000)):
        bench.propose(agent, price)
    bench.refuse("dan", "busy")
    bench.wait(20_000)
    bench.result("ada")
    assert told(bench) == [
        "Tender t: Summarise this ticket (text.summarise)",
        "Rule second-price: the cheapest bid wins and is paid the best price that lost, at most the reserve.",
        "Terms: value 0.09 USD; reserve 0.05 USD (secret); 0.00001 USD for each second of waiting.",
        "Call 1, t.1: 5 expected to answer.",
        "Round 1: 3 bid, 1 refused, 1 silent.",
        "  1. ada  0.02 USD, 5 s, 90 %; score -0.02: awarded, paid 0.035 USD",
        "  2. bob  0.035 USD, 5 s, 90 %; score -0.035: others are better by 0.015",
        "  3. cy   0.06 USD, 5 s, 90 %; score -0.06: over the reserve",
        "  dan refused: busy: its capacity was taken.",
        "  Silent, which is no refusal: eve.",
        "Slot 1 was awarded to ada for 0.035 USD.",
        "Ended settled: ada for 0.035 USD. Of what was held 0.015 was released.",
    ]


def test_a_divisible_task_is_told_part_by_part() -> None:
    bench = Bench()
    bench.start("ada", "bob", "cy", rule="second-price", divisible=True, slots=5)
    bench.propose("ada", 10_000, parts=3)
    bench.propose("bob", 20_000, parts=4)
    bench.propose("cy", 60_000)
    for agent, slot in (("ada", 1), ("bob", 4)):
        bench.result(agent, slot=slot)
    assert told(bench)[1:] == [
        "Rule second-price: the cheapest bids get the parts; a winner is paid the prices at which rivals would do its "
        "parts, the reserve where nobody would.",
        "Terms: reserve 0.05 USD (secret); 5 parts, reserve and prices for one.",
        "Call 1, t.1: 3 expected to answer.",
        "Round 1: 3 bid, 0 refused, 0 silent.",
        "  1. ada  0.01 USD, 5 s, 90 %; score -0.01: awarded 3 of the 3 parts it can do, paid 0.09 USD",
        "  2. bob  0.02 USD, 5 s, 90 %; score -0.02: awarded 2 of the 4 parts it can do, paid 0.1 USD",
        "  3. cy   0.06 USD, 5 s, 90 %; score -0.06: over the reserve",
        "Slot 1, 3 parts of the task, was awarded to ada for 0.09 USD.",
        "Slot 4, 2 parts of the task, was awarded to bob for 0.1 USD.",
        "Ended settled: ada for 0.09 USD, bob for 0.1 USD. Of what was held 0.06 was released.",
    ]


def test_bundles_are_told_item_by_item() -> None:
    lines = told(LEDGERS["bundled"]())
    assert lines[1:3] == [
        "Rule vcg: what costs least together is bought, an item that nobody does counting its reserve; a winner is "
        "paid what its bundle saves the others.",
        "Terms: reserve 0.04 USD (secret); items x at most 0.04, y at most 0.03, z at most 0.009.",
    ]
    assert lines[5:11] == [
        "  1. a  0.02 USD, 5 s, 90 %; score -0.02: awarded x, paid 0.04 USD",
        "  2. b  0.025 USD, 5 s, 90 %; score -0.025: awarded y, z, paid 0.039 USD",
        "  3. c  0.078 USD, 5 s, 90 %; score -0.078: others are better by 0.053",
        "x, was awarded to a for 0.04 USD.",
        "y, z, was awarded to b for 0.039 USD.",
        "Ended settled: a for 0.04 USD, b for 0.039 USD. Of what was held 0.041 was released.",
    ]


def test_rounds_flags_ties_and_a_runner_up() -> None:
    bench = Bench()
    bench.start("a", "b", "c", max_rounds=2, slots=1, low_bid_ppm=900_000)
    for agent in ("a", "b", "c"):
        bench.propose(agent, 60_000)
    for agent in ("a", "b", "c"):
        bench.propose(agent, 40_000)
    bench.fail(bench.slot.holder or "")
    words = "\n".join(told(bench))
    assert "  Another round follows, for a, b, c." in words
    assert "As good as each other: a, b, c; the seed recorded before the first bid drew." in words
    assert "as good as the winner; the recorded seed drew the other" in words
    assert "Alarm: prices are near-equal (a, b, c)" in words
    assert "Abnormally low, under 90 % of the reserve: " in words
    assert "it said that it failed (error)." in words


def test_a_bond_is_told_with_its_settlements() -> None:
    bench = Bench()
    bench.start("ada", "bob", bond=Bond(bonus=10_000, stake=20_000))
    bench.propose("ada", 20_000, confidence=500_000)
    bench.propose("bob", 30_000, confidence=900_000, valid_for_ms=80_000)
    bench.wait(20_000)
    bench.fail("ada")
    bench.result("bob", epoch=bench.slot.epoch)
    lines = told(bench)
    bond = "a bond on stated confidence, bonus 0.01 USD, stake 0.02 USD"
    assert lines[2] == f"Terms: reserve 0.05 USD (secret); {bond}."
    assert lines[-2:] == [
        "Ended settled: bob for 0.0398 USD (price 0.03, bond 0.0098). Of what was held 0.0202 was released.",
        "Owed of bonds, for awards that were lost: ada 0.005 USD.",
    ]


def test_a_direct_award_is_told_with_its_arithmetic() -> None:
    bench = Bench()
    bench.start("a", "b")
    for agent, price in (("a", 20_000), ("b", 22_000)):
        bench.propose(agent, price)
    bench.result("a")
    bench.open("u", direct=True, bid_cost=2_000, eta_cost=50)
    bench.invite("a", "b", tender_id="u")
    assert told(bench, "u")[4] == (
        "Direct award, an auction would not pay for itself: a asked 0.02 USD last; an auction among 2 is expected to "
        "pay 0.0215 by the last 2 prices asked, so to save 0, and costs 0.004 for bids and 0.001 for the wait."
    )


@pytest.mark.parametrize("name", sorted(LEDGERS))
def test_every_tender_can_be_explained(name: str) -> None:
    bench = LEDGERS[name]()
    for tender in bench.book.tenders:
        lines = list(explain(bench.entries, tender))
        assert lines[0].startswith(f"Tender {tender}")
        assert not [line for line in lines if "None" in line or "{" in line]


def test_a_tender_is_named_by_its_beginning_or_its_key(settled: str, capsys: Captured) -> None:
    for wanted in ("t", "t.1", "ticket-17"):
        assert run(["log", settled, "--explain", wanted]) == 0
        assert capsys.readouterr().out.startswith("Tender t, key ticket-17: ")


def test_what_is_not_there_is_said(settled: str, capsys: Captured) -> None:
    assert run(["log", settled, "--explain", "zz"]) == 2
    assert "no tender zz is here: name the beginning of its id, or its key" in capsys.readouterr().err
    assert run(["log", settled, "--explain", "t", "--json"]) == 2
    assert "--explain tells a whole tender" in capsys.readouterr().err
    for nothing in ("", " "):
        assert run(["log", settled, "--explain", nothing]) == 2
        captured = capsys.readouterr()
        assert (captured.out, "--explain: name a tender" in captured.err) == ("", True)


def test_of_several_one_must_be_named() -> None:
    bench = Bench()
    bench.open("ta")
    bench.open("tb")
    with pytest.raises(DefinitionError, match="2 tenders begin with 't': ta, tb; name one"):
        list(explain(bench.entries, "t"))
