"""A run of `contractnet bargain`: two players over the same scenarios, and over them again with the roles swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import TypeVar

from contractnet.arena.bargaining.scenarios import Scenario
from contractnet.arena.bargaining.tally import Pairing
from contractnet.arena.bargaining.trials import Seat, Table, Trial, movers, play
from contractnet.errors import StrategyFailed
from contractnet.mechanisms.bargaining.preferences import Side

S = TypeVar("S")  #: a scenario
E = TypeVar("E")  #: a seat that fits it
T = TypeVar("T")  #: a trial of it

#: a player as it is shown, and its seat
Seated = tuple[str, Seat]
#: plays one trial: a scenario, the seats of buyer and seller, the table, who moves first, the seed
Play = Callable[[S, tuple[E, E], Table, Side, str], T]


def run(
    players: tuple[Seated, Seated],
    scenarios: Sequence[Scenario],
    table: Table,
    seed: int,
    *,
    swap: bool,
    progress: Callable[[int], None],
) -> list[Pairing]:
    """Play every scenario once, and once more with the roles swapped.

    Args:
        players: the first one buys.
        progress: told of trials done.
    Raises:
        DefinitionError: a player cannot play over a price, or the rules have no meaning.
    """
    first = movers(table.first, seed, len(scenarios))
    return [
        Pairing(
            buyer=buyer,
            seller=seller,
            trials=tuple(played(price_trial, scenarios, (buys, sells), table, first, seed, 0, progress)),
        )
        for (buyer, buys), (seller, sells) in pairs(players, swap=swap)
    ]


def pairs(players: tuple[T, T], *, swap: bool) -> list[tuple[T, T]]:
    """Who buys from whom."""
    return [players, (players[1], players[0])] if swap else [players]


def played(
    trial: Play[S, E, T],
    scenarios: Sequence[S],
    seats: tuple[E, E],
    table: Table,
    first: Sequence[Side],
    seed: int,
    begin: int,
    progress: Callable[[int], None],
) -> list[T]:
    """The trials of one pairing, or of a part of them.

    Args:
        first: who moves first in each.
        begin: the number of the first of these scenarios in the whole run, so that a part is the same as in the whole.
    Raises:
        StrategyFailed: a generator of another distribution raised; names it and the trial, from 1.
    """
    found: list[T] = []
    for number, (scenario, side) in enumerate(zip(scenarios, first, strict=True), begin):
        try:
            found.append(trial(scenario, seats, table, side, f"{seed}|{number}"))
        except StrategyFailed as error:
            text = f"{error}; trial {number + 1} of seed {seed}: mend it, or leave it out"
            raise StrategyFailed(text) from error.__cause__
        progress(1)
    return found


def price_trial(scenario: Scenario, seats: tuple[Seat, Seat], table: Table, first: Side, seed: str) -> Trial:
    """One trial over a price."""
    return play(scenario, seats, table, first, seed)[0]


def repeated(scenarios: Sequence[S], count: int | None) -> list[S]:
    """So many of them, again from the first after the last; each once where no number is given."""
    return list(scenarios) if count is None else list(islice(cycle(scenarios), count))
