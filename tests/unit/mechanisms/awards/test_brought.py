"""Award rules that other distributions bring: what is one, and what is told of what is none."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.mechanisms.awards.brought import find_rule, is_rule
from contractnet.mechanisms.awards.scored import AWARD_RULES, ScoredRule
from contractnet.mechanisms.awards.shape import ENTRY_POINTS

FASTEST = ScoredRule(name="fastest", key=lambda one, _: (-one.eta, -one.price))


def test_built_in_ones_win() -> None:
    """Old ledgers rely on them, so nobody takes their names."""
    assert find_rule("lowest-price") is AWARD_RULES["lowest-price"]
    assert ENTRY_POINTS == "contractnet.award_rules"


def test_one_that_is_not_there_says_which_are_and_where_others_come_from() -> None:
    with pytest.raises(DefinitionError, match=r"'luck' is not known; there are: best-value.* contractnet.award_rules"):
        find_rule("luck")


@pytest.mark.parametrize(
    ("name", "found", "text"),
    [
        ("fastest", FASTEST, None),
        ("cheap", FASTEST, "the object calls itself 'fastest'"),
        ("fastest", object(), "the entry point names no AwardRule"),
        ("fastest", ScoredRule, "the entry point names no AwardRule"),
        ("Fast est", FASTEST, "a name is lower-case words"),
    ],
)
def test_what_is_brought_has_the_shape_and_the_name(name: str, found: object, text: str | None) -> None:
    if text is None:
        assert is_rule(found, name) is FASTEST
    else:
        with pytest.raises(DefinitionError, match=text):
            is_rule(found, name)
