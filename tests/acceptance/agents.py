"""Agents of the acceptance tests, hosted by `contractnet worker market_agents:NAME`; the tests copy this file into the
working directory under that name.

Each does real, if small, work whose result a test computes for itself. `input` may ask for more: `pause` seconds of
work, a `gate`, a file that ends the work when it appears, and `marks`, a folder in which each attempt leaves a file, so
that a test sees who worked and how often.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contractnet.bargaining.opening import BargainOptions
from contractnet.bargaining.player import Asking, Owed
from contractnet.bargaining.records import Plan
from contractnet.bargaining.strategist import Strategist
from contractnet.bargaining.words import plain
from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.messages.values import show_amount

SKILLS = ("text.count", "text.reverse", "text.digest")


def answer(skill: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the work comes to."""
    text = given["text"]
    if skill == "text.count":
        return {"words": len(text.split())}
    if skill == "text.digest":
        return {"digest": hashlib.sha256(text.encode()).hexdigest()}
    return {"reversed": text[::-1]}


def _mark(name: str, award: Award) -> None:
    marks = award.input.get("marks")
    if marks is not None:
        fence = award.fence.replace("/", "_")
        Path(marks, f"{fence}.{name}.{award.attempt}").touch()


async def _work(name: str, award: Award) -> dict[str, Any]:
    _mark(name, award)
    await asyncio.sleep(float(award.input.get("pause", 0)))
    gate = award.input.get("gate")
    while gate is not None and not Path(gate).exists():  # noqa: ASYNC240  # a file is all that a test can touch
        await asyncio.sleep(0.02)
    return answer(award.skill, award.input)


def _price(base: int, call: Call) -> str:
    """Another order of the bidders for every text, the same at every run; never a tie."""
    salt = hashlib.sha256(f"{base}{call.input['text']}".encode()).digest()[0]
    return f"0.01{salt:03d}{base}"


@bidder(SKILLS, capacity=4)
async def ada(call: Call) -> Proposal:
    return Proposal(_price(1, call), eta=5, confidence=0.9)


@ada.perform
async def ada_works(award: Award) -> dict[str, Any]:
    return await _work("ada", award)


@bidder(SKILLS, capacity=4)
async def bob(call: Call) -> Proposal:
    return Proposal(_price(2, call), eta=6, confidence=0.9)


@bob.perform
async def bob_works(award: Award) -> dict[str, Any]:
    return await _work("bob", award)


@bidder(SKILLS, capacity=4)
async def cleo(call: Call) -> Proposal:
    return Proposal(_price(3, call), eta=4, confidence=0.9)


@cleo.perform
async def cleo_works(award: Award) -> dict[str, Any]:
    return await _work("cleo", award)


def _named(name: str) -> FunctionAgent:
    """`first_x` and `second_x`: agents of the one skill `case.x`, so that many cases share a broker. `first` is the
    cheapest, `second` dearer: winner and runner-up are known.
    """
    place, _, case = name.partition("_")
    price = {"first": "0.001", "second": "0.002", "third": "0.003"}[place]

    @bidder(f"case.{case}", capacity=4, name=name)
    async def bid(call: Call) -> Proposal:
        await asyncio.sleep(float(call.input.get("bid_pause", 0)))
        return Proposal(price, eta=1, confidence=0.99)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return await _work(name, award)

    return bid


def _haggling(name: str) -> Agent:
    """`keen_x` and `calm_x` sell down to their cost when they are asked to bargain, and take a while for each turn."""
    ask, cost = {"keen": ("0.045", 20_000), "calm": ("0.048", 25_000)}[name.partition("_")[0]]

    @bidder(SKILLS, capacity=4, name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal(ask if call.agreed is None else show_amount(call.agreed), eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return await _work(name, award)

    return replace(bid.agent(), bargain=Selling(cost))


def _buying(name: str) -> FunctionAgent:
    """`buyer_x`: its work is to buy from the agent that `input` names, and takes a while for each turn."""

    @bidder("case.buys", name=name)
    async def bid(call: Call) -> Proposal:
        return Proposal("0.05", eta=5, confidence=0.9)

    async def words(owed: Owed) -> str:
        await asyncio.sleep(0.2)
        return plain(owed)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        terms: BargainOptions = {"limit": "0.05", "high": "0.09", "within": 30, "words": words}
        found = await award.bargain(award.input["from"], "raw material", **terms)
        return {"status": found.status, "price": found.price}

    return bid


class Selling(Strategist):
    """Never under its cost."""

    def __init__(self, cost: int) -> None:
        super().__init__(self._plan, "template")
        self._cost = cost

    def _plan(self, asked: Asking) -> Plan:
        mandate = Mandate(preferences=PricePreferences(side="seller", limit=self._cost))
        return Plan(strategy="linear", mandate=mandate, confides=("judge",))

    async def word(self, owed: Owed) -> str:
        await asyncio.sleep(0.2)
        return await super().word(owed)


def __getattr__(name: str) -> FunctionAgent | Agent:
    if name.partition("_")[0] in ("keen", "calm"):
        return _haggling(name)
    if name.partition("_")[0] == "buyer":
        return _buying(name)
    if name.partition("_")[0] in ("first", "second", "third"):
        return _named(name)
    raise AttributeError(name)
