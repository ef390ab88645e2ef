"""A town in one process and in virtual time: one manager, daemons, and a transport whose faults are drawn from a seed.

Real drivers, real transport, real ledgers in memory; only time is virtual, the wall clock included. A process may be
killed at any instant, or die in a commit; it starts again on its ledger.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest

from contractnet.bidders.decorator import bidder
from contractnet.contractor.driver import Contractor
from contractnet.contractor.ports import Agent, Award, Call, Proposal, Refusal
from contractnet.contractor.replay import replay as replay_journal
from contractnet.contractor.settings import Settings as DaemonSettings
from contractnet.ledger.founding import Kind
from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import Draft, Entry
from contractnet.manager.manager import Manager
from contractnet.manager.records import Ended
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings
from contractnet.manager.tender import Tender
from contractnet.transport.faults import Faults
from contractnet.transport.memory import MemoryTransport
from contractnet.transport.port import DaemonParty, ManagerParty
from tests.support import audit, bench, side

MANAGER = "mgr"
SKILL = bench.SKILL
HOUR_S = 3_600.0


def virtual_wall(monkeypatch: pytest.MonkeyPatch, ahead_s: float = 0.0) -> None:
    """The wall clock goes with the loop's virtual time: a process that starts again finds that time has passed."""
    loop = asyncio.get_running_loop()
    zero = time.time_ns() - int(loop.time() * 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: zero + int((loop.time() + ahead_s) * 1e9))


class MortalLedger(MemoryLedger):
    """A ledger whose process may die in one of its commits: before it is durable, or just after."""

    def __init__(self, owner: str, kind: Kind, now: int = 0) -> None:
        super().__init__(owner, kind, now)
        self.commits = 0  #: so far, over all lives
        self.dies_at: int | None = None  #: this commit is the last
        self.recorded = False  #: whether that one became durable
        self.died = asyncio.Event()

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[Sequence[Entry]]:
        if not self.died.is_set():
            self.commits += 1
            if self.commits != self.dies_at:
                return super().append(drafts)
            if self.recorded:
                super().append(drafts)
            self.died.set()
        return asyncio.get_running_loop().create_future()  # nobody lives to see it


class Town:
    """Starts, kills and audits."""

    def __init__(self, faults: Faults | None = None, settings: Settings | None = None) -> None:
        self.hub = MemoryTransport(faults)
        self.settings = settings or Settings()
        self.ledger = MortalLedger(MANAGER, Kind.LEDGER)
        self.journals: dict[str, MortalLedger] = {}
        self.daemons: dict[str, Contractor] = {}
        self.worked: Counter[str] = Counter()  #: fence -> how often work under it was done to the end
        self._agents: dict[str, Sequence[Agent]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    manager: Manager

    # ---- life and death

    def start(self) -> Manager:
        """The manager, on its ledger as it is."""
        self.ledger.died.clear()
        self.ledger.dies_at = None
        self.manager = Manager(self.ledger, self.hub.attach(ManagerParty(MANAGER)), self.settings)
        self._tasks[MANAGER] = asyncio.create_task(self.manager.run(), name=MANAGER)
        return self.manager

    def host(self, name: str, *agents: Agent, settings: DaemonSettings | None = None) -> Contractor:
        """A daemon; hosted again, it starts on its journal as it is."""
        journal = self.journals.setdefault(name, MortalLedger(name, Kind.JOURNAL))
        journal.died.clear()
        journal.dies_at = None
        self._agents[name] = agents or self._agents[name]
        party = DaemonParty(name, {one.id: one.skills for one in self._agents[name]})
        daemon = Contractor(self._agents[name], journal, self.hub.attach(party), settings or DaemonSettings())
        self.daemons[name] = daemon
        self._tasks[name] = asyncio.create_task(daemon.run(), name=name)
        return daemon

    async def kill(self, name: str = MANAGER) -> None:
        """As `kill -9`: nothing more is recorded or sent."""
        ledger = self.ledger if name == MANAGER else self.journals[name]
        ledger.died.set()
        await self.cancel(name)

    async def cancel(self, name: str) -> None:
        """Its task is cancelled, and nothing else."""
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def stop(self, name: str, grace_s: float = 30) -> None:
        """An orderly end of a daemon."""
        await self.daemons[name].stop(grace_s)
        await self._tasks.pop(name)

    async def close(self) -> None:
        """Everybody goes; an error that ended one of them is raised."""
        for name in list(self._tasks):
            await self.kill(name)

    async def __aenter__(self) -> Town:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # ---- work

    def agent(
        self,
        name: str,
        price: str = "0.01",
        *,
        capacity: int = 4,
        work_s: float = 1.0,
        answers: Callable[[Call], Proposal | Refusal] | None = None,
        work: Callable[[Award], Awaitable[dict[str, Any]]] | None = None,
    ) -> Agent:
        """An agent that bids at once and works for a while; its result says who it was and what it was given."""

        @bidder(skill=SKILL, capacity=capacity, name=name)
        async def bid(call: Call) -> Proposal | Refusal:
            return answers(call) if answers else Proposal(price=price, eta=5, confidence=0.9)

        @bid.perform
        async def perform(award: Award) -> dict[str, Any]:
            if work is not None:
                return await work(award)
            await asyncio.sleep(work_s)
            self.worked[award.fence] += 1
            return {"by": name, "n": award.input.get("n"), "secret": award.input.get("secret")}

        return bid.agent()

    async def tender(self, number: int = 0, **given: Any) -> Tender:
        """One tender whose result can be told from others."""
        seed = secrets.token_hex(16)
        spec = {"input": {"n": number}, "private": {"secret": f"s{number}"}}
        return await self.manager.open(f"t{number}", bench.opened(seed=seed, **spec | given))

    async def tenders(self, count: int, **given: Any) -> list[Tender]:
        return [await self.tender(number, **given) for number in range(count)]

    async def ends(self, hours: float = 3) -> list[Ended]:
        """Wait, in virtual time, until every tender has ended; the manager may be another by then."""
        async with asyncio.timeout(hours * HOUR_S):
            while any(tender.ended is None for tender in self.manager.book.tenders.values()):
                await asyncio.sleep(1)  # virtual: there is no one event for many processes
        return [tender.ended for tender in self.manager.book.tenders.values() if tender.ended is not None]

    async def quiet(self) -> None:
        """Wait until everything said was sent and heard."""
        async with asyncio.timeout(HOUR_S):
            while not (self.manager.quiet and all(not one.diary.unsent for one in self.daemons.values())):
                await asyncio.sleep(1)  # virtual, as above

    # ---- the oracles

    def result(self, ended: Ended) -> dict[str, Any]:
        """What a settled tender was given."""
        for entry in self.ledger.entries():
            if entry.message_id == ended.result_of and entry.direction == "in":
                content: dict[str, Any] = msgspec.json.decode(entry.body)["message"]["content"]
                found: dict[str, Any] = content["result"]
                return found
        raise AssertionError(f"no result {ended.result_of}")

    def check(self, *, quiet: bool = True) -> None:
        """The ledgers replay to what the drivers hold, and the auditor, who knows only their format, finds nothing."""
        self.ledger.check()
        again = replay(MANAGER, self.ledger.entries())
        assert bench.picture(again, beaten=True) == bench.picture(self.manager.book, beaten=True)
        for name, journal in self.journals.items():
            journal.check()
            daemon = self.daemons[name]
            assert side.picture(replay_journal(name, journal.entries(), daemon.settings.timers)) == side.picture(
                daemon.diary
            )
        journals = {name: rows(journal) for name, journal in self.journals.items()}
        assert audit.violations(rows(self.ledger), journals, quiet=quiet) == []


def rows(ledger: MemoryLedger) -> list[audit.Row]:
    """The entries as the auditor reads them."""
    found = []
    for entry in ledger.entries():
        values = {name: getattr(entry, name) for name in audit.Row._fields if name != "body"}
        found.append(audit.Row(**values, body=msgspec.json.decode(entry.body)))
    return found
