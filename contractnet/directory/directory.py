"""The directory facilitator: which agent offers which skill, hosted where, for as long as its daemon's lease lasts.

Rules:

1. A daemon's presence replaces what was known of it; an older beat, by incarnation and sequence, changes nothing.
2. A daemon that is silent for its lease, or says goodbye, is gone with all its agents.
3. Presence is never recorded; what is recorded is the decision drawn from it (who was expected, who is gone).

Pure: time is an argument, the next deadline a value. Source: FIPA SC00023 (directory facilitator, with leases); D6, D7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from contractnet.messages.acts import (
    Presence,
)
from contractnet.messages.contents import (
    HostedAgent,
)

#: lease of a presence beat, milliseconds (D7)
LEASE_MS = 15_000


class Listing(Struct, frozen=True, kw_only=True):
    """One agent as the directory knows it."""

    agent: str
    daemon: str
    skills: tuple[str, ...]
    capacity: int
    free: int  #: as of its last beat
    since: int  #: instant, the daemon's clock
    lease_until: int  #: instant, our clock


class _Daemon(Struct):
    incarnation: int
    sequence: int
    lease_until: int
    agents: tuple[HostedAgent, ...]


class Directory:
    """Who is there now."""

    def __init__(self) -> None:
        self._daemons: dict[str, _Daemon] = {}
        self._host: dict[str, str] = {}
        self._lost: dict[str, int] = {}

    def hear(self, presence: Presence, now: int) -> frozenset[str]:
        """Take a beat.

        Args:
            now: milliseconds since the Unix epoch, our clock; the lease runs from here.
        Returns:
            The agents that are gone because of it: by a goodbye, or hosted no longer.
        """
        known = self._daemons.get(presence.daemon)
        if known is not None and (presence.incarnation, presence.sequence) <= (known.incarnation, known.sequence):
            return frozenset()
        before = known.agents if known else ()
        agents = () if presence.goodbye else presence.agents
        self._lose(before, now)
        until = now + presence.lease_ms
        self._daemons[presence.daemon] = _Daemon(presence.incarnation, presence.sequence, until, agents)
        for hosted in agents:
            self._host[hosted.agent] = presence.daemon
        here = {hosted.agent for hosted in agents}
        left = {hosted.agent for hosted in before} - here
        return frozenset(agent for agent in left if self._let_go(agent, presence.daemon))

    def expire(self, now: int) -> frozenset[str]:
        """Drop every daemon whose lease has ended; returns its agents."""
        gone: set[str] = set()
        for name, daemon in list(self._daemons.items()):
            if daemon.lease_until <= now:
                self._lose(daemon.agents, now)
                gone |= {hosted.agent for hosted in daemon.agents if self._let_go(hosted.agent, name)}
                del self._daemons[name]
        return frozenset(gone)

    def renew_all(self, now: int, lease_ms: int = LEASE_MS) -> None:
        """After an outage of ours all leases begin anew in full (D5); each lasts as long as it did."""
        for daemon in self._daemons.values():
            daemon.lease_until = max(daemon.lease_until, now + lease_ms)

    def deadline(self) -> int | None:
        """The next instant at which a lease ends, milliseconds, or None."""
        return min((daemon.lease_until for daemon in self._daemons.values() if daemon.agents), default=None)

    def with_skill(self, skill: str) -> Mapping[str, str]:
        """The agents that offer a skill now: agent id -> its daemon."""
        return {listing.agent: listing.daemon for listing in self.listings() if skill in listing.skills}

    def last_seen(self, skill: str) -> int:
        """The last instant, milliseconds, at which somebody with the skill is known to have been there; 0: never."""
        return self._lost.get(skill, 0)

    def has(self, agent: str) -> bool:
        """Whether the agent is there now."""
        return agent in self._host

    def listings(self) -> list[Listing]:
        """Everybody who is there, by agent id."""
        found = [
            Listing(
                agent=hosted.agent,
                daemon=name,
                skills=hosted.skills,
                capacity=hosted.capacity,
                free=hosted.free,
                since=hosted.since,
                lease_until=daemon.lease_until,
            )
            for name, daemon in self._daemons.items()
            for hosted in daemon.agents
            if self._host.get(hosted.agent) == name
        ]
        return sorted(found, key=lambda listing: listing.agent)

    def _lose(self, agents: Iterable[HostedAgent], now: int) -> None:
        """These agents were there until now; some may still be."""
        for hosted in agents:
            self._lost.update(dict.fromkeys(hosted.skills, now))

    def _let_go(self, agent: str, daemon: str) -> bool:
        """Forget an agent unless another daemon hosts it by now."""
        if self._host.get(agent) != daemon:
            return False
        del self._host[agent]
        return True
