"""What a bid is worth: hand-computed cases."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.rules import Bid, Conditions, best_value
from contractnet.messages.values import MAX_ETA_S, MAX_MICROS, PPM


def bid(participant: str, price: int, probability: int = PPM, eta: int = 1) -> Bid:
    return Bid(participant=participant, offer=f"o_{participant}", price=price, eta=eta, probability=probability)


@pytest.mark.parametrize(
    ("value", "probability", "price", "eta", "eta_cost", "score"),
    [
        (1_000_000, PPM, 400_000, 1, 0, 600_000),
        (1_000_000, 900_000, 400_000, 10, 5, 499_950),
        (999_999, 1, 0, 1, 0, 0),  # 0.999999 floors to 0
        (1_000_000, 1, 0, 1, 0, 1),
        (7, 500_000, 0, 1, 0, 3),  # 3.5 floors to 3
        (7, 500_000, 10, 2, 4, -15),  # the division is floored before anything is taken away
        (0, PPM, 0, MAX_ETA_S, 1, -MAX_ETA_S),
        (MAX_MICROS, PPM, MAX_MICROS, 1, 0, 0),
        (MAX_MICROS, 999_999, 0, 1, 0, 999_999_000_000_000),
    ],
)
def test_best_value_is_floored(value: int, probability: int, price: int, eta: int, eta_cost: int, score: int) -> None:
    assert best_value(bid("a", price, probability, eta), Conditions(value=value, eta_cost=eta_cost)) == score


def test_the_reserve_stands_for_a_value_that_is_not_given() -> None:
    assert best_value(bid("a", 1, 500_000), Conditions(reserve=100)) == 49
    assert best_value(bid("a", 1, 500_000), Conditions(reserve=100, value=0)) == -1


def test_best_value_without_value_and_reserve_is_an_error() -> None:
    with pytest.raises(MechanismError, match="needs a value, or a reserve"):
        best_value(bid("a", 1), Conditions())
