"""The sample market of `contractnet demo`: six tasks of three skills, three scripted agents with their habits."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Award, Call, Proposal, Refusal
from contractnet.errors import DefinitionError
from contractnet.market.task import Task

SKILLS = ("text.summarise", "text.translate", "text.count")
_TEXT = (
    "The printer on the third floor prints blank pages. Changing the toner did not help. "
    "The service contract ends this month."
)
_WORDS = {"good": "gut", "morning": "Morgen", "the": "der", "order": "Auftrag", "is": "ist", "ready": "fertig"}


def tasks() -> list[Task]:
    """Six small tasks; the last has a reserve under everybody's price."""
    summary = {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string"}}}
    return [
        Task(
            "Summarise this ticket in one sentence", SKILLS[0], {"text": _TEXT}, result_schema=summary, reserve="0.05"
        ),
        Task("Translate this greeting to German", SKILLS[1], {"text": "good morning"}, reserve="0.04"),
        Task("Count the words of this ticket", SKILLS[2], {"text": _TEXT}, reserve="0.01"),
        Task("Summarise the second ticket", SKILLS[0], {"text": "Login fails. It began today."}, reserve="0.05"),
        Task(
            "Translate the order status",
            SKILLS[1],
            {"text": "the order is ready"},
            {"customer": "4711"},
            reserve="0.04",
        ),
        Task("Summarise a whole book for nothing", SKILLS[0], {"text": _TEXT * 20}, reserve="0.002"),
    ]


def agents(seed: int) -> list[FunctionAgent]:
    """`thrifty` is cheap and slow, `swift` dear and fast, `eager` cheapest and over-confident: its first work fails.

    Args:
        seed: of the small differences between their prices.
    """
    dice = random.Random(seed)
    return [
        _agent("thrifty", 8_000, 40, 0.90, dice, ("text.summarise", "text.translate", "text.count")),
        _agent("swift", 21_000, 5, 0.97, dice, ("text.summarise", "text.translate")),
        _agent("eager", 5_000, 10, 0.99, dice, ("text.summarise", "text.count"), fails=1),
    ]


def _agent(
    name: str,
    price: int,
    eta: int,
    confidence: float,
    dice: random.Random,
    skills: tuple[str, ...],
    fails: int = 0,
) -> FunctionAgent:
    left = [fails]

    @bidder(skill=skills, capacity=4, name=name)
    async def bid(call: Call) -> Proposal | Refusal:
        text = str(call.input.get("text", ""))
        if len(text) > 1_000 and name != "thrifty":
            return Refusal("unfit", "longer than I read")
        micros = price * (1 + len(text) // 400) + dice.randrange(1_000)
        if call.skill == "text.count":
            micros //= 4
        return Proposal(f"{micros / 1_000_000:.6f}", eta, confidence, f"{name}: {len(text)} characters")

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        await asyncio.sleep(0.05)
        if left[0] > 0:
            left[0] -= 1
            raise DefinitionError("could not keep the promise")
        return _do(award)

    return bid


def _do(award: Award) -> dict[str, Any]:
    text = str(award.input.get("text", ""))
    if award.skill == "text.summarise":
        return {"summary": text.split(". ")[0].rstrip(".") + "."}
    if award.skill == "text.translate":
        return {"text": " ".join(_WORDS.get(word, word) for word in text.split())}
    return {"words": len(text.split())}
