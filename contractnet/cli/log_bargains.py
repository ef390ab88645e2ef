"""How the bargainings of a ledger or journal ended, as outcomes that can be counted. Pure: entries in, outcomes out.

Rules:

1. A bargaining that has ended is an outcome, and a deal where terms were agreed, be it that a mediator found them and
   the own guard took them: also where it was declined, ended by one side or by its turns, or ran out of time. Of one
   whose both sides stand in the record the first one counts.
2. No outcome, and counted apart: one that still runs, one that either side cancelled, one whose end is not known here.
3. The payoff of a deal is what its terms are worth to the side that kept the record, over its own reservation: of a
   price in its unit, against the reservation price; of several issues in shares of the best deal, of which no unit is
   made. Both are private, and so is what is made of them: it stays with who may read the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from contractnet.bargaining.records import BargainEnded, BargainMediated, BargainOpened, BargainTaken, Plan
from contractnet.cli.log_outcomes import Read
from contractnet.errors import LedgerDamaged
from contractnet.ledger.port import Entry
from contractnet.ledger.records import HeardTurn, Record
from contractnet.mechanisms.bargaining.monitor import Outcome, Payoff
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.messages.bargaining import BargainRequestContent
from contractnet.messages.values import PPM

#: what payoffs are measured against, and what those of several issues are counted in
RESERVATION: Final = "own-reservation"
SHARES: Final = "of the best deal"
_KINDS: Final[dict[str, type[Record]]] = {
    kind.__name__: kind for kind in (BargainOpened, BargainTaken, BargainEnded, BargainMediated, HeardTurn)
}


class _Side(Struct, kw_only=True):
    """One side of one bargaining."""

    unit: str = ""
    plan: Plan | None = None
    ended: BargainEnded | None = None
    terms: tuple[int, ...] | None = None  #: of the deal
    at: int = 0
    begun: bool = False  #: it was opened or asked for; an act of a conversation that nobody knows begins none


def bargainings(entries: Iterable[Entry]) -> Read:
    """The outcomes of the bargainings that a ledger or a journal holds.

    Raises:
        LedgerDamaged: an entry cannot be read.
    """
    sides: dict[str, tuple[str, _Side]] = {}
    for entry in entries:
        kind = _KINDS.get(entry.type)
        if kind is None:
            continue
        name = entry.conversation
        if kind is BargainMediated:  # a conversation of its own, called like what it is about
            name = name.rpartition(".m")[0]
        agent, side = sides.setdefault(name, (entry.agent, _Side()))
        if agent != entry.agent:
            continue
        try:
            _take(side, entry, msgspec.json.decode(entry.body, type=kind))
        except msgspec.MsgspecError as error:
            raise LedgerDamaged(f"position {entry.position}: {error}; `replay` says more", entry.position) from error
    sides = {name: one for name, one in sides.items() if one[1].begun}
    states = {name: None if side.ended is None else side.ended.state for name, (_, side) in sides.items()}
    found = [
        _outcome(name, side, side.ended)
        for name, (_, side) in sides.items()
        if side.ended is not None and states[name] not in ("CANCELLED", "UNKNOWN")
    ]
    counts = list(states.values())
    return Read(
        outcomes=tuple(sorted(found, key=lambda one: one.at)),
        running=counts.count(None),
        called_off=counts.count("CANCELLED"),
        unknown=counts.count("UNKNOWN"),
    )


def _take(side: _Side, entry: Entry, record: Record) -> None:
    match record:
        case BargainOpened():
            side.plan, side.unit, side.begun = record.plan, _unit(record.request), True
        case HeardTurn():
            content = record.message.content
            if isinstance(content, BargainRequestContent):
                side.unit, side.begun = _unit(content), True
        case BargainTaken():
            side.plan = record.plan
        case BargainEnded():
            side.ended, side.terms, side.at = record, record.terms, entry.at
        case BargainMediated(taken=True):
            side.terms, side.at = record.terms, entry.at
        case _:
            pass


def _unit(request: BargainRequestContent) -> str:
    return request.issues[0].unit or ""


def _outcome(name: str, side: _Side, ended: BargainEnded) -> Outcome:
    if side.terms is None:
        return Outcome(name=name, at=side.at, deal=False, reason=ended.state.lower())
    return Outcome(name=name, at=side.at, deal=True, payoff=_payoff(side, side.terms))


def _payoff(side: _Side, terms: tuple[int, ...]) -> Payoff | None:
    if side.plan is None:
        return None
    mine = side.plan.mandate.preferences
    gain = mine.utility(terms) - mine.reservation
    if isinstance(mine, PricePreferences):
        return Payoff(amount=gain, of=mine.limit, unit=side.unit, against=RESERVATION)
    return Payoff(amount=gain, of=PPM, unit=SHARES, against=RESERVATION)
