"""What `contractnet demo` does: a market in this process, its agents and a visitor, and tasks put out one by one.

Everything is real: the manager, the ledger, the messages. The only thing played is the agents' habits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from contractnet.contractor.ports import Agent, Hostable
from contractnet.errors import cause_of
from contractnet.manager.settings import Settings
from contractnet.market.contract import Contract
from contractnet.market.many import as_they_end
from contractnet.market.market import Market
from contractnet.market.sample import Lot
from contractnet.market.sample_agents import cast
from contractnet.market.sample_visitor import NAME, Visitor
from contractnet.market.terms import TermOptions
from contractnet.transport.memory import MemoryTransport

#: the next task is put out so long after the one before, so that it can be watched
APART_S = 0.15
LOOK_S = 0.02
#: terms of every lot that its own do not change
USUAL: TermOptions = {"reply_within": 10, "within": 30, "work_within": 60, "wait_for_agents": 2}

Told = Callable[[Contract], None]


async def run_demo(
    ledger: str,
    lots: Sequence[Lot],
    seed: int,
    begun: Told,
    ended: Told,
    seats: Mapping[str, Hostable | Agent] | None = None,
) -> None:
    """Put the lots out, and return when all have ended.

    Args:
        ledger: what is written.
        seed: of the prices.
        begun, ended: told of each contract.
        seats: agent id -> who takes a scripted agent's place.
    Raises:
        DefinitionError, LedgerError: the ledger cannot be written.
    """
    transport = MemoryTransport()
    market = Market.open(transport, agents=cast(seed, seats), ledger=ledger, settings=Settings(listen_ms=0))
    try:
        async with market, asyncio.TaskGroup() as group:
            visiting = group.create_task(Visitor(transport, seed).run())
            while not market.manager.directory.has(NAME):  # noqa: ASYNC110  # nobody tells when a beat is heard
                await asyncio.sleep(LOOK_S)
            async for _, contract in as_they_end(_Putter(market, begun, group), lots, ahead=len(lots)):
                ended(contract)
            visiting.cancel()
    except BaseExceptionGroup as failed:
        raise cause_of(failed) from failed


class _Putter:
    """Begins the lots, a little apart, and cancels those that are no longer wanted."""

    def __init__(self, market: Market, begun: Told, group: asyncio.TaskGroup) -> None:
        self._market, self._begun, self._group = market, begun, group
        self._next_s = 0.0

    async def __call__(self, lot: Lot) -> Contract:
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_s)
        self._next_s = at + APART_S
        await asyncio.sleep(at - now)
        terms: TermOptions = {**USUAL, **lot.terms}
        contract = await self._market.begin(lot.task, **terms)
        self._begun(contract)
        if lot.cancel_after_s is not None:
            self._group.create_task(_cancel(contract, lot.cancel_after_s))
        return contract


async def _cancel(contract: Contract, after_s: float) -> None:
    await contract.awarded()
    with suppress(TimeoutError):
        async with asyncio.timeout(after_s):
            await contract.ended()
    await contract.cancel()
