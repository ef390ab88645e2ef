"""The crowd: contractors by the hundred, whose bids are arithmetic, so that who must win is known beforehand.

`tests.benchmarks.crowd:c0017x40` is contractor 17 with 40 places, for `contractnet worker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from contractnet.bidders.decorator import FunctionAgent, bidder
from contractnet.contractor.ports import Award, Call, Proposal
from contractnet.market.contract import Contract
from contractnet.market.task import Task

SKILL = "crowd.work"
#: the most that is paid, and a price that no offer of the last round reaches, micros
RESERVE, DEAR = "0.05", 50_000
#: a prime over the number of contractors: no two of them ask the same
PRIME = 10_007


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    contractors: int
    tenders: int = 1
    at_once: int = 1  #: tenders under way at a time
    rounds: int = 1  #: of each tender: all bids but those of the last round are over the reserve
    slots: int = 1  #: winners of each tender
    capacity: int = 64  #: places of each contractor

    @property
    def bids(self) -> int:
        """Proposals made in all, where nobody is ever full."""
        return self.contractors * self.tenders * self.rounds

    def __str__(self) -> str:
        how = f"{self.at_once} at once" if self.at_once > 1 else "one after another"
        parts = [f"{self.tenders} x {self.contractors} contractors", how if self.tenders > 1 else ""]
        parts += [f"{self.rounds} rounds" if self.rounds > 1 else "", f"{self.slots} slots" if self.slots > 1 else ""]
        return ", ".join(part for part in parts if part)


def name(number: int, capacity: int = 64) -> str:
    """The id of a contractor."""
    return f"c{number:04d}x{capacity}"


def price(number: int, lot: int, round_: int, rounds: int) -> int:
    """What contractor `number` asks for task `lot`, micros."""
    return 10_000 + (number * 7919 + lot * 3571) % PRIME + (DEAR if round_ < rounds else 0)


def cheapest(size: Size, lot: int) -> list[str]:
    """Who must win, the cheapest first, where nobody is ever full."""
    order = sorted(range(size.contractors), key=lambda number: price(number, lot, 1, 1))
    return [name(number, size.capacity) for number in order[: size.slots]]


def contractor(number: int, capacity: int = 64) -> FunctionAgent:
    """One of the crowd."""

    @bidder(SKILL, capacity=capacity, name=name(number, capacity))
    async def bid(call: Call) -> Proposal:
        asked = price(number, call.input["lot"], call.round, call.input["rounds"])
        return Proposal(f"0.{asked:06d}", eta=5, confidence=0.9)

    @bid.perform
    async def work(award: Award) -> dict[str, Any]:
        return {"by": number, "lot": award.input["lot"]}

    return bid


def crowd(size: Size) -> list[FunctionAgent]:
    """All of them."""
    return [contractor(number, size.capacity) for number in range(size.contractors)]


def tasks(size: Size, first: int = 0) -> list[Task]:
    """The tasks, each with a key."""
    given = [{"lot": lot, "rounds": size.rounds} for lot in range(first, first + size.tenders)]
    return [
        Task(f"Work on lot {one['lot']}", SKILL, input=one, key=f"lot-{one['lot']}", terms={"rule": "lowest-price"})
        for one in given
    ]


def check(size: Size, contracts: Iterable[Contract], *, full: bool = False) -> None:
    """All settled, by those who had to win, each of whom delivered.

    Args:
        full: the contractors have fewer places than there are tenders, so that others may have to win.
    Raises:
        AssertionError: something else happened.
    """
    seen: set[int] = set()
    for contract in contracts:
        assert contract.status == "settled", (contract, contract.reason)
        assert contract.key is not None
        lot = int(contract.key.removeprefix("lot-"))
        assert lot not in seen, f"lot {lot} twice"
        seen.add(lot)
        winners = [one.winner for one in contract.filled]
        assert len(set(winners)) == size.slots, winners
        assert full or winners == cheapest(size, lot), (winners, cheapest(size, lot))
        results = contract.results_now()
        assert [name(results[one.slot]["by"], size.capacity) for one in contract.filled] == winners
        assert {result["lot"] for result in results.values()} == {lot}
    assert len(seen) == size.tenders, f"{len(seen)} of {size.tenders} tenders ended"


def share(size: Size, workers: int) -> Sequence[Sequence[str]]:
    """The contractors of each of so many workers, as `contractnet worker` takes them."""
    references = [f"tests.benchmarks.crowd:{name(number, size.capacity)}" for number in range(size.contractors)]
    return [references[place::workers] for place in range(workers)]


def __getattr__(wanted: str) -> FunctionAgent:
    found = re.fullmatch(r"c(\d{4,})x(\d+)", wanted)
    if found is None:
        raise AttributeError(wanted)
    return contractor(int(found[1]), int(found[2]))
