"""How long an award takes: each rule over 10, 1,000 and 100,000 bids, and bundles up to the size that is solved.

    python -m tests.benchmarks.award_rules [--most N] [--repeat N]

Prints a table of milliseconds of CPU, the median of the repetitions: ranking, losses and payments together, three
slots. Bids are drawn from a seed; a tenth of them share their price with another.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.bundles import BundleBid, BundleConditions, vcg
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import AwardRule
from contractnet.mechanisms.awards.split import PartBid, split
from contractnet.mechanisms.calibration.brier import brier
from contractnet.mechanisms.calibration.records import Records
from contractnet.mechanisms.calibration.tally import Tally
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages.values import PPM

SIZES = (10, 1_000, 100_000)
CONDITIONS = Conditions(reserve=900_000, value=2_000_000, eta_cost=100)


def bids(count: int) -> list[Bid]:
    """A closed round of that many bids."""
    rng = random.Random(count)
    return [
        Bid(
            participant=f"agent_{n:06}",
            offer=f"o{n}",
            price=rng.randrange(1_000_000) if n % 10 else 500_000,
            eta=rng.randint(1, 600),
            probability=rng.randrange(PPM),
        )
        for n in range(count)
    ]


def bundles(tasks: int, count: int) -> tuple[list[BundleBid], BundleConditions]:
    """So many offers, five a bidder, of one to five tasks each, near each other in price."""
    rng, names = random.Random(count), [f"t{n}" for n in range(tasks)]
    offers = [
        BundleBid(
            participant=f"agent_{n // 5:03}",
            offer=f"o{n}",
            tasks=(chosen := tuple(rng.sample(names, rng.randint(1, min(5, tasks))))),
            price=len(chosen) * rng.randint(300_000, 600_000),
        )
        for n in range(count)
    ]
    return offers, BundleConditions(tasks=tuple(names), reserves=(900_000,) * tasks)


def award(rule: AwardRule, closed: list[Bid]) -> None:
    ranking = rule.rank(closed, CONDITIONS, "seed", "where")
    ranking.losses(3)
    rule.payments(ranking, 3)


def shares(closed: list[Bid]) -> None:
    parts = [PartBid(participant=one.participant, offer=one.offer, price=one.price, most=4) for one in closed]
    split(parts, 20, 900_000, "seed", "where", "vickrey")


def calibration(count: int) -> None:
    """So many outcomes of forty agents, a probability before each, then every score."""
    rng, records, tally = random.Random(count), Records(), Tally()
    for _ in range(count):
        agent, stated = f"a{rng.randrange(40)}", rng.randrange(PPM)
        records.probability(agent, "x.y", stated)
        ok = rng.randrange(PPM) < stated
        records.learn(agent, "x.y", stated, ok)
        tally.add(stated, ok)
    brier(tally)


def timed(work: Callable[[], object], repeat: int) -> str:
    times: list[float] = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return f"{statistics.median(times) * 1_000:>12,.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave out rounds of more bids than this")
    parser.add_argument("--repeat", type=int, default=5)
    chosen = parser.parse_args()
    sizes = [size for size in SIZES if size <= chosen.most]
    print(f"{'ms of CPU':<32}" + "".join(f"{size:>12,}" for size in sizes))
    rounds = {size: bids(size) for size in sizes}
    for name, rule in AWARD_RULES.items():
        cells = [timed(partial(award, rule, rounds[size]), chosen.repeat) for size in sizes]
        print(f"{name:<32}" + "".join(cells))
    print(f"{'split, vickrey, 20 parts':<32}" + "".join(timed(partial(shares, rounds[s]), 1) for s in sizes))
    print(f"{'calibration, outcomes':<32}" + "".join(timed(partial(calibration, s), 1) for s in sizes))
    try:
        vcg(*bundles(2, 5), "seed", "where")  # loads the solver
    except MechanismError as error:
        print(f"vcg: {error}")
        return
    for tasks, count in ((2, 10), (8, 50), (12, 100), (24, 200), (24, 500)):
        took = timed(partial(vcg, *bundles(tasks, count), "seed", "where"), 1)
        print(f"{f'vcg, {tasks} tasks, {count} offers':<32}{took}")


if __name__ == "__main__":
    main()
