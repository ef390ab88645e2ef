"""A manager program that cancels what it has put out, made to be killed and started again with the same arguments.

    python -m tests.support.canceller FOLDER BROKER SCALE AT_ONCE

FOLDER holds `plan.json`, a list of `Errand`. A line of `asked` says which is being cancelled, a line of `told.jsonl`
what this program's user is told of one contract that has ended. It stays, and takes late answers, until there is a
file `finish`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import msgspec

from contractnet.clock import scaled
from contractnet.manager.settings import Settings
from contractnet.market.batch import result_line
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.task import Task
from contractnet.market.terms import TermOptions
from contractnet.transport.port import Up
from contractnet.transport.urls import open_transport

MANAGER = "boss"
SKILL = "work.cancelled"
POLL_S = 0.02


class Errand(msgspec.Struct, frozen=True):
    """One tender, and when it is not wanted any more."""

    key: str
    cancel_after_ms: int  #: from its first call, or its opening, over all lives of the program
    from_call: bool = True
    slots: int = 1
    max_rounds: int = 1
    mediator: str | None = None
    lease: float = 3.0
    work_within: float = 60.0
    hard: bool = False  #: bidders ask too much at first
    unfit: float = 0.0  #: share of those who refuse


class Program:
    """What one process does."""

    def __init__(self, folder: Path, market: Market, at_once: int) -> None:
        self._folder = folder
        self._market = market
        self._places = asyncio.Semaphore(at_once)
        self._told = folder / "told.jsonl"

    async def run(self, errands: list[Errand]) -> None:
        told = set(self._keys())
        async with asyncio.TaskGroup() as group:
            for errand in errands:
                if errand.key not in told:
                    group.create_task(self._one(errand))
        while not (self._folder / "finish").exists():
            await asyncio.sleep(POLL_S)

    def _keys(self) -> list[str]:
        """Of what was told before; a line that a death cut is no line."""
        if not self._told.exists():
            return []
        raw = self._told.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:
            self._told.write_bytes(whole)
        return [msgspec.json.decode(line)["key"] for line in whole.splitlines()]

    async def _one(self, errand: Errand) -> None:
        async with self._places:
            contract = await self._begin(errand)
            ending = asyncio.create_task(contract.ended())
            while not ending.done() and self._left_s(errand, contract) > 0:
                await asyncio.sleep(POLL_S)
            if not (ending.done() or _cancelling(contract)):  # what a process before this one began goes on by itself
                cancelling = asyncio.create_task(contract.cancel())
                await asyncio.sleep(POLL_S)
                with (self._folder / "asked").open("a") as asked:
                    asked.write(f"{errand.key}\n")
                await cancelling
            await ending
            with self._told.open("ab") as file:
                file.write(result_line(contract, None) + b"\n")
                file.flush()
                os.fsync(file.fileno())

    async def _begin(self, errand: Errand) -> Contract:
        given = {"hard": errand.hard, "unfit": str(errand.unfit)}
        terms = TermOptions(
            reserve="0.05",
            rule="lowest-price",
            slots=errand.slots,
            max_rounds=errand.max_rounds,
            mediator=errand.mediator,
            mediation_limit="0.1" if errand.mediator else None,
            mediate_within=1.0,
            reply_within=0.7,
            work_within=errand.work_within,
            lease=errand.lease,
            within=20.0,
            wait_for_agents=10.0,
        )
        return await self._market.begin(Task(errand.key, SKILL, input=given, key=errand.key), **terms)

    def _left_s(self, errand: Errand, contract: Contract) -> float:
        """Until it is not wanted any more."""
        begun = int(contract.id[:12], 16)  # an id tells when it was made
        called = self._market.manager.book.tenders[contract.id].first_opened
        if errand.from_call and called is None:
            return 1.0
        return (errand.cancel_after_ms + (called or begun if errand.from_call else begun)) / 1000 - time.time()


def _cancelling(contract: Contract) -> bool:
    call = contract.last_call()
    return call is not None and call.machine.has("cancelling")


async def main(folder: Path, broker: str, scale: float, at_once: int) -> None:
    errands = msgspec.json.decode((folder / "plan.json").read_bytes(), type=list[Errand])
    market = Market.open(
        open_transport(broker, time_scale=scale),
        ledger=str(folder / "manager.db"),
        name=MANAGER,
        budget="1000",
        settings=scaled(Settings(), scale),
        concurrency=at_once,
    )
    async with market:
        while not isinstance(market.manager.state, Up):
            await asyncio.sleep(POLL_S)
        print("connected", file=sys.stderr, flush=True)
        await Program(folder, market, at_once).run(errands)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])))
