"""When a waiting tender opens its next call: somebody is there, a place is free, and the money fits (D1, D6, D12).

A waiting tender holds no place; those that wait are looked at in the order of their opening, and a hold that fits may
pass a larger one. After a start and after an outage one presence beat is listened for first. Where the money is not
enough a decision is asked for (`manager.limits`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from contractnet.directory.directory import Directory
from contractnet.ledger.questions import DECISIONS, Answered
from contractnet.ledger.scribe import Writing
from contractnet.manager.book import Book
from contractnet.manager.limits import LIMIT, LimitPolicy, at_limit, question, slots_to_open
from contractnet.manager.records import CancelAsked, Invited
from contractnet.manager.settings import Settings
from contractnet.manager.tender import Tender


class Openings:
    """The tenders of one manager that have not ended, and who may open a call now."""

    def __init__(self, book: Book, directory: Directory, settings: Settings) -> None:
        self.listen_until = 0  #: instant before which no call opens
        self._book = book
        self._directory = directory
        self._concurrency = settings.concurrency
        self.policies: dict[str, LimitPolicy] = {}  #: account -> what it does at its limit
        self._live = {tender.id: tender for tender in book.tenders.values() if tender.ended is None}

    def add(self, tender: Tender) -> None:
        """A new tender waits."""
        self._live[tender.id] = tender

    def forget(self, tender_id: str) -> None:
        """It has ended."""
        self._live.pop(tender_id, None)

    def __contains__(self, tender_id: str) -> bool:
        """Whether it has not ended, or its end is not durable yet."""
        return tender_id in self._live

    @property
    def live(self) -> list[Tender]:
        """The tenders that have not ended."""
        return list(self._live.values())

    def anyone_there(self, tender: Tender) -> bool:
        """Whether an agent with the tender's skill is present."""
        return bool(self._directory.with_skill(tender.opened.spec.skill))

    def alone_until(self, tender: Tender) -> int | None:
        """The instant at which the tender's wait for agents is over; None: one is there, nobody counts.

        It runs without a break: from the tender's own waiting, from when one was last there, and from when we had
        listened for a beat (D1, D5, D6), whichever is latest.
        """
        if self.anyone_there(tender):
            return None
        since = max(tender.not_before, self.listen_until, self._directory.last_seen(tender.opened.spec.skill))
        return since + tender.opened.terms.wait_for_agents_ms

    def instants(self, tender: Tender, now: int) -> list[int]:
        """When a waiting tender is to be looked at, beside its own timers: its back-off's end, its wait's end."""
        if not tender.waiting:
            return []
        until = self.alone_until(tender)
        found = [] if until is None else [until]
        return [*found, tender.not_before] if tender.not_before > now else found

    def hopeful(self, tender: Tender, now: int) -> bool:
        """Whether the tender's wait for agents is not over, if it waits."""
        until = self.alone_until(tender) if tender.waiting else None
        return until is None or now < until

    def ready(self, now: int) -> Iterator[Tender]:
        """The tenders that may step their `invitation` now, while places are free."""
        if now < self.listen_until:
            return
        taken = (one for one in self._live.values() if one.calling)
        calling = sum(1 for _ in islice(taken, self._concurrency))  # beyond that it does not matter how many
        there: dict[str, bool] = {}
        for tender in self.live:
            if calling >= self._concurrency:
                return
            if not tender.waiting or now < max(tender.not_before, tender.grace_until):
                continue
            skill = tender.opened.spec.skill
            if skill not in there:
                there[skill] = self.anyone_there(tender)
            if there[skill] and (self._slots(tender) is not None or self._unasked(tender)):
                yield tender
                calling += tender.calling

    def open(self, tender: Tender, now: int) -> list[Writing]:
        """Open the next call of a tender that is ready, or what else becomes of it: its end, where there is no money
        for it, or a decision that it waits for (D12).
        """
        written: list[Writing] = []
        if self._unasked(tender):
            account = self._book.account_of(tender.id)
            mine = (one for one in self._live.values() if one.opened.account == account.name)
            waiting = [one for one in mine if one.waiting and one.first_opened is None]
            pending = question(self._book.questions.next_id(), account, waiting)
            written += self._book.loose(DECISIONS, pending, now)
            settled = self.policy(account.name).at_limit
            if settled in ("stop", "hand-back"):
                written += self._book.loose(DECISIONS, Answered(id=pending.id, choice=settled, by="policy"), now)
        fact = self.invitation(tender)
        if fact is None:
            return written
        at = tender.id if isinstance(fact, CancelAsked) else tender.next_conversation()
        return written + self._book.step(at, fact, now)

    def invitation(self, tender: Tender) -> Invited | CancelAsked | None:
        """Who is expected to answer (D6); the tender's end, where there is no money for it (D12); None: it waits."""
        slots = self._slots(tender)
        if slots is None:
            return None
        if not slots:
            return CancelAsked(reason="budget")
        expected = dict(self._directory.with_skill(tender.opened.spec.skill))
        number, fewer = len(tender.calls) + 1, slots if slots < len(tender.slots) else None
        return Invited(number=number, expected=expected, manager_epoch=self._book.manager_epoch, slots=fewer)

    def waits_for_money(self, name: str) -> bool:
        """Whether anything of an account still waits at its limit."""
        account = self._book.accounts.find(name)
        mine = (one for one in self._live.values() if one.opened.account == name and one.waiting)
        return account is not None and any(at_limit(one, account) for one in mine)

    def policy(self, account: str) -> LimitPolicy:
        """What an account does at its limit: as it was told, else as its parent."""
        while account and account not in self.policies:
            account = account.rpartition("/")[0]
        return self.policies.get(account, LimitPolicy())

    def _slots(self, tender: Tender) -> int | None:
        account = self._book.account_of(tender.id)
        return slots_to_open(tender, account, self._standing(account.name))

    def _unasked(self, tender: Tender) -> bool:
        """Whether the limit of its account is reached, and nobody has decided or is asked."""
        account = self._book.account_of(tender.id)
        if self._standing(account.name) or not at_limit(tender, account):
            return False
        return self._book.questions.about(LIMIT, account.name) is None

    def _standing(self, account: str) -> str | None:
        return self._book.standing.of(account, self.policy(account).at_limit)
