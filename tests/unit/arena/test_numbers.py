"""Numbers and tables as text: exact, half to even, without a float on the way."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.estimates import Estimate
from contractnet.arena.experiment import Column, Table
from contractnet.arena.numbers import cells, comma_separated, decimal, heads, markdown, percent, plain, span
from tests.support.examples import often

HALF = Estimate(Fraction(1, 2), Fraction(2, 5), Fraction(3, 5))
TABLE = Table(
    columns=(
        Column(key="rule", title="rule"),
        Column(key="done", title="done right", unit="%", places=1, scale=100),
        Column(key="theory", title="theory", places=3),
        Column(key="n", title="n"),
    ),
    rows=(("one, two", HALF, Fraction(1, 3), 7), ("three", None, None, 8)),
)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Fraction(1, 2), 0, "0"),
        (Fraction(3, 2), 0, "2"),
        (Fraction(1, 8), 2, "0.12"),
        (Fraction(-1, 8), 2, "-0.12"),
        (Fraction(-1, 1000), 2, "0.00"),  # no negative nothing
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(-7, 2), 1, "-3.5"),
        (12, 3, "12.000"),
    ],
)
def test_decimals(value: Fraction | int, places: int, text: str) -> None:
    assert decimal(value, places) == text


@settings(max_examples=often(1_000), deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.integers(0, 6))
def test_a_decimal_is_the_nearest(top: int, bottom: int, places: int) -> None:
    value = Fraction(top, bottom)
    assert abs(Fraction(decimal(value, places)) - value) * 2 * 10**places <= 1


def test_words_of_estimates() -> None:
    assert span(HALF, 1, 100) == "50.0 (40.0 to 60.0)"
    assert percent(Fraction(7, 8)) == "87.5 %"


def test_a_table_for_people() -> None:
    assert heads(TABLE) == ["rule", "done right, %", "theory", "n"]
    assert list(cells(TABLE)) == [["one, two", "50.0 (40.0 to 60.0)", "0.333", "7"], ["three", "–", "–", "8"]]
    assert markdown(TABLE) == (
        "| rule | done right, % | theory | n |\n| --- | ---: | ---: | ---: |\n"
        "| one, two | 50.0 (40.0 to 60.0) | 0.333 | 7 |\n| three | – | – | 8 |\n"
    )


def test_a_table_for_programs() -> None:
    assert list(plain(TABLE)) == [
        {"rule": "one, two", "done": "50.0", "done_low": "40.0", "done_high": "60.0", "theory": "0.333", "n": "7"},
        {"rule": "three", "done": None, "done_low": None, "done_high": None, "theory": None, "n": "8"},
    ]
    assert comma_separated(TABLE) == (
        'rule,done,done_low,done_high,theory,n\n"one, two",50.0,40.0,60.0,0.333,7\nthree,,,,,8\n'
    )
    assert comma_separated(Table(columns=TABLE.columns, rows=())) == "rule,done,theory,n\n"
