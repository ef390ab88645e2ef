"""The trials of a run over several processes: parts of it, each the same as in the whole, put together in order.

Rules:

1. Nothing of a trial depends on which process plays it, so the result is that of one process, byte for byte.
2. Processes are started fresh, not forked: a progress bar has a thread. They know the players by their names, so what
   another distribution brings needs not be sent.
3. No process outlives the one that started it, however that ends.
4. The first error by the order of the trials is the one that is raised, as with one process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from typing import Final, NamedTuple, TypeVar

import msgspec

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.runs import Play, played, price_trial
from contractnet.arena.bargaining.scenarios import Scenario
from contractnet.arena.bargaining.several.cases import Case
from contractnet.arena.bargaining.several.trials import CaseTrial, play_case
from contractnet.arena.bargaining.tally import Pairing
from contractnet.arena.bargaining.trials import Table, Trial, movers
from contractnet.mechanisms.bargaining.preferences import Preferences, Side
from contractnet.mechanisms.bargaining.session import Bargainer

S = TypeVar("S")
T = TypeVar("T")

#: a seat of a named player, who sits at every kind of table
Sits = Callable[[Preferences], Bargainer]

#: trials of a part at most, so that a bar moves
_MOST: Final = 500
#: parts a process, so that none waits long for the last
_PARTS: Final = 4


class Part(NamedTuple):
    """Some trials of one pairing."""

    several: bool  #: issues
    players: tuple[str, str]  #: buyer, seller
    scenarios: bytes  #: MessagePack
    table: Table
    first: tuple[Side, ...]
    seed: int
    begin: int  #: number of the first one


def price_trials(
    players: Sequence[tuple[str, str]],
    scenarios: Sequence[Scenario],
    table: Table,
    seed: int,
    *,
    jobs: int,
    progress: Callable[[int], None],
) -> list[Pairing]:
    """Play every scenario with each pairing, over a price.

    Args:
        players: (buyer, seller) of each pairing, as the command line writes them.
        jobs: processes.
        progress: told of trials done.
    Raises:
        DefinitionError: a player is not known or cannot play this, or the rules have no meaning.
    """
    found = _trials(players, scenarios, table, seed, jobs, progress, (price_trial, list[Trial], False))
    return [
        Pairing(buyer=buyer, seller=seller, trials=tuple(trials))
        for (buyer, seller), trials in zip(players, found, strict=True)
    ]


def case_trials(
    players: Sequence[tuple[str, str]],
    cases: Sequence[Case],
    table: Table,
    seed: int,
    *,
    jobs: int,
    progress: Callable[[int], None],
) -> list[list[CaseTrial]]:
    """The same over several issues: of each pairing its trials."""
    return _trials(players, cases, table, seed, jobs, progress, (play_case, list[CaseTrial], True))


def _trials(
    players: Sequence[tuple[str, str]],
    scenarios: Sequence[S],
    table: Table,
    seed: int,
    jobs: int,
    progress: Callable[[int], None],
    kind: tuple[Play[S, Sits, T], type[list[T]], bool],
) -> list[list[T]]:
    trial, decoded, several = kind
    first = movers(table.first, seed, len(scenarios))
    seats = [(named(buyer).side, named(seller).side) for buyer, seller in players]
    if jobs == 1:
        return [played(trial, scenarios, pair, table, first, seed, 0, progress) for pair in seats]
    size = max(1, min(_MOST, -(-len(scenarios) // (jobs * _PARTS))))
    parts = [
        Part(several, pair, _encode(scenarios[at : at + size]), table, tuple(first[at : at + size]), seed, at)
        for pair in players
        for at in range(0, len(scenarios), size)
    ]
    decode = msgspec.msgpack.Decoder(decoded).decode
    whole = [one for answer in _answers(parts, jobs, progress) for one in decode(answer)]
    count = len(scenarios)
    return [whole[at : at + count] for at in range(0, len(whole), count)]


def _answers(parts: Sequence[Part], jobs: int, progress: Callable[[int], None]) -> Iterator[bytes]:
    """What came of each part, in order."""
    pool = ProcessPoolExecutor(min(jobs, len(parts)), get_context("spawn"), _begin)
    try:
        sizes: dict[Future[bytes], int] = {pool.submit(_play, part): len(part.first) for part in parts}
        for future in as_completed(sizes):
            if future.exception() is not None:
                break
            progress(sizes[future])
        for future in sizes:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Ctrl-C is for the process that waits; it lets go of the others. Where it is killed they end, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _play(part: Part) -> bytes:
    """In a process of its own."""
    one, other = map(named, part.players)
    rest = (part.table, part.first, part.seed, part.begin, _nobody)
    if part.several:
        cases = msgspec.msgpack.decode(part.scenarios, type=list[Case])
        return _encode(played(play_case, cases, (one.side, other.side), *rest))
    scenarios = msgspec.msgpack.decode(part.scenarios, type=list[Scenario])
    return _encode(played(price_trial, scenarios, (one.side, other.side), *rest))


def _nobody(_: int) -> None:
    """Is told of trials done."""


_encode: Final = msgspec.msgpack.Encoder().encode
