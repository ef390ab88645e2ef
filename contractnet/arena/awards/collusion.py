"""What a shill and a cartel can do under each rule: what is paid, who wins, who gains.

Five contractors bid for one task. Where the own price is paid they ask the equilibrium price for uniform costs, else
their cost, which is their best reply. Then somebody cheats (see `awards.attacks`): the manager, a contractor's friend,
one who reads the others' bids, two who agree, all who agree. The last three do the most that they can: they know every
bid, so the measured gain is a bound for those who know less.

Source: Vickrey 1961 on collusion and on the bid taker who cheats; promise 6 for dominated bids.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.attacks import ATTACKS, HONEST, NORMALISED, Attack, Room, attacked, normalised_winner
from contractnet.arena.awards.rounds import UNIT, awarded, equilibrium, uniform_costs
from contractnet.arena.chart import Axis, Chart, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean, rate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import percent, span
from contractnet.mechanisms.awards.scored import AWARD_RULES
from contractnet.mechanisms.awards.shape import AwardRule, Exposure
from contractnet.mechanisms.rules import Conditions

_BIDDERS: Final = 5
_TERMS: Final = Conditions(reserve=UNIT, value=2 * UNIT)

_COLUMNS: Final = (
    Column(key="rule", title="rule"),
    Column(key="who", title="who cheats"),
    Column(key="paid", title="paid", places=3),
    Column(key="more", title="more than without", places=3),
    Column(key="other", title="another winner", unit="%", places=1, scale=100),
    Column(key="gain", title="gain of the contractors who cheat", places=3),
)


class _Found(NamedTuple):
    rule: str
    who: str
    paid: Estimate | None
    more: Estimate | None  #: than in the same rounds without cheating
    other: Estimate | None
    gain: Estimate | None  #: payment less cost of those who cheat, over what they had without


class _Collusion(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials * (len(AWARD_RULES) + 1)

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = [one for rule in AWARD_RULES.values() for one in _played(rule, seed, trials, progress)]
        found.append(_normalised(seed, trials, progress))
        table = Table(columns=_COLUMNS, rows=tuple(tuple(one) for one in found))
        return Findings(table=table, charts=(_chart(found),), says=_says(found))


def _room(rule: AwardRule | None, draws: Draws) -> Room:
    costs = uniform_costs(draws, _BIDDERS)
    shaded = rule is None or rule.exposure is Exposure.OWN_PRICE
    return Room(
        costs=costs,
        asked=[equilibrium(cost, _BIDDERS) for cost in costs] if shaded else costs,
        chances=[draws.between(700_000, 950_000) for _ in costs],
        conditions=_TERMS,
    )


class _Sums:
    """What one attack did under one rule."""

    def __init__(self) -> None:
        self.paid, self.more, self.gain = Mean(), Mean(), Mean()
        self.n = self.other = 0

    def found(self, rule: str, attack: Attack) -> _Found:
        return _Found(
            rule,
            attack.name,
            self.paid.estimate(),
            None if attack is HONEST else self.more.estimate(),
            None if attack is HONEST else rate(self.other, self.n),
            self.gain.estimate() if attack.members else None,
        )


def _played(rule: AwardRule, seed: int, trials: int, progress: Progress) -> list[_Found]:
    sums = {attack: _Sums() for attack in ATTACKS}
    draws = Draws(seed, "shill-and-cartel")  # the same rooms for every rule
    for _ in range(trials):
        room = _room(rule, draws)
        honest = awarded(rule, room.bids(), room.conditions)
        assert honest is not None  # nobody asks more than the reserve, and every bid is worth its price
        for attack, one in sums.items():
            payment = honest if attack is HONEST else attacked(rule, room, attack, honest)
            one.n += 1
            one.other += payment.participant != honest.participant
            one.paid.add(payment.amount)
            one.more.add(payment.amount - honest.amount)
            one.gain.add(room.profit(payment, attack.members) - room.profit(honest, attack.members))
        progress(1)
    return [one.found(rule.name, attack) for attack, one in sums.items()]


def _normalised(seed: int, trials: int, progress: Progress) -> _Found:
    """A score that is scaled over the bids that are there: what a dominated bid does to it."""
    draws, other = Draws(seed, "shill-and-cartel"), 0
    for _ in range(trials):
        room = _room(None, draws)
        bids = room.bids()
        other += normalised_winner(bids) != normalised_winner([*bids, room.dominated()])
        progress(1)
    return _Found(NORMALISED, "a contractor's friend", None, None, rate(other, trials), None)


def _chart(found: Sequence[_Found]) -> Chart:
    names = tuple(AWARD_RULES)
    return Chart(
        title="What the manager pays for a task under each rule",
        x=Axis(title="award rule", names=names),
        y=Axis(title="paid per task; the reserve is 1.00", low=Fraction(0), places=1),
        series=tuple(
            Series(
                name=attack.name,
                style="points",
                points=tuple(
                    measured(names.index(one.rule), one.paid)
                    for one in found
                    if one.who == attack.name and one.paid is not None
                ),
            )
            for attack in ATTACKS
        ),
    )


def _says(found: Sequence[_Found]) -> str:
    by = {(one.rule, one.who): one for one in found}
    _, shill, friend, reader, two, everyone = (attack.name for attack in ATTACKS)
    flips = sum(
        one.other is not None and one.other.value > 0 for one in found if one.who == friend and one.rule in AWARD_RULES
    )
    scaled = by[NORMALISED, friend].other
    assert scaled is not None

    def more(rule: str, who: str) -> str:
        one = by[rule, who]
        assert one.more is not None
        return span(one.more, 3)

    def gain(rule: str, who: str) -> str:
        one = by[rule, who]
        assert one.gain is not None
        return span(one.gain, 3)

    paid = by["second-price", everyone].paid
    assert paid is not None
    moved = "no rule" if not flips else f"{flips} rules"
    return (
        "Where rivals set the payment the manager can cheat: a shill just behind the winner changes what "
        f"`second-price` pays by {more('second-price', shill)} and `second-score` by {more('second-score', shill)}, "
        "and no rule that pays the own price by anything. Where the own price is paid, reading the others' bids "
        f"pays: one who does gains {gain('lowest-price', reader)} a round under `lowest-price`, "
        f"{gain('second-price', reader)} under `second-price`. Two who agree gain {gain('lowest-price', two)} and "
        f"{gain('second-price', two)}. If all agree, every rule pays up to the reserve ({span(paid, 3)} under "
        "`second-price`): against that only a lower reserve or more bidders help. A dominated bid of a friend "
        f"changes the winner under {moved} of the package; a score that is scaled over the bids, as some markets use, "
        f"lets it change {percent(scaled.value)} of the awards."
    )


EXPERIMENT: Final = _Collusion(
    name="shill-and-cartel",
    asks="What can a shill and a cartel do under each rule?",
    setting=(
        "Five contractors bid for one task. Where the own price is paid they ask the equilibrium price (1 + "
        "(n-1)c)/n, else their cost. Then somebody cheats. *The manager's shill* reads the bids and adds one like the "
        "winner's, a micro dearer. *A contractor's friend* adds a bid that is dearer than all, slower, and no surer "
        "than the least sure. *One who reads the bids* asks the highest price at which it still wins. *Two who agree* "
        "do the same: the better one bids, the other stays away. *All who agree* send one, who asks the reserve. The "
        "last row is no rule of the package: it scales price and confidence over the bids that are there. "
        "`lexicographic` is by its usual order, price first."
    ),
    parameters=(
        Parameter(name="bidders", value=str(_BIDDERS)),
        Parameter(name="costs", value="uniform on 0 to 1, independent"),
        Parameter(name="chance p of a good result", value="uniform on 0.70 to 0.95"),
        Parameter(name="value, reserve", value="2.00, 1.00; eta costs nothing"),
    ),
    source="Vickrey 1961; a score must not depend on rivals (promise 6).",
    trials=500,
    trial="rounds, the same for every rule",
)
