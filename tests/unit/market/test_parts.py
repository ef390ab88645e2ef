"""A divisible task, and bundles, in an embedded market: from the line of a tasks file to its result line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contractnet import Award, Call, Market, Proposal, bidder
from contractnet.bidders.decorator import FunctionAgent
from contractnet.errors import DefinitionError
from contractnet.market.batch import read_tasks, result_line
from contractnet.market.terms import terms
from tests.unit.market.test_auctions import SKILL, replayed


def part_taker(name: str, price: str, parts: int | None) -> FunctionAgent:
    """Offers so many parts at most, and tells what it was given."""

    @bidder(skill=SKILL, name=name)
    async def bid(call: Call) -> Proposal:
        assert call.parts == 5
        return Proposal(price=price, eta=5, parts=parts)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"parts": award.parts, "paid": award.price}

    return bid


async def test_a_line_with_parts_comes_to_a_line_with_the_parts_of_each_winner(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    line = {"task": "Label 5 pages", "skill": SKILL, "reserve": "0.05", "terms": {"parts": 5, "rule": "second-price"}}
    path.write_text(json.dumps(line) + "\n")
    (placed,) = read_tasks(path)
    agents = [part_taker("a", "0.01", 3), part_taker("b", "0.02", None), part_taker("c", "0.03", 1)]
    async with Market.open("memory://", agents=agents, ledger=f"sqlite:///{tmp_path}/m.db", name="m") as market:
        contract = await market.tender(placed.task)
        results = await contract.results()
        told = json.loads(result_line(contract, 1))
    assert results == {1: {"parts": 3, "paid": 60_000}, 4: {"parts": 2, "paid": 80_000}}
    assert (told["status"], told["price"], told["winner"]) == ("settled", "0.14", "a")
    assert [(one["slot"], one["winner"], one["price"], one["parts"]) for one in told["slots"]] == [
        (1, "a", "0.06", 3),
        (4, "b", "0.08", 2),
    ]
    replayed(tmp_path / "m.db")


def bundler(name: str, bundles: dict[str | tuple[str, ...], str] | None) -> FunctionAgent:
    """Offers these bundles, or all items for 0.09."""

    @bidder(skill=SKILL, name=name)
    async def bid(call: Call) -> Proposal:
        assert call.items == ("x", "y", "z")
        return Proposal(None, eta=5, bundles=bundles) if bundles else Proposal("0.09", eta=5)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"did": list(award.items), "paid": award.price}

    return bid


async def test_a_line_with_items_comes_to_a_line_with_the_bundle_of_each_winner(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    items = {"x": "0.04", "y": "0.03", "z": "0.02"}
    path.write_text(json.dumps({"task": "Three things", "skill": SKILL, "terms": {"items": items}}) + "\n")
    (placed,) = read_tasks(path)
    agents = [
        bundler("a", {("x", "y"): "0.025", "x": "0.02"}),
        bundler("b", {("x", "y"): "0.045", "z": "0.018"}),
        bundler("c", {"z": "0.015"}),
        bundler("d", None),
    ]
    async with Market.open("memory://", agents=agents, ledger=f"sqlite:///{tmp_path}/m.db", name="m") as market:
        contract = await market.tender(placed.task)
        results = await contract.results()
        told = json.loads(result_line(contract, 1))
    assert results == {1: {"did": ["x", "y"], "paid": 45_000}, 3: {"did": ["z"], "paid": 18_000}}
    assert (told["status"], told["price"]) == ("settled", "0.063")
    assert [(one["winner"], one["items"]) for one in told["slots"]] == [("a", ["x", "y"]), ("c", ["z"])]
    replayed(tmp_path / "m.db")


@pytest.mark.parametrize(
    ("price", "bundles", "words"),
    [
        (None, None, "price: name a price, or bundles"),
        ("1", {"x": "1"}, "price: name a price, or bundles"),
        (None, {("x", "x"): "1"}, "is not 1 to 12 items, each once"),
        (None, {f"i{one}": "1" for one in range(21)}, "bundles: 21 are more than 20"),
        (None, {"a b": "1"}, "bundles: 'a b' is not a valid key"),
        (None, {"x": 0.5}, "bundles: write an amount"),
    ],
)
def test_what_is_no_offer_of_bundles_is_refused(price: Any, bundles: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        Proposal(price, eta=5, bundles=bundles)


@pytest.mark.parametrize("parts", [0, 1_001, True, 1.5])
def test_what_is_no_number_of_parts_is_refused(parts: Any) -> None:
    with pytest.raises(DefinitionError, match=r"parts: .* is not a whole number from 1 to 1000"):
        Proposal(price="0.01", eta=5, parts=parts)


def test_a_line_that_goes_with_no_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps({"task": "x", "skill": SKILL, "terms": {"parts": 5, "rule": "lexicographic"}}) + "\n")
    (placed,) = read_tasks(path)
    with pytest.raises(DefinitionError, match="parts: they are given by lowest-price or second-price"):
        terms(placed.task)
