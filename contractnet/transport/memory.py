"""A transport inside one process: the same queues, bounds and promises as over RabbitMQ, and faults on demand.

`MemoryTransport` is the hub (what the broker is elsewhere); each party has a `MemoryLink` to it. Queues stay when
their party leaves, so mail waits. All links of a hub live on one event loop; its clock is the only one used, so that
virtual time works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from contractnet.errors import TransportBroken, TransportClosed
from contractnet.transport.faults import Dice, Faults
from contractnet.transport.memory_queue import MemoryQueue, Reader
from contractnet.transport.port import (
    Down,
    Lane,
    LinkEvent,
    ManagerParty,
    Outcome,
    Parcel,
    Party,
    Standby,
    ToEveryManager,
    Up,
)
from contractnet.transport.topology import (
    Binding,
    QueueSpec,
    Route,
    checked_route,
    locks_of,
    queues_of,
)


class MemoryTransport:
    """The hub of one process.

    Args:
        faults: what may go wrong; None: nothing.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.dead: list[bytes] = []  #: bodies that were rejected
        self._dice = Dice(faults)
        self._queues: dict[str, MemoryQueue] = {}
        self._bound: dict[Binding, dict[str, MemoryQueue]] = {}
        self._locks: dict[str, MemoryLink] = {}
        self._links: list[MemoryLink] = []
        self._away: str | None = None

    def attach(self, party: Party) -> MemoryLink:
        """A link for this party, not yet started."""
        return MemoryLink(self, party)

    def down(self, reason: str = "the broker is away") -> None:
        """Take the broker away: every link goes down, what was unacked comes again, presence on its way is lost."""
        self._away = reason
        for link in self._links:
            link.lose(reason)
        self._locks.clear()
        for queue in self._queues.values():
            if queue.lane is Lane.PRESENCE:
                queue.ready.clear()

    def restore(self) -> None:
        """Bring the broker back."""
        self._away = None
        self._raise_links()

    def cut(self, name: str) -> None:
        """Break the links of the party called `name`; they come up again by themselves."""
        for link in self._links:
            if link.party.name == name:
                link.lose("the connection was cut")
                self._unlock(link)
        asyncio.get_running_loop().call_soon(self._raise_links)

    def depth(self, queue: str) -> int:
        """How many bodies wait in a queue, without those held unacked; 0 where there is no such queue."""
        found = self._queues.get(queue)
        return len(found.ready) + found.on_its_way if found else 0

    # What follows is for the links.

    def join(self, link: MemoryLink) -> None:
        self._links.append(link)
        if self._away is not None:
            link.say(Down(self._away))
        self._raise_links()

    def leave(self, link: MemoryLink) -> None:
        if link in self._links:
            self._links.remove(link)
        self._unlock(link)
        self._raise_links()

    def publish(self, link: MemoryLink, parcel: Parcel, to: Route) -> Outcome:
        presence = isinstance(parcel.to, ToEveryManager)
        if self._dice.cuts():
            self.cut(link.party.name)
            raise TransportBroken("the connection was cut during the send; send again")
        if self._dice.loses():
            if presence:
                return Outcome.TAKEN
            raise TransportBroken("no confirm came; send again")
        outcome = self._spread(parcel, to)
        if not presence and self._dice.unsure():
            raise TransportBroken("no confirm came; send again")
        return Outcome.TAKEN if presence else outcome

    def remove(self, queue: MemoryQueue) -> None:
        self._queues.pop(queue.name, None)
        for bound in self._bound.values():
            bound.pop(queue.name, None)

    def _spread(self, parcel: Parcel, to: Route) -> Outcome:
        found: dict[str, MemoryQueue] = {}
        for key in (*to.keys, "#"):
            found.update(self._bound.get((to.exchange, key), {}))
        if not found:
            return Outcome.UNROUTABLE
        loop = asyncio.get_running_loop()
        ttl_s = None if parcel.expires_ms is None else max(0, parcel.expires_ms) / 1000
        refused = False
        for queue in found.values():
            if queue.refuses(loop.time()):
                refused = True
                continue
            for delay_s in self._dice.delays_s():
                if delay_s:
                    queue.on_its_way += 1
                    loop.call_later(delay_s, self._arrive, queue, parcel.body, ttl_s and max(0.0, ttl_s - delay_s))
                else:
                    queue.put(parcel.body, loop.time(), ttl_s)
        return Outcome.REFUSED if refused else Outcome.TAKEN

    @staticmethod
    def _arrive(queue: MemoryQueue, body: bytes, ttl_s: float | None) -> None:
        queue.on_its_way -= 1
        queue.put(body, asyncio.get_running_loop().time(), ttl_s)

    def _raise_links(self) -> None:
        """Bring up every link whose party nobody else hosts."""
        if self._away is not None:
            return
        for link in self._links:
            if link.up or link.retired:
                continue
            names = locks_of(link.party)
            taken = next((name for name in names if name in self._locks), None)
            if taken is not None:
                link.stand_by(f"{taken} is taken: another link hosts it")
                continue
            self._locks.update(dict.fromkeys(names, link))
            link.rise([self._declared(spec) for spec in queues_of(link.party)])

    def _declared(self, spec: QueueSpec) -> MemoryQueue:
        name = spec.name
        queue = self._queues.setdefault(name, MemoryQueue(spec))
        for binding in spec.bindings:
            self._bound.setdefault(binding, {})[name] = queue
        for binding in spec.stale:
            self._bound.get(binding, {}).pop(name, None)
        if spec.purged:
            queue.ready.clear()
        return queue

    def _unlock(self, link: MemoryLink) -> None:
        for name in [name for name, holder in self._locks.items() if holder is link]:
            del self._locks[name]


class MemoryLink:
    """One party's attachment to the hub."""

    def __init__(self, hub: MemoryTransport, party: Party) -> None:
        self.party = party
        self.retired = False
        self._hub = hub
        self._generation = 0
        self._said: list[LinkEvent] = []
        self._readers: list[Reader] = []
        self._up = self._standing_by = self._entered = self._closed = False
        self._wake = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._entered:
            raise RuntimeError("a link is entered once; attach a new one")
        self._entered = True
        self._hub.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._closed = True
        self._let_go()
        self._hub.leave(self)
        self._wake.set()

    @property
    def up(self) -> bool:
        return self._up

    async def receive(self, most: int = 256) -> Sequence[LinkEvent]:
        await asyncio.sleep(0)  # a flood must not starve the rest of the loop
        while True:
            if self._closed:
                raise TransportClosed("the link was closed")
            if events := self._collect(most):
                return events
            self._wake.clear()
            await self._wake.wait()

    async def send(self, parcel: Parcel, timeout_s: float) -> Outcome:
        to = checked_route(parcel)
        self._must_be_up()
        await asyncio.sleep(0)
        self._must_be_up()
        return self._hub.publish(self, parcel, to)

    async def retire(self) -> None:
        if not self._up or not isinstance(self.party, ManagerParty):
            return
        self.retired = True
        idle = [r.queue for r in self._readers if r.queue.quiet or r.queue.lane is Lane.PRESENCE]
        self._let_go()
        for queue in idle:
            self._hub.remove(queue)

    # What follows is for the hub.

    def say(self, event: LinkEvent) -> None:
        self._said.append(event)
        self._wake.set()

    def stand_by(self, reason: str) -> None:
        if not self._standing_by:
            self._standing_by = True
            self.say(Standby(reason))

    def rise(self, queues: Sequence[MemoryQueue]) -> None:
        self._up, self._standing_by = True, False
        self._generation += 1
        self._readers = [Reader(queue, self._wake.set, self._hub.dead.append) for queue in queues]
        self.say(Up(self._generation))

    def lose(self, reason: str) -> None:
        if self._up or self._standing_by:
            self._let_go()
            self.say(Down(reason))

    def _let_go(self) -> None:
        self._up = self._standing_by = False
        for reader in self._readers:
            reader.close()
        self._readers = []

    def _must_be_up(self) -> None:
        if self._closed or not self._entered:
            raise TransportClosed("the link was closed" if self._closed else "the link was not entered")
        if not self._up:
            raise TransportBroken("the link is not up; wait for Up, then send again")

    def _collect(self, most: int) -> list[LinkEvent]:
        """What was said, then deliveries, the queues taking turns so that none holds another up."""
        events, self._said = self._said[:most], self._said[most:]
        now = asyncio.get_running_loop().time()
        turn = list(self._readers)
        while turn and len(events) < most:
            for reader in list(turn):
                delivery = reader.take(now) if len(events) < most else None
                if delivery is None:
                    turn.remove(reader)
                else:
                    events.append(delivery)
        return events
