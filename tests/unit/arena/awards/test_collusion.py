"""What shills and cartels cannot do, whatever is drawn; and what they can."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Final

import pytest

from contractnet.arena.awards.attacks import ATTACKS, NORMALISED, Room, attacked
from contractnet.arena.awards.collusion import EXPERIMENT
from contractnet.arena.awards.rounds import UNIT, awarded, bid, place_of, uniform_costs
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Cell
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import Exposure
from contractnet.mechanisms.rules import Conditions

NOBODY, SHILL, FRIEND, READER, TWO, ALL = (attack.name for attack in ATTACKS)
OWN: Final = [name for name, rule in AWARD_RULES.items() if rule.exposure is Exposure.OWN_PRICE]
RIVALS: Final = [name for name in AWARD_RULES if name not in OWN]


@cache
def rows() -> dict[tuple[Cell, ...], dict[str, Cell]]:
    """(rule, who cheats) -> the rest by its columns."""
    found = EXPERIMENT.run(7, 80, lambda steps: None).table.rows
    return {row[:2]: dict(zip(("paid", "more", "other", "gain"), row[2:], strict=True)) for row in found}


def value(cell: Cell) -> Fraction:
    assert isinstance(cell, Estimate)
    return cell.value


@pytest.mark.parametrize("rule", AWARD_RULES)
def test_a_dominated_bid_changes_no_winner_and_never_raises_a_payment(rule: str) -> None:
    assert value(rows()[rule, FRIEND]["other"]) == 0
    assert value(rows()[rule, FRIEND]["more"]) <= 0


def test_it_does_where_the_score_is_scaled_over_the_bids() -> None:
    assert value(rows()[NORMALISED, FRIEND]["other"]) > 0


@pytest.mark.parametrize("rule", OWN)
def test_where_the_own_price_is_paid_a_shill_moves_nothing_and_reading_bids_pays(rule: str) -> None:
    assert value(rows()[rule, SHILL]["more"]) == 0
    assert value(rows()[rule, READER]["gain"]) > 0


@pytest.mark.parametrize("rule", RIVALS)
def test_where_rivals_set_the_payment_a_shill_lowers_it_and_reading_bids_gains_nothing(rule: str) -> None:
    assert value(rows()[rule, SHILL]["more"]) < 0
    assert value(rows()[rule, SHILL]["other"]) == 0
    assert value(rows()[rule, READER]["gain"]) == 0  # truth is a best reply
    assert value(rows()[rule, TWO]["gain"]) > 0  # but not of two who agree


@pytest.mark.parametrize("rule", AWARD_RULES)
def test_if_all_agree_the_reserve_is_paid(rule: str) -> None:
    assert value(rows()[rule, ALL]["paid"]) == 1
    assert value(rows()[rule, ALL]["gain"]) >= value(rows()[rule, TWO]["gain"])


@pytest.mark.parametrize("name", AWARD_RULES)
def test_the_search_of_a_cartel_misses_nothing(name: str) -> None:
    """Held against every price of every member, a hundredth apart, the others of the cartel away."""
    rule, draws, conditions = AWARD_RULES[name], Draws(9, name), Conditions(reserve=UNIT, value=2 * UNIT)
    for _ in range(12):
        costs = [cost // 10_000 * 10_000 for cost in uniform_costs(draws, 4)]
        room = Room(
            costs=costs, asked=costs, chances=[draws.between(700_000, 950_000) for _ in costs], conditions=conditions
        )
        honest = awarded(rule, room.bids(), conditions)
        assert honest is not None
        found = room.profit(attacked(rule, room, ATTACKS[4], honest), 2)
        best = room.profit(honest, 2)
        for member in (0, 1):
            for price in range(0, UNIT + 1, 10_000):
                mine = bid(member, price, room.chances[member])
                payment = awarded(rule, [*room.bids()[2:], mine], conditions)
                if payment is not None and place_of(payment.participant) == member:
                    best = max(best, room.profit(payment, 2))
        assert found == best
