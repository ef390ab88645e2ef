"""One trial over several issues: two players, one case, a session by the rules of the package, and a mediator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from contractnet.arena.bargaining.several.cases import Case
from contractnet.arena.bargaining.trials import Ended, Table, bargained, ending
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Additive, Side
from contractnet.mechanisms.bargaining.session import Bargainer
from contractnet.mechanisms.bargaining.shape import Rules

#: a player of a side: from its true preferences to what sits at the table
CaseSeat = Callable[[Additive], Bargainer]


class CaseTrial(Struct, frozen=True, kw_only=True):
    """One bargaining, as it is counted."""

    name: str  #: of the case
    first: Side
    last: Side  #: who had the last turn by the rules
    ended: Ended
    terms: Terms | None  #: of the deal
    round: int  #: in which it ended, from 0
    accepted_by: Side | None = None  #: None: no deal, or the mediator's
    refused: int = 0  #: acts that the boundary refused
    corrected: int = 0  #: offers and acceptances that a side's own guard changed


def play_case(case: Case, seats: tuple[CaseSeat, CaseSeat], table: Table, first: Side, seed: str) -> CaseTrial:
    """One trial.

    Args:
        seats: of the buyer and of the seller.
        seed: of whatever a strategy or the mediator draws.
    Raises:
        DefinitionError: a player or a rung is not for several issues, or the rules have no meaning.
    """
    buyer, seller = (seat(mine) for seat, mine in zip(seats, case.sides, strict=True))
    buys: Literal[0, 1] = 0 if first == "buyer" else 1
    order = (buyer, seller) if buys == 0 else (seller, buyer)
    rules = Rules(agenda=case.agenda, turns=table.turns, monotone=table.monotone)
    exchange, mediated = bargained(case.name, order, rules, table.ladder, seed)
    accepted: Side | None = None
    if exchange.accepted_by is not None:
        accepted = "buyer" if exchange.accepted_by == buys else "seller"
    return CaseTrial(
        name=case.name,
        first=first,
        last="buyer" if exchange.last == buys else "seller",
        ended=ending(exchange, mediated),
        terms=exchange.terms if mediated is None else mediated.terms,
        round=exchange.round,
        accepted_by=accepted,
        refused=sum(move.act == "refused" for move in exchange.moves),
        corrected=sum(move.corrected is not None or move.overruled is not None for move in exchange.moves),
    )
