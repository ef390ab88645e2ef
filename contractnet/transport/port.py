"""The port of every transport: who attaches, what is sent where, what comes back.

Rules every implementation keeps:

1. **At least once.** A parcel whose `send` returned `Outcome.TAKEN` is delivered until it is acked, presence excepted
   (it may be lost), and calls excepted once their `expires_ms` has passed. Duplicates and reordering across lanes are
   legal.
2. **Bytes.** A transport carries bodies and never looks inside.
3. **A sender learns what happened**: `TAKEN`, `REFUSED` (a queue was full: others may have it), `UNROUTABLE` (nobody
   matched), or an error; after `TransportBroken` the fate is unknown and the sender sends again.
4. **Losing the broker is a state**: a `Down` event, then `Up` with a new generation when it is back. Nothing is to be
   called by the user in between; `send` raises `TransportBroken` meanwhile.
5. **One host.** Two links of one party are never up at once: the later one gets `Standby` and becomes `Up` when the
   first is gone.

Source of the topology: RabbitMQ exchanges `cn.cfp`, `cn.to_agent`, `cn.to_mgr`, `cn.presence` (see
`amqp/topology.py`); decisions D9, D10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

#: the most receivers one parcel may name (a longer list is cut by the caller)
MAX_RECEIVERS = 500
#: the largest body a transport takes, bytes
MAX_BODY_BYTES = 1_048_576


class Lane(StrEnum):
    """The queue a delivery came through; it says which exchange the sender could write."""

    CFP = "cfp"
    INBOX = "inbox"
    BID = "bid"
    WORK = "work"
    PRESENCE = "presence"


class Outcome(StrEnum):
    """What became of a parcel."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNROUTABLE = "unroutable"


@dataclass(frozen=True, slots=True)
class ToSkill:
    """An open call: every daemon that hosts an agent with the skill. Lane CFP."""

    skill: str


@dataclass(frozen=True, slots=True)
class ToAgents:
    """One agent, or several that live in different daemons (BCC: no receiver learns of another).

    `lane` is CFP (a call to chosen agents) or INBOX (accept, reject, cancel, not-understood).
    """

    agents: tuple[str, ...]
    lane: Lane = Lane.INBOX


@dataclass(frozen=True, slots=True)
class ToManager:
    """A manager's queue for bids (propose, refuse, not-understood) or for work (inform, failure)."""

    manager: str
    lane: Lane = Lane.BID


@dataclass(frozen=True, slots=True)
class ToEveryManager:
    """Presence and progress: every manager that listens now; may be lost."""

    sender: str


Address = ToSkill | ToAgents | ToManager | ToEveryManager


@dataclass(frozen=True, slots=True)
class Parcel:
    """One publish: an address and a body."""

    to: Address
    body: bytes
    expires_ms: int | None = None  #: time to live in the queues, milliseconds; None: for ever


class Delivery(Protocol):
    """A body that came in. It comes again until it is acked."""

    @property
    def lane(self) -> Lane: ...
    @property
    def body(self) -> bytes: ...
    @property
    def user_id(self) -> str | None:
        """The broker user that published, where the broker proved it; None in memory and where it was not set."""
        ...

    @property
    def undecodable(self) -> str | None:
        """Why the frame's properties could not be decoded, or None. Such a delivery is recorded, then rejected."""
        ...

    def ack(self) -> None:
        """Taken: forget it. Never raises; an ack that is lost means it comes again."""
        ...

    def reject(self) -> None:
        """To the dead-letter queue, never back into this one. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Up:
    """The link works, from now on under this generation (1, 2, ...)."""

    generation: int


@dataclass(frozen=True, slots=True)
class Down:
    """The link does not work; it tries again by itself. `reason` is for people, without secrets."""

    reason: str


@dataclass(frozen=True, slots=True)
class Standby:
    """Another process hosts this party; it tries again by itself. `reason` names what is taken."""

    reason: str


LinkEvent = Up | Down | Standby | Delivery


@dataclass(frozen=True, slots=True)
class DaemonParty:
    """A process that hosts one or several agents."""

    name: str  #: the daemon's id
    agents: Mapping[str, Sequence[str]]  #: agent id -> its skills
    formerly: Mapping[str, Sequence[str]] = field(
        default_factory=dict[str, Sequence[str]]
    )  #: what its journal says it hosted: to unbind


@dataclass(frozen=True, slots=True)
class ManagerParty:
    """A manager."""

    name: str  #: the manager's id


Party = DaemonParty | ManagerParty


class Link(Protocol):
    """One party's attachment to a transport. Entering starts it, leaving closes it; what was not acked comes again."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    @property
    def up(self) -> bool:
        """Whether `send` can work now."""
        ...

    async def receive(self, most: int = 256) -> Sequence[LinkEvent]:
        """Wait for events and return all that are there, in order, at least one and at most `most`.

        Raises:
            TransportClosed: the link was closed.
            TransportRefused: an operator must mend something first (login, vhost, a queue with other arguments); raised
                for good once the link has tried for its configured limit.
        """
        ...

    async def send(self, parcel: Parcel, timeout_s: float) -> Outcome:
        """Publish, and wait for the broker's confirm.

        Raises:
            TransportBroken: not connected, lost meanwhile, or no confirm within `timeout_s`: the fate is unknown.
            TransportClosed: the link was closed.
            ValueError: the body is over MAX_BODY_BYTES, receivers are none or over MAX_RECEIVERS, or a wrong lane.
        """
        ...

    async def retire(self) -> None:
        """An orderly stop with nothing due: a manager's queues are deleted where they are empty. Never raises
        TransportError.
        """
        ...


class Transport(Protocol):
    """What a URL opens."""

    def attach(self, party: Party) -> Link:
        """A link for this party, not yet started."""
        ...
