"""Trials and tallies: what is played is what the session plays, and what is counted is what was played."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.runs import repeated, run
from contractnet.arena.bargaining.scenarios import Scenario, drawn, product
from contractnet.arena.bargaining.tally import MEASURED, Pairing, charts, comma_separated, rows_of, tallied
from contractnet.arena.bargaining.trials import Table, movers, play
from contractnet.arena.estimates import Estimate
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.preferences import Side

LADDER = (Rung.STANDING_OFFERS, Rung.SEALED_RESERVATIONS)
SCENARIOS = list(drawn("uniform", 1, 60))
PLAIN = Table()


def ran(
    one: str, other: str, table: Table = PLAIN, scenarios: list[Scenario] = SCENARIOS, swap: bool = True
) -> list[Pairing]:
    players = (one, named(one).side), (other, named(other).side)
    return run(players, scenarios, table, 1, swap=swap, progress=lambda steps: None)


def test_swapped_roles_of_one_strategy_are_the_same_bargainings() -> None:
    """Nothing of a trial depends on which of the two names a side was given."""
    one, other = ran("linear", "linear")
    assert one.trials == other.trials


def test_the_first_mover_is_as_told_and_the_last_by_the_turns() -> None:
    for first, turns, last in (("buyer", 3, "buyer"), ("buyer", 4, "seller"), ("seller", 3, "seller")):
        trial, exchange = play(
            SCENARIOS[0],
            (named("linear").side, named("linear").side),
            Table(turns=turns),
            "buyer" if first == "buyer" else "seller",
            "s",
        )
        assert (trial.first, trial.last) == (first, last)
        assert exchange.turns <= turns
    drawn_sides = movers("draw", 1, 200)
    assert 70 < drawn_sides.count("buyer") < 130
    assert movers("seller", 1, 3) == ["seller"] * 3


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("og-linear", "og-exp", "linear", "conceder", "relative", "zeuthen", "rubinstein", "micro")),
    st.sampled_from(("boulware", "exponential", "takes-any-gain", "averaged", "absolute", "og-swish")),
    st.integers(0, 100),
    st.integers(0, 100),
    st.sampled_from(("buyer", "seller")),
    st.integers(1, 12),
    st.booleans(),
)
def test_nobody_deals_past_its_reservation_with_or_without_a_mediator(
    one: str, other: str, cost: int, budget: int, first: Side, turns: int, mediated: bool
) -> None:
    scenario = product(f"thing:cost={cost},budget={budget},high=150")
    seats = named(one).side, named(other).side
    table = Table(turns=turns, ladder=LADDER if mediated else ())
    trial, _ = play(scenario, seats, table, first, "seed")
    price = trial.run.price
    assert price is None or scenario.cost <= price <= scenario.budget
    assert (price is None) is (trial.ended in ("quit", "exhausted", "no-zone"))


def test_an_honest_mediator_ends_every_deadlock_one_way_or_the_other() -> None:
    (without,) = ran("boulware:margin=0.3", "boulware:margin=0.3", swap=False)
    (with_one,) = ran("boulware:margin=0.3", "boulware:margin=0.3", Table(ladder=LADDER), swap=False)
    for plain, mediated in zip(without.trials, with_one.trials, strict=True):
        if plain.ended == "agreed":
            assert mediated == plain
        else:
            assert mediated.ended == ("mediated" if mediated.scenario.feasible else "no-zone")


def test_the_tally_counts_what_was_played() -> None:
    found = ran("linear", "boulware")
    measured = tallied(found)
    keys = [column.key for column in measured.columns]
    for pairing, row in zip(found, measured.rows, strict=True):
        of = dict(zip(keys, row, strict=True))
        feasible = [one for one in pairing.trials if one.scenario.feasible]
        deals = [one for one in feasible if one.run.price is not None]
        rate = of["deals_feasible"]
        assert isinstance(rate, Estimate)
        assert rate.value * len(feasible) == len(deals)
        assert (of["trials"], of["feasible"]) == (60, len(feasible))
        assert (of["buyer_violations"], of["seller_violations"]) == (0, 0)
    assert len(charts(found)) == 2


def test_every_bargaining_is_a_line() -> None:
    found = ran("linear", "boulware")
    rows = list(csv.DictReader(io.StringIO(comma_separated(found))))
    assert len(rows) == 120
    for row, trial in zip(rows, found[0].trials, strict=False):
        assert (row["buyer"], row["seller"], row["ended"]) == ("linear", "boulware", trial.ended)
        assert bool(row["price"]) is (trial.run.price is not None)


def test_programs_find_the_same_names_whatever_was_measured() -> None:
    nothing = product("lamp:cost=9,budget=3")
    one, many = (list(rows_of(ran("linear", "linear", scenarios=given))) for given in ([nothing], SCENARIOS))
    assert {frozenset(row) for row in one} == {frozenset(row) for row in many}
    assert one[0]["deals_feasible_low"] is None
    assert set(MEASURED) < {column.key for column in tallied([]).columns}


def test_scenarios_are_taken_again_from_the_first() -> None:
    assert repeated(SCENARIOS[:2], 5) == [*SCENARIOS[:2], *SCENARIOS[:2], SCENARIOS[0]]
    assert repeated(SCENARIOS[:2], None) == SCENARIOS[:2]


def test_who_cannot_play_over_a_price_is_told() -> None:
    with pytest.raises(DefinitionError, match="uniform-1: logrolling-frequency: there is nothing to trade"):
        ran("logrolling-frequency", "linear")
