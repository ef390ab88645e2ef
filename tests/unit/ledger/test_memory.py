"""The ledger in memory keeps the port's rules, and is done at once."""

from __future__ import annotations

from contractnet.ledger.memory import MemoryLedger
from contractnet.ledger.port import Ledger
from tests.suites.ledger import NOW, OWNER, LedgerSuite, draft


class TestMemoryLedger(LedgerSuite):
    async def open(self) -> Ledger:
        return MemoryLedger(OWNER, "ledger", NOW)

    async def test_it_is_recorded_when_append_returns(self) -> None:
        async with self.ledger() as ledger:
            assert ledger.append([draft(1)]).done()
            assert len(list(ledger.entries())) == 2
