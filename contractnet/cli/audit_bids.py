"""What was bought beside what bidding cost: does the market pay?

Purchases stand in the manager's ledger; what models cost stands in the daemons' journals, where it is private, so it
counts as far as journals are given. A journal that serves other managers too counts with the tenders of this ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from contractnet.cli.audit_money import Bought, asked_for
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Asked


class Trade(msgspec.Struct, kw_only=True):
    """Of one agent, in one unit. Amounts in micros."""

    agent: str
    unit: str
    bids: int = 0  #: offers that came to the manager
    won: int = 0  #: slots with a credited result
    asked: int = 0  #: for those, by the offers
    paid: int = 0  #: for those, with what their bonds added or took off
    requests: int = 0  #: to models
    tokens: int = 0  #: in and out, of all of them
    bidding: int = 0  #: cost of models for bids and what they say
    lost: int = 0  #: of it, in tenders that it did not win
    work: int = 0  #: cost of models for the work


def trades(tenders: Mapping[str, Bought], journals: Iterable[Entry]) -> list[Trade]:
    """What each agent asked, was paid, and spent on models.

    Args:
        tenders: tender id -> what was bought.
        journals: entries of the daemons' journals.
    """
    found: dict[tuple[str, str], Trade] = {}
    won: set[tuple[str, str]] = set()  #: (tender, agent)

    def of(agent: str, unit: str) -> Trade:
        return found.setdefault((agent, unit), Trade(agent=agent, unit=unit))

    for tender, bought in tenders.items():
        for agent, offers in bought.asked.items():
            of(agent, bought.terms.unit).bids += len(offers)
        for one in bought.ended.filled if bought.ended is not None else ():
            trade = of(one.winner, bought.terms.unit)
            trade.won, trade.paid = trade.won + 1, trade.paid + one.price + one.bond
            award = bought.awarded.get(one.slot)
            asked = asked_for(bought, one.winner, award[1] if award else "", one)
            trade.asked += one.price if asked is None else asked
            won.add((tender, one.winner))
    for entry in journals:
        tender = entry.conversation.partition(".")[0]
        if entry.type != Asked.__name__ or tender not in tenders:
            continue
        model = msgspec.json.decode(entry.body, type=Asked)
        trade = of(entry.agent, model.unit)
        trade.requests += 1
        trade.tokens += model.tokens_in + model.tokens_out
        if model.purpose == "perform":
            trade.work += model.cost
        else:
            trade.bidding += model.cost
            trade.lost += 0 if (tender, entry.agent) in won else model.cost
    return [found[key] for key in sorted(found)]


def totals(found: Iterable[Trade]) -> list[Trade]:
    """One for each unit."""
    sums: dict[str, Trade] = {}
    names = ("bids", "won", "asked", "paid", "requests", "tokens", "bidding", "lost", "work")
    for one in found:
        total = sums.setdefault(one.unit, Trade(agent="total", unit=one.unit))
        for name in names:
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return [sums[unit] for unit in sorted(sums)]
