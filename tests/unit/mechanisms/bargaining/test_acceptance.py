"""Acceptance conditions, each by hand."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.acceptance import (
    AcceptAfter,
    AcceptAtLeast,
    AcceptBetter,
    AcceptCombined,
    AcceptNext,
    late,
)
from contractnet.mechanisms.bargaining.shape import AcceptanceRule, View
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import mandate, money, view


def seen(round_: int = 0, asks: tuple[float, ...] = ()) -> View:
    """A buyer of 100 with 6 rounds."""
    return view(mandate("buyer", 100), turn=2 * round_, theirs=tuple((money(ask),) for ask in asks))


def takes(rule: AcceptanceRule, offered: float, following: float | None = None, where: View | None = None) -> bool:
    own = None if following is None else (money(following),)
    return rule.accepts(seen() if where is None else where, (money(offered),), own)


def test_next_takes_what_is_as_good_as_the_own_next_offer() -> None:
    assert takes(AcceptNext(), 70, 70)
    assert not takes(AcceptNext(), 70.01, 70)
    assert not takes(AcceptNext(), 1, None)


def test_next_is_widened_by_its_two_constants() -> None:
    assert takes(AcceptNext(b=money(5)), 75, 70)
    assert not takes(AcceptNext(b=money(5)), 75.01, 70)
    assert takes(AcceptNext(a=2 * PPM), 85, 70)
    assert not takes(AcceptNext(a=2 * PPM), 85.01, 70)


def test_better_wants_strictly_more() -> None:
    assert takes(AcceptBetter(), 69.99, 70)
    assert not takes(AcceptBetter(), 70, 70)
    assert not takes(AcceptBetter(), 1, None)


def test_a_fixed_utility() -> None:
    assert takes(AcceptAtLeast(money(20)), 80)
    assert not takes(AcceptAtLeast(money(20)), 80.01)
    assert takes(AcceptAtLeast(), 100)
    assert not takes(AcceptAtLeast(), 100.01)


@pytest.mark.parametrize(
    ("after", "rounds"), [(0, [True] * 6), (600_000, [False] * 3 + [True] * 3), (PPM, [False] * 5 + [True])]
)
def test_late_is_counted_in_own_rounds(after: int, rounds: list[bool]) -> None:
    assert [late(seen(round_), after) for round_ in range(6)] == rounds
    assert [takes(AcceptAfter(after), 500, None, seen(round_)) for round_ in range(6)] == rounds


def test_combined_is_next_or_late_and_good_enough() -> None:
    fixed = AcceptCombined(after=600_000, alpha=money(10))
    assert takes(fixed, 60, 60, seen(0))
    assert not takes(fixed, 85, 60, seen(2))
    assert takes(fixed, 90, 60, seen(3))
    assert not takes(fixed, 90.01, 60, seen(3))


def test_combined_with_what_was_received() -> None:
    asks = (80.0, 110.0, 95.0)
    best, mean = AcceptCombined(after=0, alpha="best"), AcceptCombined(after=0, alpha="mean")
    assert not takes(best, 95, 10, seen(3, asks))
    assert takes(best, 80, 10, seen(3, asks))
    assert takes(mean, 95, 10, seen(3, asks))
    assert not takes(mean, 95.01, 10, seen(3, asks))
    assert takes(AcceptCombined(after=0, alpha="best", window=2), 95, 10, seen(3, asks))
    assert not takes(AcceptCombined(after=0, alpha="best", window=3), 95, 10, seen(3, asks))


def test_a_window_of_nothing_is_none() -> None:
    with pytest.raises(MechanismError, match="a window of 0"):
        takes(AcceptCombined(after=0, window=0), 95, 10, seen(3, (95,)))
