"""One trial: two players, one scenario, a session by the rules of the package, and a mediator where one is asked for.

Rules:

1. The session is `bargaining.session`, the mediator `mediation.settling`: the same code that live bargaining runs.
2. Who moves first is told or drawn from the seed, the same for every pairing over one scenario; who had the last turn
   is in the result, since with few turns that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from contractnet.arena.bargaining.scenarios import Scenario
from contractnet.arena.draws import Draws
from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.settling import Frank, Mediated, Party, climb
from contractnet.mechanisms.bargaining.metrics import PriceRun, observed
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.mechanisms.bargaining.session import Bargainer, Exchange, bargain
from contractnet.mechanisms.bargaining.shape import Rules

First = Literal["buyer", "seller", "draw"]
#: what a language model does at the table: see `model_player`
Mode = Literal["og", "bounded", "free"]
Ended = Literal["agreed", "quit", "exhausted", "mediated", "no-zone"]

#: a player of a side: from its true preferences to what sits at the table
Seat = Callable[[PricePreferences], Bargainer]


class Table(Struct, frozen=True, kw_only=True):
    """The public terms of all trials of a run."""

    turns: int = 12  #: of both sides together
    first: First = "draw"
    monotone: bool = False
    ladder: tuple[Rung, ...] = ()  #: what a mediator tries where they do not agree; empty: there is none


class Trial(Struct, frozen=True, kw_only=True):
    """One bargaining, as it is counted."""

    scenario: Scenario
    first: Side
    last: Side  #: who had the last turn by the rules
    ended: Ended
    run: PriceRun


def movers(first: First, seed: int, count: int) -> list[Side]:
    """Who moves first in each of so many trials."""
    draws = Draws(seed, "bargain", "first")
    sides: tuple[Side, Side] = ("buyer", "seller")
    return [sides[draws.below(2)] if first == "draw" else first for _ in range(count)]


def play(
    scenario: Scenario,
    seats: tuple[Seat, Seat],
    table: Table,
    first: Side,
    seed: str,
    parties: Callable[[Mandate], Party] = Frank,
) -> tuple[Trial, Exchange]:
    """One trial.

    Args:
        seats: of the buyer and of the seller.
        seed: of whatever a strategy or the mediator draws.
        parties: what each side is to a mediator, from its mandate.
    Raises:
        DefinitionError: a player cannot play over a price, or the rules have no meaning.
    """
    buyer = seats[0](PricePreferences("buyer", scenario.budget))
    seller = seats[1](PricePreferences("seller", scenario.cost))
    buys: Literal[0, 1] = 0 if first == "buyer" else 1
    order = (buyer, seller) if buys == 0 else (seller, buyer)
    rules = Rules(agenda=scenario.agenda(), turns=table.turns, buyer=buys, monotone=table.monotone)
    exchange, mediated = bargained(scenario.name, order, rules, table.ladder, seed, parties)
    run = observed(exchange, scenario.budget, scenario.cost, buys)
    if mediated is not None:
        run = _with(run, None if mediated.terms is None else mediated.terms[0])
    last: Side = "buyer" if exchange.last == buys else "seller"
    return Trial(scenario=scenario, first=first, last=last, ended=ending(exchange, mediated), run=run), exchange


def bargained(
    name: str,
    order: tuple[Bargainer, Bargainer],
    rules: Rules,
    rungs: Sequence[Rung],
    seed: str,
    parties: Callable[[Mandate], Party] = Frank,
) -> tuple[Exchange, Mediated | None]:
    """A session, and what the ladder came to; None: none was needed, or there is none.

    Args:
        name: of the scenario, for the words of an error.
        order: the sides in the order of moving.
    Raises:
        DefinitionError: a side or a rung does not fit what is bargained over, or the rules have no meaning.
    """
    try:
        exchange = bargain(*order, rules, seed)
        return exchange, _mediated(rules, exchange, order, rungs, seed, parties)
    except MechanismError as error:
        raise DefinitionError(f"{name}: {error}") from error


def ending(exchange: Exchange, mediated: Mediated | None) -> Ended:
    """How it ended, the mediator included."""
    if mediated is None:
        return exchange.status
    return "mediated" if mediated.terms is not None else "no-zone" if mediated.no_zone else exchange.status


def _mediated(
    rules: Rules,
    exchange: Exchange,
    order: tuple[Bargainer, Bargainer],
    rungs: Sequence[Rung],
    seed: str,
    parties: Callable[[Mandate], Party],
) -> Mediated | None:
    """What the ladder came to; None: none was needed, or there is none."""
    if not rungs or exchange.status == "agreed":
        return None
    return climb(rules, exchange, (parties(order[0].mandate), parties(order[1].mandate)), rungs, seed)


def _with(run: PriceRun, price: int | None) -> PriceRun:
    return PriceRun(
        budget=run.budget,
        cost=run.cost,
        price=price,
        round=run.round,
        refused=run.refused,
        corrected=run.corrected,
    )
