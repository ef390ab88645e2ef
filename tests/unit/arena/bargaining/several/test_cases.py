"""Scenarios over several issues: drawn within what was asked for, read as written, refused with the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.arena.bargaining.several.cases import drawn_cases, is_of_issues, is_prior, read_cases
from contractnet.errors import DefinitionError

LINE: dict[str, Any] = {
    "name": "ticket",
    "issues": {"speed": ["slow", "fast"], "report": ["none", "short", "long"]},
    "buyer": {"weights": {"speed": "0.7", "report": "0.3"}, "worth": {"speed": [0, 1], "report": [0, 4, 8]}},
    "seller": {
        "weights": {"speed": "0.2", "report": "0.8"},
        "worth": {"speed": [5, 0], "report": [2, 1, 0]},
        "reservation": "0.25",
    },
}


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(2, 5), st.integers(0, 10), st.integers(0, 10), st.integers(0, 99))
def test_the_prior_draws_what_it_was_asked_for(count: int, options: int, one: int, other: int, seed: int) -> None:
    low, high = sorted((one, other))
    text = f"issues:count={count},options={options},low={low / 10},high={high / 10}"
    cases = list(drawn_cases(text, seed, 5))
    assert cases == list(drawn_cases(text, seed, 5))
    for case in cases:
        assert [issue.size for issue in case.agenda.issues] == [options] * count
        for side, rising in ((case.buyer, True), (case.seller, False)):
            assert low * 100_000 <= side.reservation <= high * 100_000
            assert sum(max(row) for row in side.scores) <= 1_000_000
            for row in side.scores:
                assert list(row) == sorted(row, reverse=not rising)


def test_a_file_is_read_as_it_is_written() -> None:
    (case,) = read_cases(["", json.dumps(LINE)], "f")
    assert case.name == "ticket"
    assert [issue.options for issue in case.agenda.issues] == [("slow", "fast"), ("none", "short", "long")]
    assert case.buyer.scores == ((0, 700_000), (0, 150_000, 300_000))
    assert case.seller.scores == ((200_000, 0), (800_000, 400_000, 0))
    assert (case.buyer.reservation, case.seller.reservation) == (0, 250_000)


def test_what_a_file_is_of() -> None:
    assert is_of_issues(["", json.dumps(LINE), "{}"])
    for line in ('{"cost": "1", "budget": "2"}', "[1]", "", "{"):
        assert not is_of_issues([line])
    assert (is_prior("issues:count=2"), is_prior("issue"), is_prior(None)) == (True, False, False)


def changed(side: str, **parts: object) -> dict[str, Any]:
    return {**LINE, side: {**LINE[side], **parts}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (changed("buyer", weights={"speed": "1"}), "f, line 1, buyer: weights has one entry for each issue: speed"),
        (changed("seller", worth={"speed": [1], "report": [1, 2, 3]}), "one evaluation a value are needed"),
        (changed("seller", worth={"speed": [1, -1], "report": [1, 2, 3]}), "an evaluation is negative"),
        (changed("buyer", reservation="much"), "f, line 1, buyer, reservation"),
        (
            changed("buyer", weights={"speed": 0.5, "report": 0.5}),
            "f, line 1: buyer.weights[...]: is a number with a point",
        ),
        ({**LINE, "issues": {"speed": ["slow", "slow"], "report": ["none", "short", "long"]}}, "or one twice"),
        ({**LINE, "issues": {}}, "0 issues; 1 to 16"),
        ({**LINE, "more": 1}, "f, line 1: 'more' is not known there; write such as {\"issues\""),
    ],
)
def test_what_is_wrong_in_a_file_is_named(line: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as told:
        read_cases([json.dumps(line)], "f")
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("issues:size=3", "has no parameter 'size'; it has: count, options, low, high"),
        ("issues:count=3.5", "count '3.5' is no whole number"),
        ("issues:count=8,options=8", "no more than 10000 deals together"),
        ("issues:options=1", "2 to 26 options"),
        ("issues:low=0.7", "low not over high"),
        ("issues:high=2", "shares up to 1"),
    ],
)
def test_what_is_wrong_in_a_prior_is_named(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as told:
        list(drawn_cases(text, 1, 1))
    assert said in str(told.value)
