"""Who bids in the demo: four agents of scripted habits, and a mediator.

What an agent asks depends on the seed, its own name and the task, never on the order in which calls come; so one seed
always gives the same prices and winners. Work is played twenty times as fast as its eta says.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Agent, Award, Call, Hostable, Proposal, Refusal
from contractnet.errors import WorkFailed
from contractnet.market.sample import CLASSIFY, COUNT, SUMMARISE, TRANSLATE, count
from contractnet.mediators.scripted import arbiter

#: an eta of 20 s is a second of the demo
FASTER: Final = 20
#: work that a page of an archive takes, seconds
PAGE_S: Final = 0.15
#: in each later round an agent asks so much less, percent of its first price; and never less than the last of them
DOWN_PCT, LEAST_PCT = 12, 60
#: agents take so many tasks at once: nobody is busy in the demo
CAPACITY: Final = 64
_GERMAN: Final = {"good": "gut", "morning": "Morgen", "the": "der", "order": "Auftrag", "is": "ist", "ready": "fertig"}


@dataclass(frozen=True, slots=True)
class Habit:
    """How an agent bids and works."""

    name: str
    prices: Mapping[str, int]  #: skill -> micros for up to sixty words
    eta: int  #: seconds
    confidence: float
    thinks_s: float  #: before it bids
    reads: int = 100_000  #: characters; it refuses what is longer
    keeps: int = 100_000  #: words of a text that it can work on, whatever it says


THRIFTY: Final = Habit("thrifty", {SUMMARISE: 8_000, TRANSLATE: 7_000, COUNT: 2_000}, 40, 0.90, 0.3)
SWIFT: Final = Habit("swift", {SUMMARISE: 21_000, TRANSLATE: 20_000, CLASSIFY: 18_000}, 4, 0.97, 0.05, reads=1_000)
STEADY: Final = Habit("steady", {SUMMARISE: 13_000, TRANSLATE: 12_000, COUNT: 4_000, CLASSIFY: 12_500}, 15, 0.95, 0.15)
EAGER: Final = Habit("eager", {SUMMARISE: 5_500, COUNT: 1_200}, 8, 0.99, 0.02, keeps=40)
HABITS: Final = (THRIFTY, SWIFT, STEADY, EAGER)


def cast(seed: int, seats: Mapping[str, Hostable | Agent] | None = None) -> list[Hostable | Agent]:
    """The agents: cheap and slow, dear and fast, good, over-confident; and the mediator.

    Args:
        seed: of the small differences between their prices.
        seats: agent id -> who takes its place, such as an agent with a model behind it.
    """
    scripted: list[FunctionAgent] = [_agent(habit, seed) for habit in HABITS]
    taken = dict(seats or {})
    return [*(taken.get(one.id, one) for one in scripted), arbiter]


def ask(seed: int, name: str, base: int, text: str, round_: int) -> int:
    """A price, micros: the base for each sixty words, a difference of under 1,000 by the seed, less in later rounds."""
    drawn = hashlib.sha256(f"{seed}|{name}|{text}".encode()).digest()
    first = base * (1 + count(text) // 60) + int.from_bytes(drawn[:4]) % min(1_000, base // 8)
    return first * max(LEAST_PCT, 100 - DOWN_PCT * (round_ - 1)) // 100


def amount(micros: int) -> str:
    """As a bidder writes it."""
    return f"{micros / 1_000_000:.6f}"


def _agent(habit: Habit, seed: int) -> FunctionAgent:
    @bidder(skill=tuple(habit.prices), capacity=CAPACITY, name=habit.name)
    async def bid(call: Call) -> Proposal | Refusal:
        text = str(call.input.get("text", ""))
        await asyncio.sleep(habit.thinks_s)
        if len(text) > habit.reads:
            return Refusal("unfit", f"{len(text)} characters: I read {habit.reads:,} at most")
        micros = ask(seed, habit.name, habit.prices[call.skill], text, call.round)
        return Proposal(amount(micros), habit.eta, habit.confidence, f"{count(text)} words, as I always do them")

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        text = str(award.input.get("text", ""))
        await asyncio.sleep(habit.eta / FASTER / 2)
        await award.progress("half of it is done")
        pages = award.input.get("pages", 0)
        await asyncio.sleep(habit.eta / FASTER / 2 + PAGE_S * (pages if isinstance(pages, int) else 0))
        if count(text) > habit.keeps:
            raise WorkFailed(f"lost the thread after {habit.keeps} words")
        return done(award.skill, text.replace("-", " ") if habit is EAGER else text)

    return bid


def done(skill: str, text: str) -> dict[str, Any]:
    """The result of a skill on a text."""
    if skill == SUMMARISE:
        return {"summary": text.split(". ")[0].rstrip(".") + "."}
    if skill == TRANSLATE:
        return {"text": " ".join(_GERMAN.get(word, word) for word in text.split())}
    if skill == COUNT:
        return {"words": count(text)}
    return {"kind": "question" if "?" in text else "complaint"}
