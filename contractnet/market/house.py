"""The house of a market: its ledger, its manager, and the contractor of the agents that live here. It owns them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from contractnet.clock import LoopClock
from contractnet.contractor.driver import Contractor
from contractnet.contractor.naming import daemon_name
from contractnet.contractor.ports import Agent
from contractnet.contractor.settings import Settings as ContractorSettings
from contractnet.errors import DefinitionError, TransportClosed, cause_of
from contractnet.ledger.answering import take_answers
from contractnet.ledger.port import Ledger
from contractnet.ledger.urls import file_of, open_ledger
from contractnet.manager.manager import Manager
from contractnet.manager.settings import Settings as ManagerSettings
from contractnet.market import weather
from contractnet.transport.port import DaemonParty, ManagerParty, Transport

#: what becomes of tenders that run when their market is left
OnLeave = Literal["keep", "cancel"]
#: the longest grace, seconds: a year
MOST_GRACE_S: Final = 31_536_000


class Leaving(NamedTuple):
    """How a market is left."""

    on_leave: OnLeave
    grace_s: float  #: for all of it together


def leaving(on_leave: OnLeave | None, grace_s: float, ledger: str) -> Leaving:
    """Check how a market is to be left. None: tenders are cancelled where nobody can go on, in memory, else kept.

    Raises:
        DefinitionError: it is none of the two; the grace is no time; the ledger's URL is wrong.
    """
    if isinstance(grace_s, bool) or not isinstance(grace_s, int | float) or not 0 <= grace_s <= MOST_GRACE_S:
        raise DefinitionError(f"grace: {grace_s!r} is not a number of seconds from 0 to {MOST_GRACE_S}")
    if on_leave is None:
        on_leave = "cancel" if file_of(ledger) is None else "keep"
    elif on_leave not in get_args(OnLeave):
        raise DefinitionError(f"on_leave: {str(on_leave)[:40]!r} is none of keep and cancel")
    return Leaving(on_leave, grace_s)


class House:
    """Opens, runs and closes the drivers of one market.

    Args:
        tells: whether the broker's coming and going is logged.
    """

    def __init__(
        self, transport: Transport, settings: ManagerSettings, contractor_settings: ContractorSettings, *, tells: bool
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._contractor_settings = contractor_settings
        self._tells = tells
        self._ledgers: list[Ledger] = []
        self._file: Path | None = None  #: of the manager's ledger
        self._contractor: Contractor | None = None
        self._running: asyncio.Task[None] | None = None

    manager: Manager

    async def enter(self, ledger: str, name: str | None, agents: Sequence[Agent], journal: str) -> None:
        """Open everything and start the drivers.

        Raises:
            DefinitionError, LedgerError, ReplayDifference: it cannot be opened; nothing is left open.
        """
        now = LoopClock().now()
        self._file = file_of(ledger)
        try:
            own = open_ledger(ledger, kind="ledger", owner=name, now=now)
            self._ledgers.append(own)
            self.manager = Manager(own, self._transport.attach(ManagerParty(own.owner)), self._settings)
            if agents:
                self._contractor = self._host(agents, journal, now)
        except BaseException:
            await self._close()
            raise
        self._running = asyncio.create_task(self._run(), name="market")

    def _host(self, agents: Sequence[Agent], journal: str, now: int) -> Contractor:
        names = [agent.id for agent in agents]
        if len(set(names)) != len(names):
            raise DefinitionError(f"agents: one id appears twice among {', '.join(sorted(names))}")
        name = daemon_name(names)
        own = open_ledger(journal, kind="journal", owner=name, now=now)
        self._ledgers.append(own)
        party = DaemonParty(name, {agent.id: agent.skills for agent in agents})
        return Contractor(agents, own, self._transport.attach(party), self._contractor_settings)

    @property
    def hosted(self) -> Contractor | None:
        """The contractor of the agents that live here; None: there are none."""
        return self._contractor

    async def leave(self, leaving: Leaving, *, orderly: bool) -> None:
        """Tenders that run are kept or cancelled; hosted agents may finish within the grace; what was said is sent.

        Then all is closed. Where tenders are cancelled their answers are waited for first, also those of hosted agents,
        which are stopped only then.

        Args:
            orderly: not because of an error: hosted agents get what is left of the grace.
        Raises:
            LedgerBroken, TransportRefused: the manager did not live to see it; everything is closed.
        """
        cancel, loop = leaving.on_leave == "cancel", asyncio.get_running_loop()
        until_s = loop.time() + leaving.grace_s
        try:
            if self._running is not None and not self._running.done():
                if cancel:
                    await self.manager.wind_up(leaving.grace_s)
                if self._contractor is not None:
                    await self._contractor.stop(max(0.0, until_s - loop.time()) if orderly else 0)
                if orderly or cancel:
                    await self.manager.leave()
        finally:
            await self._close()

    async def _run(self) -> None:
        """Both drivers; an error of either reaches whoever waits."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.manager.run())
                if self._contractor is not None:
                    group.create_task(self._contractor.run())
                if self._tells:
                    group.create_task(weather.tell(self.manager))
                if self._file is not None:
                    group.create_task(take_answers(self.manager.book.questions, self._file, self.manager.decide))
        except BaseExceptionGroup as failed:
            self.manager.fail(cause_of(failed))

    async def _close(self) -> None:
        if self._running is not None:
            left = "the market was left; open it again on the same ledger, and what runs goes on"
            self.manager.fail(TransportClosed(left))
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        async with contextlib.AsyncExitStack() as stack:  # one that cannot be closed keeps no other open
            for ledger in self._ledgers:
                stack.push_async_callback(ledger.aclose)
