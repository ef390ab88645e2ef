"""What cannot happen in a bundle auction whatever is drawn, and what those who cheat gain."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest

from contractnet.arena.awards.bundle_collusion import EXPERIMENT, profit, total, true_bids
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell
from contractnet.mechanisms.awards.bundles import BundleConditions, vcg

pytest.importorskip("ortools", reason="bundles need the extra 'bundles' (OR-tools)")


@cache
def rows() -> dict[Cell, dict[str, Cell]]:
    """Who cheats -> the rest by its columns."""
    found = EXPERIMENT.run(7, 40, lambda steps: None).table.rows
    return {row[0]: dict(zip(("paid", "more", "other", "gain"), row[1:], strict=True)) for row in found}


def of(who: str, column: str) -> Fraction:
    cell = rows()[who][column]
    assert isinstance(cell, Estimate)
    return cell.value


def test_shills_and_dominated_bids_lower_payments_and_change_no_winner() -> None:
    for who in ("the manager's shills", "a contractor's friend"):
        assert of(who, "more") < 0
        assert of(who, "other") == 0
    assert of("the manager's shills", "paid") < of("a contractor's friend", "paid")


def test_a_second_name_and_an_agreement_pay() -> None:
    assert of("one under two names", "gain") > 0
    assert of("two who agree", "gain") > 0
    assert of("two who agree", "other") > 0
    assert of("all who agree", "paid") == 2


def test_payments_and_costs_are_those_of_vcg() -> None:
    """Of all who take part together: what is paid less what the tasks cost."""
    draws = Draws(3)
    for _ in range(5):
        bids = true_bids(draws)
        award = vcg(bids, BundleConditions(tasks=("x", "y"), reserves=(1_000_000, 1_000_000)), "s", "w")
        everyone = [one.participant for one in bids]
        assert profit(everyone, (), bids, award) == total(award) - sum(one.price for one in award.won)
        assert profit((), (), bids, award) == 0
