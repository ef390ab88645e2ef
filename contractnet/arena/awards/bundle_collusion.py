"""What a shill, a second name and a cartel can do to a bundle auction by VCG.

Two tasks, x and y. Two contractors do one of them each, two do both. All tell their costs, which is the best reply of
one who acts alone. Then somebody cheats: the manager adds bids just behind the winners', a friend adds a dominated one,
one contractor bids for each task under a name of its own, the two specialists agree, all agree. Those who cheat know
every bid and do so only where it pays.

Source: Vickrey 1961, Clarke 1971, Groves 1973; Yokoo, Sakurai, Matsubara 2004 for false names; Ausubel and Milgrom 2006
for losers who agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from msgspec.structs import replace

from contractnet.arena.awards.rounds import UNIT
from contractnet.arena.chart import Axis, Chart, Series, measured
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, Mean, rate
from contractnet.arena.experiment import Column, Described, Findings, Parameter, Progress, Table
from contractnet.arena.numbers import percent, span
from contractnet.mechanisms.awards.bundles import BundleAward, BundleBid, BundleConditions, vcg

_TASKS: Final = ("x", "y")
_TERMS: Final = BundleConditions(tasks=_TASKS, reserves=(UNIT, UNIT))
_X, _Y, _BOTH, _OTHER = "does_x", "does_y", "does_both", "does_both_too"

_COLUMNS: Final = (
    Column(key="who", title="who cheats"),
    Column(key="paid", title="paid for both tasks", places=3),
    Column(key="more", title="more than without", places=3),
    Column(key="other", title="other winners", unit="%", places=1, scale=100),
    Column(key="gain", title="gain of the contractors who cheat", places=3),
)

Bids = tuple[BundleBid, ...]


class _Attack(NamedTuple):
    """Who cheats, and how: from the true bids and what became of them to the bids that are made."""

    name: str
    bids: Callable[[Bids, BundleAward], Bids]
    members: tuple[str, ...] = ()  #: contractors in it
    names: tuple[str, ...] = ()  #: further names of theirs


class _Found(NamedTuple):
    who: str
    paid: Estimate
    more: Estimate | None  #: than in the same rounds without cheating
    other: Estimate | None
    gain: Estimate | None


def _bid(name: str, tasks: Sequence[str], price: int) -> BundleBid:
    return BundleBid(participant=name, offer="o", tasks=tuple(tasks), price=price)


def _shills(bids: Bids, honest: BundleAward) -> Bids:
    near = (_bid(f"shill_{place}", one.tasks, one.price + 1) for place, one in enumerate(honest.won))
    return (*bids, *near)


def _friend(bids: Bids, honest: BundleAward) -> Bids:
    return (*bids, *(_bid(f"friend_{one.participant}", one.tasks, one.price + UNIT // 2) for one in bids))


def _names(bids: Bids, honest: BundleAward) -> Bids:
    rest = (one for one in bids if one.participant != _BOTH)
    return (*rest, *(_bid(f"name_{task}", task, 0) for task in _TASKS))


def _two(bids: Bids, honest: BundleAward) -> Bids:
    return tuple(replace(one, price=0) if one.participant in (_X, _Y) else one for one in bids)


def _all(bids: Bids, honest: BundleAward) -> Bids:
    """Those who would win bid; the others stay away."""
    return tuple(honest.won)


def _nobody(bids: Bids, honest: BundleAward) -> Bids:
    return bids


_ATTACKS: Final = (
    _Attack("nobody", _nobody),
    _Attack("the manager's shills", _shills),
    _Attack("a contractor's friend", _friend),
    _Attack("one under two names", _names, (_BOTH,), ("name_x", "name_y")),
    _Attack("two who agree", _two, (_X, _Y)),
    _Attack("all who agree", _all, (_X, _Y, _BOTH, _OTHER)),
)


class _BundleCollusion(Described, frozen=True):
    """See the module."""

    def steps(self, trials: int) -> int:
        return trials

    def run(self, seed: int, trials: int, progress: Progress) -> Findings:
        found = _played(seed, trials, progress)
        table = Table(columns=_COLUMNS, rows=tuple(tuple(one) for one in found))
        return Findings(table=table, charts=(_chart(found),), says=_says(found))


class _Sums:
    """What one attack did."""

    def __init__(self) -> None:
        self.paid, self.more, self.gain = Mean(), Mean(), Mean()
        self.n = self.other = 0

    def found(self, attack: _Attack) -> _Found:
        paid, more = self.paid.estimate(), self.more.estimate()
        assert paid is not None  # there is at least one trial
        if attack is _ATTACKS[0]:
            return _Found(attack.name, paid, None, None, None)
        return _Found(
            attack.name,
            paid,
            more,
            rate(self.other, self.n),
            self.gain.estimate() if attack.members else None,
        )


def true_bids(draws: Draws) -> Bids:
    """Costs: of one task uniform on 0 to 1, of both uniform on 0 to 1.5."""
    return (
        *(_bid(name, task, draws.below(UNIT + 1)) for name, task in ((_X, "x"), (_Y, "y"))),
        *(_bid(name, _TASKS, draws.below(3 * UNIT // 2 + 1)) for name in (_BOTH, _OTHER)),
    )


def _played(seed: int, trials: int, progress: Progress) -> list[_Found]:
    draws, sums = Draws(seed, "bundle-shill-and-cartel"), {attack.name: _Sums() for attack in _ATTACKS}
    for _ in range(trials):
        bids = true_bids(draws)
        honest = _award(bids)
        for attack in _ATTACKS:
            award = honest if attack is _ATTACKS[0] else _award(attack.bids(bids, honest))
            gain = profit(attack.members, attack.names, bids, award) - profit(attack.members, (), bids, honest)
            if attack.members and gain <= 0:
                award, gain = honest, 0  # who would lose by it does not
            one = sums[attack.name]
            one.n += 1
            one.other += _real(award, attack) != _real(honest, attack)
            one.paid.add(total(award))
            one.more.add(total(award) - total(honest))
            one.gain.add(gain)
        progress(1)
    return [sums[attack.name].found(attack) for attack in _ATTACKS]


def _award(bids: Bids) -> BundleAward:
    return vcg(bids, _TERMS, "arena", "round")


def total(award: BundleAward) -> int:
    """What is paid to all winners, micros."""
    return sum(payment.amount for payment in award.payments)


def profit(members: Sequence[str], names: Sequence[str], bids: Bids, award: BundleAward) -> int:
    """Payments less costs of some contractors together, micros; who does both tasks has one cost for any of them.

    Args:
        names: further names under which the first member bids.
    """
    owner = {**{name: name for name in members}, **dict.fromkeys(names, next(iter(members), ""))}
    cost = {one.participant: one.price for one in bids}
    mine = [payment for payment in award.payments if payment.participant in owner]
    return sum(one.amount for one in mine) - sum(cost[name] for name in {owner[one.participant] for one in mine})


def _real(award: BundleAward, attack: _Attack) -> frozenset[str]:
    """Who wins, by the names of those behind."""
    return frozenset(attack.members[0] if one.participant in attack.names else one.participant for one in award.won)


def _chart(found: Sequence[_Found]) -> Chart:
    return Chart(
        title="What the manager pays for two tasks by VCG",
        x=Axis(title="who cheats", names=tuple(one.who for one in found)),
        y=Axis(title="paid for both; the reserves come to 2.00", low=Fraction(0), high=Fraction(2), places=1),
        series=(
            Series(
                name="paid",
                style="points",
                points=tuple(measured(place, one.paid) for place, one in enumerate(found)),
            ),
        ),
    )


def _says(found: Sequence[_Found]) -> str:
    honest, shills, friend, names, two, everyone = found

    def told(value: Estimate | None) -> str:
        assert value is not None
        return span(value, 3)

    assert friend.other is not None
    assert two.other is not None
    return (
        f"With nobody cheating the two tasks cost {told(honest.paid)}. The manager's shills, one just behind each "
        f"winner, bring that to {told(shills.paid)}. A contractor that does both tasks gains {told(names.gain)} by "
        f"bidding under a name of its own for each. The two specialists gain {told(two.gain)} by asking nothing: each "
        f"then is paid what the others would ask for both, and in {percent(two.other.value)} of the rounds they win "
        f"tasks that others do for less. If all agree, the reserves are paid, {told(everyone.paid)}. A friend's "
        f"dominated bids change the winners of {percent(friend.other.value)} of the rounds. So bundles by VCG are for "
        "contractors whose identity is known and who do not talk to each other, and the reserves are the only bound."
    )


EXPERIMENT: Final = _BundleCollusion(
    name="bundle-shill-and-cartel",
    asks="What can a shill, a second name and a cartel do to a bundle auction by VCG?",
    setting=(
        "Two tasks are bought together by `vcg`. One contractor does x, one does y, two do both; all tell their "
        "costs. Then somebody cheats. *The manager's shills* read the bids and add one like each winner's, a micro "
        "dearer. *A contractor's friend* adds one like each, 0.50 dearer. *One under two names* takes its bid for "
        "both back and asks nothing for x under one name and nothing for y under another. *Two who agree*, those who "
        "do one task, both ask nothing. *All who agree* let those who would win bid alone. Contractors know every "
        "bid, and cheat only where it pays. It needs the extra `bundles`."
    ),
    parameters=(
        Parameter(name="cost of x, cost of y", value="uniform on 0 to 1, independent"),
        Parameter(name="cost of both", value="uniform on 0 to 1.5, independent"),
        Parameter(name="reserve", value="1.00 for each task"),
    ),
    source="Vickrey 1961, Clarke 1971, Groves 1973; Yokoo et al. 2004; Ausubel and Milgrom 2006.",
    trials=400,
    trial="rounds, the same for everybody who cheats",
)
