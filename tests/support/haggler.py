"""Who opens a bargaining by hand, over a real link: an initiator that never dies, so that a daemon can before it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from contractnet.bargaining.records import BargainOpened, Plan, Timers
from contractnet.bargaining.seats import Decided, Seats
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Strategist
from contractnet.clock import LoopClock
from contractnet.errors import TransportError
from contractnet.ledger.records import HeardTurn, Record, SaidTurn
from contractnet.mail.inbox import Letter, letters
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.messages.bargaining import AnyBargainAct, AnyMessage, BargainAct, BargainRequestContent, IssueContent
from contractnet.messages.codec import digest, encode, join
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.port import Down, Lane, ManagerParty, Parcel, Standby, ToAgents, Up

PRICE: Final = IssueContent(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")
NAME: Final = "mgr"


def plan(side: Side, limit: int, strategy: str = "linear") -> Plan:
    return Plan(strategy=strategy, mandate=Mandate(preferences=PricePreferences(side=side, limit=limit)))


def asked(**given: Any) -> BargainRequestContent:
    rules: dict[str, Any] = {"subject": "a report", "issues": (PRICE,), "buyer": "initiator", "turns": 8}
    return BargainRequestContent(**rules | {"reply_within_ms": 20_000, "turn_within_ms": 20_000} | given)


class Haggler:
    """The buyer `mgr`, before the agent `a`. Entered, it hears and says; what it says is sent until it arrives."""

    def __init__(self, hub: MemoryTransport) -> None:
        self.link = hub.attach(ManagerParty(NAME))
        self.clock = LoopClock()
        self.player = Strategist(words="template")
        self.sides: dict[str, Bargain] = {}
        self.records: list[Record] = []
        self.heard: list[AnyMessage] = []  #: each once
        self.again: list[AnyMessage] = []  #: what came once more
        self.keeps: bytes | None = None  #: what has this in it is not sent, but kept
        self.kept: list[bytes] = []
        self._known: set[str] = set()
        self._seats = Seats(self._take, self._spawn, self.clock.now)
        self._out: asyncio.Queue[tuple[bytes, Lane]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Haggler:
        await self.link.__aenter__()
        self._spawn("hear", self._hear())
        self._spawn("say", self._say())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self.link.__aexit__(None, None, None)
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def open(
        self, conversation: str = "b1", mine: Plan | None = None, parent: str | None = None, **rules: Any
    ) -> Bargain:
        side = self.sides[conversation] = Bargain(NAME, NAME, conversation, "5eed" * 8, Timers())
        mine = mine or plan("buyer", 60_000_000)
        self._step(side, BargainOpened("a", asked(**rules), mine, Timers(), "5eed" * 8, parent))
        return side

    def send(self, raw: bytes, lane: Lane = Lane.INBOX) -> None:
        if self.keeps is not None and self.keeps in raw:
            self.kept.append(raw)
        else:
            self._out.put_nowait((raw, lane))

    def send_kept(self) -> None:
        self.keeps = None
        for raw in self.kept:
            self.send(raw)

    async def until(self, conversation: str = "b1", *states: str, within_s: float = 600) -> str:
        """Wait, in virtual time, until the side is in one of the states; none named: until it has ended."""
        machine = self.sides[conversation].machine
        async with asyncio.timeout(within_s):
            while not (machine.state in states or (machine.finished and not states)):
                await asyncio.sleep(0.05)  # virtual
        return machine.state

    def said(self, kind: type[AnyBargainAct]) -> list[Any]:
        acts = [one.message for one in self.records if isinstance(one, SaidTurn)]
        return [one for one in acts if isinstance(one, kind)]

    # ---- as a driver does

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        return task

    def _take(self, side: Bargain, fact: Decided) -> None:
        if side.allows(fact):
            self._step(side, fact)

    def _step(self, side: Bargain, fact: Any) -> None:
        written = [record for _, record in side.step(fact, self.clock.now())]
        self.records += written
        for one in written:
            if isinstance(one, SaidTurn):
                self.send(encode(one.message))
        asyncio.get_running_loop().call_soon(self._seats.look, side, self.player)

    async def _hear(self) -> None:
        while True:
            for event in await self.link.receive():
                if isinstance(event, Up | Down | Standby):
                    continue
                for one in letters(event):
                    if isinstance(one, Letter):
                        self._heard(one.act)
                event.ack()

    def _heard(self, act: AnyMessage) -> None:
        if act.message_id in self._known:
            self.again.append(act)
            return
        self._known.add(act.message_id)
        self.heard.append(act)
        if isinstance(act, BargainAct):
            self._step(self.sides[act.conversation_id], HeardTurn(act, digest(encode(act)), "bid"))

    async def _say(self) -> None:
        while True:
            raw, lane = await self._out.get()
            while True:
                try:
                    await self.link.send(Parcel(ToAgents(("a",), lane), join([raw])), 5)
                    break
                except TransportError:
                    await asyncio.sleep(0.5)  # virtual
