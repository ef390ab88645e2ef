"""Presence: one message for all agents of a daemon: at start, on change, every beat, and a goodbye. It may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from contractnet.contractor.ports import Agent
from contractnet.contractor.settings import Settings
from contractnet.errors import TransportError
from contractnet.messages.acts import (
    Presence,
)
from contractnet.messages.codec import encode_body
from contractnet.messages.contents import (
    HostedAgent,
)
from contractnet.transport.port import Link, Parcel, ToEveryManager


class Announcer:
    """Says who is hosted here.

    Args:
        free: agent id -> places free now.
        since: instant at which this process started, milliseconds: tells it from the one before.
    """

    def __init__(
        self,
        daemon: str,
        agents: Mapping[str, Agent],
        link: Link,
        settings: Settings,
        free: Callable[[str], int],
        since: int,
    ) -> None:
        self._daemon = daemon
        self._agents = agents
        self._link = link
        self._settings = settings
        self._free = free
        self._since = since
        self._sequence = 0
        self._goodbye = False

    async def run(self) -> None:
        """A beat every `beat_ms` until cancelled."""
        while True:
            await self.say()
            await asyncio.sleep(self._settings.beat_ms / 1000)

    async def goodbye(self) -> None:
        """From now on nobody is hosted here."""
        self._goodbye = True
        await self.say()

    async def say(self) -> None:
        """One beat, if the broker is there."""
        if not self._link.up:
            return
        self._sequence += 1
        hosted = tuple(
            HostedAgent(
                agent=agent.id,
                skills=agent.skills,
                capacity=agent.capacity,
                free=self._free(agent.id),
                since=self._since,
            )
            for agent in self._agents.values()
        )
        lease_ms = self._settings.presence_lease_ms
        presence = Presence(
            daemon=self._daemon,
            incarnation=self._since,
            sequence=self._sequence,
            lease_ms=lease_ms,
            agents=() if self._goodbye else hosted,
            goodbye=self._goodbye,
        )
        parcel = Parcel(ToEveryManager(self._daemon), encode_body([presence]), expires_ms=lease_ms)
        try:
            await self._link.send(parcel, lease_ms / 1000)
        except TransportError:
            return  # the next beat says it again
