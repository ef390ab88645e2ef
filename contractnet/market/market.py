"""The market that programs embed: a manager, its ledger, and agents of this process if there are any. Composition root.

`Market.open` joins the concrete classes by their URLs and owns what it opened; leaving it says goodbye, sends what was
said, and closes. Tenders that still run stay recorded (opened again on the same ledger, they go on) or are cancelled:
`on_leave` says which.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self, Unpack

import msgspec

from contractnet.bargaining.opening import BargainOptions, opening, require_same
from contractnet.bargaining.result import BargainResult, result_of
from contractnet.bargaining.strategist import Wording
from contractnet.bidders.decorator import as_agent
from contractnet.contractor.driver import Contractor
from contractnet.contractor.ports import MEDIATE, Agent, Hostable
from contractnet.contractor.settings import Settings as ContractorSettings
from contractnet.errors import DefinitionError
from contractnet.manager.bargains import SUFFIX, timers_of
from contractnet.manager.limits import AtLimit, LimitPolicy
from contractnet.manager.manager import Manager
from contractnet.manager.settings import Settings as ManagerSettings
from contractnet.market.contract import Contract
from contractnet.market.house import House, Leaving, OnLeave, leaving
from contractnet.market.limits import OnLimit, policy
from contractnet.market.planning import Approver, Bought, Drafter, Job, Plan, buy, decompose, offered
from contractnet.market.task import Task, require_key
from contractnet.market.tendering import Tendering, tender_id
from contractnet.market.terms import DEFAULT_UNIT, TermOptions
from contractnet.messages.given import Amount, micros, whole
from contractnet.messages.values import require
from contractnet.transport.port import Transport
from contractnet.transport.urls import open_transport


class Market(Tendering):
    """A manager and, with `agents=`, contractors in this process. Use as an async context manager.

    Get one from `Market.open`.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        agents: Sequence[Hostable | Agent],
        ledger: str,
        journal: str,
        budget: Amount | None,
        unit: str,
        name: str | None,
        settings: ManagerSettings,
        contractor_settings: ContractorSettings,
        leaving: Leaving,
        policy: LimitPolicy,
        exploration: Amount | None,
        tells: bool,  # see House
    ) -> None:
        self._transport = transport
        self._agents = [as_agent(one) for one in agents]
        self._ledger_url, self._journal_url = ledger, journal
        self._unit = require("unit", unit, "unit")
        self._budget = None if budget is None else micros(budget, "budget")
        self._exploration = None if exploration is None else micros(exploration, "exploration")
        self._name = None if name is None else require("id", name, "name")
        self._settings, self._contractor_settings = settings, contractor_settings
        self._timers, self._policy = settings.timers, policy
        self._leaving, self._tells = leaving, tells
        self._house: House | None = None
        self._waiting: Counter[str] = Counter()  #: conversation of a bargaining -> how many wait for it

    @classmethod
    def open(
        cls,
        url: str | Transport = "memory://",
        *,
        agents: Sequence[Hostable | Agent] = (),
        ledger: str = "./contractnet.db",
        journal: str = "memory://",
        budget: Amount | None = None,
        unit: str = DEFAULT_UNIT,
        name: str | None = None,
        concurrency: int | None = None,
        settings: ManagerSettings | None = None,
        contractor_settings: ContractorSettings | None = None,
        grace: float = 30,
        on_leave: OnLeave | None = None,
        at_limit: AtLimit | None = None,
        on_limit: OnLimit | None = None,
        decide_within: float | None = None,
        exploration: Amount | None = None,
    ) -> Market:
        """A market, not yet entered.

        Args:
            url: `memory://`, `amqp://…` (one that is away is waited for, and logged), or a transport of your own.
            agents: what `@bidder` made, to be hosted in this process.
            ledger: `sqlite:///FILE`, a path, or `memory://`.
            journal: of the agents hosted here; in memory unless told otherwise.
            budget: the total this ledger's tenders may spend, in `unit` (D12); opened again, it does not add.
            unit: of the budget, and of tasks that name none.
            name: the manager's id; left out, it is made once and kept in the ledger.
            concurrency: calls open at once; None: as the settings say, 16.
            settings, contractor_settings: timers beyond the terms of a tender.
            grace: seconds for the leaving: hosted agents may finish, and those who are cancelled answer.
            on_leave: what becomes of tenders that run when the market is left, also by an error or a cancellation.
                `keep`: they stay recorded, and go on when the market is opened again on the same ledger. `cancel`:
                they are cancelled (told `shutdown`), and what is known of each within the grace is recorded, see
                `Contract.truth`. None: `cancel` where the ledger is in memory, since nobody can go on there, else
                `keep`.
            at_limit, on_limit, decide_within: what is done where the money is not enough: see `market.limits.policy`.
            exploration: the total that awards with `explore` may give up in score, in `unit`; see D15.
        Raises:
            DefinitionError: an argument is not valid.
        """
        own = settings or (ManagerSettings(listen_ms=0) if url == "memory://" else ManagerSettings())
        places = whole("concurrency", own.concurrency if concurrency is None else concurrency, 1, 10_000)
        return cls(
            open_transport(url) if isinstance(url, str) else url,
            agents=agents,
            ledger=ledger,
            journal=journal,
            budget=budget,
            unit=unit,
            name=name,
            settings=msgspec.structs.replace(own, concurrency=places),
            contractor_settings=contractor_settings or ContractorSettings(),
            leaving=leaving(on_leave, grace, ledger),
            policy=policy(at_limit, on_limit, decide_within),
            exploration=exploration,
            tells=isinstance(url, str) and url != "memory://",
        )

    # ---- life

    async def __aenter__(self) -> Self:
        house = House(self._transport, self._settings, self._contractor_settings, tells=self._tells)
        await house.enter(self._ledger_url, self._name, self._agents, self._journal_url)
        self._house = house
        house.manager.at_limit(self._policy)
        if self._budget is not None:
            try:
                house.manager.grant(self._budget, self._unit)
            except BaseException:
                await house.leave(Leaving("keep", 0), orderly=False)
                raise
        if self._exploration is not None:
            house.manager.grant_exploration(self._exploration, self._unit)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._house is not None:
            house, self._house = self._house, None
            await house.leave(self._leaving, orderly=kind is None)

    @property
    def is_open(self) -> bool:
        """Whether it was entered, and is not being left."""
        return self._house is not None

    @property
    def manager(self) -> Manager:
        """The driver underneath; for the commands and for tests."""
        if self._house is None:
            raise DefinitionError("the market is not open: use `async with Market.open(…) as market`")
        return self._house.manager

    # ---- bargaining

    async def bargain(
        self, agent: str, subject: str, *, by: str | None = None, **options: Unpack[BargainOptions]
    ) -> BargainResult:
        """Bargain with one agent, over a price or several issues; returns when that has ended, however it ended.

        A strategy computes every number, and none is past the own limit, whatever is said; the limit and the
        preferences are in no message. A key that the ledger already holds returns that bargaining, running or ended;
        terms may be left out then. Cancelling the wait calls it off, if nobody else waits for it here. Nothing is paid:
        what was agreed binds both, outside of any budget.

        Args:
            agent: id of whom to bargain with; it may be anywhere behind the broker.
            subject: what the deal is about; both read it.
            by: an agent of this process that opens it, in its journal; None: the market itself, in its ledger.
            options: see `bargaining.opening.BargainOptions`.
        Raises:
            DefinitionError: an argument is not valid; another agent, subject or other terms stand under the key.
            LedgerBroken, TransportRefused: the market cannot go on.
            TransportClosed: with `by`: the agents of this process have ended.
        """
        if by is not None:
            return await self._host_of(by).own.bargain(by, agent, subject, self._unit, options)
        manager, words = self.manager, options.get("words")
        player, key = None if words is None else Wording(words), options.get("key")
        known = None if key is None else manager.book.bargain_keys.get(require_key(key))
        conversation, opened = known or f"{tender_id()}{SUFFIX}", None
        if known is None:
            opened = opening(agent, subject, timers_of(self._timers), self._unit, secrets.token_hex(16), options)
        else:
            require_same(manager.book.bargains[known], "this ledger", agent, subject, self._unit, options)
        self._waiting[conversation] += 1
        try:
            if opened is not None:
                await manager.bargain(conversation, opened, player)
            bargain = manager.bargain_again(conversation, player)
            await manager.bargained(bargain)
        except asyncio.CancelledError:
            if self._waiting[conversation] == 1:
                manager.call_off(manager.book.bargains[conversation])
            raise
        finally:
            self._waiting -= Counter([conversation])  # of those above 0 alone
        return result_of(bargain, manager.book.acts[bargain.conversation])

    def _host_of(self, agent: str) -> Contractor:
        hosted = None if self._house is None else self._house.hosted
        if hosted is None or agent not in hosted.agents:
            raise DefinitionError(
                f"by: {str(agent)[:48]!r} is no agent of this process; name one that it was opened with"
            )
        return hosted

    # ---- plans

    def skills(self) -> tuple[str, ...]:
        """The skills that somebody offers now."""
        listings = self.manager.directory.listings()
        return tuple(sorted({skill for one in listings for skill in one.skills} - {MEDIATE}))

    async def decompose(
        self,
        job: str,
        draft: Drafter,
        *,
        key: str,
        approve: Approver | None = None,
        reserve: Amount | None = None,
        budget: Amount | None = None,
        by: str = "",
        wait_for_agents: float = 30,
    ) -> Plan:
        """Split a large job into tasks that are bought one by one; nothing is bought yet.

        A key that the ledger already holds returns that plan, and asks nobody again.

        Args:
            draft: a program, or a model behind one. Takes a `Job` and gives `{"tasks": [...]}`, each with `id`, `task`,
                `skill`, and `input`, `after`, `reserve` as needed. May be async. What is wrong is told to it once.
            approve: takes the draft, says yes or no; may ask a person. Left out: what passes the checks is approved.
            reserve, budget: the most that is paid for a task that names no reserve; for all tasks together.
            by: who drafts, for the record.
            wait_for_agents: how long to wait until somebody offers a skill, seconds.
        Raises:
            PlanRefused: nobody is there; the draft was faulty twice, or was not approved.
            DefinitionError: another job stands under the key.
        """
        least = None if reserve is None else micros(reserve, "reserve")
        most = None if budget is None else micros(budget, "budget")
        told = Job(job, await offered(self.skills, wait_for_agents), least, most, self._unit)
        return await decompose(self.manager, told, require_key(key), draft, by or type(draft).__name__, approve)

    async def buy(self, plan: Plan, **options: Unpack[TermOptions]) -> AsyncIterator[Bought]:
        """Buy the tasks of a plan, each when those it depends on have settled; yields them as they end.

        Args:
            options: as of `tender`, for all; a task's own reserve stands first. No `slots`, no `mediation_limit`.
        """
        if options.get("slots", 1) != 1 or options.get("mediation_limit") is not None:
            raise DefinitionError("slots, mediation_limit: a plan's budget is one winner's reserve for each task")

        async def begin(task: Task, key: str) -> Contract:
            own: TermOptions = {**options, "reserve": None} if task.reserve is not None else options
            return await self.begin(task, key=key, **own)

        async for bought in buy(plan, begin):
            yield bought

    def ended(self) -> list[Contract]:
        """The contracts that have ended, in the order of their ends."""
        book = self.manager.book
        return [Contract(self.manager, book.tenders[tender_id]) for tender_id in book.ended]

    def contracts(self) -> list[Contract]:
        """The recorded contracts of this ledger, in the order they were opened."""
        return [Contract(self.manager, tender) for tender in self.manager.book.tenders.values()]
