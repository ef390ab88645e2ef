"""What the reserve experiment measures is what the closed forms say."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from contractnet.arena.awards.reserve import EXPERIMENT
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell


@cache
def rows() -> dict[tuple[Cell, ...], tuple[Cell, ...]]:
    """(rule, bidders, reserve) -> the rest."""
    return {row[:3]: row[3:] for row in EXPERIMENT.run(7, 1_500, lambda steps: None).table.rows}


def test_what_is_measured_is_what_theory_says() -> None:
    for key, (awarded, awarded_theory, paid, paid_theory, each, each_theory) in rows().items():
        for measured, theory in ((awarded, awarded_theory), (paid, paid_theory), (each, each_theory)):
            assert isinstance(measured, Estimate)
            assert isinstance(theory, Fraction)
            reach = measured.high - measured.low  # four standard errors
            assert abs(measured.value - theory) <= reach, key


def test_the_theory_is_the_published_one() -> None:
    row = rows()["second-price", 3, Fraction(1, 2)]
    assert row[1] == Fraction(7, 8)
    assert row[3] is not None
    assert isinstance(row[3], Fraction)
    assert abs(float(row[3]) - 0.392857) < 1e-6
    for bidders in (2, 3, 5, 10):
        for rule in ("second-price", "lowest-price"):
            assert rows()[rule, bidders, Fraction(1)][5] == Fraction(2, bidders + 1)
