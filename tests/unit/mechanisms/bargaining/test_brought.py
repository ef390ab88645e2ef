"""Generators that other distributions bring: what is one, and what is told of what is none."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.brought import find_strategy, is_generator, strategy_names
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.shape import OfferGenerator
from tests.suites.offer_generators import OfferGeneratorSuite

sys.path.append(str(Path(__file__).parents[3] / "thirdparty" / "split"))
SPLIT: OfferGenerator = import_module("contractnet_split").SPLIT
sys.path.pop()


class TestSplit(OfferGeneratorSuite):
    """The worked example keeps every promise."""

    generator = SPLIT
    issues = False


def test_built_in_ones_come_first_and_win() -> None:
    assert strategy_names()[: len(STRATEGIES)] == tuple(STRATEGIES)
    assert find_strategy("linear") is STRATEGIES["linear"]


def test_one_that_is_not_there_says_which_are_and_where_others_come_from() -> None:
    with pytest.raises(DefinitionError, match=r"'luck' is not known; there are: og-linear.* contractnet.offer_gener"):
        find_strategy("luck")


@pytest.mark.parametrize(
    ("found", "name", "said"),
    [
        (SPLIT, "split-the-difference", None),
        (SPLIT, "other", "it calls itself 'split-the-difference'"),
        (type(SPLIT), "split-the-difference", "names an object, not a class"),
        ("text", "text", "str is none"),
    ],
)
def test_what_is_brought_has_the_shape_and_the_name(found: object, name: str, said: str | None) -> None:
    if said is None:
        assert is_generator(found, name) is SPLIT
    else:
        with pytest.raises(DefinitionError, match=said):
            is_generator(found, name)
