"""A contract: one tender as its caller sees it, from the award to the result."""

from __future__ import annotations

from typing import Any

from contractnet.errors import BudgetExceeded, ContractFailed, NoAward
from contractnet.manager.call import Call
from contractnet.manager.checks import awaiting_check
from contractnet.manager.manager import Manager
from contractnet.manager.paid import Filled
from contractnet.manager.records import TRUTHS, CancelAsked, Ended, Judged
from contractnet.manager.tender import Tender
from contractnet.market.task import fingerprint
from contractnet.messages.contents import (
    ResultContent,
)
from contractnet.messages.values import plain_text, show_amount


class Contract:
    """One tender. What it shows is what is recorded; it goes on by itself."""

    def __init__(self, manager: Manager, tender: Tender) -> None:
        self._manager = manager
        self._tender = tender

    @property
    def id(self) -> str:
        """The tender's id; its conversations are called after it."""
        return self._tender.id

    @property
    def key(self) -> str | None:
        """The caller's name for it."""
        return self._tender.opened.key

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what must be the same under one key (D13)."""
        return fingerprint(self._tender.opened.spec)

    @property
    def task(self) -> str:
        """What was asked for."""
        return self._tender.opened.spec.task

    @property
    def status(self) -> str:
        """`waiting`, `calling`, `working`, `awaiting check`; at its end `settled`, `partial`, `no-award`, `failed` or
        `cancelled`.
        """
        if self._tender.ended is not None:
            return self._tender.ended.status
        if awaiting_check(self._tender):
            return "awaiting check"
        if any(slot.holder for slot in self._tender.slots):
            return "working"
        return "calling" if self._tender.calling else "waiting"

    @property
    def over(self) -> bool:
        """Whether the tender has ended."""
        return self._tender.ended is not None

    @property
    def reason(self) -> str | None:
        """Why it did not settle, one of the closed list (D13); None while it runs and where it settled."""
        return self._tender.ended.reason if self._tender.ended else None

    @property
    def winner(self) -> str | None:
        """Agent id of the present or final winner; of several slots, that of the first."""
        if self._tender.ended is not None:
            return self._tender.ended.winner
        return next((slot.holder for slot in self._tender.slots if slot.holder), None)

    @property
    def price(self) -> str | None:
        """What is paid, a decimal string in `unit`: at the end for all slots together, before it for the first."""
        if self._tender.ended is not None:
            price = self._tender.ended.price
            return None if price is None else show_amount(price)
        slot = next((slot for slot in self._tender.slots if slot.holder), None)
        return None if slot is None else show_amount(slot.price)

    @property
    def unit(self) -> str:
        """What the price is counted in."""
        return self._tender.opened.terms.unit

    @property
    def conversation_id(self) -> str | None:
        """Of the last call; None before the first."""
        return self._tender.calls[-1].conversation if self._tender.calls else None

    @property
    def reserve(self) -> str | None:
        """The most that will be paid, a decimal string; None where there is no limit."""
        reserve = self._tender.opened.terms.reserve
        return None if reserve is None else show_amount(reserve)

    @property
    def slots(self) -> int:
        """Winners sought."""
        return self._tender.opened.terms.slots

    @property
    def filled(self) -> list[Filled]:
        """The slots with a credited result, by number; their prices in micros."""
        ended = self._tender.ended
        return list(ended.filled) if ended is not None else []

    @property
    def truth(self) -> dict[str, str]:
        """What is known of every agent that was cancelled, by id: `undone`, `already-done`, `could-not-stop` or
        `unanswered`. After any but the first the work may have happened; it is never credited.
        """
        known: dict[str, str] = {}
        for call in self._tender.calls:
            for agent, truth in call.truth.items():  # of two cancels the worse: an undone does not undo what was done
                known[agent] = max(known.get(agent, truth), truth, key=TRUTHS.index)
        return known

    def last_call(self) -> Call | None:
        """The last call of the tender, as its core knows it."""
        return self._tender.calls[-1] if self._tender.calls else None

    def story(self) -> list[str]:
        """What happened to the slots, in words: awards that were lost, and why."""
        return [
            f"{lost.participant} lost slot {lost.slot}: {lost.reason}" + (f" ({lost.detail})" if lost.detail else "")
            for call in self._tender.calls
            for lost in call.lost
        ]

    async def awarded(self) -> None:
        """Wait until there is a winner, or an end without one."""
        await self._manager.awarded(self._tender)

    async def ended(self) -> Ended:
        """Wait for the one end of the tender, and return its record."""
        return await self._manager.ended(self._tender)

    async def result(self) -> dict[str, Any]:
        """Wait for the end and return the result.

        Raises:
            NoAward: nobody was awarded.
            ContractFailed: awarded, and it did not happen; or cancelled.
            BudgetExceeded: its worst case was over what is left of the budget.
        """
        ended = await self.ended()
        found = self.result_now()
        if found is not None:
            return found
        reason = ended.reason or "failed"
        text = f"{self.task[:60]!r} ended as {ended.status}: {reason}"
        if reason == "budget":
            raise BudgetExceeded(f"{text}; grant more, or lower the reserve", reason)
        if ended.status == "no-award":
            raise NoAward(f"{text}; `contractnet log` shows who was asked and what each answered", reason)
        story = "; ".join(self.story())
        more = f": {story}" if story else ""
        raise ContractFailed(f"{text}{more}; `contractnet log` shows what was said", reason)

    def result_now(self) -> dict[str, Any] | None:
        """The credited result, of several slots that of the first, or None where there is none (yet)."""
        results = self.results_now()
        return results[min(results)] if results else None

    async def results(self) -> dict[int, dict[str, Any]]:
        """Wait for the end and return the credited results, slot number -> result; may be fewer than the slots.

        Raises:
            NoAward, ContractFailed, BudgetExceeded: there is none; as `result`.
        """
        await self.result()
        return self.results_now()

    def results_now(self) -> dict[int, dict[str, Any]]:
        """The credited results of a tender that has ended, slot number -> result."""
        found: dict[int, dict[str, Any]] = {}
        for one in self.filled:
            content = self._tender.results[one.result_of].content
            assert isinstance(content, ResultContent)  # only such are kept
            found[one.slot] = content.result
        return found

    async def cancel(self) -> Ended:
        """No longer wanted: everyone who is asked or at work is told; waits for the end, then `truth` says what is
        known of each. A contract that has ended stays as it is.
        """
        self._manager.cancel(self._tender, CancelAsked(reason="user"))
        return await self.ended()

    def judge(self, ok: bool, note: str = "") -> None:
        """A later verdict on the result; the last one stands, before the check and before that it ended well."""
        self._manager.note(self._tender, Judged(ok=ok, note=plain_text(note)))

    def __repr__(self) -> str:
        return f"Contract({self.id}, {self.status}, winner={self.winner}, price={self.price})"
