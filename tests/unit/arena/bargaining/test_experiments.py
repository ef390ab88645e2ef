"""What holds of the bargaining experiments whatever is drawn."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest

from contractnet.arena.catalogue import experiment
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell, Table
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.rubinstein import finite_share

TRIALS = 120


@cache
def table(name: str, seed: int = 7, trials: int = TRIALS) -> Table:
    return experiment(name).run(seed, trials, lambda steps: None).table


def column(name: str, key: str) -> list[Cell]:
    at = [one.key for one in table(name).columns].index(key)
    return [row[at] for row in table(name).rows]


def values(name: str, key: str) -> list[Fraction]:
    found = column(name, key)
    assert all(isinstance(one, Estimate) for one in found)
    return [one.value for one in found if isinstance(one, Estimate)]


def test_the_lesson_at_its_own_seed() -> None:
    rows = table("naive-or-reckoned", 42, 1_000).rows
    deals = [row[1].value * 1_000 for row in rows if isinstance(row[1], Estimate)]
    assert deals[:2] == [605, 892]
    assert deals[2] == deals[3] == 1_000
    assert [row[-1] for row in rows] == [None, None, None, 0, None]


@pytest.mark.parametrize("name", ["scratchpad", "aggressive-and-fair", "with-mediator"])
def test_no_infeasible_case_is_closed(name: str) -> None:
    assert set(values(name, "deals_infeasible")) == {0}


def test_a_persona_in_the_words_changes_nothing_and_one_in_the_numbers_does() -> None:
    changed = dict(
        zip(
            zip(column("persona", "persona"), column("persona", "where"), strict=True),
            column("persona", "changed"),
            strict=True,
        )
    )
    assert {changed[name, where] for name, where in changed if where == "words"} == {0}
    assert changed["aggressive", "numbers"] == TRIALS
    assert changed["fair", "numbers"] == 0  # it is the strategy that the others are compared with


def test_a_leak_costs_only_where_it_is_read_and_never_a_reservation() -> None:
    nothing, deaf, buyers, sellers, _ = zip(values("scratchpad", "buyer"), values("scratchpad", "seller"), strict=True)
    assert nothing == deaf
    assert buyers[0] < nothing[0] < sellers[0]
    assert sellers[1] < nothing[1] < buyers[1]
    assert set(column("scratchpad", "violations")) == {0}


def test_aggression_gains_from_the_fair_and_loses_among_its_like() -> None:
    hard, mixed, _, fair = values("aggressive-and-fair", "buyer_surplus")
    assert hard < fair < mixed
    deals = values("aggressive-and-fair", "deals")
    assert deals[0] < min(deals[1:3])
    assert max(deals[1:3]) < deals[3]


def test_with_the_room_known_the_last_mover_gets_what_theory_says() -> None:
    measured, theory = column("last-mover", "buyer"), column("last-mover", "theory")
    for at, (rounds, last) in enumerate((rounds, last) for rounds in (3, 4, 5) for last in ("buyer", "seller")):
        first = Fraction(finite_share(900_000, 900_000, 2 * rounds), ONE)
        assert theory[at] == (first if last == "seller" else 1 - first)
        found = measured[at]
        assert isinstance(found, Estimate)
        assert abs(found.value - (first if last == "seller" else 1 - first)) < Fraction(1, 100)


def test_a_side_that_waits_for_the_last_turn_takes_the_whole_room() -> None:
    waits = dict(
        zip(
            zip(column("last-mover", "kind"), column("last-mover", "last"), strict=True),
            values("last-mover", "seller"),
            strict=True,
        )
    )
    assert waits["who waits", "seller"] == 1
    assert waits["who waits", "buyer"] < Fraction(4, 5)


def test_honest_sides_lose_no_deal_to_a_mediator_and_shading_ones_do() -> None:
    alone, standing, both, honest, shaded = values("with-mediator", "deals")
    assert alone <= standing < both == honest == 1
    assert shaded < 1
    theory = column("with-mediator", "theory_deals")
    assert theory[3:] == [Fraction(1, 2), Fraction(9, 32)]
    assert column("with-mediator", "theory_gains")[3:] == [1, Fraction(27, 32)]
