"""What buys: a market, or a child of one with money of its own. They differ in whose account pays."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self, Unpack

from contractnet.errors import DefinitionError
from contractnet.manager.conditions import TenderTerms, Timers
from contractnet.manager.limits import AtLimit, LimitPolicy
from contractnet.manager.manager import Manager
from contractnet.manager.receipts import Receipt, receipt
from contractnet.manager.records import Opened
from contractnet.market.contract import Contract
from contractnet.market.limits import OnLimit, policy
from contractnet.market.many import as_they_end
from contractnet.market.task import Check, Task, fingerprint, require_key
from contractnet.market.terms import TermOptions, terms
from contractnet.messages.given import Amount, micros, whole
from contractnet.messages.values import require


class Tendering:
    """Puts tasks out, and pays for them from one account."""

    _account: str = ""  #: path of its account; empty: the market's own
    _unit: str  #: of tasks that name none
    _timers: Timers

    @property
    def manager(self) -> Manager:
        """The driver underneath; for the commands and for tests."""
        raise NotImplementedError

    async def tender(
        self, task: Task, *, check: Check | None = None, key: str | None = None, **options: Unpack[TermOptions]
    ) -> Contract:
        """Put a task out and wait until it is awarded, or has ended without an award.

        A key that the ledger already holds returns that contract, running or ended, and buys nothing. For the arguments
        see `market.terms.TermOptions`; they override the task's. Cancelling the wait leaves the tender running.

        Raises:
            DefinitionError: an argument is not valid; another task stands under this key; with a budget, no reserve or
                another unit.
            LedgerBroken, TransportRefused: the market cannot go on.
        """
        contract = await self.begin(task, check=check, key=key, **options)
        await contract.awarded()
        return contract

    async def begin(
        self,
        task: Task,
        *,
        check: Check | None = None,
        key: str | None = None,
        position: int | None = None,
        **options: Unpack[TermOptions],
    ) -> Contract:
        """As `tender`, but returns as soon as the tender is on disk. `position`: line of the task in a file, from 1."""
        manager = self.manager
        name = task.key if key is None else require_key(key)
        judge = check or task.check
        known = manager.book.by_key.get(name) if name is not None else None
        if known is not None:
            if fingerprint(known.opened.spec) != fingerprint(task.spec()):
                raise DefinitionError(f"key {name!r}: this ledger holds another task under it; use another key")
            if judge is not None:
                manager.check_with(known, judge)
            return Contract(manager, known)
        conditions = terms(task, self._unit, **options)
        self._check_budget(task, conditions)
        opened = Opened(
            spec=task.spec(),
            terms=conditions,
            timers=self._timers,
            seed=secrets.token_hex(16),
            key=name,
            checked=judge is not None,
            position=position,
            account=self._account,
        )
        return Contract(manager, await manager.open(tender_id(), opened, judge))

    def _check_budget(self, task: Task, conditions: TenderTerms) -> None:
        account = self.manager.book.accounts.find(self._account)
        if account is None or account.closed:
            raise DefinitionError(f"account {self._account} is not open: use `async with market.child(…) as child`")
        if account.granted is None:
            return
        if conditions.worst is None:
            raise DefinitionError(f"{task!r}: with a budget every task needs a reserve")
        if conditions.unit != account.unit:
            raise DefinitionError(f"{task!r}: the budget is in {account.unit}, the task in {conditions.unit}")

    async def tender_many(
        self, tasks: Iterable[Task], *, ahead: int = 1_000, **options: Unpack[TermOptions]
    ) -> AsyncIterator[Contract]:
        """Put many tasks out and yield their contracts as they end.

        Args:
            ahead: how many are begun at most before one of them has ended.
            options: as of `tender`, for all of them.
        """

        async def begin(task: Task) -> Contract:
            return await self.begin(task, **options)  # `key` and `check` are the tasks' own

        async for _, contract in as_they_end(begin, tasks, whole("ahead", ahead, 1, 1_000_000)):
            yield contract

    # ---- money

    def child(
        self,
        name: str,
        *,
        budget: Amount,
        at_limit: AtLimit | None = None,
        on_limit: OnLimit | None = None,
        decide_within: float | None = None,
    ) -> Child:
        """A child with an account of its own: `async with market.child("team-a", budget="0.50") as child`.

        Its grant is held from this account's; what it spends is spent here too; what is left comes back when the block
        ends, which waits for the child's tenders. A block that an error ends leaves the account as it is; entered again
        under the same name it goes on, and the budget does not add.

        Args:
            name: 1 to 96 letters, digits and `_ . : -`; unique here.
            budget: the total that it may spend over the life of the ledger, in the unit of the market.
            at_limit, on_limit, decide_within: as of `Market.open`; None: as this account does.
        Raises:
            DefinitionError: an argument is not valid; on entering: the budget is over what this account has left.
        """
        own = None if at_limit is None and on_limit is None else policy(at_limit, on_limit, decide_within)
        return Child(self, require("key", name, "name"), micros(budget, "budget"), own)

    def receipt(self) -> Receipt:
        """What the account was granted, holds, has spent and has left; what was stopped or handed back, and by whom.

        Raises:
            DefinitionError: it was never granted anything.
        """
        return receipt(self.manager.book, self._account)


class Child(Tendering):
    """A child market: `tender`, `begin` and `tender_many` as on the market, paid from its own account.

    Get one from `Market.child`, and use it as an async context manager.
    """

    def __init__(self, owner: Tendering, name: str, budget: int, own: LimitPolicy | None) -> None:
        self._owner, self._budget, self._own = owner, budget, own
        self._account = f"{owner._account}/{name}" if owner._account else name
        self._unit, self._timers = owner._unit, owner._timers

    @property
    def manager(self) -> Manager:
        return self._owner.manager

    @property
    def account(self) -> str:
        """The path of its account."""
        return self._account

    async def __aenter__(self) -> Self:
        self.manager.grant(self._budget, self._unit, self._account)  # first: it may answer what was asked before
        self.manager.at_limit(self._own, self._account)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        manager = self.manager
        mine = [one for one in manager.book.tenders.values() if one.opened.account == self._account]
        await asyncio.gather(*(manager.ended(one) for one in mine if one.ended is None))
        manager.close_account(self._account)


def tender_id() -> str:
    """A new tender's id, 22 hex digits: the opening instant, so that ids are in order of time, and 40 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(5)}"
