"""What simulated markets came to: tasks done right, their cost, what is kept; and each beside the truth.

Intervals are by bootstrap over markets, since the tasks of one market have its contractors in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from contractnet.arena.awards.market import Shape
from contractnet.arena.awards.rounds import UNIT
from contractnet.arena.draws import Draws
from contractnet.arena.estimates import Estimate, bootstrap

#: worth of a task done right, micros
VALUE: Final = Shape().value


class Sums(NamedTuple):
    """What one market did over some tasks under one knowledge."""

    tasks: int
    good: int
    paid: int  #: micros


#: of what some markets did together
Measure = Callable[[Sequence[Sums]], Fraction]


def _done(sums: Sequence[Sums]) -> Fraction:
    return Fraction(sum(one.good for one in sums), sum(one.tasks for one in sums))


def _cost(sums: Sequence[Sums]) -> Fraction:
    return Fraction(sum(one.paid for one in sums), UNIT * max(1, sum(one.good for one in sums)))


def _kept(sums: Sequence[Sums]) -> Fraction:
    return Fraction(sum(VALUE * one.good - one.paid for one in sums), UNIT * sum(one.tasks for one in sums))


#: share of tasks done right; paid for each of them; value of what was done right less what was paid, per task
MEASURES: Final[Mapping[str, Measure]] = {"done": _done, "cost": _cost, "kept": _kept}


def estimated(measure: Measure, sums: Sequence[Sums], draws: Draws) -> Estimate:
    """A measure of some markets."""
    return bootstrap(len(sums), lambda places: measure([sums[place] for place in places]), draws)


def beside(measure: Measure, sums: Sequence[Sums], truth: Sequence[Sums], draws: Draws) -> Estimate:
    """A measure over that of the same markets with the truth known."""

    def over(places: Sequence[int]) -> Fraction:
        return measure([sums[place] for place in places]) / measure([truth[place] for place in places])

    return bootstrap(len(sums), over, draws)
