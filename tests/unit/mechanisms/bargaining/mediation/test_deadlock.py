"""When a bargaining is stuck."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.mediation.deadlock import deadlock
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from tests.unit.mechanisms.bargaining.worlds import CENT, TRADE, price_rules


def said(*terms: int | Terms) -> list[Offer]:
    return [Offer(turn, turn % 2, one if isinstance(one, tuple) else (one * CENT,)) for turn, one in enumerate(terms)]


def test_all_turns_over() -> None:
    assert deadlock(price_rules(4), said(1, 900, 200, 700), 4) == "round-limit"
    assert deadlock(price_rules(4), said(1, 900, 200, 700), 3) is None


def test_nobody_moved_by_more_than_a_tick() -> None:
    rules = price_rules(40)
    assert deadlock(rules, said(10, 90, 10, 90, 10, 90), 6) == "no-movement"
    assert deadlock(rules, said(10, 90, 11, 89, 11, 89), 6) == "no-movement"
    assert deadlock(rules, said(10, 90, 12, 90, 12, 90), 6) is None
    assert deadlock(rules, said(10, 90, 10, 90, 10, 88), 6) is None
    assert deadlock(rules, said(10, 90, 10, 90), 4) is None
    assert deadlock(rules, said(10, 90, 10, 90), 4, idle_rounds=1) == "no-movement"


def test_slow_steps_are_movement() -> None:
    """A tick a round is two ticks in two rounds."""
    assert deadlock(price_rules(40), said(10, 90, 11, 90, 12, 90), 6) is None


def test_another_option_is_movement() -> None:
    rules = Rules(agenda=TRADE, turns=40)
    still = [(0, 0, 0), (2, 3, 2)]
    assert deadlock(rules, said(*still * 3), 6) == "no-movement"
    assert deadlock(rules, said(*still * 2, (0, 0, 0), (2, 2, 2)), 6) is None


def test_no_round_is_none() -> None:
    with pytest.raises(MechanismError, match="idle_rounds: 0"):
        deadlock(price_rules(), [], 0, 0)
