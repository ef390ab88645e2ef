"""Which exchange, key and queue a parcel takes: pure data, the same over RabbitMQ and inside one process.

Rules:

1. Calls go through an exchange that only managers write (`cn.cfp`), mail to managers through one that agents write
   (`cn.to_mgr`), mail to agents (`cn.to_agent`) through one that managers write, and such agents as mediate, ask a
   mediator, or open bargainings; so the queue a delivery came through says who could have sent it.
2. Queues belong to daemons and managers, one pair a daemon, bound once for each hosted agent and skill. A queue that
   several keys match gets one copy.
3. What must not be lost lies in quorum queues that refuse when they are full; invitations and presence lie in classic
   queues that drop their oldest.
4. Queue arguments are part of the version: another value needs another queue.

Source: D9, D10; the `open` profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import assert_never

from contractnet.transport.port import (
    MAX_BODY_BYTES,
    MAX_RECEIVERS,
    Address,
    DaemonParty,
    Lane,
    ManagerParty,
    Parcel,
    Party,
    ToAgents,
    ToEveryManager,
    ToManager,
    ToSkill,
)

CFP_EXCHANGE = "cn.cfp"
AGENT_EXCHANGE = "cn.to_agent"
MANAGER_EXCHANGE = "cn.to_mgr"
PRESENCE_EXCHANGE = "cn.presence"
DEAD_EXCHANGE = "cn.dlx"
#: the exchanges that clients publish to; the dead-letter exchange is internal
OPEN_EXCHANGES = (CFP_EXCHANGE, AGENT_EXCHANGE, MANAGER_EXCHANGE, PRESENCE_EXCHANGE)
DEAD_QUEUE = "dead"
#: the routing key of a publish to several receivers: bound to nothing, so that it names nobody
MULTI_KEY = "multi"

MAX_CFPS = 1_000
MAX_INBOX = 1_000
MAX_BIDS = 100_000
MAX_PRESENCE = 10_000
PRESENCE_TTL_MS = 30_000
DELIVERY_LIMIT = 20
#: how long the queues of a manager that is gone are kept: 7 days
MANAGER_QUEUE_EXPIRES_MS = 604_800_000

Binding = tuple[str, str]  # exchange, routing key
Arguments = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue of a party, with what it is bound to."""

    name: str
    lane: Lane
    arguments: Arguments  #: the x-arguments of the declaration
    bindings: frozenset[Binding]
    stale: frozenset[Binding] = frozenset()  #: bindings of what the party no longer hosts
    purged: bool = False  #: emptied at every connect


@dataclass(frozen=True, slots=True)
class Route:
    """Where a parcel is published."""

    exchange: str
    keys: tuple[str, ...]  #: one: the routing key; several: one publish with the neutral key and these as BCC


def _quorum(max_length: int, **more: int) -> Arguments:
    return MappingProxyType(
        {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-max-length": max_length,
            "x-overflow": "reject-publish",
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-strategy": "at-least-once",
            **more,
        }
    )


_EXPIRES: dict[str, int] = {"x-expires": MANAGER_QUEUE_EXPIRES_MS}
CFP_ARGUMENTS: Arguments = MappingProxyType(
    {
        "x-queue-type": "classic",
        "x-max-length": MAX_CFPS,
        "x-overflow": "drop-head",
        "x-single-active-consumer": True,
    }
)
INBOX_ARGUMENTS = _quorum(MAX_INBOX)
BID_ARGUMENTS = _quorum(MAX_BIDS, **_EXPIRES)
PRESENCE_ARGUMENTS: Arguments = MappingProxyType(
    {
        "x-queue-type": "classic",
        "x-message-ttl": PRESENCE_TTL_MS,
        "x-max-length": MAX_PRESENCE,
        "x-overflow": "drop-head",
        **_EXPIRES,
    }
)
DEAD_ARGUMENTS: Arguments = MappingProxyType({"x-queue-type": "quorum"})


def queues_of(party: Party) -> tuple[QueueSpec, ...]:
    """The queues a party declares and consumes, and nobody else does."""
    match party:
        case DaemonParty():
            return _daemon_queues(party)
        case ManagerParty(name=name):
            return (
                QueueSpec(f"m.{name}.bids", Lane.BID, BID_ARGUMENTS, frozenset({(MANAGER_EXCHANGE, f"{name}.bid")})),
                QueueSpec(f"m.{name}.work", Lane.WORK, BID_ARGUMENTS, frozenset({(MANAGER_EXCHANGE, f"{name}.work")})),
                QueueSpec(
                    f"m.{name}.presence",
                    Lane.PRESENCE,
                    PRESENCE_ARGUMENTS,
                    frozenset({(PRESENCE_EXCHANGE, "#")}),
                    purged=True,
                ),
            )
        case _:
            assert_never(party)


def _daemon_queues(party: DaemonParty) -> tuple[QueueSpec, ...]:
    calls, mail = _bindings(party.agents)
    old_calls, old_mail = _bindings(party.formerly)
    return (
        QueueSpec(f"d.{party.name}.cfp", Lane.CFP, CFP_ARGUMENTS, calls, old_calls - calls),
        QueueSpec(f"d.{party.name}.inbox", Lane.INBOX, INBOX_ARGUMENTS, mail, old_mail - mail),
    )


def _bindings(agents: Mapping[str, Sequence[str]]) -> tuple[frozenset[Binding], frozenset[Binding]]:
    """What the cfp queue and the inbox of a daemon with these agents are bound to."""
    skills = {skill for offered in agents.values() for skill in offered}
    calls = {(CFP_EXCHANGE, f"skill.{skill}") for skill in skills} | {(CFP_EXCHANGE, f"agent.{id}") for id in agents}
    return frozenset(calls), frozenset((AGENT_EXCHANGE, id) for id in agents)


def locks_of(party: Party) -> tuple[str, ...]:
    """The names a party must hold alone before it is up, in the order they are taken.

    The daemon's own name is among them: two daemons of one name would share their queues.
    """
    match party:
        case DaemonParty():
            return (f"d.{party.name}.host", *(f"a.{id}.host" for id in sorted(party.agents)))
        case ManagerParty(name=name):
            return (f"m.{name}.host",)
        case _:
            assert_never(party)


def route(to: Address) -> Route:
    """The exchange and the routing keys of an address.

    Raises:
        ValueError: no receiver, more than MAX_RECEIVERS, or a lane that such an address does not have.
    """
    match to:
        case ToSkill(skill=skill):
            return Route(CFP_EXCHANGE, (f"skill.{skill}",))
        case ToAgents(agents=agents, lane=lane):
            if not 1 <= len(agents) <= MAX_RECEIVERS:
                raise ValueError(
                    f"a parcel names {len(agents)} receivers; allowed are 1 to {MAX_RECEIVERS}: cut the list"
                )
            if lane is Lane.CFP:
                return Route(CFP_EXCHANGE, tuple(f"agent.{id}" for id in agents))
            if lane is Lane.INBOX:
                return Route(AGENT_EXCHANGE, tuple(agents))
            raise ValueError(f"agents have no lane {lane.value!r}; use cfp or inbox")
        case ToManager(manager=manager, lane=lane):
            if lane is not Lane.BID and lane is not Lane.WORK:
                raise ValueError(f"managers take no mail over the lane {lane.value!r}; use bid or work")
            return Route(MANAGER_EXCHANGE, (f"{manager}.{lane.value}",))
        case ToEveryManager(sender=sender):
            return Route(PRESENCE_EXCHANGE, (sender,))
        case _:
            assert_never(to)


def checked_route(parcel: Parcel) -> Route:
    """The route of a parcel that may be sent.

    Raises:
        ValueError: the body is over MAX_BODY_BYTES, or the address is wrong (see `route`).
    """
    if len(parcel.body) > MAX_BODY_BYTES:
        raise ValueError(
            f"a body of {len(parcel.body)} bytes is over the limit of {MAX_BODY_BYTES}: send less in one parcel"
        )
    return route(parcel.to)
