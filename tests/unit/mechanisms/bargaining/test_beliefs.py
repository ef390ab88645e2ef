"""Beliefs about a reservation price: they find it where the other side concedes as assumed."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.beliefs import (
    Belief,
    ReservationModel,
    acceptance_chance,
    brier_of,
    reservation_belief,
)
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import money

MODEL = ReservationModel(sigma=money(5))
GRID = [money(price) for price in range(40, 121, 5)]


def asks(reservation: float, count: int, rounds: int = 10) -> list[int]:
    """A seller that comes down from 120 to its reservation in equal steps."""
    return [money(120 - (120 - reservation) * n / (rounds - 1)) for n in range(count)]


def test_a_single_offer_tells_nothing() -> None:
    for offers in ([], asks(60, 1)):
        assert len({one.chance for one in reservation_belief(MODEL, offers, 10, GRID)}) == 1


@pytest.mark.parametrize("reservation", [45, 60, 90])
def test_it_finds_the_reservation_as_offers_come_in(reservation: int) -> None:
    scores = []
    for count in (1, 4, 7, 10):
        found = reservation_belief(MODEL, asks(reservation, count), 10, GRID)
        scores.append(brier_of(found, money(reservation)))
        assert sum(one.chance for one in found) == pytest.approx(PPM, abs=len(GRID))
    assert max(found, key=lambda one: one.chance).price == money(reservation)
    assert scores == sorted(scores, reverse=True)


def test_a_buyer_that_comes_up() -> None:
    offers = [money(10 * n) for n in range(8)]
    found = reservation_belief(MODEL, offers, 8, GRID)
    assert max(found, key=lambda one: one.chance).price == money(70)


def test_the_chance_of_a_gain_is_that_of_all_reservations_that_gain() -> None:
    beliefs = [Belief(money(50), 200_000), Belief(money(60), 300_000), Belief(money(70), 500_000)]
    assert [acceptance_chance(beliefs, money(price), "seller") for price in (49, 50, 65, 70)] == [
        0,
        200_000,
        500_000,
        PPM,
    ]
    assert [acceptance_chance(beliefs, money(price), "buyer") for price in (50, 60, 71)] == [PPM, 800_000, 0]


def test_the_score_of_a_belief() -> None:
    certain = [Belief(1, PPM), Belief(2, 0)]
    assert [brier_of(certain, 1), brier_of(certain, 2), brier_of([Belief(1, PPM // 2), Belief(2, PPM // 2)], 1)] == [
        0,
        2 * PPM,
        PPM // 2,
    ]


def test_what_is_no_belief() -> None:
    for model, grid in ((MODEL, []), (ReservationModel(sigma=0), GRID)):
        with pytest.raises(MechanismError, match="belief"):
            reservation_belief(model, [], 10, grid)
