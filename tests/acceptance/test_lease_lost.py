"""A winner whose broker is there and does not confirm what it says of its work: it gives up by itself (G7)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from contractnet.testing.node import PrivateNode
from contractnet.testing.proxy import TcpProxy
from tests.support.audit import Row
from tests.support.fleet import Fleet, Process, assert_clean, assert_replays, lines_of, until, write_tasks

AGENTS = """
import asyncio, pathlib
from contractnet.bidders.decorator import bidder
from contractnet.contractor.ports import Proposal

@bidder(skill="case.x")
def first(call):
    return Proposal("0.001", eta=1, confidence=0.99)

@first.perform
async def never_ends(award):
    pathlib.Path("began").touch()
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        pathlib.Path("stopped").touch()
        raise

@bidder(skill="case.x")
def second(call):
    return Proposal("0.002", eta=1, confidence=0.99)

@second.perform
async def at_once(award):
    return {"by": award.fence.rpartition("/")[2]}
"""
LEASE_MS = 2_000
DAEMONS = ("first", "second")


def begin(fleet: Fleet, brokers: dict[str, str]) -> tuple[dict[str, Process], Process]:
    """The cheaper one at work, the other held as its runner-up; (workers, manager)."""
    (fleet.folder / "shop.py").write_text(AGENTS)
    workers = {name: fleet.run(name, "worker", f"shop:{name}", "--broker", brokers[name]) for name in DAEMONS}
    for worker in workers.values():
        worker.says("connected")
    tasks = write_tasks(fleet.folder / "tasks.jsonl", 1, ["case.x"])
    terms = ("--reserve", "0.05", "--reply-within", "5", "--lease", f"{LEASE_MS / 1000:g}", "--require-settled")
    manager = fleet.call(tasks, *terms)
    until("the winner works", lambda: (fleet.folder / "began").exists())
    return workers, manager


def gives_up(fleet: Fleet) -> Row:
    """Wait until the first one has given its lease up, and its work was stopped; how its journal says it."""
    (lost,) = fleet.awaits("LeaseLost", fleet.journal("first"))
    until("its work was stopped", lambda: (fleet.folder / "stopped").exists())
    (began,) = fleet.awaits("Began", fleet.journal("first"))
    assert lost.at - began.at >= LEASE_MS * 3 // 4  # that it began is written a little after its lease
    return lost


def failure_of(fleet: Fleet) -> Row:
    """What the first one said of its work; the only thing."""
    said = [row for row in fleet.rows(fleet.journal("first")) if row.type == "Said"]
    (failure,) = [row for row in said if row.says("failure") or row.says("inform")]
    assert failure.content["reason"] == "lease-lost"
    return failure


def confirmed(fleet: Fleet, said: Row) -> bool:
    sent = [row for row in fleet.rows(fleet.journal("first")) if row.type == "Sent"]
    return said.message_id in {row.body["message_id"] for row in sent}


def assert_the_second_is_credited_alone(fleet: Fleet, failure: Row) -> list[Row]:
    """The result is that of the second award, and the failure was heard once; returns the ledger."""
    (line,) = lines_of(fleet.results)
    assert (line["status"], line["winner"], line["result"]) == ("settled", "second", {"by": "2"})
    rows = assert_clean(fleet, DAEMONS)
    awards = [(row.body["epoch"], row.body["participant"]) for row in rows if row.type == "Awarded"]
    assert awards == [(1, "first"), (2, "second")]
    assert len([row for row in rows if row.message_id == failure.message_id and row.type == "Heard"]) == 1
    assert_replays([fleet.ledger, *map(fleet.journal, DAEMONS)])
    return rows


def without_confirms(fleet: Fleet, proxy: TcpProxy) -> None:
    workers, manager = begin(fleet, {"first": proxy.url(fleet.broker), "second": fleet.broker})
    proxy.hold_confirms = True
    lost = gives_up(fleet)
    assert lost.body["text"].startswith("no beat was confirmed for ")
    assert ": no confirm within " in lost.body["text"]
    failure = failure_of(fleet)
    assert manager.wait(60) == 0, manager.err  # the failure came through, though its sender does not know
    assert not confirmed(fleet, failure)
    proxy.hold_confirms = False
    until("the failure is confirmed", lambda: confirmed(fleet, failure))
    assert "lost the broker" not in workers["first"].err
    rows = assert_the_second_is_credited_alone(fleet, failure)
    (freed,) = [row.body for row in rows if row.type == "Freed"]
    assert (freed["reason"], freed["detail"]) == ("failed", "lease-lost"), "its beats reached the manager all the time"


async def test_work_whose_beats_are_not_confirmed_is_given_up(tmp_path: Path, amqp_url: str) -> None:
    """Heartbeats, deliveries and what is published go through; only the broker's confirms do not."""
    parts = urlsplit(amqp_url)
    async with TcpProxy(parts.hostname or "127.0.0.1", parts.port or 5672, frames=True) as proxy:
        with Fleet(tmp_path, amqp_url) as fleet:
            await asyncio.to_thread(without_confirms, fleet, proxy)


def test_work_is_given_up_while_the_broker_is_short_of_memory(tmp_path: Path, own_node: PrivateNode) -> None:
    """An alarm: the broker keeps its connections and delivers, and reads nothing that is published."""
    with Fleet(tmp_path, own_node.vhost()) as fleet:
        workers, manager = begin(fleet, dict.fromkeys(DAEMONS, fleet.broker))
        own_node.eval("vm_memory_monitor:set_vm_memory_high_watermark(0)")
        lost = gives_up(fleet)
        assert lost.body["text"].endswith(
            "the broker reads nothing that is published for now; it is short of memory or disk"
        )
        failure = failure_of(fleet)
        assert not confirmed(fleet, failure)
        assert not [row for row in fleet.rows() if row.message_id == failure.message_id]
        own_node.eval("vm_memory_monitor:set_vm_memory_high_watermark(0.6)")
        assert manager.wait(60) == 0, manager.err
        assert_the_second_is_credited_alone(fleet, failure)
        assert not [name for name, worker in workers.items() if "lost the broker" in worker.err]
