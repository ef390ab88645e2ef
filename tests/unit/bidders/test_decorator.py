"""`@bidder`: what it refuses, and says about it."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet import Award, Call, Market, Refusal, bidder
from contractnet.errors import DefinitionError


async def bid(call: Call) -> Refusal:
    return Refusal("unfit")


def test_more_skills_than_a_presence_can_say_are_refused() -> None:
    many = [f"text.s{number}" for number in range(65)]
    assert len(bidder(many[:64])(bid).skills) == 64
    with pytest.raises(DefinitionError, match="65 skills are more than 64"):
        bidder(many)(bid)


def test_a_skill_that_is_named_twice_is_refused() -> None:
    with pytest.raises(DefinitionError, match="named twice"):
        bidder(["text.summarise", "text.summarise"])(bid)


def test_the_decorator_without_brackets_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no brackets"):
        bidder(bid)  # type: ignore[arg-type]  # the mistake that is told


def test_a_function_that_is_not_decorated_is_no_agent() -> None:
    with pytest.raises(DefinitionError, match=r"bid is no agent.*@bidder"):
        Market.open("memory://", agents=[bid])  # type: ignore[list-item]  # the mistake that is told


def test_an_agent_is_called_like_its_function_unless_named() -> None:
    made = bidder("text.summarise")(bid)

    @made.perform
    async def work(award: Award) -> dict[str, Any]:
        return {}

    Market.open("memory://", agents=[made, made.agent()])
    assert made.id == "bid"
