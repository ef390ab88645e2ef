"""How the tenders of a manager's ledger ended, as outcomes that can be counted. Pure: entries in, outcomes out.

Rules:

1. A tender that has ended is an outcome. It is a deal where at least one of its slots was filled with a credited result
   (valid, and its check said yes) and the last verdict on it, where there is one, is not bad.
2. No outcome, and counted apart: a tender that still runs, and one that its own side called off with nothing filled
   (`cancelled`: by the user, at a shutdown, for want of money), since that says nothing of the other side.
3. The payoff of a deal is the reserve of what was filled less what was paid for it, bonds included. Of a divisible task
   the reserve counts for each part, of bundles each item has its own.
4. Without a reserve: the lowest price that a contractor who won nothing stood at in a decision, less what was paid; of
   a task for one winner alone. Without that either there is no payoff.

Source: D15 of what a good result is, D12 of what is paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct, field

from contractnet.errors import LedgerDamaged
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Record
from contractnet.manager.conditions import TenderTerms
from contractnet.manager.records import Decided, Ended, Judged, Opened
from contractnet.mechanisms.bargaining.monitor import Outcome, Payoff

#: what payoffs are measured against
RESERVE: Final = "reserve"
LOSING_OFFER: Final = "losing-offer"
#: why a tender that filled a slot is no deal
JUDGED_BAD: Final = "judged-bad"
_KINDS: Final[dict[str, type[Record]]] = {kind.__name__: kind for kind in (Opened, Decided, Ended, Judged)}


class Read(Struct, frozen=True, kw_only=True):
    """What a ledger says."""

    outcomes: tuple[Outcome, ...]  #: in the order of their ends
    running: int = 0  #: without an end
    called_off: int = 0  #: by one of those who took part, with nothing agreed
    unknown: int = 0  #: whose end is not known here: the last message of a bargaining may have been lost

    @property
    def any(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.outcomes or self.running or self.called_off or self.unknown)


class _Tender(Struct, kw_only=True):
    terms: TenderTerms
    prices: dict[str, int] = field(default_factory=dict[str, int])  #: contractor -> what it asked in the last decision
    ended: Ended | None = None
    at: int = 0
    good: bool = True  #: the last verdict, where there is one


def outcomes(entries: Iterable[Entry]) -> Read:
    """The outcomes of a manager's ledger.

    Raises:
        LedgerDamaged: an entry cannot be read.
    """
    tenders: dict[str, _Tender] = {}
    for entry in entries:
        kind = _KINDS.get(entry.type)
        if kind is None:
            continue
        try:
            _take(tenders, entry, msgspec.json.decode(entry.body, type=kind))
        except (msgspec.MsgspecError, LookupError) as error:
            raise LedgerDamaged(f"position {entry.position}: {error!r}; `replay` says more", entry.position) from error
    found = [one for name, tender in tenders.items() if (one := _outcome(name, tender)) is not None]
    running = sum(one.ended is None for one in tenders.values())
    return Read(
        outcomes=tuple(sorted(found, key=lambda one: one.at)),
        running=running,
        called_off=len(tenders) - running - len(found),
    )


def _take(tenders: dict[str, _Tender], entry: Entry, record: Record) -> None:
    name = entry.conversation.partition(".")[0]
    match record:
        case Opened():
            tenders[name] = _Tender(terms=record.terms)
        case Decided():
            tenders[name].prices.update({one.participant: one.price for one in record.bids})
        case Ended():
            tenders[name].ended, tenders[name].at = record, entry.at
        case Judged():
            tenders[name].good = record.ok
        case _:
            pass


def _outcome(name: str, tender: _Tender) -> Outcome | None:
    """None: it is none (rule 2)."""
    ended = tender.ended
    if ended is None or (ended.status == "cancelled" and not ended.filled):
        return None
    if not ended.filled:
        return Outcome(name=name, at=tender.at, deal=False, reason=ended.reason or ended.status)
    if not tender.good:
        return Outcome(name=name, at=tender.at, deal=False, reason=JUDGED_BAD)
    return Outcome(name=name, at=tender.at, deal=True, payoff=_payoff(tender, ended))


def _payoff(tender: _Tender, ended: Ended) -> Payoff | None:
    terms, paid = tender.terms, sum(one.price + one.bond for one in ended.filled)
    if terms.items:
        bought = {item for one in ended.filled for item in one.items}
        worth, against = sum(item.reserve for item in terms.items if item.name in bought), RESERVE
    elif terms.reserve is not None:
        worth, against = terms.reserve * sum(one.parts or 1 for one in ended.filled), RESERVE
    else:
        winners = {one.winner for one in ended.filled}
        others = [price for agent, price in tender.prices.items() if agent not in winners]
        if terms.slots > 1 or not others:
            return None
        worth, against = min(others), LOSING_OFFER
    return Payoff(amount=worth - paid, of=worth, unit=terms.unit, against=against)
