"""The floor: the same messages between the same parties by hand, over queues in one process or over RabbitMQ.

It is no competitor: it has no ledger, no deadlines, no tables, no replay. It says what the messages themselves cost, so
that the rest is known to be ours. A round is what `crowd` says it is; who wins is checked.

In process every message is encoded once by its sender and decoded by each receiver. Over RabbitMQ everything is
durable: persistent messages, quorum queues, one for each contractor, every publish confirmed, every delivery acked by
hand after what follows from it is confirmed; one connection and one channel a process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiormq
import msgspec
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from tests.benchmarks.crowd import Size, cheapest, name, price
from tests.benchmarks.measure import Stopwatch, Used, used

TASK = "Summarise ticket 48213 in two short sentences; keep the customer's own words."
MANAGER, EVERYBODY = "manager", "everybody"


class Message(msgspec.Struct, frozen=True, gc=False):
    """As ours, in size and kind."""

    message_id: str
    conversation_id: str
    performative: str
    sender: str
    receiver: str
    content: dict[str, Any]
    in_reply_to: str | None = None
    protocol: str = "fipa-contract-net"


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Message).decode

Send = Callable[[Message], Awaitable[None]]


class Contractor:
    """Answers what it is sent."""

    def __init__(self, number: int, size: Size) -> None:
        self.name, self._number, self._rounds = name(number, size.capacity), number, size.rounds

    def answer(self, heard: Message) -> Message | None:
        lot = heard.content["lot"]
        if heard.performative == "cfp":
            asked = price(self._number, lot, heard.content["round"], self._rounds)
            return self._say("propose", heard, {"lot": lot, "price": asked, "eta": 5, "confidence": 900_000})
        if heard.performative == "accept-proposal":
            return self._say("inform", heard, {"lot": lot, "result": {"by": self._number, "lot": lot}})
        return None

    def _say(self, performative: str, heard: Message, content: dict[str, Any]) -> Message:
        message_id = f"{self.name}-{heard.message_id}"
        return Message(message_id, heard.conversation_id, performative, self.name, MANAGER, content, heard.message_id)


class Manager:
    """Calls, awards the cheapest, waits for the results."""

    def __init__(self, size: Size, send: Send) -> None:
        self._size, self._send, self._serial = size, send, 0
        self._open: dict[int, tuple[list[Message], asyncio.Queue[Message]]] = {}

    def heard(self, message: Message) -> None:
        self._open[message.content["lot"]][1].put_nowait(message)

    async def run(self) -> None:
        """All tenders."""
        lots, at_once = iter(range(self._size.tenders)), min(self._size.at_once, self._size.tenders)

        async def some() -> None:
            for lot in lots:
                await self.tender(lot)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(some())

    async def tender(self, lot: int) -> None:
        size, inbox = self._size, asyncio.Queue[Message]()
        self._open[lot] = [], inbox
        bids: list[Message] = []
        for round_ in range(1, size.rounds + 1):
            content = {"lot": lot, "round": round_, "task": TASK, "reply_within_ms": 20_000}
            if round_ == 1:
                await self._send(self._say("cfp", lot, EVERYBODY, content))
            else:
                await self._all([self._say("cfp", lot, bid.sender, content, bid.message_id) for bid in bids])
            bids = [await inbox.get() for _ in range(size.contractors)]
        bids.sort(key=lambda bid: bid.content["price"])
        told = [
            self._say("accept-proposal" if place < size.slots else "reject-proposal", lot, bid.sender, {"lot": lot})
            for place, bid in enumerate(bids)
        ]
        await self._all(told)
        winners = {(await inbox.get()).sender for _ in range(size.slots)}
        assert winners == set(cheapest(size, lot)), (lot, winners)
        del self._open[lot]

    async def _all(self, messages: list[Message]) -> None:
        await asyncio.gather(*map(self._send, messages))

    def _say(self, performative: str, lot: int, to: str, content: dict[str, Any], about: str | None = None) -> Message:
        self._serial += 1
        message_id = f"{self._serial:032x}"
        return Message(message_id, f"conversation-{lot:08d}", performative, MANAGER, to, content, about)


# ---- in one process


def in_process(size: Size) -> tuple[float, float, Used]:
    """Wall and CPU seconds, and what the process used."""
    return asyncio.run(_in_process(size))


async def _in_process(size: Size) -> tuple[float, float, Used]:
    inbox = asyncio.Queue[bytes]()
    boxes = {name(number, size.capacity): asyncio.Queue[bytes]() for number in range(size.contractors)}

    async def send(message: Message) -> None:
        body = encode(message)
        for box in boxes.values() if message.receiver == EVERYBODY else [boxes[message.receiver]]:
            box.put_nowait(body)

    async def contract(contractor: Contractor, box: asyncio.Queue[bytes]) -> None:
        while True:
            answer = contractor.answer(decode(await box.get()))
            if answer is not None:
                inbox.put_nowait(encode(answer))

    manager = Manager(size, send)

    async def collect() -> None:
        while True:
            manager.heard(decode(await inbox.get()))

    contractors = [Contractor(number, size) for number in range(size.contractors)]
    tasks = [asyncio.ensure_future(contract(one, boxes[one.name])) for one in contractors]
    tasks.append(asyncio.ensure_future(collect()))
    await asyncio.sleep(0)
    watch = Stopwatch()
    await manager.run()
    spent = watch.wall_s, watch.cpu_s
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return *spent, used()


# ---- over RabbitMQ


class Wire:
    """One process's connection and channel."""

    def __init__(self, channel: aiormq.abc.AbstractChannel) -> None:
        self._channel = channel

    @classmethod
    async def open(cls, url: str) -> Wire:
        connection = await aiormq.connect(url)
        channel = await connection.channel(publisher_confirms=True)
        await channel.basic_qos(prefetch_count=256)
        await channel.exchange_declare("floor.cfp", exchange_type="fanout", durable=True)
        await channel.exchange_declare("floor.direct", exchange_type="direct", durable=True)
        return cls(channel)

    async def send(self, message: Message) -> None:
        """Returns on the broker's confirm."""
        exchange = "floor.cfp" if message.receiver == EVERYBODY else "floor.direct"
        kind = Basic.Properties(delivery_mode=2, message_id=message.message_id, content_type="application/json")
        await self._channel.basic_publish(
            encode(message), exchange=exchange, routing_key=message.receiver, properties=kind
        )

    async def consume(self, queue: str, take: Callable[[Message], Awaitable[None]], *, calls: bool) -> None:
        """A queue of its own for a party; `calls`: it is sent the calls to everybody."""
        await self._channel.queue_declare(f"floor.{queue}", durable=True, arguments={"x-queue-type": "quorum"})
        await self._channel.queue_bind(f"floor.{queue}", "floor.direct", queue)
        if calls:
            await self._channel.queue_bind(f"floor.{queue}", "floor.cfp", "")

        async def on_message(delivered: DeliveredMessage) -> None:
            await take(decode(delivered.body))
            assert delivered.delivery_tag is not None
            await self._channel.basic_ack(delivered.delivery_tag)

        await self._channel.basic_consume(f"floor.{queue}", on_message)


def contractors(url: str, size: Size, place: int, workers: int, ready: Any, over: Any) -> None:
    """The process of some of them: those of that place, of so many workers. `ready` and `over` are events."""

    async def serve() -> None:
        wire = await Wire.open(url)

        def answering(contractor: Contractor) -> Callable[[Message], Awaitable[None]]:
            async def take(message: Message) -> None:
                answer = contractor.answer(message)
                if answer is not None:
                    await wire.send(answer)

            return take

        for number in range(place, size.contractors, workers):
            contractor = Contractor(number, size)
            await wire.consume(contractor.name, answering(contractor), calls=True)
        ready.set()
        await asyncio.to_thread(over.wait)

    asyncio.run(serve())


def managing(url: str, size: Size) -> tuple[float, float, Used]:
    """The manager's process: wall and CPU seconds of all tenders, and what the process used."""

    async def manage() -> tuple[float, float, Used]:
        wire = await Wire.open(url)
        manager = Manager(size, wire.send)

        async def take(message: Message) -> None:
            manager.heard(message)

        await wire.consume(MANAGER, take, calls=False)
        watch, began = Stopwatch(), time.perf_counter()
        async with asyncio.timeout(600):
            await manager.run()
        return time.perf_counter() - began, watch.cpu_s, used()

    return asyncio.run(manage())
