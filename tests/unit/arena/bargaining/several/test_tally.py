"""Yardsticks and figures over several issues: counted again by hand, and against the solutions themselves."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.bargaining.jobs import case_trials
from contractnet.arena.bargaining.several.cases import Case, drawn_cases
from contractnet.arena.bargaining.several.tally import (
    CasePairing,
    Trialled,
    case_charts,
    case_lines,
    measured_by,
    rows_of_cases,
    said,
    tallied_cases,
)
from contractnet.arena.bargaining.several.trials import CaseTrial
from contractnet.arena.bargaining.several.yardsticks import yardsticks
from contractnet.arena.bargaining.trials import Table
from contractnet.arena.estimates import Estimate, ratio
from contractnet.arena.svg import svg
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.issues import agenda, choice
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.preferences import weighted

TWO = agenda(choice("speed", "slow", "fast"), choice("report", "none", "long"))


def case(buyer: int, seller: int) -> Case:
    """The buyer cares for speed, the seller for no report; with these reservations."""
    return Case(
        name="ticket",
        agenda=TWO,
        buyer=weighted(TWO, (700_000, 300_000), ((0, 1), (0, 1)), buyer),
        seller=weighted(TWO, (200_000, 800_000), ((1, 0), (1, 0)), seller),
    )


def trial(one: Case, terms: tuple[int, int] | None, ended: str = "agreed") -> Trialled:
    told = CaseTrial(
        name=one.name,
        first="buyer",
        last="seller",
        ended="agreed" if ended == "agreed" else "exhausted",
        terms=terms,
        round=2,
        accepted_by=None if terms is None else "seller",
    )
    return Trialled(case=one, marks=yardsticks(one), trial=told)


def test_the_yardsticks_of_a_trade() -> None:
    """Fast and no report: 0.7 for the buyer, 0.8 for the seller; every solution is that."""
    marks = yardsticks(case(200_000, 300_000))
    assert marks.feasible
    assert marks.ideals == (500_000, 500_000)
    assert marks.joint == 1_000_000
    assert set(marks.solutions.values()) == {(500_000, 500_000)}
    assert marks.front == {(1_000_000, 0), (700_000, 800_000), (0, 1_000_000)}
    assert marks.shares((250_000, 500_000)) == (500_000, 1_000_000)
    assert marks.from_nash((200_000, 100_000)) == 1_000_000  # 0.6 and 0.8 of an ideal away


def test_without_room_there_is_no_solution_and_no_share() -> None:
    marks = yardsticks(case(900_000, 900_000))
    assert (marks.feasible, marks.ideals, marks.joint, marks.solutions) == (False, (0, 0), 0, {})


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 500))
def test_no_deal_gives_anybody_more_than_the_best(seed: int) -> None:
    (one,) = drawn_cases("issues:count=2,options=3", seed, 1)
    marks = yardsticks(one)
    for terms in product(range(3), repeat=2):
        utilities = (one.buyer.utility(terms), one.seller.utility(terms))
        gains = marks.gains(utilities)
        beaten = any(a >= utilities[0] and b >= utilities[1] and (a, b) != utilities for a, b in marks.front)
        assert beaten is (utilities not in marks.front)
        if min(gains) >= 0:
            assert max(marks.shares(gains)) <= 1_000_000
            assert sum(gains) <= marks.joint


def test_the_figures_of_four_bargainings() -> None:
    open_, closed = case(200_000, 300_000), case(900_000, 900_000)
    trials = (
        trial(open_, (1, 0)),  # the trade
        trial(open_, None, "exhausted"),
        trial(closed, (1, 1)),  # under the seller's least
        trial(closed, None, "exhausted"),
    )
    pairing = CasePairing(buyer="x", seller="y", trials=trials)
    row = next(iter(rows_of_cases([pairing])))
    assert (row["trials"], row["feasible"], row["deals_feasible"], row["deals_infeasible"]) == (
        "4",
        "2",
        "50.0",
        "50.0",
    )
    assert (row["buyer_surplus"], row["seller_surplus"], row["joint"]) == ("50.0", "50.0", "50.0")
    assert (row["buyer_surplus_of_deals"], row["pareto"], row["from_nash"]) == ("100.0", "100.0", "0.000")
    assert (row["buyer_violations"], row["seller_violations"], row["seller_accepted"]) == ("0", "1", "2")
    assert row["rounds"] == "3.00"
    nash = next(one for one in rows_of_cases([pairing]) if one.get("yardstick") == "Nash")
    assert (nash["buyer_surplus"], nash["seller_surplus"], nash["joint"]) == ("100.0", "100.0", "100.0")
    lines = list(csv.DictReader(io.StringIO(case_lines([pairing]))))
    assert [(one["terms"], one["ended"], one["seller_utility"]) for one in lines] == [
        ("speed=fast;report=none", "agreed", "0.800000"),
        ("", "exhausted", ""),
        ("speed=fast;report=long", "agreed", "0.000000"),
        ("", "exhausted", ""),
    ]
    assert said(trials[1]) is None
    assert "utilitarian" in svg(case_charts([pairing]), "t", "s")


def played(one: str, other: str, table: Table, count: int = 40) -> CasePairing:
    cases = list(drawn_cases("issues", 1, count))
    (trials,) = case_trials([(one, other)], cases, table, 1, jobs=1, progress=lambda _: None)
    whole = zip(cases, trials, strict=True)
    return CasePairing(
        buyer=one, seller=other, trials=tuple(Trialled(case=a, marks=yardsticks(a), trial=b) for a, b in whole)
    )


@pytest.mark.parametrize("players", [("micro", "micro"), ("logrolling-frequency", "linear"), ("boulware", "conceder")])
def test_nobody_deals_under_its_reservation_and_solutions_bound_what_is_got(players: tuple[str, str]) -> None:
    pairing = played(*players, Table(turns=40))
    assert sum(one.trial.terms is not None for one in pairing.feasible) > 10
    for one in pairing.trials:
        assert min(one.gains) >= 0
        assert one.trial.terms is None or one.marks.feasible
    joint = {str(row[0]): row[3] for row in measured_by([pairing]).rows}
    values = [one.value for one in joint.values() if isinstance(one, Estimate)]
    assert len(values) == 4
    assert values[0] <= 1  # of the most
    assert len(tallied_cases([pairing]).rows) == 1


def test_a_mediator_ends_what_the_sides_do_not() -> None:
    """Two that never concede get nothing, and by a single text nearly all that there is."""
    alone = played("boulware:beta=0.01,margin=0.9", "boulware:beta=0.01,margin=0.9", Table(turns=4))
    helped = played(
        "boulware:beta=0.01,margin=0.9", "boulware:beta=0.01,margin=0.9", Table(turns=4, ladder=(Rung.SINGLE_TEXT,))
    )
    assert sum(one.trial.ended == "mediated" for one in helped.trials) > 20
    assert sum(sum(one.gains) for one in helped.feasible) > sum(sum(one.gains) for one in alone.feasible)
    passed = played("micro", "micro", Table(turns=2, ladder=(Rung.SEALED_RESERVATIONS,)))  # of several issues none
    assert not [one for one in passed.trials if one.trial.ended == "mediated"]


def test_prices_to_open_at_are_for_a_price() -> None:
    with pytest.raises(DefinitionError, match="opening and closing are prices, and several issues have none"):
        played("linear:opening=5", "linear", Table())


def test_a_ratio_of_sums() -> None:
    found = ratio([1, 3], [2, 4])
    assert found is not None
    assert found.value == Fraction(2, 3)
    # strays of 1 - 2/3 * 2 and of 3 - 2/3 * 4: 1/3 each way; over the mean whole 3: (1/3 / 3) * 1.96
    assert abs(found.high - found.value - Fraction(1_959_964, 1_000_000) / 9) < Fraction(1, 10_000)
    assert ratio([1], [0]) is None
    assert ratio([], []) is None
    assert ratio([1], [2]) == Estimate(*[Fraction(1, 2)] * 3)
