"""Scenarios: drawn, read and named; always within their public bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.arena.bargaining.scenarios import PRIORS, drawn, product, read_scenarios
from contractnet.errors import DefinitionError


@given(st.sampled_from(sorted(PRIORS)), st.integers(0, 1_000_000))
def test_what_is_drawn_is_within_its_bounds(name: str, seed: int) -> None:
    for one in drawn(name, seed, 5):
        assert one.low <= min(one.cost, one.budget) <= max(one.cost, one.budget) <= one.high
        assert not one.cost % one.tick


def test_the_same_seed_draws_the_same_and_each_prior_is_what_it_says() -> None:
    assert list(drawn("uniform", 3, 50)) == list(drawn("uniform", 3, 50)) != list(drawn("uniform", 4, 50))
    feasible = {name: sum(one.feasible for one in drawn(name, 1, 1_000)) for name in PRIORS}
    assert feasible["lesson"] == 1_000
    assert 450 < feasible["uniform"] < 550
    assert 880 < feasible["shop"] < 980
    narrow = list(drawn("uniform:low=10,high=12", 1, 20))
    assert all(10_000_000 <= one.cost <= 12_000_000 for one in narrow)


def test_a_file_has_an_object_a_line() -> None:
    lines = ['{"cost": "40", "budget": 60, "name": "lamp", "high": "99.99"}', "", '{"cost": "5", "budget": "4"}']
    lamp, other = read_scenarios(lines, "f")
    assert (lamp.name, lamp.cost, lamp.budget, lamp.high) == ("lamp", 40_000_000, 60_000_000, 99_990_000)
    assert (other.name, other.high, other.feasible) == ("line-3", 7_500_000, False)


def test_a_product_is_one_scenario() -> None:
    one = product("lamp:cost=40,budget=60,high=80,unit=EUR")
    assert (one.name, one.low, one.high, one.unit, one.feasible) == ("lamp", 0, 80_000_000, "EUR", True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"cost": 40.5, "budget": "60"}', "f, line 1: .*amounts in quotation marks"),
        ('{"cost": "40"}', "f, line 1: .*budget"),
        ('{"cost": "x", "budget": "60"}', "f, line 1, cost: 'x' is not an amount"),
        ('{"cost": "40", "budget": "60", "list": "70"}', "f, line 1: .*list"),
        ('{"cost": "40", "budget": "60", "high": "50"}', "within the public bounds"),
        ("not json", "f, line 1: "),
        ("", "f: there is no scenario in it"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(line: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        read_scenarios([line], "f")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("luck", "prior 'luck' is not known; there are: uniform, lesson, shop"),
        ("uniform:mid=3", "prior 'uniform' has no parameter 'mid'; it has: low, high"),
        ("uniform:low=9,high=9", "at least a cent under"),
        ("shop:budget=1.2", "a share up to 1"),
        ("lesson:high=90", "high is at least 115"),
    ],
)
def test_a_prior_that_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        list(drawn(text, 1, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lamp", "both reservation prices are needed"),
        ("lamp:cost=4,budget=6,list=3", "has no parameter 'list'"),
        ("lamp:cost=4,budget=x", "product lamp, budget: 'x' is not an amount"),
    ],
)
def test_a_product_that_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        product(text)
