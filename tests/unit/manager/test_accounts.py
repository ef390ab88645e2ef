"""Money adds up: granted = held + spent + released, whatever happens (promise 10, D12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DefinitionError
from contractnet.manager.accounts import Account, Room
from contractnet.manager.book import MONEY
from contractnet.manager.records import Granted
from tests.support.bench import Bench

amounts = st.integers(0, 30)


@given(st.integers(0, 100), st.lists(st.tuples(st.booleans(), st.integers(0, 5), amounts), max_size=30))
def test_granted_is_held_and_spent_and_released(total: int, moves: list[tuple[bool, int, int]]) -> None:
    accounts = Account()
    accounts.grant(total, "USD")
    for holding, number, amount in moves:
        tender = f"t{number}"
        if holding and tender not in accounts.holds:
            if accounts.room(amount) is Room.FITS:
                accounts.hold(tender, amount, "USD")
        else:
            accounts.settle(tender, min(amount, accounts.holds.get(tender, (0, "USD"))[0]), "USD")
        assert accounts.released is not None
        assert accounts.released >= 0
        assert accounts.granted == accounts.held + accounts.spent + accounts.released


@pytest.mark.parametrize(
    ("amount", "room"),
    [(0, Room.FITS), (40, Room.FITS), (41, Room.WAITS), (70, Room.WAITS), (71, Room.NEVER)],
)
def test_what_fits_waits_or_never_fits(amount: int, room: Room) -> None:
    accounts = Account()
    accounts.grant(100, "USD")
    accounts.hold("a", 30, "USD")
    accounts.hold("b", 30, "USD")
    accounts.settle("b", 30, "USD")
    assert (accounts.held, accounts.spent, accounts.released) == (30, 30, 40)
    assert accounts.room(amount) is room


def test_without_a_grant_everything_fits() -> None:
    accounts = Account()
    accounts.hold("a", 10**15, "USD")
    assert accounts.room(10**15) is Room.FITS
    assert accounts.released is None


def test_a_grant_is_a_total_and_does_not_add() -> None:
    accounts = Account()
    accounts.grant(100, "USD")
    accounts.grant(100, "USD")
    assert accounts.granted == 100
    accounts.hold("a", 60, "USD")
    accounts.grant(60, "USD")
    with pytest.raises(DefinitionError, match=r"0\.000059 USD is less than what .* \(0\) and holds \(0\.00006\)"):
        accounts.grant(59, "USD")
    assert accounts.granted == 60


def test_what_was_spent_in_another_unit_is_not_of_the_grants() -> None:
    accounts = Account()
    accounts.hold("a", 60, "EUR")
    accounts.settle("a", 60, "EUR")
    accounts.hold("b", 7, "USD")
    accounts.settle("b", 5, "USD")
    accounts.grant(100, "USD")
    assert (accounts.held, accounts.spent, accounts.released) == (0, 5, 95)


def test_a_budget_has_one_unit() -> None:
    accounts = Account()
    accounts.grant(100, "USD")
    with pytest.raises(DefinitionError, match="in USD, not in EUR"):
        accounts.grant(200, "EUR")


def test_a_tender_that_ends_without_a_hold_changes_nothing() -> None:
    accounts = Account()
    accounts.grant(100, "USD")
    accounts.settle("never opened", 0, "USD")
    assert accounts.released == 100


# ---- derived from the ledger


def grant(bench: Bench, amount: int) -> None:
    bench.record(bench.book.loose(MONEY, Granted(amount=amount, unit="USD"), bench.now))


def test_a_hold_is_taken_with_the_first_opening_and_settled_with_the_end(bench: Bench) -> None:
    grant(bench, 120_000)
    accounts = bench.book.accounts
    bench.open(slots=2)
    assert accounts.held == 0
    bench.invite("a", "b")
    assert (accounts.held, accounts.released) == (100_000, 20_000)
    bench.propose("a", 30_000)
    bench.propose("b", 40_000)
    bench.result("a", slot=1)
    assert accounts.held == 100_000
    bench.result("b", slot=2)
    assert (accounts.held, accounts.spent, accounts.released) == (0, 70_000, 50_000)
    assert (bench.ended.spent, bench.ended.released) == (70_000, 30_000)


def test_the_hold_is_kept_over_calls_and_runners_up(bench: Bench) -> None:
    grant(bench, 60_000)
    bench.start("a", "b")
    bench.propose("a", 10_000)
    bench.propose("b", 20_000)
    bench.fail("a", "restart")
    bench.fail("b", "restart")
    assert bench.book.accounts.held == 50_000
    bench.wait(1_300)
    bench.invite("a")
    assert bench.book.accounts.held == 50_000
    bench.propose("a", 45_000)
    bench.result("a")
    assert (bench.book.accounts.held, bench.book.accounts.spent) == (0, 45_000)


def test_half_a_job_is_half_paid(bench: Bench) -> None:
    grant(bench, 100_000)
    bench.start("a", "b", slots=2)
    bench.propose("a", 30_000)
    bench.propose("b", 40_000)
    bench.fail("a")
    bench.result("b", slot=2, epoch=1)
    assert (bench.ended.status, bench.ended.winner, bench.ended.price) == ("partial", "b", 40_000)
    assert bench.book.accounts.released == 60_000


def test_a_hold_that_the_grant_does_not_cover_is_refused(bench: Bench) -> None:
    """A driver asks first; a ledger that says so all the same is not a possible one."""
    grant(bench, 49_999)
    bench.open()
    other = Bench()
    other.book = bench.check()  # the same book, whose state may be spoilt
    other.now = bench.now
    with pytest.raises(DefinitionError, match="holds 50000 micros that the grant does not cover"):
        other.invite("a")
