"""What negotiations came to over time: rates, payoffs that are never mixed, and what could not be counted."""

from __future__ import annotations

from random import Random

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.falling import FallPolicy
from contractnet.mechanisms.bargaining.monitor import Outcome, Payoff, monitored

POLICY = FallPolicy(block=4, before=4)


def outcome(number: int, deal: bool, payoff: Payoff | None = None) -> Outcome:
    return Outcome(name=f"n{number}", at=number, deal=deal, reason="" if deal else "silent", payoff=payoff)


def gained(amount: int, of: int = 100, unit: str = "USD", against: str = "reserve") -> Payoff:
    return Payoff(amount=amount, of=of, unit=unit, against=against)


def test_the_order_is_that_of_the_ends_whatever_order_they_come_in() -> None:
    outcomes = [outcome(number, number < 40) for number in range(44)]
    found = monitored(outcomes, POLICY, "s")
    assert found.fall is not None
    assert (found.fall.first, found.looks, found.deals.count, found.reasons) == (40, 10, 40, {"silent": 4})
    Random(7).shuffle(outcomes)
    assert monitored(outcomes, POLICY, "s") == found


def test_it_says_when_the_next_look_is() -> None:
    for count, looks, missing in ((0, 0, 8), (3, 0, 5), (7, 0, 1), (8, 1, 4), (13, 2, 3)):
        found = monitored([outcome(number, True) for number in range(count)], POLICY, "s")
        assert (found.fall, found.looks, found.missing) == (None, looks, missing)


def test_units_and_yardsticks_are_never_mixed() -> None:
    payoffs = [gained(10), gained(30), gained(5, unit="EUR"), gained(7, against="losing-offer"), None]
    found = monitored([outcome(at, True, one) for at, one in enumerate(payoffs)], POLICY, "s")
    kinds = [(one.unit, one.against, one.amount.n, one.amount.mean) for one in found.payoffs]
    assert kinds == [("EUR", "reserve", 1, 5), ("USD", "losing-offer", 1, 7), ("USD", "reserve", 2, 20)]
    assert found.payoffs[2].amount.variance == 200
    assert found.payoffs[0].amount.variance is None
    assert found.without_payoff == 1


def test_nothing_is_divided_by_nothing() -> None:
    payoffs = [gained(0, of=0), gained(-5, of=0), gained(50)]
    (found,) = monitored([outcome(at, True, one) for at, one in enumerate(payoffs)], POLICY, "s").payoffs
    assert (found.without_share, found.share.n, found.share.mean, found.amount.n) == (2, 1, 500_000, 3)
    assert not found.of_shares
    assert found.spread is None  # three are too few


def test_the_halves_are_compared_by_their_spreads() -> None:
    calm = [gained(50 + at % 2) for at in range(20)]
    wild = [gained(90 if at % 2 else 10) for at in range(20)]
    (found,) = monitored([outcome(at, True, one) for at, one in enumerate(calm + wild)], POLICY, "s").payoffs
    assert found.of_shares
    assert found.spread is not None
    assert (found.spread.distance_one, found.spread.distance_other) == (5_000, 400_000)
    assert found.spread.p < 1_000


def test_no_outcomes_are_no_rate() -> None:
    found = monitored([], POLICY, "s")
    assert (found.deals.rate, found.payoffs, found.reasons) == (None, (), {})


def test_one_negotiation_twice_is_a_mistake() -> None:
    with pytest.raises(MechanismError, match="n1 stands there twice"):
        monitored([outcome(1, True), outcome(1, False)], POLICY, "s")
