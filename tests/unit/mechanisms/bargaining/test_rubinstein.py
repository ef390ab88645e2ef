"""Alternating offers: the published shares, the game solved again by hand, and offers as prices."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.rubinstein import Rubinstein, finite_share, first_share
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import mandate, money, price_rules, view


@pytest.mark.parametrize(("own", "other", "share"), [(0.9, 0.9, 0.526316), (0.9, 0.8, 0.714286), (0.8, 0.9, 0.357143)])
def test_the_published_shares_without_an_end(own: float, other: float, share: float) -> None:
    assert first_share(round(own * PPM), round(other * PPM)) / ONE == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("own", "other", "turns", "share"),
    [
        *((0.9, 0.9, turns, share) for turns, share in enumerate((1, 0.1, 0.91, 0.181, 0.8371, 0.24661), 1)),
        (0.9, 0.9, 10, 0.342801),
        (0.9, 0.9, 11, 0.691479),
        *((0.9, 0.8, turns, share) for turns, share in enumerate((0.2, 0.92, 0.344), 2)),
    ],
)
def test_the_published_shares_with_an_end(own: float, other: float, turns: int, share: float) -> None:
    assert finite_share(round(own * PPM), round(other * PPM), turns) / ONE == pytest.approx(share, abs=1e-6)


@given(st.integers(0, PPM - 1), st.integers(0, PPM - 1), st.integers(1, 60))
def test_backward_induction_in_exact_fractions(own: int, other: int, turns: int) -> None:
    discounts = Fraction(own, PPM), Fraction(other, PPM)
    share = Fraction(1)
    for turn in range(turns - 1, 0, -1):  # the proposer of turn `turn` faces a responder who proposes next
        share = 1 - discounts[turn % 2] * share
    assert finite_share(own, other, turns) / ONE == pytest.approx(float(share), abs=1e-9)


def test_many_turns_are_as_good_as_no_end() -> None:
    assert finite_share(900_000, 800_000, 300) == pytest.approx(first_share(900_000, 800_000), abs=10)


def test_shares_become_prices_of_the_believed_room() -> None:
    """Room 60 to 100: with 3 turns left the proposer takes .91 of 40."""
    rules, infinite = price_rules(turns=3), Rubinstein(finite=False, rival=money(60))
    assert Rubinstein(rival=money(60)).propose(view(mandate("buyer", 100), rules)) == (money(63.6),)
    assert infinite.propose(view(mandate("buyer", 100), rules)) == (money(78.94),)
    seller = Rubinstein(rival=money(100)).propose(view(mandate("seller", 60), price_rules(turns=4), me=1, turn=1))
    assert seller == (money(96.4),)


def test_without_a_belief_the_own_opening_stands_for_it() -> None:
    found = Rubinstein().propose(view(mandate("buyer", 100, opening=50), price_rules(turns=1)))
    assert found == (money(50),)


def test_a_wrong_belief_never_passes_the_reservation() -> None:
    found = Rubinstein(rival=money(110)).propose(view(mandate("buyer", 100), price_rules(turns=1)))
    assert found == (money(100),)


def test_what_has_no_solution() -> None:
    for own, other in ((PPM, PPM), (-1, 0), (0, PPM + 1)):
        with pytest.raises(MechanismError, match="discounts"):
            first_share(own, other)
    with pytest.raises(MechanismError, match="0 turns"):
        finite_share(0, 0, 0)
    with pytest.raises(MechanismError, match="discounts"):
        Rubinstein(own=PPM, other=PPM).check(price_rules(), mandate("buyer", 1))
