"""The reserve by formula is the best by theory, and by measurement up to chance."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Final

import pytest

from contractnet.arena.awards.optimal_reserve import EXPERIMENT, surplus
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell

CASES: Final = list(product((Fraction(3, 5), Fraction(4, 5), Fraction(1)), (1, 3, 5)))


@cache
def rows() -> dict[tuple[Cell, Cell], dict[str, Cell]]:
    """(value, bidders) -> the row by its columns."""
    table = EXPERIMENT.run(7, 300, lambda steps: None).table
    keys = [column.key for column in table.columns]
    return {(row[0], row[1]): dict(zip(keys, row, strict=True)) for row in table.rows}


@pytest.mark.parametrize(("value", "bidders"), CASES)
def test_half_the_value_keeps_most_by_theory(value: Fraction, bidders: int) -> None:
    tried = [Fraction(step, 200) * value for step in range(1, 201)]
    assert max(tried, key=lambda reserve: surplus(value, bidders, reserve)) == value / 2
    assert rows()[value, bidders]["formula"] == value / 2


@pytest.mark.parametrize(("value", "bidders"), CASES)
def test_what_is_kept_is_what_theory_says(value: Fraction, bidders: int) -> None:
    row = rows()[value, bidders]
    kept, none = row["kept"], row["none"]
    assert isinstance(kept, Estimate)
    assert isinstance(none, Estimate)
    assert row["kept_theory"] == surplus(value, bidders, value / 2)
    assert abs(kept.value - surplus(value, bidders, value / 2)) <= kept.high - kept.low  # four standard errors
    assert abs(none.value - surplus(value, bidders, value)) <= none.high - none.low


def test_costs_seen_come_near_the_formula() -> None:
    for (value, _), row in rows().items():
        seen, reserve, kept = row["seen"], row["seen_reserve"], row["kept"]
        assert isinstance(seen, Estimate)
        assert isinstance(reserve, Estimate)
        assert isinstance(kept, Estimate)
        assert isinstance(value, Fraction)
        assert reserve.high < value
        assert seen.high > kept.low
