"""What holds of rises and fees whatever is drawn."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from contractnet.arena.awards.price_rise import EXPERIMENT
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell

RATIO, VALUE, SCORE = "confidence-over-price", "best-value", "first-score"
RISES, FEES = ("× 1.5", "× 2", "× 4"), ("fee 0.20", "fee 0.60")


@cache
def rows() -> dict[tuple[Cell, ...], tuple[Cell, ...]]:
    """(change, rule) -> other, bought, done, kept."""
    return {row[:2]: row[2:] for row in EXPERIMENT.run(7, 200, lambda steps: None).table.rows}


def of(change: str, rule: str, column: int) -> Fraction:
    found = rows()[change, rule][column]
    assert isinstance(found, Estimate)
    return found.value


def test_a_rise_never_moves_confidence_over_price_and_a_fee_does() -> None:
    assert all(of(rise, RATIO, 0) == 0 for rise in RISES)
    assert all(of(fee, RATIO, 0) > 0 for fee in FEES)


def test_a_fee_never_moves_the_best_value_and_a_rise_does() -> None:
    assert all(of(fee, VALUE, 0) == 0 for fee in FEES)
    assert all(of(rise, VALUE, 0) > 0 for rise in RISES)


def test_the_best_value_keeps_most_of_those_that_always_buy_and_first_score_never_less() -> None:
    for change in ("none", *RISES, *FEES):
        assert of(change, RATIO, 1) == of(change, VALUE, 1) == 1
        assert of(change, RATIO, 3) <= of(change, VALUE, 3) <= of(change, SCORE, 3)
        assert of(change, SCORE, 3) >= 0
    assert of("fee 0.60", SCORE, 1) == 0
    assert of("fee 0.60", VALUE, 3) < 0
