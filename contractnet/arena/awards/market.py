"""A simulated market: forty contractors, some of whom say more than they can, and a manager that knows more or less.

Nobody sees the truth but the simulation: what a contractor's chance at a task really is. Each task is decided by
`best-value` over the same bids and the same luck, however the manager came by its probabilities, so that markets differ
by knowledge alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from contractnet.arena.awards.rounds import UNIT, awarded, bid, place_of
from contractnet.arena.draws import Draws
from contractnet.mechanisms.awards.scored import award_rule
from contractnet.mechanisms.calibration.records import Records
from contractnet.mechanisms.rules import Conditions
from contractnet.messages.values import PPM

SKILL: Final = "text.summarise"


class Knowledge(StrEnum):
    """Where the manager takes a bidder's chance from."""

    RAW = "raw"  #: what it states
    CALIBRATED = "calibrated"  #: what its record and those of the others make of that, by the default policy
    RATES = "rates known"  #: its true mean chance over all tasks, which the best record would come to
    TRUTH = "truth known"  #: its true chance at this task


class Shape(Struct, frozen=True, kw_only=True):
    """What a market is made of. Chances in ppm, amounts in micros."""

    contractors: int = 40
    overconfident: int = 8
    free: int = 10  #: who bid on a task: so many, drawn anew; the others are busy
    skill: tuple[int, int] = (450_000, 950_000)  #: mean chance of a contractor, uniform
    fit: int = 100_000  #: a task suits a contractor better or worse, by up to so much, uniform
    noise: int = 50_000  #: a statement is off by up to so much, uniform
    boast: int = 300_000  #: what the overconfident add
    price: tuple[int, int] = (100_000, 500_000)  #: a contractor's usual price, uniform
    swing: int = 10  #: percent by which the price of a task differs from it, at most
    value: int = UNIT  #: of a task done right
    reserve: int = UNIT


class Contractor(NamedTuple):
    skill: int
    price: int
    boast: int


class Offer(NamedTuple):
    """One contractor's bid on one task, and what the simulation knows of it."""

    place: int
    price: int
    stated: int
    chance: int
    good: bool  #: whether it would do the task right


class Outcome(NamedTuple):
    """What became of one task."""

    good: bool
    paid: int  #: micros, whatever came of it


def contractors(shape: Shape, draws: Draws) -> list[Contractor]:
    """The contractors of one market. The overconfident are as good as the others; they say more."""
    return [
        Contractor(
            draws.between(*shape.skill), draws.between(*shape.price), shape.boast * (place < shape.overconfident)
        )
        for place in range(shape.contractors)
    ]


def offers(shape: Shape, crowd: Sequence[Contractor], draws: Draws) -> list[Offer]:
    """The bids on one task."""
    found: list[Offer] = []
    for place in draws.some(range(len(crowd)), shape.free):
        one = crowd[place]
        chance = _within(one.skill + draws.between(-shape.fit, shape.fit))
        stated = _within(chance + one.boast + draws.between(-shape.noise, shape.noise))
        price = one.price * draws.between(100 - shape.swing, 100 + shape.swing) // 100
        found.append(Offer(place, price, stated, chance, draws.below(PPM) < chance))
    return found


def _within(chance: int) -> int:
    return min(max(chance, 10_000), 990_000)


def run(
    shape: Shape, tasks: int, draws: Draws, knowledges: Sequence[Knowledge] = tuple(Knowledge)
) -> Iterator[dict[Knowledge, Outcome]]:
    """One market, task by task, under every knowledge at once."""
    crowd, records, rule = contractors(shape, draws), Records(), award_rule("best-value")
    conditions = Conditions(reserve=shape.reserve, value=shape.value)
    names = [bid(place, 0).participant for place in range(shape.contractors)]
    beliefs: dict[Knowledge, Callable[[Offer], int]] = {
        Knowledge.RAW: lambda one: one.stated,
        Knowledge.CALIBRATED: lambda one: records.probability(names[one.place], SKILL, one.stated).probability,
        Knowledge.RATES: lambda one: crowd[one.place].skill,
        Knowledge.TRUTH: lambda one: one.chance,
    }
    for _ in range(tasks):
        made = {one.place: one for one in offers(shape, crowd, draws)}
        found: dict[Knowledge, Outcome] = {}
        for knowledge in knowledges:
            belief = beliefs[knowledge]
            bids = [bid(place, one.price, belief(one)) for place, one in made.items()]
            payment = awarded(rule, bids, conditions)
            assert payment is not None  # nobody asks more than the reserve
            one = made[place_of(payment.participant)]
            found[knowledge] = Outcome(one.good, payment.amount)
            if knowledge is Knowledge.CALIBRATED:
                records.learn(payment.participant, SKILL, one.stated, one.good)
        yield found
