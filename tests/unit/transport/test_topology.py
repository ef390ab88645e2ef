"""Routes and queues: the names and arguments that a broker and its other users rely on."""

from __future__ import annotations

import pytest

from contractnet.transport.port import (
    Address,
    DaemonParty,
    Lane,
    ManagerParty,
    ToAgents,
    ToEveryManager,
    ToManager,
    ToSkill,
)
from contractnet.transport.topology import Route, locks_of, queues_of, route


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        (ToSkill("text.sum"), Route("cn.cfp", ("skill.text.sum",))),
        (ToAgents(("ann",), Lane.CFP), Route("cn.cfp", ("agent.ann",))),
        (ToAgents(("ann", "bob")), Route("cn.to_agent", ("ann", "bob"))),
        (ToManager("one"), Route("cn.to_mgr", ("one.bid",))),
        (ToManager("one", Lane.WORK), Route("cn.to_mgr", ("one.work",))),
        (ToEveryManager("ann"), Route("cn.presence", ("ann",))),
    ],
)
def test_routes(to: Address, wanted: Route) -> None:
    assert route(to) == wanted


def test_queues_of_a_daemon() -> None:
    party = DaemonParty("d_1", {"ann": ["a.b", "a.c"], "bob": ["a.b"]}, formerly={"ann": ["a.b", "a.d"], "eve": []})
    cfp, inbox = queues_of(party)
    assert (cfp.name, cfp.lane) == ("d.d_1.cfp", Lane.CFP)
    assert cfp.bindings == {
        ("cn.cfp", "skill.a.b"),
        ("cn.cfp", "skill.a.c"),
        ("cn.cfp", "agent.ann"),
        ("cn.cfp", "agent.bob"),
    }
    assert cfp.stale == {("cn.cfp", "skill.a.d"), ("cn.cfp", "agent.eve")}
    assert dict(cfp.arguments) == {
        "x-queue-type": "classic",
        "x-max-length": 1000,
        "x-overflow": "drop-head",
        "x-single-active-consumer": True,
    }
    assert (inbox.name, inbox.lane) == ("d.d_1.inbox", Lane.INBOX)
    assert inbox.bindings == {("cn.to_agent", "ann"), ("cn.to_agent", "bob")}
    assert inbox.stale == {("cn.to_agent", "eve")}
    assert dict(inbox.arguments) == {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-delivery-limit": 20,
        "x-max-length": 1000,
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "cn.dlx",
        "x-dead-letter-strategy": "at-least-once",
    }


def test_queues_of_a_manager() -> None:
    bids, work, presence = queues_of(ManagerParty("one"))
    for queue, name, lane, key in ((bids, "bids", Lane.BID, "one.bid"), (work, "work", Lane.WORK, "one.work")):
        assert (queue.name, queue.lane) == (f"m.one.{name}", lane)
        assert queue.bindings == {("cn.to_mgr", key)}
        assert queue.arguments["x-max-length"] == 100_000
        assert queue.arguments["x-overflow"] == "reject-publish"
        assert queue.arguments["x-expires"] == 604_800_000
    assert (presence.name, presence.purged) == ("m.one.presence", True)
    assert presence.bindings == {("cn.presence", "#")}
    assert dict(presence.arguments) == {
        "x-queue-type": "classic",
        "x-message-ttl": 30_000,
        "x-max-length": 10_000,
        "x-overflow": "drop-head",
        "x-expires": 604_800_000,
    }


def test_locks_come_in_one_order_for_all() -> None:
    party = DaemonParty("d_1", {"bob": [], "ann": []})
    assert locks_of(party) == ("d.d_1.host", "a.ann.host", "a.bob.host")
    assert locks_of(ManagerParty("ann")) == ("m.ann.host",)
