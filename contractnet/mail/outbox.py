"""The outbox: what was recorded as said is sent until the broker has it, and that is recorded too.

Rules:

1. Only what is durable is put here (promise 1). After a restart the driver puts here every `Said` without its `Sent`.
2. The fate of a broken send is unknown: it is sent again, with the same message id; receivers know duplicates.
3. What waits for one address travels in one body, within its limits (D10).
4. A full queue (`REFUSED`) is tried again after a pause; of a publish to many, each singly, since others may have it.
5. What has expired is not sent any more, and counts as done.

It owns one task for each send under way; `run` ends when it is cancelled. It never raises for what the broker does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from contractnet.clock import Clock
from contractnet.errors import TransportBroken, TransportClosed
from contractnet.messages import codec
from contractnet.telemetry.failpoints import declare, failpoint
from contractnet.transport.port import MAX_RECEIVERS, Address, Link, Outcome, Parcel, ToAgents

BEFORE_PUBLISH = declare("outbox.before-publish")
AFTER_PUBLISH = declare("outbox.after-publish")

#: sends under way at once
IN_FLIGHT = 128
#: pause before a full queue is tried again, seconds
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """One recorded message on its way to one address."""

    conversation: str
    agent: str  #: whose outbox entry it is
    message_id: str
    raw: bytes
    to: Address
    receivers: tuple[str, ...]  #: what a `Sent` for it covers
    expires_at: int | None = None  #: instant after which it is not worth sending, milliseconds


Done = Callable[[Sequence[Envelope], Outcome], None]


class Outbox:
    """Sends what it is given over one link.

    Args:
        link: of the party that speaks.
        clock: for what expires.
        done: called on the loop when the broker has envelopes (`TAKEN`), knows no queue for them (`UNROUTABLE`), or
            they expired (`TAKEN`: nothing is owed any more). It records `Sent`.
        timeout_s: for one confirm.
    """

    def __init__(self, link: Link, clock: Clock, done: Done, timeout_s: float = 10.0) -> None:
        self._link = link
        self._clock = clock
        self._done = done
        self._timeout_s = timeout_s
        self._waiting: list[Envelope] = []
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, envelopes: Sequence[Envelope]) -> None:
        """Take recorded messages on."""
        for envelope in envelopes:
            self._waiting += _cut(envelope)
        self._nudge()

    def resume(self) -> None:
        """The link is up again: send what waits."""
        self._nudge()

    @property
    def empty(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not self._waiting and not self._under_way

    async def drained(self) -> None:
        """Wait until it is empty."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if not self._link.up:
                    continue
                waiting, self._waiting = self._waiting, []
                for batch in _batches(waiting):
                    self._under_way += 1
                    group.create_task(self._send(batch))

    # ---- one send

    async def _send(self, batch: list[Envelope]) -> None:
        try:
            await self._send_live([one for one in batch if not self._expire(one)])
        finally:
            self._under_way -= 1
            if self.empty:
                self._idle.set()

    async def _send_live(self, batch: list[Envelope]) -> None:
        if not batch:
            return
        async with self._places:
            for positions, body in codec.pack([envelope.raw for envelope in batch]):
                part = batch[positions.start : positions.stop]
                parcel = Parcel(part[0].to, body, self._time_left(part))
                failpoint(BEFORE_PUBLISH)
                try:
                    outcome = await self._link.send(parcel, self._timeout_s)
                except TransportBroken:
                    self._again(part, wait=False)
                except TransportClosed:
                    self._again(part, wait=False)
                    return
                else:
                    failpoint(AFTER_PUBLISH)
                    if outcome is Outcome.REFUSED:
                        self._again([single for one in part for single in _singly(one)], wait=True)
                    else:
                        self._done(part, outcome)

    def _again(self, part: list[Envelope], *, wait: bool) -> None:
        """Put back. Without a wait: the link went down and says so when it is up again; a nudge then sends."""
        self._waiting += part
        self._idle.clear()
        loop = asyncio.get_running_loop()
        if wait or self._link.up:
            loop.call_later(PAUSE_S, self._nudge)

    def _nudge(self) -> None:
        if self._waiting:
            self._idle.clear()
            self._wake.set()

    def _expire(self, envelope: Envelope) -> bool:
        if envelope.expires_at is None or self._clock.now() < envelope.expires_at:
            return False
        self._done([envelope], Outcome.TAKEN)
        return True

    def _time_left(self, part: list[Envelope]) -> int | None:
        """The latest of theirs (D10); None where one never expires."""
        ends = [one.expires_at for one in part]
        if any(end is None for end in ends):
            return None
        return max(1, max(end for end in ends if end is not None) - self._clock.now())


def _batches(waiting: list[Envelope]) -> list[list[Envelope]]:
    """What goes to one address together, in order of first appearance."""
    by_address: dict[Address, list[Envelope]] = {}
    for envelope in waiting:
        by_address.setdefault(envelope.to, []).append(envelope)
    return list(by_address.values())


def _cut(envelope: Envelope) -> list[Envelope]:
    """No publish names more receivers than one may."""
    if not isinstance(envelope.to, ToAgents) or len(envelope.to.agents) <= MAX_RECEIVERS:
        return [envelope]
    agents = envelope.to.agents
    parts = [agents[at : at + MAX_RECEIVERS] for at in range(0, len(agents), MAX_RECEIVERS)]
    return [replace(envelope, to=replace(envelope.to, agents=part), receivers=part) for part in parts]


def _singly(envelope: Envelope) -> list[Envelope]:
    if not isinstance(envelope.to, ToAgents) or len(envelope.to.agents) == 1:
        return [envelope]
    return [replace(envelope, to=replace(envelope.to, agents=(one,)), receivers=(one,)) for one in envelope.to.agents]
