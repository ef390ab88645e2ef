"""A run of `contractnet bargain`: two players over the same scenarios, and over them again with the roles swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice

from contractnet.arena.bargaining.scenarios import Scenario
from contractnet.arena.bargaining.tally import Pairing
from contractnet.arena.bargaining.trials import Seat, Table, Trial, movers, play

#: a player as it is shown, and its seat
Seated = tuple[str, Seat]


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
    pairs = [players, (players[1], players[0])] if swap else [players]
    found: list[Pairing] = []
    for (buyer, buys), (seller, sells) in pairs:
        trials: list[Trial] = []
        for number, (scenario, side) in enumerate(zip(scenarios, first, strict=True)):
            trials.append(play(scenario, (buys, sells), table, side, f"{seed}|{number}")[0])
            progress(1)
        found.append(Pairing(buyer=buyer, seller=seller, trials=tuple(trials)))
    return found


def repeated(scenarios: Sequence[Scenario], count: int | None) -> list[Scenario]:
    """So many of them, again from the first after the last; each once where no number is given."""
    return list(scenarios) if count is None else list(islice(cycle(scenarios), count))
