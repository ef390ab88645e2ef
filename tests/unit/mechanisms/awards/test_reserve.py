"""The optimal reserve and the closed forms: published numbers, and sums over every case."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.awards.closed_forms import (
    award_probability,
    equilibrium_bid,
    mean_payment,
    mean_payment_given_award,
)
from contractnet.mechanisms.awards.reserve import (
    MOST_OBSERVED,
    ObservedPrior,
    PowerPrior,
    Prior,
    UniformPrior,
    expected_payment,
    optimal_reserve,
)
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.rules import Conditions
from tests.suites.award_rules import SEED, bid
from tests.support.examples import often

UNIT = 1_000_000
HALF = Fraction(1, 2)
MANY = settings(max_examples=often(1_000), deadline=None)


@pytest.mark.parametrize(("bidders", "paid"), [(2, 0.666667), (3, 0.5), (5, 0.333333), (10, 0.181818)])
def test_the_expected_payment_is_the_same_in_both_formats(bidders: int, paid: float) -> None:
    assert mean_payment(bidders) == Fraction(2, bidders + 1)
    assert float(mean_payment(bidders)) == pytest.approx(paid, abs=1e-6)
    lowest = Fraction(1, bidders + 1)  # mean of the least of n costs
    assert equilibrium_bid(lowest, bidders) == mean_payment(bidders)
    assert expected_payment(UniformPrior(low=0, high=UNIT), bidders) == 2 * UNIT // (bidders + 1)


def test_the_published_reserve() -> None:
    assert award_probability(3, HALF) == Fraction(7, 8)
    assert float(mean_payment_given_award(3, HALF)) == pytest.approx(0.392857, abs=1e-6)


@pytest.mark.parametrize(("bidders", "reserve"), [(2, UNIT), (3, UNIT), (5, UNIT), (3, UNIT // 2)])
def test_the_rules_pay_what_theory_says(bidders: int, reserve: int) -> None:
    """Monte Carlo, 20,000 auctions with true and with equilibrium bids; within .005, three standard errors at most."""
    rng, runs = random.Random(7), 20_000
    second, first, awards = 0, Fraction(0), 0
    rule = AWARD_RULES["second-price"]
    for _ in range(runs):
        costs = [rng.randrange(UNIT + 1) for _ in range(bidders)]
        bids = [bid(f"a{n}", cost) for n, cost in enumerate(costs)]
        for payment in rule.payments(rule.rank(bids, Conditions(reserve=reserve), SEED, "w")):
            second += payment.amount
            awards += 1
        first += equilibrium_bid(Fraction(min(costs), UNIT), bidders)
    share = Fraction(reserve, UNIT)
    assert awards / runs == pytest.approx(float(award_probability(bidders, share)), abs=0.0075)
    assert second / UNIT / runs == pytest.approx(float(mean_payment(bidders, share)), abs=0.005)
    assert float(first / runs) == pytest.approx(2 / (bidders + 1), abs=0.005)


@pytest.mark.parametrize(
    ("prior", "value", "reserve"),
    [
        (UniformPrior(low=0, high=UNIT), UNIT, UNIT // 2),  # the published ones
        (UniformPrior(low=0, high=UNIT), 800_000, 400_000),
        (UniformPrior(low=200_000, high=UNIT), UNIT, 600_000),
        (UniformPrior(low=0, high=UNIT), 3 * UNIT, UNIT),  # worth so much that nobody is turned away
        (UniformPrior(low=500_000, high=UNIT), 400_000, 400_000),  # worth less than any cost
        (PowerPrior(low=0, high=UNIT, power=1), UNIT, UNIT // 2),
        (PowerPrior(low=0, high=UNIT, power=3), UNIT, 750_000),
        (PowerPrior(low=0, high=UNIT, power=1, per=3), UNIT, 250_000),
    ],
)
def test_the_optimal_reserve_in_closed_form(prior: Prior, value: int, reserve: int) -> None:
    assert optimal_reserve(prior, value, 3) == reserve


@pytest.mark.parametrize(("value", "reserve"), [(UNIT, UNIT // 2), (800_000, 400_000)])
@pytest.mark.parametrize("bidders", [1, 3, 10])
def test_observed_costs_on_a_fine_grid_come_to_the_closed_form(value: int, reserve: int, bidders: int) -> None:
    """Within half a step a bidder: on a grid costs tie, and a tie leaves the reserve without its use."""
    costs = tuple(range(0, UNIT + 1, 1_000))
    near = pytest.approx(reserve, abs=500 + 500 * bidders)
    assert optimal_reserve(ObservedPrior(costs=costs), value, bidders) == near


def surplus(costs: tuple[int, ...], value: int, bidders: int, reserve: int) -> int:
    """Value less payment, summed over every draw of the bidders' costs."""
    total = 0
    for drawn in product(costs, repeat=bidders):
        ordered = sorted(drawn)
        if ordered[0] <= reserve:
            total += value - min([*ordered[1:2], reserve])
    return total


@MANY
@given(st.lists(st.integers(0, 12), min_size=1, max_size=3).map(tuple), st.integers(0, 14), st.integers(1, 3))
def test_no_reserve_does_better_on_observed_costs(costs: tuple[int, ...], value: int, bidders: int) -> None:
    reserve = optimal_reserve(ObservedPrior(costs=costs), value, bidders)
    assert reserve <= value
    best = surplus(costs, value, bidders, reserve)
    assert all(surplus(costs, value, bidders, other) <= best for other in range(15))


@MANY
@given(st.lists(st.integers(0, 12), min_size=1, max_size=4).map(tuple), st.integers(1, 3))
def test_the_expected_payment_on_observed_costs(costs: tuple[int, ...], bidders: int) -> None:
    draws = [sorted(drawn) for drawn in product(costs, repeat=bidders)]
    paid = sum(one[1] if bidders > 1 else max(costs) for one in draws)
    assert expected_payment(ObservedPrior(costs=costs), bidders) == paid // len(draws)


@pytest.mark.parametrize(
    ("prior", "bidders"),
    [
        (ObservedPrior(costs=()), 2),
        (ObservedPrior(costs=(1,)), 0),
        (UniformPrior(low=2, high=1), 2),
        (UniformPrior(low=-1, high=1), 2),
        (PowerPrior(low=0, high=1, power=0), 2),
        (PowerPrior(low=0, high=1, power=1, per=0), 2),
    ],
)
def test_a_prior_of_nothing_is_refused(prior: Prior, bidders: int) -> None:
    with pytest.raises(MechanismError, match="prior"):
        optimal_reserve(prior, 5, bidders)


def test_what_is_out_of_bounds_is_refused() -> None:
    with pytest.raises(TooLarge, match=f"at most {MOST_OBSERVED} observed costs"):
        optimal_reserve(ObservedPrior(costs=(1,) * (MOST_OBSERVED + 1)), 5)
    for attempt in (
        lambda: mean_payment(0),
        lambda: award_probability(1, Fraction(2)),
        lambda: mean_payment_given_award(2, Fraction(0)),
        lambda: expected_payment(UniformPrior(low=0, high=1), 0),
    ):
        with pytest.raises(MechanismError):
            attempt()
