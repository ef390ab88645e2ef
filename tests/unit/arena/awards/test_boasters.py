"""Small markets with more and more boasters: belief falls, and what does not depend on statements stays."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Final

from msgspec.structs import replace

from contractnet.arena.awards.boasters import EXPERIMENT
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell

SMALL: Final = replace(EXPERIMENT, tasks=900, learning=400)


@cache
def rows() -> dict[tuple[Cell, ...], tuple[Cell, ...]]:
    """(boasters, knowledge) -> done, cost, kept, of what truth keeps."""
    return {row[:2]: row[2:] for row in SMALL.run(7, 2, lambda steps: None).table.rows}


def of(boasters: int, knowledge: str, column: int) -> Fraction:
    cell = rows()[boasters, knowledge][column]
    assert isinstance(cell, Estimate)
    return cell.value


def test_the_word_of_honest_bidders_is_nearly_the_truth() -> None:
    assert of(0, "raw", 3) > Fraction(98, 100)
    assert of(0, "raw", 3) > of(0, "calibrated", 3)


def test_belief_falls_as_more_boast() -> None:
    assert of(0, "raw", 3) > of(8, "raw", 3)
    assert of(16, "raw", 3) < Fraction(97, 100)


def test_the_truth_is_the_same_whoever_boasts() -> None:
    assert (
        len({tuple(of(boasters, "truth known", column) for column in range(4)) for boasters in (0, 4, 8, 16, 32)}) == 1
    )
    assert of(0, "truth known", 3) == 1
