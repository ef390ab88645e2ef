"""How many sessions a second `contractnet bargain` plays: the linear pair, beside the same prices by hand.

    python -m tests.benchmarks.bargaining [--sessions N] [--processes P] [--repeat R]

The floor computes each price and says yes or no to it: no views, no guard, no boundary, nothing recorded. Both play the
same scenarios, and every price of both is compared. Prints the median of the repetitions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

from contractnet.arena.bargaining.players import named
from contractnet.arena.bargaining.runs import run
from contractnet.arena.bargaining.scenarios import TICK, Scenario, drawn
from contractnet.arena.bargaining.trials import Table, movers

TURNS = 12
MARGIN = 50_000
PPM = 1_000_000

Prices = list[int | None]


def played(scenarios: Sequence[Scenario]) -> Prices:
    """By the package: draws apart, all that the command does."""
    one = "linear", named("linear").side
    (pairing,) = run((one, one), scenarios, Table(turns=TURNS), 1, swap=False, progress=lambda steps: None)
    return [trial.run.price for trial in pairing.trials]


def by_hand(scenarios: Sequence[Scenario]) -> Prices:
    """The floor."""
    first = movers("draw", 1, len(scenarios))
    return [_deal(one, side == "buyer") for one, side in zip(scenarios, first, strict=True)]


def _deal(one: Scenario, buyer_first: bool) -> int | None:
    high = one.high - one.high % TICK
    last_bid = one.budget - one.budget * MARGIN // PPM
    last_ask = one.cost + (high - one.cost) * MARGIN // PPM
    most, least = one.budget // TICK * TICK, -(-one.cost // TICK) * TICK
    rounds, heard = TURNS // 2 - 1, None
    for turn in range(TURNS):
        gone = turn // 2
        if (turn % 2 == 0) is buyer_first:
            bid = min(last_bid * gone // rounds // TICK * TICK, most)
            if heard is not None and heard <= bid:
                return heard
            heard = bid
        else:
            ask = max(-(-(high * rounds - gone * (high - last_ask)) // rounds // TICK) * TICK, least)
            if heard is not None and heard >= ask:
                return heard
            heard = ask
    return None


def measured(play: Callable[[Sequence[Scenario]], Prices], sessions: int) -> tuple[float, Prices]:
    """CPU seconds, and what came of it."""
    scenarios = list(drawn("uniform", 1, sessions))
    began = time.process_time()
    prices = play(scenarios)
    return time.process_time() - began, prices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20_000, help="of each process")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    rates: dict[str, float] = {}
    prices: dict[str, Prices] = {}
    for name, play in (("contractnet bargain", played), ("floor", by_hand)):
        cpu, wall = list[float](), list[float]()
        for _ in range(given.repeat):
            began = time.perf_counter()
            with ProcessPoolExecutor(given.processes) as pool:
                jobs = [pool.submit(measured, play, given.sessions) for _ in range(given.processes)]
                found = [job.result() for job in jobs]
            wall.append(given.processes * given.sessions / (time.perf_counter() - began))
            cpu += [given.sessions / spent for spent, _ in found]
            prices[name] = found[0][1]
        rates[name] = statistics.median(cpu)
        walls = f"{statistics.median(wall):,.0f} a second by the clock, {given.processes} processes"
        print(f"{name}: {rates[name]:,.0f} sessions a CPU second; {walls}")
    hand, own = prices["floor"], prices["contractnet bargain"]
    assert hand == own, next(pair for pair in zip(hand, own, strict=True) if pair[0] != pair[1])
    deals = sum(price is not None for price in own)
    print(f"x floor: {rates['floor'] / rates['contractnet bargain']:.1f}; the same {deals:,} deals in both")


if __name__ == "__main__":
    main()
