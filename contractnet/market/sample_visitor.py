"""A contractor of another house at the demo's market: it has nothing of ours but the wire, and speaks plain JSON.

So it makes mistakes that an agent of ours cannot make: for texts in Spanish it asks in EUR, whatever the call says,
until it is told; and over a poem it forgets the time. It knows as much of table P as that takes, and keeps no journal.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Any, Final

import msgspec

from contractnet.market.sample import CLASSIFY, TRANSLATE
from contractnet.market.sample_agents import CAPACITY, FASTER, ask, done
from contractnet.transport.port import (
    DaemonParty,
    Delivery,
    Down,
    Lane,
    Link,
    Parcel,
    Standby,
    ToEveryManager,
    ToManager,
    Transport,
    Up,
)

NAME: Final = "visitor"
#: skill -> micros; a text in Spanish is cheaper
PRICES: Final = {TRANSLATE: 10_000, CLASSIFY: 16_000}
SPANISH: Final = 9_000
ETA_S, CONFIDENCE_PPM, THINKS_S = 12, 920_000, 0.1
#: so long after the deadline its bid on a poem comes
LATE_S: Final = 0.3
BEAT_S, LEASE_MS, SEND_S = 1.0, 15_000, 5.0

Message = dict[str, Any]


class Visitor:
    """One agent, alone in its daemon.

    Args:
        transport: where the market is.
        seed: of its prices.
    """

    def __init__(self, transport: Transport, seed: int) -> None:
        self._link: Link = transport.attach(DaemonParty(NAME, {NAME: tuple(PRICES)}))
        self._seed = seed
        self._numbers = count(1)
        self._since = time.time_ns() // 1_000_000
        self._cfps: dict[str, Message] = {}  #: conversation -> the last
        self._work: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Take part until cancelled."""
        async with self._link, asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            while True:
                for event in await self._link.receive():
                    match event:
                        case Up() | Down() | Standby():
                            pass
                        case _:
                            self._take(event, group)

    async def _beat(self) -> None:
        while True:
            hosted = {"agent": NAME, "skills": list(PRICES), "capacity": CAPACITY, "free": CAPACITY}
            beat: Message = {
                "performative": "presence",
                "daemon": NAME,
                "incarnation": self._since,
                "sequence": next(self._numbers),
                "lease_ms": LEASE_MS,
                "agents": [{**hosted, "since": self._since}],
            }
            if self._link.up:
                await self._link.send(Parcel(ToEveryManager(NAME), msgspec.json.encode([beat])), SEND_S)
            await asyncio.sleep(BEAT_S)

    def _take(self, delivery: Delivery, group: asyncio.TaskGroup) -> None:
        for message in msgspec.json.decode(delivery.body, type=list[Message]):
            conversation = str(message["conversation_id"])
            match message["performative"]:
                case "cfp":
                    self._cfps[conversation] = message
                    group.create_task(self._answer(message))
                case "not-understood":
                    group.create_task(self._propose(self._cfps[conversation]))  # as the call says, now
                case "accept-proposal":
                    self._work[conversation] = group.create_task(self._perform(message))
                case "cancel":
                    group.create_task(self._stop(message))
                case _:
                    pass  # a reject asks for nothing
        delivery.ack()

    # ---- what it says

    async def _answer(self, cfp: Message) -> None:
        content = cfp["content"]
        poem = "\n" in content["input"].get("text", "")
        await asyncio.sleep(content["reply_within_ms"] / 1000 + LATE_S if poem else THINKS_S)
        await self._propose(cfp, "EUR" if content["input"].get("language") == "es" else None)

    async def _propose(self, cfp: Message, unit: str | None = None) -> None:
        content, terms = cfp["content"], cfp["content"]["terms"]
        base = SPANISH if content["input"].get("language") == "es" else PRICES[content["skill"]]
        proposal = {
            "offer": f"{NAME}.{next(self._numbers)}",
            "round": content["round"],
            "unit": unit or terms["unit"],
            "price": ask(self._seed, NAME, base, str(content["input"].get("text", "")), content["round"]),
            "eta": ETA_S,
            "confidence": CONFIDENCE_PPM,
            "valid_for_ms": terms["valid_for_ms"],
            "rationale": "from another house",
        }
        await self._say(cfp, "propose", proposal, Lane.BID)

    async def _perform(self, accept: Message) -> None:
        cfp = self._cfps[accept["conversation_id"]]["content"]
        await asyncio.sleep(ETA_S / FASTER)
        result = done(cfp["skill"], str(cfp["input"].get("text", "")))
        place = {name: accept["content"][name] for name in ("slot", "epoch")}
        await self._say(accept, "inform", {"kind": "result", **place, "result": result}, Lane.WORK)

    async def _stop(self, cancel: Message) -> None:
        work = self._work.get(cancel["conversation_id"])
        if work is not None and not work.cancel():
            await self._say(cancel, "failure", {"kind": "cancel", "reason": "already-done"}, Lane.WORK)
        else:
            await self._say(cancel, "inform", {"kind": "cancelled"}, Lane.WORK)

    async def _say(self, about: Message, performative: str, content: Message, lane: Lane) -> None:
        """Answer a message of the manager's."""
        name = content.get("offer") or f"{NAME}.{next(self._numbers)}"
        message = {
            "performative": performative,
            "message_id": name,
            "reply_with": name,
            "in_reply_to": about["reply_with"],
            "conversation_id": about["conversation_id"],
            "protocol": about["protocol"],
            "sender": NAME,
            "daemon": NAME,
            "receiver": about["sender"],
            "content": content,
        }
        await self._link.send(Parcel(ToManager(about["sender"], lane), msgspec.json.encode([message])), SEND_S)
