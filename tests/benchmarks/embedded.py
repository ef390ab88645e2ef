"""Contractors by the hundred in one process: time, CPU and memory of the embedded market, beside the floor.

    python -m tests.benchmarks.embedded
    python -m tests.benchmarks.embedded --contractors 1000 --tenders 20 --rounds 3
    python -m tests.benchmarks.embedded --contractors 12 --tenders 40 --slots 5 --at-once 40

Every run has a process of its own. The market has its ledger in a SQLite file and its agents' journal in memory, as a
program that embeds it; the floor (tests/benchmarks/floor.py) carries the same messages and has neither. All results
are checked, then the ledger is replayed (CPU). `a bid` is a share: of all proposals, each
round's counted. What stays is memory, most of it the journal.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contractnet.ledger.urls import open_reader
from contractnet.manager.replay import replay
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from tests.benchmarks import floor
from tests.benchmarks.crowd import RESERVE, Size, check, crowd, tasks
from tests.benchmarks.measure import Stopwatch, Used, apart, middle, note, table, used

#: what is measured where no size is given: one tender and twenty, one round and three; forty tenders of five slots
USUAL = (
    Size(1000),
    Size(1000, tenders=20),
    Size(1000, rounds=3),
    Size(1000, tenders=20, rounds=3),
    Size(12, tenders=40, at_once=40, slots=5),
)


class Run(NamedTuple):
    """What one run used, the opening of the market left out of the times."""

    wall_s: float
    cpu_s: float
    opened: Used  #: when the market stood
    used: Used  #: when the last tender had ended
    replay_s: float  #: CPU of replaying the ledger
    entries: int


async def market(size: Size, ledger: str, journal: str = "memory://") -> tuple[Run, list[Contract]]:
    """Run it, without the replay.

    Raises:
        AssertionError: it did not come to what it must come to.
    """
    options = {"reserve": RESERVE, "max_rounds": size.rounds, "slots": size.slots}
    opening = Market.open(
        "memory://", agents=crowd(size), ledger=ledger, journal=journal, concurrency=max(16, size.at_once)
    )
    async with opening as market:
        opened, watch, contracts = used(), Stopwatch(), list[Contract]()
        async for contract in market.tender_many(tasks(size), ahead=size.at_once, **options):  # type: ignore[arg-type]
            contracts.append(contract)
        run = Run(watch.wall_s, watch.cpu_s, opened, used(), 0, len(contracts))
        check(size, contracts, full=size.capacity < size.at_once)
    return run, contracts


def measured(size: Size) -> Run:
    """Run it on a file, then replay that."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = f"sqlite:///{Path(folder, 'ledger.db')}"
        run, _ = asyncio.run(market(size, ledger))
        watch = Stopwatch()
        with contextlib.closing(open_reader(ledger)) as reader:
            entries = list(reader.entries())
            book = replay(entries[0].agent, entries)
            assert len(book.ended) == size.tenders
        return run._replace(replay_s=watch.cpu_s, entries=len(entries))


def rows(size: Size, repetitions: int) -> list[Mapping[str, str]]:
    """Ours and the floor, in turn, as rows."""
    runs: list[Run] = []
    floors: list[tuple[float, float, Used]] = []
    for number in range(repetitions):
        note(f"{size}: run {number + 1} of {repetitions}")
        runs.append(apart(measured, size))
        floors.append(apart(floor.in_process, size))
    ratios = [run.cpu_s / base[1] for run, base in zip(runs, floors, strict=True)]
    ours = {
        "run": str(size),
        "": "market",
        "wall a tender": middle((run.wall_s / size.tenders for run in runs), " ms", 1000),
        "CPU a tender": middle((run.cpu_s / size.tenders for run in runs), " ms", 1000),
        "CPU a bid": middle((run.cpu_s / size.bids for run in runs), " us", 1e6),
        "x floor": middle(ratios),
        "open": middle((run.opened.rss_mib for run in runs[:1]), " MiB"),
        "peak": middle((run.used.peak_mib for run in runs[:1]), " MiB"),
        "stays a bid": middle(((run.used.rss_mib - run.opened.rss_mib) / size.bids for run in runs[:1]), " KiB", 1024),
        "entries": f"{runs[0].entries:,}",
        "replay a bid": middle((run.replay_s / size.bids for run in runs), " us", 1e6),
    }
    base = {
        "": "floor",
        "wall a tender": middle((one[0] / size.tenders for one in floors), " ms", 1000),
        "CPU a tender": middle((one[1] / size.tenders for one in floors), " ms", 1000),
        "CPU a bid": middle((one[1] / size.bids for one in floors), " us", 1e6),
        "peak": middle((one[2].peak_mib for one in floors[:1]), " MiB"),
    }
    return [ours, base]


def sizes(given: argparse.Namespace, usual: tuple[Size, ...]) -> tuple[Size, ...]:
    """The one that was asked for, the rest of it as the first of the usual ones; or all of those."""
    named = {key: value for key, value in vars(given).items() if key in Size.__slots__ and value is not None}
    if not named:
        return usual
    return (Size(**{"contractors": usual[0].contractors, **named}),)


def arguments(text: str | None) -> argparse.ArgumentParser:
    """What both programs take."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contractors", type=int, help="how many answer each call")
    parser.add_argument("--tenders", type=int, help="how many tenders")
    parser.add_argument("--at-once", type=int, help="tenders under way at a time; 1: one after another")
    parser.add_argument("--rounds", type=int, help="rounds of each: all bids but the last round's are too dear")
    parser.add_argument("--slots", type=int, help="winners of each")
    parser.add_argument("--capacity", type=int, help="places of each contractor")
    parser.add_argument("--repetitions", type=int, default=3, help="of each run; the table shows median (min..max)")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    given = arguments(__doc__).parse_args(words)
    found: list[Mapping[str, str]] = []
    for size in sizes(given, USUAL):
        found += rows(size, given.repetitions)
    print(table(found))


if __name__ == "__main__":
    main()
