"""The money of a ledger, counted again from its entries alone: no account, no tender, no rule of the package is asked.

What must hold, at every entry:

1. No account is over its grant: what its tenders hold and have spent, and what its children hold of it and have spent.
2. A tender has one hold at most, before its end; held = spent + released at its end; without a hold there is no limit.
3. What was spent is the sum of what the filled slots cost; a slot costs what its award said, no less than its winner
   asked, no more than the reserve, or than what a mediator may award; of a divisible task for each of its parts.
4. A closed account released what was free in it, and opens nothing.

Source: D12; promise 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from contractnet.ledger.port import Entry
from contractnet.ledger.questions import Answered, Pending
from contractnet.ledger.records import Heard, Record
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.paid import Filled
from contractnet.manager.records import AccountClosed, Awarded, Ended, Granted, Held, Opened
from contractnet.messages.acts import Propose
from contractnet.messages.contents import ProposeContent
from contractnet.messages.values import show_amount

_KINDS: Final[dict[str, type[Record]]] = {
    kind.__name__: kind for kind in (Opened, Held, Heard, Awarded, Ended, Granted, AccountClosed, Pending, Answered)
}


@dataclass(slots=True)
class Sums:
    """Of one account, counted from the leaves."""

    granted: int | None = None
    unit: str | None = None
    closed: bool = False
    holds: dict[str, int] = field(default_factory=dict[str, int])  #: tender -> held
    paid: int = 0  #: by its own tenders


@dataclass(slots=True)
class Bought:
    """One tender's purchase."""

    terms: TenderTerms
    account: str
    asked: dict[str, dict[str, ProposeContent]] = field(default_factory=dict[str, dict[str, ProposeContent]])
    awarded: dict[int, tuple[str, str, int]] = field(default_factory=dict[int, tuple[str, str, int]])
    held: int | None = None
    ended: Ended | None = None


class MoneyAudit:
    """Takes the entries of a manager's ledger in order; what is wrong comes out."""

    def __init__(self) -> None:
        self.accounts: dict[str, Sums] = {"": Sums()}
        self.tenders: dict[str, Bought] = {}
        self._limits: dict[str, str] = {}  #: pending decision -> account

    def take(self, entry: Entry) -> Iterator[str]:
        """What one entry breaks."""
        kind = _KINDS.get(entry.type)
        if kind is None:
            return
        try:
            record = msgspec.json.decode(entry.body, type=kind)
            found = list(self._count(entry.conversation, record))
        except (msgspec.MsgspecError, LookupError) as error:
            found = [f"a `{entry.type}` entry is not possible here: {error!r}"]
        yield from (f"position {entry.position}: {one}" for one in found)

    # ---- sums

    def spent(self, name: str) -> int:
        """By an account's tenders and those of its children, micros."""
        return self.accounts[name].paid + sum(self.spent(child) for child in self._children(name))

    def held(self, name: str) -> int:
        """By its tenders, and of each child what that may still spend."""
        return sum(self.accounts[name].holds.values()) + sum(self._claim(child) for child in self._children(name))

    def granted(self, name: str) -> int | None:
        """Of a closed account what it has spent and still holds."""
        one = self.accounts[name]
        return self.spent(name) + self.held(name) if one.closed else one.granted

    def released(self, name: str) -> int | None:
        """What is free."""
        granted = self.granted(name)
        return None if granted is None else granted - self.spent(name) - self.held(name)

    def _claim(self, name: str) -> int:
        return (self.granted(name) or 0) - self.spent(name)

    def _children(self, name: str) -> list[str]:
        return [one for one in self.accounts if one and one.rpartition("/")[0] == name]

    # ---- one entry

    def _count(self, conversation: str, record: Record) -> Iterator[str]:
        tender = conversation.partition(".")[0]
        match record:
            case Opened():
                self.tenders[tender] = Bought(record.terms, record.account)
                if record.account not in self.accounts:
                    yield f"account {record.account} was never granted anything"
                    self.accounts[record.account] = Sums(granted=0)
            case Heard(message=Propose() as act) if tender in self.tenders:
                self.tenders[tender].asked.setdefault(act.sender, {})[act.content.offer] = act.content
            case Awarded():
                self.tenders[tender].awarded[record.slot] = (record.participant, record.offer, record.price)
                yield from self._award(tender, record)
            case Held():
                yield from self._hold(tender, record)
            case Ended():
                yield from self._end(tender, record)
            case Granted():
                one = self.accounts.setdefault(record.account, Sums())
                one.granted, one.unit, one.closed = record.amount, record.unit, False
                yield from self._within()
            case AccountClosed():
                if self.released(record.account) != record.released:
                    yield f"account {record.account} says it released {show_amount(record.released)}"
                self.accounts[record.account].closed = True
            case Pending(kind="limit"):
                self._limits[record.id] = record.about
            case Answered(choice="grant") if record.id in self._limits:
                one = self.accounts[self._limits[record.id]]
                one.granted = (one.granted or 0) + (record.amount or 0)
                yield from self._within()
            case _:
                pass

    def _hold(self, tender: str, record: Held) -> Iterator[str]:
        bought = self.tenders[tender]
        if bought.held is not None or bought.ended is not None:
            yield f"tender {tender} holds money a second time, or after its end"
        bought.held = record.amount
        account = self.accounts[bought.account]
        if account.closed:
            yield f"tender {tender} holds money of account {bought.account}, which is closed"
        if account.unit is not None and account.unit != record.unit:
            yield f"tender {tender} holds {record.unit}, and the budget is in {account.unit}"
        account.holds[tender] = record.amount
        yield from self._within()

    def _end(self, tender: str, record: Ended) -> Iterator[str]:
        bought = self.tenders[tender]
        bought.ended = record
        self.accounts[bought.account].holds.pop(tender, None)
        self.accounts[bought.account].paid += record.spent
        if bought.held is not None and bought.held != record.spent + record.released:
            sums = f"spent {show_amount(record.spent)} + released {show_amount(record.released)}"
            yield f"tender {tender} held {show_amount(bought.held)}, and {sums}"
        if record.spent != sum(one.price + one.bond for one in record.filled):
            yield f"tender {tender} spent {show_amount(record.spent)}, and that is not what its slots cost"
        for one in record.filled:
            award = bought.awarded.get(one.slot)
            if award is None or (award[0], award[2]) != (one.winner, one.price):
                yield f"tender {tender} pays {one.winner} {show_amount(one.price)}: no award of slot {one.slot} says so"
        yield from self._within()

    def _award(self, tender: str, record: Awarded) -> Iterator[str]:
        bought = self.tenders[tender]
        asked = asked_for(bought, record.participant, record.offer, record)
        worst = None if bought.terms.worst is None else (record.parts or 1) * bought.terms.worst
        if record.items:
            worst = sum(one.reserve for one in bought.terms.items if one.name in record.items)
        if asked is None or record.price < asked:
            yield f"tender {tender} awards {record.participant} {show_amount(record.price)}: it did not ask that"
        if worst is not None and record.price > worst:
            yield f"tender {tender} awards {show_amount(record.price)}, over the most that may be paid"

    def _within(self) -> Iterator[str]:
        """No account over its grant."""
        for name in self.accounts:
            granted = self.granted(name)
            used = self.spent(name) + self.held(name)
            if granted is not None and used > granted:
                who = f"account {name}" if name else "the market"
                yield f"{who} is granted {show_amount(granted)}, and {show_amount(used)} is held and spent"


def asked_for(bought: Bought, agent: str, offer: str, what: Awarded | Filled) -> int | None:
    """What an offer asked for what its agent was awarded, micros; None: it offered no such thing."""
    content = bought.asked.get(agent, {}).get(offer)
    if content is None:
        return None
    if what.items and content.bundles:
        return min((one.price for one in content.bundles if {*one.items} == {*what.items}), default=None)
    return None if len(what.items) != len(bought.terms.items) else content.price * (what.parts or 1)
