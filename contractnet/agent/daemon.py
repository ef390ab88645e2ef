"""A daemon: agents, a journal and a broker joined, from the start to an orderly stop.

It owns the journal and the link, and says in lines for people what happens to them. It ends when `stop` was called
and everything is handed back or sent, or by an error: of the journal, or of the broker's configuration.

Rules (D9): a daemon of one agent is called like it, one of several `d_` and 8 hex digits of the SHA-256 of their sorted
ids; a journal of another name is refused; what the journal says was hosted once and is not any more is unbound at
connect; where another process hosts one of the agents this one stands by.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from contractnet.clock import LoopClock, scaled
from contractnet.contractor import naming
from contractnet.contractor.driver import Contractor
from contractnet.contractor.ports import Agent
from contractnet.contractor.records import Hosted
from contractnet.contractor.replay import DAEMON
from contractnet.contractor.settings import Settings
from contractnet.errors import DefinitionError, ReplayDifference, cause_of
from contractnet.ledger.answering import take_answers
from contractnet.ledger.port import Entry, Ledger
from contractnet.ledger.urls import file_of, open_ledger
from contractnet.messages.acts import Failure, Inform, Propose, Refuse
from contractnet.messages.values import require
from contractnet.transport.masking import masked
from contractnet.transport.port import DaemonParty, Down, Link, Standby, Up
from contractnet.transport.urls import open_transport

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a daemon is to run."""

    broker: str  #: amqp:// or amqps:// URL
    journal: str | None = None  #: ledger URL; None: `<name>.journal.db` in the working directory
    name: str | None = None  #: of the daemon; None: see `daemon_name`
    time_scale: float = 1.0  #: of the timers of D7


def daemon_name(agents: Iterable[str], name: str | None = None) -> str:
    """What a daemon with these agents is called (D9).

    Raises:
        DefinitionError: the name that was given is not an id.
    """
    if name is not None:
        return require("id", name, "the daemon's name")
    return naming.daemon_name(list(agents))


def once_hosted(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """All that a journal says was ever hosted: agent id -> skills.

    All of it and not the last alone: a daemon that was started without an agent may have ended before it was connected.
    """
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.type == Hosted.__name__:
            for agent, skills in msgspec.json.decode(entry.body, type=Hosted).agents.items():
                found[agent] = sorted({*found.get(agent, ()), *skills})
    return found


class Daemon:
    """One process's agents.

    Args:
        agents: ids distinct, at least one.
        say: takes one line for the operator.
    Raises:
        DefinitionError: name, journal or broker are not usable; nothing was opened or made yet.
    """

    def __init__(self, agents: Sequence[Agent], plan: Plan, say: Say) -> None:
        self.name = daemon_name((agent.id for agent in agents), plan.name)
        self.journal_url = plan.journal or f"{self.name}.journal.db"
        journal = file_of(self.journal_url)
        if journal is None:
            raise DefinitionError("memory://: a worker's journal must outlive it: name a file, or leave --journal out")
        self._journal = journal
        self._transport = open_transport(plan.broker, time_scale=plan.time_scale)
        if plan.broker.startswith("memory:"):
            raise DefinitionError("memory://: no manager can reach a worker there: name an amqp:// or amqps:// broker")
        self._agents = list(agents)
        self._broker = masked(plan.broker)
        self._settings = scaled(Settings(), plan.time_scale)
        self._say = say
        self._contractor: Contractor | None = None
        self._state: Up | Down | Standby | None = None
        self._stop_asked = asyncio.Event()
        self._grace_s = 0.0

    async def run(self) -> None:
        """Host the agents until `stop`.

        Raises:
            LedgerError: the journal cannot be opened, is locked, damaged, or failed.
            ReplayDifference: the journal is not what its facts give.
            TransportRefused: an operator must mend something at the broker first.
        """
        journal = open_ledger(self.journal_url, kind="journal", owner=self.name, now=LoopClock().now())
        try:
            await self._host(journal)
        finally:
            await journal.aclose()

    def stop(self, grace_s: float) -> None:
        """Begin an orderly end: no new work; what runs may finish within the grace, the rest is handed back."""
        self._grace_s = grace_s
        self._stop_asked.set()

    # ---- parts

    async def _host(self, journal: Ledger) -> None:
        try:
            contractor = self._contractor = Contractor(self._agents, journal, self._link(journal), self._settings)
        except ReplayDifference as difference:
            text = f"{self.journal_url}: {difference}: restore a copy, or name another journal"
            raise ReplayDifference(text, difference.position) from None
        contractor.on_change = self._look
        before = _spoken(contractor)
        ids = ", ".join(f"{agent.id} ({' '.join(agent.skills)})" for agent in self._agents)
        self._say(f"daemon {self.name} hosts {ids}; journal {self.journal_url}; broker {self._broker}")
        try:
            async with asyncio.TaskGroup() as group:
                decide = contractor.arbiter.consulting.decide
                answers = take_answers(contractor.diary.questions, self._journal, decide)
                asides = [group.create_task(work) for work in (self._stop(contractor), answers)]
                await contractor.run()
                for aside in asides:
                    aside.cancel()
        except BaseExceptionGroup as failed:
            raise cause_of(failed) from failed
        self._say(f"stopped in order: {_told(_spoken(contractor) - before)}")

    def _link(self, journal: Ledger) -> Link:
        party = DaemonParty(
            self.name,
            {agent.id: agent.skills for agent in self._agents},
            formerly=once_hosted(journal.entries(conversation=DAEMON)),
        )
        return self._transport.attach(party)

    async def _stop(self, contractor: Contractor) -> None:
        await self._stop_asked.wait()
        working = sum(1 for one in contractor.diary.engagements.values() if one.machine.has("committed"))
        more = f", {working} tasks have {self._grace_s:g} s to finish" if working else ""
        self._say(f"stopping: no new work{more}")
        await contractor.stop(self._grace_s)

    def _look(self) -> None:
        """Tell when the link's state has changed."""
        assert self._contractor is not None  # it is what calls
        state, before = self._contractor.state, self._state
        if state is before or state is None:
            return
        self._state = state
        match state:
            case Up():
                self._say("connected" if state.generation == 1 else "connected again")
            case Down():
                what = "lost the broker" if isinstance(before, Up) else "not connected"
                self._say(f"{what}: {state.reason}; trying again")
            case Standby():
                self._say(f"standing by: {state.reason}; taking over when it ends")


def _spoken(contractor: Contractor) -> Counter[str]:
    """What the journal says was said, by kind."""
    found: Counter[str] = Counter()
    for _, _, said in contractor.diary.said.values():
        match said.message:
            case Propose():
                found["bids"] += 1
            case Refuse():
                found["refusals"] += 1
            case Inform():
                found["results"] += 1
            case Failure():
                found["failures"] += 1
            case _:
                pass
    found["awards"] = sum(1 for one in contractor.diary.engagements.values() if one.accept is not None)
    return found


def _told(spoken: Counter[str]) -> str:
    return ", ".join(f"{spoken[kind]} {kind}" for kind in ("bids", "refusals", "awards", "results", "failures"))
