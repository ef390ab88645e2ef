"""The manager as its callers know it: begin a tender, wait for its award or its end, cancel, grant, leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.records import BargainCalledOff, BargainOpened
from contractnet.bargaining.seats import SETTLED_MS
from contractnet.bargaining.side import Bargain
from contractnet.errors import DefinitionError
from contractnet.ledger.questions import DECISIONS, Answered
from contractnet.ledger.readable import readable
from contractnet.ledger.records import Record
from contractnet.ledger.scribe import Writing
from contractnet.ledger.waits import AWARD, BEGIN, END
from contractnet.manager.book import MONEY
from contractnet.manager.checks import Check
from contractnet.manager.driver import Driver
from contractnet.manager.limits import LIMIT, LimitPolicy
from contractnet.manager.paid import ExplorationGranted
from contractnet.manager.records import AccountClosed, CancelAsked, Ended, Granted, Judged, Opened
from contractnet.manager.tender import Tender
from contractnet.messages.values import CancelReason

R = TypeVar("R", bound=Record)


class Manager(Driver):
    """The driver with what callers do. `run` must be going for anything to happen."""

    async def open(self, tender_id: str, opened: Opened, check: Check | None = None) -> Tender:
        """Begin a tender; returns when it is durable.

        Raises:
            DefinitionError: no ledger could give it back; nothing was recorded.
            LedgerBroken: the ledger is over.
        """
        written = self.book.step(tender_id, readable(opened), self._now())
        tender = self.book.tenders[tender_id]
        if check is not None:
            self._checks.know(tender.id, check)
        self._openings.add(tender)
        self._recorder.commit(written, then=lambda: self._waits.came(tender.id, BEGIN))
        self._schedule(tender)
        self._open_calls()
        await self._waits.wait(tender.id, BEGIN, self._recorder.broken)
        return tender

    def check_with(self, tender: Tender, check: Check) -> None:
        """Give the function that judges this tender's result; after a restart it is given again (D11)."""
        self._checks.know(tender.id, check)
        self._checks.look(tender)

    def cancel(self, tender: Tender, reason: CancelAsked) -> None:
        """No longer wanted. A tender that has ended stays as it is."""
        if tender.ended is None:
            self._step(tender, tender.id, reason)

    def cancel_all(self, within_s: float | None = None) -> None:
        """Nothing that runs is wanted any more (reason `shutdown`).

        Args:
            within_s: answers are awaited no longer than this, whatever the cancel timer says.
        """
        within_ms = None if within_s is None else round(within_s * 1000)
        written: list[Writing] = []
        for tender in self._openings.live:
            if tender.ended is None:
                written += self._advance(tender, tender.id, CancelAsked(reason="shutdown", within_ms=within_ms))
                written += self._expire(tender, self._now())  # no time at all: it ends here
        written += self._call_off([*self.book.bargains], self._now(), CancelReason.SHUTDOWN)
        self._commit(written)

    async def wind_up(self, within_s: float) -> None:
        """Cancel all that runs, and wait until all has ended, at most so long. What the broker's absence kept from its
        end stays recorded as it is.

        Raises:
            LedgerBroken, TransportRefused: the manager is over.
        """
        self.cancel_all(within_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s + self.settings.recheck_ms / 1000):
                await asyncio.gather(*(self.ended(tender) for tender in self._openings.live))

    async def bargain(self, conversation: str, opened: BargainOpened, player: AnyPlayer | None = None) -> Bargain:
        """Begin a bargaining of this manager's own; returns when it is durable.

        Args:
            player: who words the own turns; None: the strategy plays them without words.
        Raises:
            DefinitionError: it cannot be played, or no ledger could give it back; nothing was recorded.
            LedgerBroken: the ledger is over.
        """
        written = self.book.step(conversation, readable(opened), self._now())
        if player is not None:
            self._players[conversation] = player
        self._recorder.commit(written, then=lambda: self._waits.came(conversation, BEGIN))
        await self._waits.wait(conversation, BEGIN, self._recorder.broken)
        return self.book.bargains[conversation]

    def bargain_again(self, conversation: str, player: AnyPlayer | None) -> Bargain:
        """A bargaining that is recorded; who words it is given again after a restart."""
        if player is not None:
            self._players[conversation] = player
        return self.book.bargains[conversation]

    async def bargained(self, bargain: Bargain) -> None:
        """Wait until a bargaining has ended, before a mediator too if it has come to that, and that is durable."""
        if bargain.conversation not in self._over:
            await self._waits.wait(bargain.conversation, END, self._recorder.broken)

    def call_off(self, bargain: Bargain) -> None:
        """No longer wanted. One that has ended, or in which we have accepted, stays as it is."""
        self._take(bargain, BargainCalledOff(reason=CancelReason.USER))

    def grant(self, amount: int, unit: str, account: str = "") -> None:
        """Set the total budget of an account (D12); a child account that there is not yet is made, and one that is
        closed opens again. Granted before with the same amount: nothing is recorded.

        Raises:
            DefinitionError: another unit; less than is spent and held; for a child, more than its parent has left.
        """
        there = self.book.accounts.find(account)
        if there is not None and not there.closed and (there.budget, there.unit) == (amount, unit):
            return
        self._require_holdable(unit, account)
        self.book.accounts.allow(amount, unit, account)
        written = self._moot(account, "wait", "another budget was granted")
        granted = Granted(amount=amount, unit=unit, account=account)
        self._commit(written + self.book.loose(MONEY, granted, self._now()))
        self._open_calls()

    def grant_exploration(self, amount: int, unit: str) -> None:
        """Set what awards to others than the best may give up in all, as a score (D15). The same again: nothing is
        recorded.
        """
        there = self.book.outcomes.exploration
        if (there.granted, there.unit) != (amount, unit):
            self._commit(self.book.loose(MONEY, ExplorationGranted(amount=amount, unit=unit), self._now()))

    def close_account(self, account: str) -> None:
        """No tender opens in a child account any more; what it has left goes to its parent.

        Raises:
            DefinitionError: there is no such child, or it is closed.
        """
        there = self.book.accounts.find(account)
        if there is None or there.parent is None or there.closed:
            raise DefinitionError(f"account {account!r} is not open")
        written = self._moot(account, "stop", "the account was closed")
        closed = AccountClosed(account=account, released=there.released or 0)
        self._commit(written + self.book.loose(MONEY, closed, self._now()))
        self._open_calls()

    def at_limit(self, policy: LimitPolicy | None, account: str = "") -> None:
        """What an account does at its limit, and those under it that say nothing of their own.

        Args:
            policy: None: as its parent does.
        """
        if policy is not None:
            self._openings.policies[account] = policy
        else:
            self._openings.policies.pop(account, None)
        settled, pending = self._openings.policy(account).at_limit, self.book.questions.about(LIMIT, account)
        if pending is not None and settled in ("stop", "hand-back"):  # asked for when the policy was another
            self._answer(Answered(id=pending.id, choice=settled, by="policy"))
        self._desk.look()

    def decide(self, answered: Answered, then: Callable[[], None] | None = None) -> None:
        """Answer a pending decision; `then` is called when that is durable.

        Raises:
            DefinitionError: nobody asked that, or the money for it is not there.
        """
        self._answer(readable(answered), then)

    def _moot(self, account: str, choice: str, why: str) -> list[Writing]:
        """Whoever is asked about an account need not decide any more."""
        pending = self.book.questions.about(LIMIT, account)
        if pending is None:
            return []
        answered = Answered(id=pending.id, choice=choice, by="budget", why=why)
        return self.book.loose(DECISIONS, answered, self._now())

    def _require_holdable(self, unit: str, account: str) -> None:
        """What this account runs must fit under a budget."""
        for tender in self._openings.live:
            terms = tender.opened.terms
            if tender.opened.account == account and (terms.worst is None or terms.unit != unit):
                what = "has no reserve" if terms.worst is None else f"is in {terms.unit}"
                raise DefinitionError(
                    f"budget: tender {tender.id}, which this ledger still runs, {what}; let it end first, or use "
                    "another ledger"
                )

    def note(self, tender: Tender, record: Judged) -> None:
        """Record something that moves no tender."""
        self._commit(self.book.loose(tender.id, readable(record), self._now()))

    def record(self, stream: str, record: Record) -> None:
        """Record something that belongs to no tender."""
        self._commit(self.book.loose(stream, readable(record), self._now()))

    async def ended(self, tender: Tender) -> Ended:
        """Wait until the tender has ended and that is durable.

        Raises:
            LedgerBroken, TransportRefused: the manager is over.
        """
        if tender.ended is None or tender.id in self._openings:
            await self._waits.wait(tender.id, END, self._recorder.broken)
        assert tender.ended is not None  # waited for
        return tender.ended

    async def awarded(self, tender: Tender) -> None:
        """Wait until a slot of the tender is taken, or it has ended."""
        if tender.ended is None and not any(slot.holder for slot in tender.slots):
            await self._waits.wait(tender.id, AWARD, self._recorder.broken)

    def fail(self, error: BaseException) -> None:
        """The manager is over: whoever waits is told why."""
        if not self._recorder.broken.done():
            self._recorder.broken.set_exception(error)
            self._recorder.broken.exception()  # retrieved: nobody may be waiting

    async def leave(self) -> None:
        """An orderly end: what was said is sent; with nothing due, the queues are given back. They are kept where a
        word on what we accepted may come: whoever opens the ledger again hears it.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.confirm_ms / 1000):
                await self._outbox.drained()
        owed = any(map(self._owed_a_word, self.book.bargains.values()))
        if self.quiet and not owed and self._link.up:
            await self._link.retire()

    @property
    def quiet(self) -> bool:
        """Whether nothing is due: all tenders ended, all sent, no timer runs."""
        tenders = self.book.tenders.values()
        done = all(tender.ended is not None and tender.deadline() is None for tender in tenders)
        return done and not self.book.talking and self._outbox.empty and not self.book.unsent

    def _owed_a_word(self, bargain: Bargain) -> bool:
        """Whether a late word on what we accepted may come (B27); after a day it is not looked for."""
        unsettled = bargain.machine.finished and bargain.machine.has("binds") and not bargain.machine.has("agreed")
        return unsettled and self._now() - bargain.due_at <= SETTLED_MS
