"""Contractors by the hundred in a few worker processes over RabbitMQ: time, CPU and memory of each process, beside the
floor.

    python -m tests.benchmarks.remote
    python -m tests.benchmarks.remote --contractors 150 --workers 3 --tenders 20
    python -m tests.benchmarks.remote --contractors 12 --workers 3 --tenders 40 --slots 5 --at-once 40

A private node is started unless --broker names one. The workers are `contractnet worker` processes, the manager is an
embedded market in a process of its own; ledger and journals are SQLite files. One tender goes before the others and is
not counted, so that everybody knows everybody. The floor (tests/benchmarks/floor.py) has as many processes and none of
the files. All results are checked, the ledger and the journals are replayed. The broker's CPU is that of its node.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.testing.node import PrivateNode
from tests.benchmarks import floor
from tests.benchmarks.crowd import RESERVE, SKILL, Size, check, share, tasks
from tests.benchmarks.embedded import arguments, sizes
from tests.benchmarks.measure import Stopwatch, Used, apart, middle, note, table, used
from tests.support.fleet import Fleet, assert_replays, until

#: what is measured where no size is given: tenders to 150 contractors; forty tenders of five slots
USUAL = (Size(150, tenders=10), Size(150, tenders=10, rounds=3), Size(12, tenders=40, at_once=40, slots=5))
CONNECT_S = 60.0


class Run(NamedTuple):
    """What one run used, the start of the processes left out."""

    wall_s: float
    manager: Used
    workers: tuple[Used, ...]
    broker: Used | None  #: None for one that is not ours


def manage(broker: str, size: Size, ledger: str) -> tuple[float, Used]:
    """The manager's process: wall seconds of all tenders, and what it used for them."""
    return asyncio.run(_manage(broker, size, ledger))


async def _manage(broker: str, size: Size, ledger: str) -> tuple[float, Used]:
    options = {"reserve": RESERVE, "max_rounds": size.rounds, "slots": size.slots}
    async with Market.open(broker, ledger=ledger, name="manager", concurrency=max(16, size.at_once)) as market:
        async with asyncio.timeout(CONNECT_S):
            while len(market.manager.directory.with_skill(SKILL)) < size.contractors:
                await asyncio.sleep(0.05)
        for task in tasks(replace(size, tenders=1), first=size.tenders):
            await (await market.tender(task, **options)).ended()  # type: ignore[arg-type]
        started, watch, contracts = used(), Stopwatch(), list[Contract]()
        async for contract in market.tender_many(tasks(size), ahead=size.at_once, **options):  # type: ignore[arg-type]
            contracts.append(contract)
        wall_s, spent = watch.wall_s, used().since(started)
        check(size, contracts, full=size.capacity < size.at_once)
        return wall_s, spent


def market(size: Size, workers: int, broker: str, node: int | None, folder: Path) -> Run:
    """Ours. What the workers and the broker used has the uncounted tender in it."""
    with Fleet(folder, broker, scale=1.0) as fleet:
        daemons = start_workers(fleet, size, workers)
        pids = [fleet.processes(daemon).popen.pid for daemon in daemons]
        before, broker_before = [used(pid) for pid in pids], used(node) if node else None
        wall_s, manager = apart(manage, broker, size, str(fleet.ledger))
        journals = [fleet.journal(daemon) for daemon in daemons]
        if size.capacity >= size.at_once:
            wanted = size.contractors * (size.rounds + 1) * (size.tenders + 1)
            until("everybody has been told", lambda: sum(map(heard, journals)) >= wanted)
        after = tuple(used(pid).since(then) for pid, then in zip(pids, before, strict=True))
        broker_after = used(node).since(broker_before) if node and broker_before else None
        with contextlib.redirect_stdout(sys.stderr):
            assert_replays([fleet.ledger, *journals])
    return Run(wall_s, manager, after, broker_after)


def start_workers(fleet: Fleet, size: Size, workers: int) -> list[str]:
    """As many `contractnet worker` processes, connected; returns their names."""
    daemons = [f"w{place}" for place in range(workers)]
    for daemon, agents in zip(daemons, share(size, workers), strict=True):
        fleet.run(daemon, "worker", *agents, "--broker", fleet.broker, "--name", daemon)
    for daemon in daemons:
        fleet.processes(daemon).says("connected")
    return daemons


def heard(journal: Path) -> int:
    """How many messages a journal has taken."""
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=10)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM entry WHERE type = 'Heard'").fetchone()
        return int(count)


def floored(size: Size, workers: int, broker: str, node: int | None) -> Run:
    """The floor, in as many processes."""
    spawn = multiprocessing.get_context("spawn")
    over = spawn.Event()
    ready = [spawn.Event() for _ in range(workers)]
    processes = [
        spawn.Process(target=floor.contractors, args=(broker, size, place, workers, one, over), daemon=True)
        for place, one in enumerate(ready)
    ]
    for process in processes:
        process.start()
    try:
        assert all(one.wait(CONNECT_S) for one in ready), "a floor's process did not begin"
        pids = [process.pid for process in processes]
        before, broker_before = [used(pid) for pid in pids], used(node) if node else None
        wall_s, cpu_s, manager = apart(floor.managing, broker, size)
        after = tuple(used(pid).since(then) for pid, then in zip(pids, before, strict=True))
        broker_after = used(node).since(broker_before) if node and broker_before else None
    finally:
        over.set()
        for process in processes:
            process.join(CONNECT_S)
    return Run(wall_s, manager._replace(cpu_s=cpu_s), after, broker_after)


def row(what: str, size: Size, runs: Sequence[Run], counted: int) -> dict[str, str]:
    """One line of the table. `counted`: tenders that are in what workers and broker used."""
    bids = size.contractors * size.rounds * counted
    workers = [sum(one.cpu_s for one in run.workers) for run in runs]
    brokers = [run.broker.cpu_s for run in runs if run.broker]
    return {
        "": what,
        "wall a tender": middle((run.wall_s / size.tenders for run in runs), " ms", 1000),
        "manager CPU a tender": middle((run.manager.cpu_s / size.tenders for run in runs), " ms", 1000),
        "a bid": middle((run.manager.cpu_s / size.bids for run in runs), " us", 1e6),
        "workers' CPU a bid": middle((cpu_s / bids for cpu_s in workers), " us", 1e6),
        "broker's": middle((cpu_s / bids for cpu_s in brokers), " us", 1e6) if brokers else "-",
        "peak manager": middle((run.manager.peak_mib for run in runs), " MiB"),
        "a worker": middle((max(one.peak_mib for one in run.workers) for run in runs), " MiB"),
    }


@contextlib.contextmanager
def brokers(given: str | None) -> Iterator[tuple[Callable[[], str], int | None]]:
    """A function that gives a broker's URL, fresh each time where it is ours; and its process."""
    if given is not None:
        yield lambda: given, None
        return
    with PrivateNode() as node:
        yield node.vhost, node.pid


def main(words: Sequence[str] | None = None) -> None:
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, default=3, help="worker processes")
    parser.add_argument("--broker", help="URL of an empty vhost of a RabbitMQ; left out: a private node is started")
    given = parser.parse_args(words)
    found: list[dict[str, str]] = []
    with brokers(given.broker) as (broker, node):
        for size in sizes(given, USUAL):
            ours: list[Run] = []
            floors: list[Run] = []
            for number in range(given.repetitions):
                note(f"{size}: run {number + 1} of {given.repetitions}")
                with tempfile.TemporaryDirectory() as folder:
                    ours.append(market(size, given.workers, broker(), node, Path(folder)))
                floors.append(floored(size, given.workers, broker(), node))
            ratio = middle(run.wall_s / base.wall_s for run, base in zip(ours, floors, strict=True))
            found.append({"run": str(size), **row("market", size, ours, size.tenders + 1), "wall x floor": ratio})
            found.append(row("floor", size, floors, size.tenders))
    print(table(found))


if __name__ == "__main__":
    main()
