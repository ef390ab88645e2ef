"""The terms of a tender: what is allowed, what it means, and the words of what is not."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.errors import DefinitionError, MechanismError
from contractnet.market import orders
from contractnet.market.task import Task
from contractnet.market.terms import DEFAULTS, TermOptions, terms
from contractnet.mechanisms.calibration.bond import Bond

TASK = Task("Summarise", skill="text.summarise", reserve="0.05")


def test_the_defaults() -> None:
    found = terms(TASK)
    assert (found.rule, found.reserve, found.slots, found.max_rounds) == ("best-value", 50_000, 1, 3)
    assert (found.shortlist, found.feedback, found.mediator, found.mediation_limit) == (None, "reason", None, None)
    assert found.hold == 50_000


def test_every_term_has_a_default() -> None:
    assert set(DEFAULTS) == set(TermOptions.__annotations__)


def test_the_terms_of_an_auction() -> None:
    found = terms(
        TASK, rule="lexicographic", order="probability:0.05, price:0.01,eta:60", min_bids=2, target="0.01", low_bid=0.5
    )
    assert [(one.what, one.step) for one in found.order] == [("probability", 50_000), ("price", 10_000), ("eta", 60)]
    assert (found.min_bids, found.target, found.low_bid_ppm) == (2, 10_000, 500_000)


def test_a_reserve_is_computed_from_a_stated_belief() -> None:
    """Uniform on [low, high]: (low + V) / 2."""
    found = terms(Task("x", skill="a.b"), value="0.08", reserve_prior=("0.02", "0.09"))
    assert (found.reserve, found.hold) == (50_000, 50_000)
    assert found.prior is not None
    assert (found.prior.low, found.prior.high) == (20_000, 90_000)


def test_a_task_brings_terms_and_what_the_tender_is_told_stands_above_them() -> None:
    task = Task("x", skill="a.b", reserve="0.05", terms={"rule": "second-price", "min_bids": 2})
    assert (terms(task).rule, terms(task).min_bids) == ("second-price", 2)
    assert terms(task, min_bids=3).min_bids == 3


def test_the_hold_is_the_worst_case() -> None:
    assert terms(TASK, slots=3).hold == 150_000
    assert terms(TASK, slots=2, mediator="arbiter", mediation_limit="0.08").hold == 160_000
    assert terms(Task("x", skill="a.b")).hold is None


def test_the_parts_of_a_divisible_task_are_slots() -> None:
    found = terms(TASK, parts=4)
    assert (found.rule, found.divisible, found.slots, found.hold) == ("lowest-price", True, 4, 200_000)
    assert terms(TASK, parts=4, rule="second-price", budget="0.12", shortlist=1).hold == 100_000


BARE = Task("Summarise", skill="text.summarise")


@pytest.mark.parametrize("items", [{"x": "0.04", "y": "0.03"}, "x:0.04, y:0.03"])
def test_items_are_bought_in_bundles(items: Any) -> None:
    found = terms(BARE, items=items)
    assert [(one.name, one.reserve) for one in found.items] == [("x", 40_000), ("y", 30_000)]
    assert (found.rule, found.slots, found.reserve, found.hold) == ("vcg", 2, 40_000, 80_000)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"items": {}}, "items: name 1 to 12 with a reserve each"),
        ({"items": {f"i{one}": 1 for one in range(13)}}, "items: name 1 to 12"),
        ({"items": 5}, "items: name 1 to 12"),
        ({"items": "x"}, "items: '' is not a valid key"),
        ({"items": {"x": "much"}}, "items: 'much' is not an amount"),
        ({"items": {"x": "1"}, "rule": "second-price"}, "items: they are bought by vcg, not by 'second-price'"),
        ({"items": {"x": "1"}, "mediator": "arbiter"}, "items: mediator does not go with them"),
        ({"items": {"x": "1"}, "parts": 3}, "items: parts does not go with them"),
        ({"items": {"x": "1"}, "budget": "3"}, "items: budget does not go with them"),
        ({"rule": "vcg"}, "rule: vcg buys items in bundles; give items"),
    ],
)
def test_what_does_not_go_with_items_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match="^" + words):
        terms(BARE, **given)


def test_without_the_solver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MechanismError("bundles need OR-tools: install contractnet[bundles]")

    monkeypatch.setattr(orders, "require_solver", missing)
    with pytest.raises(DefinitionError, match=r"items: bundles need OR-tools: install contractnet\[bundles\]"):
        terms(BARE, items={"x": "1"})


def test_confidence_and_bonds() -> None:
    assert (terms(TASK).confidence, terms(TASK).bond) == ("calibrated", None)
    found = terms(TASK, confidence="stated", bond_stake="0.01", bond_bonus="0.002", slots=2)
    assert (found.confidence, found.bond, found.hold) == ("stated", Bond(bonus=2_000, stake=10_000), 104_000)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"confidence": "raw"}, "confidence: 'raw' is none of calibrated, stated"),
        ({"explore": "0.01", "rule": "lowest-price"}, "explore: for one winner, by best-value or first-score"),
        ({"explore": "0.01", "slots": 2}, "explore: for one winner"),
        ({"bond_bonus": "0.01"}, "bond_bonus: it needs a bond_stake"),
        ({"bond_stake": "-1"}, "bond_stake: '-1' is not an amount"),
        ({"slots": 0}, "slots: 0 is not a whole number from 1 to 1000"),
        ({"slots": True}, "slots: True"),
        ({"slots": 1.5}, "slots: 1.5"),
        ({"parts": 1}, "parts: 1 is not a whole number from 2 to 1000"),
        ({"parts": 1_001}, "parts: 1001"),
        (
            {"parts": 3, "rule": "best-value"},
            "parts: they are given by lowest-price or second-price, not by 'best-value'",
        ),
        ({"parts": 3, "slots": 2}, "parts: slots does not go with them"),
        ({"parts": 3, "mediator": "arbiter"}, "parts: mediator does not go with them"),
        ({"parts": 3, "direct": True}, "parts: direct does not go with them"),
        ({"parts": 3, "bond_stake": "0.01"}, "parts: bond_stake does not go with them"),
        ({"parts": 3, "reserve": "400000000"}, r"parts: 3 at the reserve are over 1000000000"),
        ({"items": {"x": "0.01"}}, "items: each has a reserve of its own"),
        ({"max_rounds": 0}, "max_rounds: 0"),
        ({"max_rounds": "3"}, "max_rounds: '3'"),
        ({"slots": 3, "shortlist": 2}, "shortlist: 2 is not a whole number from 3"),
        (
            {"feedback": "best-score"},
            "feedback: by best-value the best score would tell bidders what",
        ),
        ({"unit": 5}, "unit: '5' is not a valid unit"),
        ({"mediator": ["a"]}, r"mediator: .* is not a valid id"),
        ({"feedback": "everything"}, "feedback: 'everything' is none of nothing, reason, rank, best-score"),
        ({"mediator": "No Name"}, "mediator"),
        ({"mediation_limit": "0.1"}, "mediation_limit: it needs a mediator"),
        ({"mediator": "a", "mediation_limit": "0.04"}, "mediation_limit: it needs a mediator, and a reserve"),
        ({"mediate_within": 0}, "mediate_within: 0"),
        ({"reply_within": float("nan")}, "reply_within: nan"),
        ({"rule": "dearest"}, "award rule 'dearest' is not known; there are: best-value"),
        ({"rule": 5}, "rule: '5' is not a text"),
        ({"public_reserve": "yes"}, "public_reserve: 'yes' is neither true nor false"),
        ({"max_rounds": 6}, "max_rounds: 6 is more than 5; say more_rounds"),
        ({"min_bids": 0}, "min_bids: 0"),
        ({"order": "price,colour"}, "order: 'colour' is none of price, eta, probability"),
        ({"order": "price,price:0.1"}, "order: 'price,price:0.1' names one thing twice"),
        ({"order": "eta:0"}, "order: the step '0' of eta is not more than 0"),
        ({"order": "eta:x"}, "order: the step 'x' of eta is no number"),
        ({"low_bid": 2}, "low_bid: 2 is not a share from 0 to 1"),
        ({"reserve_prior": ("0.01", "0.02")}, "reserve_prior: the reserve is computed from it and the value"),
        ({"value": "1", "reserve_prior": ("2", "1")}, "reserve_prior: the first is the lowest cost"),
        ({"value": "1", "reserve_prior": 5}, "reserve_prior: name two amounts"),
        ({"colour": "red"}, "colour: there is no such term; there are: reserve"),
    ],
)
def test_what_is_not_allowed_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match="^" + words):
        terms(TASK, **given)


def test_a_rule_that_lacks_a_term_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(DefinitionError, match="rule: second-price needs a reserve"):
        terms(Task("x", skill="a.b"), rule="second-price")


def test_a_task_names_one_reserve() -> None:
    for name, value in (("reserve", "0.1"), ("reserve_prior", ("0.1", "0.2"))):
        with pytest.raises(DefinitionError, match=f"terms.{name}: the task names a reserve of its own"):
            Task("x", skill="a.b", reserve="0.05", terms={name: value})


def test_a_limit_without_a_reserve_goes_beyond_nothing() -> None:
    with pytest.raises(DefinitionError, match="a reserve that it goes beyond"):
        terms(Task("x", skill="a.b"), mediator="arbiter", mediation_limit="0.1")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"bargain_turns": 3}, "bargain_turns"),
        ({"bargain_strategy": "nope"}, "bargain_strategy"),
        ({"bargain_mediator": "arbiter"}, "bargain_mediator"),
        ({"bargain": 2, "bargain_mediator": "arbiter", "bargain_ladder": ["human", "human"]}, "bargain_ladder"),
    ],
)
def test_terms_of_a_bargaining_that_is_not_held_are_a_mistake(given: Any, name: str) -> None:
    with pytest.raises(DefinitionError, match=f"^{name}: "):
        terms(TASK, **given)
