"""Many acks in few frames.

A delivery that is acked joins the next batch: one frame acks the whole run of settled deliveries at the front, single
frames those behind one that is still held. A batch goes after `BATCH` acks or `DELAY_S`. An ack that is lost only means
that the delivery comes again.

Source: an ack belongs to its channel and so to its generation; `close` makes later ones void.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import NamedTuple

import aiormq

from contractnet.transport.amqp.errors import WIRE_ERRORS

BATCH = 64
DELAY_S = 0.005


class _Frame(NamedTuple):
    tag: int
    multiple: bool = False
    ack: bool = True


class Acks:
    """The acks of one channel, whose delivery tags are 1, 2, 3 ..."""

    def __init__(self, channel: aiormq.Channel) -> None:
        self._channel = channel
        self._front = 0  #: all tags up to this one are settled
        self._settled: set[int] = set()  #: tags over the front that are settled, by ack or reject
        self._fresh: list[int] = []  #: acked, and not yet told the broker
        self._frames: deque[_Frame] = deque()  #: in this order: a reject before the run of acks that passes over it
        self._timer: asyncio.TimerHandle | None = None
        self._sender: asyncio.Task[None] | None = None
        self._closed = False
        self.delivered = 0  #: deliveries that came
        self.open = 0  #: those of them that are not settled

    def came(self) -> None:
        """A delivery came in."""
        self.delivered += 1
        self.open += 1

    def ack(self, tag: int) -> None:
        """Settle a delivery; each tag once."""
        if self._closed:
            return
        self._settle(tag)
        self._fresh.append(tag)
        if len(self._fresh) >= BATCH:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_S, self._flush)

    def reject(self, tag: int) -> None:
        """Settle a delivery: to the dead-letter queue, not back."""
        if self._closed:
            return
        self._settle(tag)
        self._send(_Frame(tag, ack=False))

    async def close(self) -> None:
        """Tell the broker what is acked, if it still listens; whatever is acked from now on comes again."""
        self._flush()
        self._closed = True
        if self._sender:
            await self._sender

    def cut(self) -> None:
        """The channel is gone: a `close` that waits need not."""
        self._closed = True
        self._frames.clear()
        if self._timer:
            self._timer.cancel()
        if self._sender:
            self._sender.cancel()

    def _settle(self, tag: int) -> None:
        self.open -= 1
        self._settled.add(tag)
        while self._front + 1 in self._settled:
            self._front += 1
            self._settled.discard(self._front)

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._fresh or self._closed:
            return
        fresh, self._fresh = self._fresh, []
        run_to = max((tag for tag in fresh if tag <= self._front), default=0)
        if run_to:
            self._send(_Frame(run_to, multiple=True))
        for tag in fresh:
            if tag > self._front:
                self._send(_Frame(tag))

    def _send(self, frame: _Frame) -> None:
        self._frames.append(frame)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        with suppress(asyncio.CancelledError, *WIRE_ERRORS):
            while self._frames:
                frame = self._frames.popleft()
                if frame.ack:
                    await self._channel.basic_ack(frame.tag, multiple=frame.multiple)
                else:
                    await self._channel.basic_reject(frame.tag, requeue=False)
