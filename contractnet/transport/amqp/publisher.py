"""Publishing with pipelined confirms; presence may be lost once the broker has it.

A publish is persistent and mandatory, and its wire id is fresh each time. What its outcome means: a confirm, that every
matched queue has it; a refusal, that one is full while others may have it; a return, that no queue matched. Anything
else leaves its fate unknown.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import aiormq
from aiormq.exceptions import ChannelPreconditionFailed, DeliveryError, PublishError
from pamqp.commands import Basic
from pamqp.common import FieldValue

from contractnet.errors import TransportBroken
from contractnet.transport.amqp.errors import WIRE_ERRORS, said
from contractnet.transport.port import Outcome, Parcel
from contractnet.transport.topology import MULTI_KEY, PRESENCE_EXCHANGE, Route

TRANSIENT, PERSISTENT = 1, 2
#: a larger body is waited for until the socket took it, so that unsent bytes do not pile up
DRAINED_BYTES = 16_384
#: room in the header frame for everything but the receivers, bytes
HEADER_BYTES = 1_024
BLOCKED = ": the broker reads nothing that is published for now; it is short of memory or disk"


class Publisher:
    """The two publishing channels of one generation.

    Args:
        sure: for all else: with confirms, persistent, mandatory.
        lossy: for presence: with confirms, so that a beat which the broker did not take is known (G7); neither
            persistent nor mandatory.
        user: the broker user we are, for the broker to check; None where it is not known.
        frame_max: the largest frame the broker takes, bytes.
        in_flight: publishes that may wait for their confirm.
        blocked: whether the broker has said that it reads nothing that is published.
    """

    def __init__(
        self,
        sure: aiormq.Channel,
        lossy: aiormq.Channel,
        *,
        user: str | None,
        frame_max: int,
        in_flight: int,
        blocked: Callable[[], Awaitable[bool]],
    ) -> None:
        self._sure = sure
        self._lossy = lossy
        self._user = user
        self._most_receiver_bytes = frame_max - HEADER_BYTES
        self._room = asyncio.Semaphore(in_flight)
        self._blocked = blocked
        self._run = secrets.token_hex(8)
        self._serial = count()
        self._waiting: set[asyncio.Timeout] = set()
        self._over = False

    async def publish(self, parcel: Parcel, to: Route, timeout_s: float) -> Outcome:
        """Publish, and wait for the confirm.

        Raises:
            TransportBroken
        """
        try:
            async with asyncio.timeout(timeout_s) as scope:
                self._waiting.add(scope)
                try:
                    if self._over:
                        raise ConnectionError("the connection was closed")
                    return await self._publish(parcel, to)
                except asyncio.CancelledError as error:
                    # The client ends the publishes of a dead connection with a CancelledError that nobody asked for.
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise
                    raise ConnectionError("the connection was closed") from error
                finally:
                    self._waiting.discard(scope)
        except TimeoutError:
            if self._over:
                raise TransportBroken("the connection broke before the confirm; send again") from None
            why = BLOCKED if await self._blocked() else ""
            raise TransportBroken(f"no confirm within {timeout_s:g} s{why}; send again") from None
        except ChannelPreconditionFailed as error:
            raise TransportBroken(f"the broker closed the channel: {said(error)}") from error
        except WIRE_ERRORS as error:
            raise TransportBroken(f"the connection broke before the confirm ({said(error)}); send again") from error

    def end(self) -> None:
        """The connection is gone: nobody waits any longer. (In the client, a publish to a full write queue would.)"""
        self._over = True
        now = asyncio.get_running_loop().time()
        for scope in self._waiting:
            scope.reschedule(now)

    async def _publish(self, parcel: Parcel, to: Route) -> Outcome:
        if to.exchange == PRESENCE_EXCHANGE:
            properties = self._properties(parcel, TRANSIENT)
            await self._lossy.basic_publish(
                parcel.body, exchange=to.exchange, routing_key=to.keys[0], properties=properties
            )
            return Outcome.TAKEN
        if len(to.keys) == 1:
            return await self._confirmed(parcel, to.exchange, to.keys[0], None)
        parts = split(to.keys, self._most_receiver_bytes)
        outcomes = [await self._confirmed(parcel, to.exchange, MULTI_KEY, part) for part in parts]
        if Outcome.REFUSED in outcomes:
            return Outcome.REFUSED
        return Outcome.TAKEN if Outcome.TAKEN in outcomes else Outcome.UNROUTABLE

    async def _confirmed(self, parcel: Parcel, exchange: str, key: str, copies: Sequence[str] | None) -> Outcome:
        properties = self._properties(parcel, PERSISTENT)
        if copies is not None:
            headers: dict[str, FieldValue] = {"BCC": list(copies)}  # the broker takes it out before delivery
            properties.headers = headers
        async with self._room:
            try:
                await self._sure.basic_publish(
                    parcel.body,
                    exchange=exchange,
                    routing_key=key,
                    properties=properties,
                    mandatory=True,
                    wait=len(parcel.body) > DRAINED_BYTES,
                )
            except PublishError:
                return Outcome.UNROUTABLE
            except DeliveryError:
                return Outcome.REFUSED
        return Outcome.TAKEN

    def _properties(self, parcel: Parcel, mode: int) -> Basic.Properties:
        return Basic.Properties(
            content_type="application/json",
            delivery_mode=mode,
            expiration=None if parcel.expires_ms is None else str(max(0, parcel.expires_ms)),
            message_id=f"{self._run}{next(self._serial):x}",  # returns are told apart by it: never the same twice
            user_id=self._user,
        )


def split(keys: Sequence[str], most_bytes: int) -> list[Sequence[str]]:
    """Cut a list of receivers so that each part, encoded, takes at most `most_bytes` of a header frame.

    Source: a header larger than one frame closes the connection.
    """
    parts: list[list[str]] = [[]]
    taken = 0
    for key in keys:
        size = len(key.encode()) + 5  # one type octet, four of length
        if parts[-1] and taken + size > most_bytes:
            parts.append([])
            taken = 0
        parts[-1].append(key)
        taken += size
    return list(parts)
