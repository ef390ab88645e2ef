"""What holds of price, quality and value whatever is drawn."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Final

from contractnet.arena.awards.price_or_quality import EXPERIMENT, drawn_bids
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell

VALUES: Final = [Fraction(tenths, 10) for tenths in (5, 10, 15, 20, 30, 40)]
CHEAP, SURE, BEST = "lowest-price", "highest-quality-under-reserve", "best-value"


@cache
def rows() -> dict[tuple[Cell, ...], tuple[Cell, ...]]:
    """(value, rule) -> paid, done, kept."""
    return {row[:2]: row[2:] for row in EXPERIMENT.run(7, 200, lambda steps: None).table.rows}


def of(value: Fraction, rule: str, column: int) -> Fraction:
    found: Cell = rows()[value, rule][column]
    assert isinstance(found, Estimate)
    return found.value


def test_each_rule_is_best_at_what_it_goes_by() -> None:
    for value in VALUES:
        assert of(value, CHEAP, 0) == min(of(value, rule, 0) for rule in (CHEAP, SURE, BEST))
        assert of(value, SURE, 1) == max(of(value, rule, 1) for rule in (CHEAP, SURE, BEST))
        assert of(value, BEST, 2) == max(of(value, rule, 2) for rule in (CHEAP, SURE, BEST))


def test_the_two_simple_rules_do_not_ask_what_it_is_worth() -> None:
    assert len({of(value, rule, 0) for value in VALUES for rule in (CHEAP, SURE)}) == 2


def test_the_more_is_at_stake_the_surer_is_bought() -> None:
    chances = [of(value, BEST, 1) for value in VALUES]
    assert chances == sorted(chances)
    assert chances[0] < chances[-1]


def test_which_of_the_two_is_better_turns_with_the_value() -> None:
    assert of(VALUES[0], CHEAP, 2) > of(VALUES[0], SURE, 2)
    assert of(VALUES[-1], CHEAP, 2) < of(VALUES[-1], SURE, 2)


def test_all_bids_are_under_the_reserve() -> None:
    draws = Draws(1)
    assert all(one.price <= 1_000_000 for _ in range(500) for one in drawn_bids(draws))
