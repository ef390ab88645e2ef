"""Agents that take a cancel in different ways, hosted by `contractnet worker cancel_agents:KIND_NAME`; the tests copy
this file into the working directory. They share one skill.

| kind | its work |
|---|---|
| `quick` | takes some tenths of a second |
| `slow` | takes a minute, and stops when it is cancelled |
| `finishing` | as well, but is done just then |
| `stubborn` | swallows its cancellation and works on for some seconds |
| `thread` | as well: a function without await, which nobody can stop |
| `failing` | raises after some tenths of a second, or when it is cancelled |
| `clerk` | is a mediator, and takes its time |

What an agent asks, and how long it thinks and works, comes from its name and the task's text: the same at every run.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Award, Call, Choice, Dispute, Proposal, Refusal
from contractnet.mediators.decorator import FunctionMediator
from contractnet.mediators.scripted import choose

SKILL = "work.cancelled"
LONG_S = 60.0
#: how long work goes on that does not let itself be cancelled
AFTER_S = 2.5

Work = Callable[[str, Award], Awaitable[dict[str, Any]]]


def share(*of: object) -> float:
    """A number from 0 to 1 that hangs on these and nothing else."""
    text = "|".join(map(str, of))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


async def _quick(name: str, award: Award) -> dict[str, Any]:
    await asyncio.sleep(0.05 + 0.5 * share(name, award.task))
    return {"by": name}


async def _slow(name: str, award: Award) -> dict[str, Any]:
    await asyncio.sleep(LONG_S)
    return {"by": name}


async def _finishing(name: str, award: Award) -> dict[str, Any]:
    try:
        await asyncio.sleep(LONG_S)
    except asyncio.CancelledError:
        return {"by": name, "just": "then"}
    return {"by": name}


async def _stubborn(name: str, award: Award) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    end = loop.time() + LONG_S
    while (left := end - loop.time()) > 0.01:
        try:
            await asyncio.sleep(left)
        except asyncio.CancelledError:
            end = min(end, loop.time() + AFTER_S)
    return {"by": name}


async def _failing(name: str, award: Award) -> dict[str, Any]:
    try:
        await asyncio.sleep(0.1 + share(name, award.task))
    except asyncio.CancelledError:
        raise RuntimeError("cancelled, and broken by it") from None
    raise RuntimeError("broken")


_KINDS: dict[str, Work] = {
    "quick": _quick,
    "slow": _slow,
    "finishing": _finishing,
    "stubborn": _stubborn,
    "failing": _failing,
}


def _agent(name: str, kind: str) -> FunctionAgent:
    @bidder(SKILL, capacity=20, name=name)
    async def bid(call: Call) -> Proposal | Refusal:
        await asyncio.sleep(0.2 * share(name, call.task, "think"))
        if share(name, call.task, "fit") < float(call.input.get("unfit", 0)):
            return Refusal("unfit")
        price = (0.06 if call.input.get("hard") else 0.02) * (0.7 + 0.6 * share(name, call.task)) * 0.8**call.round
        return Proposal(f"{price:.6f}", eta=5, confidence=0.9)

    if kind == "thread":

        @bid.perform
        def deaf(award: Award) -> dict[str, Any]:
            time.sleep(AFTER_S)
            return {"by": name}

    else:

        @bid.perform
        async def work(award: Award) -> dict[str, Any]:
            return await _KINDS[kind](name, award)

    return bid


async def _mediate(dispute: Dispute) -> Choice:
    await asyncio.sleep(0.5 * share(dispute.conversation))
    return choose(dispute)


def __getattr__(name: str) -> FunctionAgent | FunctionMediator:
    kind = name.partition("_")[0]
    if kind == "clerk":
        return FunctionMediator(_mediate, name)
    if kind in (*_KINDS, "thread"):
        return _agent(name, kind)
    raise AttributeError(name)
