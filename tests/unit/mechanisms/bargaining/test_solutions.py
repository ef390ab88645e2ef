"""Bargaining solutions: against plain enumeration, on published instances, and on the price."""

from __future__ import annotations

import json
from fractions import Fraction
from math import prod
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import agenda, choice, price_issue
from contractnet.mechanisms.bargaining.preferences import Additive, weighted
from contractnet.mechanisms.bargaining.solutions import (
    Table,
    egalitarian,
    kalai_smorodinsky,
    midpoint,
    nash,
    pareto,
    table,
    utilitarian,
)
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CENT, UNIT, money


@st.composite
def tables(draw: st.DrawFn) -> Table:
    sides = draw(st.integers(2, 3))
    worth = st.tuples(*[st.integers(-2, 8)] * sides)
    return Table(tuple(draw(st.lists(worth, min_size=1, max_size=14))), draw(st.tuples(*[st.integers(-1, 5)] * sides)))


@settings(max_examples=120)
@given(tables())
def test_each_solution_is_the_first_of_the_best(given_: Table) -> None:
    rational = [
        place
        for place, deal in enumerate(given_.deals)
        if all(worth >= least for worth, least in zip(deal, given_.reservations, strict=True))
    ]
    assert list(given_.rational) == rational
    gains = {place: given_.gains(place) for place in rational}
    ideals = [max((gain[side] for gain in gains.values()), default=0) for side in range(len(given_.reservations))]

    def share(place: int) -> list[Fraction]:
        return sorted(
            Fraction(gain, ideal) if ideal else Fraction(0) for gain, ideal in zip(gains[place], ideals, strict=True)
        )

    assert nash(given_) == max(rational, key=lambda place: prod(gains[place]), default=None)
    assert kalai_smorodinsky(given_) == max(rational, key=share, default=None)
    assert egalitarian(given_) == max(rational, key=lambda place: sorted(gains[place]), default=None)
    assert utilitarian(given_) == max(range(len(given_.deals)), key=lambda place: sum(given_.deals[place]))


@settings(max_examples=120)
@given(tables())
def test_pareto_deals_are_those_that_no_other_beats(given_: Table) -> None:
    def beats(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        return one != other and all(a >= b for a, b in zip(one, other, strict=True))

    plain = [place for place, deal in enumerate(given_.deals) if not any(beats(other, deal) for other in given_.deals)]
    assert list(pareto(given_)) == plain


def test_each_principle_has_its_own_deal() -> None:
    """The best are 9 and 4: shares of 4/9 and 1, or of 1 and 3/4; gains of 4 and 4, or of 9 and 3."""
    given_ = Table(((4, 4), (9, 3)), (0, 0))
    assert [egalitarian(given_), kalai_smorodinsky(given_), nash(given_), utilitarian(given_)] == [0, 1, 1, 1]


def test_weights_move_the_nash_deal() -> None:
    given_ = Table(((1, 8), (3, 3), (8, 1)), (0, 0))
    assert [nash(given_), nash(given_, (2, 1)), nash(given_, (1, 2))] == [1, 2, 0]
    for wrong in ((1,), (1, -1)):
        with pytest.raises(MechanismError, match="one weight a side"):
            nash(given_, wrong)


def test_where_no_deal_is_rational_there_is_no_solution_but_the_utilitarian() -> None:
    given_ = Table(((1, 8), (8, 1)), (5, 5))
    assert [nash(given_), kalai_smorodinsky(given_), egalitarian(given_)] == [None] * 3
    assert utilitarian(given_) == 0


def test_a_published_division_of_items() -> None:
    """Counts 1, 2, 3; values 8, 1, 0 and 4, 0, 2: each deal says how many of each the first side gets."""
    counts, one, other = (1, 2, 3), (8, 1, 0), (4, 0, 2)
    items = agenda(*(choice(str(place), *map(str, range(count + 1))) for place, count in enumerate(counts)))
    sides = (
        Additive(
            items, tuple(tuple(n * value for n in range(count + 1)) for count, value in zip(counts, one, strict=True))
        ),
        Additive(
            items,
            tuple(
                tuple((count - n) * value for n in range(count + 1)) for count, value in zip(counts, other, strict=True)
            ),
        ),
    )
    both = table(items, sides)
    best = nash(both)
    assert best is not None
    assert len(both.deals) == 24
    assert max(map(sum, both.deals)) == 16
    assert {both.deals[place] for place in pareto(both)} == {(10, 6), (2, 10)}
    assert both.deals[best] == (10, 6)


def test_all_three_split_a_price_in_the_middle() -> None:
    issue = price_issue(0, 120 * UNIT, UNIT)
    deals = [(money(100) - price, price - money(60)) for price in range(0, 120 * UNIT + 1, UNIT)]
    for solution in (nash, kalai_smorodinsky, egalitarian):
        assert solution(Table(tuple(deals), (0, 0))) == 80
    assert midpoint(issue, money(60), money(100)) == money(80)


@given(st.integers(0, 3 * UNIT), st.integers(0, 3 * UNIT))
def test_the_middle_is_on_the_grid_and_rational_or_there_is_none(cost: int, budget: int) -> None:
    issue = price_issue(0, 2 * UNIT, 7 * CENT)
    middle = midpoint(issue, cost, budget)
    between = [price for price in range(0, issue.high + 1, issue.tick) if cost <= price <= budget]
    if middle is None:
        assert between == [] or (cost + budget) // 2 > issue.high
    else:
        assert middle in between


def six_parties(path: Path) -> tuple[list[str], Table]:
    """A scorable game: names of the deals in order, such as A1B1C1D1E1, and what each is worth to all."""
    game = json.loads(path.read_text(encoding="utf-8"))
    issues = agenda(
        *(
            choice(name, *(f"{name}{place}" for place in range(1, count + 1)))
            for name, count in zip(game["issues"], game["options"], strict=True)
        )
    )
    sides = [Additive(issues, tuple(map(tuple, one["scores"])), one["threshold"]) for one in game["parties"]]
    names = [
        "".join(issue.options[value] for issue, value in zip(issues.issues, deal, strict=True))
        for deal in issues.deals()
    ]
    return names, table(issues, sides)


def test_the_published_six_party_game(test_data: Path) -> None:
    names, game = six_parties(test_data / "scorable_games" / "base.json")
    best, fair, even, most = (solution(game) for solution in (nash, kalai_smorodinsky, egalitarian, utilitarian))
    assert best is not None
    assert fair is not None
    assert even is not None
    assert most is not None
    assert (len(names), len(game.rational), len(pareto(game))) == (720, 12, 481)
    assert (names[best], game.deals[best]) == ("A2B3C3D2E3", (54, 48, 71, 57, 81, 77))
    products = sorted(((prod(game.gains(place)), names[place]) for place in game.rational), reverse=True)
    assert products[:2] == [(6_031_872, "A2B3C3D2E3"), (2_486_484, "A2B3C3D2E4")]
    assert names[fair] == "A2B3C3D2E3"
    ideals = [max(side) for side in zip(*map(game.gains, game.rational), strict=True)]
    shares = sorted(gain / ideal for gain, ideal in zip(game.gains(fair), ideals, strict=True))
    assert shares[:2] == pytest.approx([0.133333, 0.615385], abs=1e-6)
    assert (names[even], min(game.gains(even))) == ("A2B3C4D1E3", 3)
    assert (names[most], sum(game.deals[most])) == ("A2B3C1D1E1", 412)


def test_weighted_preferences_make_the_same_table() -> None:
    two = agenda(choice("a", "x", "y"), choice("b", "x", "y"))
    sides = weighted(two, (600_000, 400_000), ((1, 0), (0, 1)), 100_000), weighted(two, (PPM, 0), ((0, 1), (0, 0)))
    assert table(two, sides) == Table(((600_000, 0), (PPM, 0), (0, PPM), (400_000, PPM)), (100_000, 0))
