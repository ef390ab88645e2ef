"""Both sides of a live bargaining in one loop, each with its seats; what one says reaches the other at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from contractnet.bargaining.player import AnyPlayer, Asking, Refusal
from contractnet.bargaining.records import BargainOpened, Fact, Plan, Timers
from contractnet.bargaining.seats import Seats
from contractnet.bargaining.side import Bargain
from contractnet.ledger.records import HeardTurn, Record, SaidTurn
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.messages.bargaining import BargainInform, BargainRequestContent, IssueContent
from contractnet.messages.codec import decode_bargain, digest, encode

PRICE = IssueContent(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")


def plan(side: Side, limit: int, strategy: str = "linear") -> Plan:
    return Plan(strategy=strategy, mandate=Mandate(preferences=PricePreferences(side=side, limit=limit)))


def sells(asked: Asking) -> Plan | Refusal:
    assert asked.side == "seller"
    return plan("seller", 40_000_000)


def always(answer: Plan, asked: Asking) -> Plan:
    return answer


class Room:
    """Both sides in one loop, each with its seats; what one says reaches the other at once."""

    def __init__(self, buyer: AnyPlayer | None, seller: AnyPlayer | None, strategy: str = "linear") -> None:
        self.facts: dict[str, list[Record]] = {"buyer": [], "seller": []}
        self.sides = {who: Bargain(who, who, "c-1", who[0] * 32, Timers()) for who in ("buyer", "seller")}
        self.players = {"buyer": buyer, "seller": seller}
        self.seats = {who: Seats(self.take, self.spawn, self.now) for who in ("buyer", "seller")}
        self.tasks: set[asyncio.Task[None]] = set()
        self.deaf = False  #: the word that makes an agreement gets lost
        self.strategy = strategy
        self.asked = BargainRequestContent(
            subject="a report",
            issues=(PRICE,),
            turns=8,
            reply_within_ms=20_000,
            turn_within_ms=10_000,
            buyer="initiator",
        )

    def now(self) -> int:
        return 1_750_000_000_000 + int(asyncio.get_running_loop().time() * 1000)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.tasks.add(task)
        return task

    def take(self, bargain: Bargain, fact: Fact) -> None:
        if bargain.allows(fact):
            self.step(bargain, fact)

    def step(self, bargain: Bargain, fact: Fact) -> None:
        written = [record for _, record in bargain.step(fact, self.now())]
        self.facts[bargain.agent] += written
        loop = asyncio.get_running_loop()
        for record in written:
            if isinstance(record, SaidTurn):
                loop.call_soon(self.deliver, encode(record.message))
        loop.call_soon(lambda: self.seats[bargain.agent].look(bargain, self.players[bargain.agent]))

    def deliver(self, raw: bytes) -> None:
        act = decode_bargain(raw)
        if not (self.deaf and isinstance(act, BargainInform)):
            self.step(self.sides[act.receiver], HeardTurn(message=act, digest=digest(raw), lane="bid"))

    def open(self) -> None:
        mine = plan("buyer", 60_000_000, self.strategy)
        opened = BargainOpened(peer="seller", request=self.asked, plan=mine, timers=Timers(), seed="0" * 32)
        self.step(self.sides["buyer"], opened)

    async def play(self, within_s: float = 200) -> tuple[str, str]:
        """Both states, when nobody has anything to do, or after so long; no timer of the table fires here."""
        self.open()
        await asyncio.sleep(within_s)
        for task in self.tasks:
            assert task.done()
            if not task.cancelled():
                task.result()
        return self.states

    @property
    def states(self) -> tuple[str, str]:
        return self.sides["buyer"].machine.state, self.sides["seller"].machine.state

    def of(self, who: str, kind: type[Record]) -> list[Any]:
        return [one for one in self.facts[who] if isinstance(one, kind)]
