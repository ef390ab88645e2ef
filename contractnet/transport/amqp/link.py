"""The port's link over RabbitMQ."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from contractnet.errors import TransportBroken, TransportClosed
from contractnet.transport.amqp.consumer import AmqpDelivery
from contractnet.transport.amqp.generation import Generation
from contractnet.transport.amqp.settings import AmqpSettings, Broker
from contractnet.transport.amqp.supervisor import Supervisor
from contractnet.transport.port import Down, LinkEvent, ManagerParty, Outcome, Parcel, Party, Standby, Up
from contractnet.transport.topology import checked_route


class AmqpTransport:
    """A RabbitMQ broker.

    Args:
        url: `amqp://USER:PASSWORD@HOST:PORT/VHOST` or `amqps://…`; in the query `heartbeat`, `cafile`, `certfile`,
            `keyfile`, `auth`.
        settings: times and bounds.
    Raises:
        DefinitionError: the URL cannot be used.
    """

    def __init__(self, url: str, settings: AmqpSettings | None = None) -> None:
        self._broker = Broker.of(url)
        self._settings = settings or AmqpSettings()

    def attach(self, party: Party) -> AmqpLink:
        """A link for this party, not yet started."""
        return AmqpLink(self._broker, self._settings, party)


class AmqpLink:
    """One party's attachment to a broker. A task of its own keeps it up."""

    def __init__(self, broker: Broker, settings: AmqpSettings, party: Party) -> None:
        self._broker = broker
        self._settings = settings
        self._party = party
        self._number = 0
        self._live: Generation | None = None
        self.retired = self._closed = False
        self._reason = "not connected yet"
        self._events: deque[LinkEvent] = deque()
        self._early: list[AmqpDelivery] = []  #: came before the Up of their generation was said
        self._last: Up | Down | Standby | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError("a link is entered once; attach a new one")
        supervisor = Supervisor(self._settings, self._generation, self)
        self._task = asyncio.get_running_loop().create_task(supervisor.run(), name=f"link of {self._party.name}")
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._closed = True
        self._live = None
        self._wake.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def up(self) -> bool:
        return self._live is not None

    async def receive(self, most: int = 256) -> Sequence[LinkEvent]:
        await asyncio.sleep(0)  # a flood must not starve the rest of the loop
        while not self._events or self._closed:
            self._must_run()
            self._wake.clear()
            await self._wake.wait()
        count = min(most, len(self._events))
        return [self._events.popleft() for _ in range(count)]

    async def send(self, parcel: Parcel, timeout_s: float) -> Outcome:
        to = checked_route(parcel)
        if self._closed or self._task is None:
            raise TransportClosed("the link was closed" if self._closed else "the link was not entered")
        if self._live is None:
            raise TransportBroken(f"the link is not up ({self._reason}); wait for Up, then send again")
        try:
            return await self._live.publish(parcel, to, timeout_s)
        except TransportBroken:
            if self._closed:
                raise TransportClosed("the link was closed") from None
            raise

    async def retire(self) -> None:
        if self._live is None or not isinstance(self._party, ManagerParty):
            return
        generation, self._live = self._live, None
        self._reason, self.retired = "it was retired", True
        await generation.retire()

    # What follows is for the supervisor.

    def rose(self, generation: Generation) -> None:
        """A generation works."""
        self._live = generation
        self._number += 1
        self._say(Up(self._number))
        self._events.extend(self._early)
        self._early.clear()

    def fell(self, reason: str) -> None:
        """The generation is over, or could not be opened. Its deliveries come again."""
        self._live = None
        self._reason = reason
        self._early.clear()
        self._events = deque(e for e in self._events if not isinstance(e, AmqpDelivery))
        if self._last != Down(reason):
            self._say(Down(reason))

    def _generation(self) -> Generation:
        return Generation(self._broker, self._settings, self._party, self._took, self._stands_by)

    def _took(self, delivery: AmqpDelivery) -> None:
        if self._live is None:
            self._early.append(delivery)
        else:
            self._events.append(delivery)
            self._wake.set()

    def _stands_by(self, lock: str) -> None:
        self._reason = f"{lock} is taken: another process hosts it, or the broker has not noticed yet that it is gone"
        if not isinstance(self._last, Standby):
            self._say(Standby(self._reason))

    def _say(self, event: Up | Down | Standby) -> None:
        self._last = event
        self._events.append(event)
        self._wake.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody warns where nobody receives
        self._wake.set()

    def _must_run(self) -> None:
        if self._closed:
            raise TransportClosed("the link was closed")
        if self._task is None:
            raise TransportClosed("the link was not entered")
        if self._task.done() and not self._task.cancelled():
            self._task.result()
