"""Table C through `Tender.step`: each row that a call of a single round can take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contractnet.interaction.definition import load
from contractnet.manager.records import Grace
from tests.support.bench import Bench

TABLE = load("conversation")
Play = Callable[[Bench], object]


def _called(bench: Bench) -> None:
    bench.start("a", "b")


def _both_bid(bench: Bench) -> None:
    _called(bench)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)


def _one_refused(bench: Bench) -> None:
    _called(bench)
    bench.refuse("b")


def _alone(bench: Bench) -> None:
    _one_refused(bench)
    bench.propose("a", 10_000)


def _two_slots(bench: Bench) -> None:
    bench.start("a", "b", slots=2)
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)


def _cancelling(bench: Bench) -> None:
    _alone(bench)
    bench.cancel()


def _half_lost(bench: Bench) -> None:
    bench.fail("a")
    bench.result("b", slot=2, epoch=1)


#: row -> (how the call gets there, what happens, the state before the row, the state after it)
DRIVEN: dict[tuple[str, str, str], tuple[Play, Play]] = {
    ("C1", "#open", "COLLECTING"): (lambda bench: bench.open(), lambda bench: bench.invite("a")),
    ("C2", "#open", "CLOSED_NO_AWARD"): (lambda bench: bench.open(), lambda bench: bench.invite()),
    ("C3", "=all-answered", "EVALUATING"): (_one_refused, lambda bench: bench.propose("a")),
    ("C3", "@deadline", "EVALUATING"): (_one_refused, lambda bench: bench.wait(20_000)),
    ("C4", "#extend", "COLLECTING"): (
        _called,
        lambda bench: bench.step("t", Grace(until=bench.now + 30_000)),
    ),
    ("C5", "#award", "AWAITING"): (_one_refused, lambda bench: bench.propose("a")),
    ("C6", "#no-award", "CLOSED_NO_AWARD"): (_one_refused, lambda bench: bench.propose("a", 60_000)),
    ("C7", "=no-live-offer", "CLOSED_NO_AWARD"): (_one_refused, lambda bench: bench.refuse("a")),
    ("C14", "=slot-freed", "AWAITING"): (_both_bid, lambda bench: bench.fail("a")),
    ("C15", "=slot-freed", "AWAITING"): (_alone, lambda bench: bench.fail("a")),
    ("C16", "=slots-all-done", "CLOSED_OK"): (_both_bid, lambda bench: bench.result("a")),
    ("C17", "=slots-some-done", "CLOSED_PARTIAL"): (_two_slots, _half_lost),
    ("C18", "=slots-none-done", "CLOSED_FAILED"): (_alone, lambda bench: bench.fail("a")),
    ("C19", "COLLECTING #cancel", "CANCELLING"): (_called, lambda bench: bench.cancel()),
    ("C19", "AWAITING #cancel", "CANCELLING"): (_both_bid, lambda bench: bench.cancel()),
    ("C20", "=all-settled", "CLOSED_CANCELLED"): (_cancelling, lambda bench: bench.cancelled("a")),
    ("C20", "@cancel-timeout", "CLOSED_CANCELLED"): (_cancelling, lambda bench: bench.wait(30_000)),
}
#: rows for later rounds and mediation; an evaluation here is one step, so it cannot time out
NOT_OF_A_SINGLE_ROUND = {"C8", "C9", "C10", "C11", "C12", "C13"}


def test_every_row_of_a_single_round_is_driven() -> None:
    assert {row for row, _, _ in DRIVEN} | NOT_OF_A_SINGLE_ROUND == {row.name for row in TABLE.rows}


@pytest.mark.parametrize(("row", "event", "after"), sorted(DRIVEN))
def test_every_row(bench: Bench, row: str, event: str, after: str) -> None:
    prepare, play = DRIVEN[row, event, after]
    prepare(bench)
    before = bench.took(row)
    play(bench)
    assert bench.took(row) == before + 1
    (move,) = [move for move in bench.rows if move.row == row]
    assert (move.table, move.who, move.state) == ("C", "", after)


def test_a_grace_is_logged_once_a_round(bench: Bench) -> None:
    _called(bench)
    for _ in range(3):
        bench.step("t", Grace(until=bench.now + 30_000))
        bench.now += 1_000
    assert bench.took("C4") == 1


def test_a_grace_that_ends_before_the_deadline_extends_nothing(bench: Bench) -> None:
    _called(bench)
    bench.step("t", Grace(until=bench.now + 10_000))
    assert bench.took("C4") == 0
    bench.wait(20_000)
    assert bench.call.closed[1] == bench.now
