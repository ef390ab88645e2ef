"""The market for scripts without an event loop: the same calls, each of which waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from contractnet.bargaining.result import BargainResult
from contractnet.manager.receipts import Receipt
from contractnet.market.contract import Contract
from contractnet.market.market import Market
from contractnet.market.planning import Bought, Drafter, Plan
from contractnet.market.task import Task
from contractnet.market.tendering import Child, Tendering

T = TypeVar("T")


class SyncContract:
    """A contract whose `result` and `cancel` wait. Everything else is as on `Contract`, under `contract`."""

    def __init__(self, market: SyncTendering, contract: Contract) -> None:
        self.contract = contract
        self._market = market

    @property
    def winner(self) -> str | None:
        return self.contract.winner

    @property
    def price(self) -> str | None:
        return self.contract.price

    @property
    def status(self) -> str:
        return self.contract.status

    def result(self) -> dict[str, Any]:
        """Wait for the result; raises as `Contract.result`."""
        return self._market.run(self.contract.result())

    def results(self) -> dict[int, dict[str, Any]]:
        """Wait for the results, slot -> result; raises as `Contract.results`."""
        return self._market.run(self.contract.results())

    @property
    def truth(self) -> dict[str, str]:
        return self.contract.truth

    def cancel(self) -> None:
        """No longer wanted; waits for the end."""
        self._market.run(self.contract.cancel())


class SyncTendering:
    """What buys, and waits."""

    _tendering: Tendering

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine on the market's loop."""
        raise NotImplementedError

    def tender(self, task: Task, **options: Any) -> SyncContract:
        """As `Market.tender`."""
        return SyncContract(self, self.run(self._tendering.tender(task, **options)))

    def tender_many(self, tasks: Iterable[Task], **options: Any) -> Iterator[SyncContract]:
        """As `Market.tender_many`."""
        contracts = self._tendering.tender_many(tasks, **options)
        while True:
            try:
                yield SyncContract(self, self.run(_next(contracts.__anext__())))
            except StopAsyncIteration:
                return

    def child(self, name: str, **options: Any) -> SyncChild:
        """As `Market.child`: `with market.child("team-a", budget="0.50") as child`."""
        return SyncChild(self, self._tendering.child(name, **options))

    def receipt(self) -> Receipt:
        """As `Market.receipt`."""
        return self._tendering.receipt()


class SyncChild(SyncTendering):
    """A child market whose calls wait."""

    def __init__(self, owner: SyncTendering, child: Child) -> None:
        self._owner, self._tendering, self._child = owner, child, child

    def __enter__(self) -> Self:
        self.run(self._child.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._child.__aexit__(kind, error, trace))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._owner.run(work)


class SyncMarket(SyncTendering):
    """`with SyncMarket(Market.open(…)) as market:` runs the market on an event loop in a thread of its own."""

    def __init__(self, market: Market) -> None:
        self._market = self._tendering = market
        self._loop = asyncio.new_event_loop()
        self._leaving: asyncio.Task[Any] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="contractnet-market", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.run(self._market.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.run(self._leave(kind, error, trace))
        finally:
            self._end()

    def decompose(self, job: str, draft: Drafter, **options: Any) -> Plan:
        """As `Market.decompose`."""
        return self.run(self._market.decompose(job, draft, **options))

    def buy(self, plan: Plan, **options: Any) -> list[Bought]:
        """As `Market.buy`, when all tasks have ended."""

        async def all_of_it() -> list[Bought]:
            return [bought async for bought in self._market.buy(plan, **options)]

        return self.run(all_of_it())

    def bargain(self, agent: str, subject: str, **options: Any) -> BargainResult:
        """As `Market.bargain`."""
        return self.run(self._market.bargain(agent, subject, **options))

    def contracts(self) -> list[SyncContract]:
        """As `Market.contracts`."""
        return [SyncContract(self, contract) for contract in self._market.contracts()]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine on the market's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _leave(self, *why: Any) -> None:
        self._leaving = asyncio.current_task()
        await self._market.__aexit__(*why)

    def _end(self) -> None:
        try:
            self.run(self._dismiss())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _dismiss(self) -> None:
        """A second Ctrl-C ended the wait while the market was being left: all is closed, and nothing waited for."""
        if self._leaving is not None and not self._leaving.done():
            self._leaving.cancel()
            await asyncio.wait([self._leaving])


async def _next(awaitable: Any) -> Contract:
    contract: Contract = await awaitable
    return contract
