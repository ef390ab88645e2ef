"""What the other side's offers tell of what it wants: models that grow with each offer, and what is worth trading.

A model gives scores like those of `Additive` preferences, ppm, so that a deal's worth to the other side can be guessed.
It is a guess about somebody who may bid to be guessed wrong: it chooses among own deals of enough worth, and never
decides how much is enough.

Source: frequency models of the ANAC agents; Hindriks and Tykhonov 2008 for the Bayesian one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations, product
from math import factorial, prod
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.fixed import ONE, exp, ln
from contractnet.mechanisms.bargaining.issues import Agenda, Issue, Terms
from contractnet.mechanisms.bargaining.schedules import relative_time
from contractnet.messages.values import PPM

#: hypotheses that a Bayesian model keeps at most
MOST_HYPOTHESES: Final = 5_000

#: [issue][place of the value], ppm
Scores = tuple[tuple[int, ...], ...]


@runtime_checkable
class OpponentModel(Protocol):
    """What the other side seems to want."""

    def check(self, agenda: Agenda) -> None:
        """Refuse an agenda that is too large for the model.

        Raises:
            TooLarge: says what the bound is.
        """
        ...

    def scores(self, agenda: Agenda, bids: tuple[Terms, ...], rounds: int) -> Scores:
        """What each value of each issue seems worth to it.

        Args:
            bids: its offers so far, the first one first.
            rounds: how many it has in all.
        """
        ...


class Frequency(Struct, frozen=True):
    """What it offers often it likes; issues in which it seldom changes matter to it."""

    def check(self, agenda: Agenda) -> None:
        """Any agenda will do."""

    def scores(self, agenda: Agenda, bids: tuple[Terms, ...], rounds: int) -> Scores:
        counts = [Counter(values) for values in zip(*map(agenda.places, bids), strict=True)]
        if not counts:
            return tuple((0,) * issue.size for issue in agenda.issues)
        raw = [steadiness(seen, issue) for seen, issue in zip(counts, agenda.issues, strict=True)]
        total = sum(raw)
        weights = [PPM * one // total for one in raw] if total else [PPM // len(raw)] * len(raw)
        return tuple(
            tuple(weight * seen[place] // max(seen.values()) for place in range(issue.size))
            for weight, seen, issue in zip(weights, counts, agenda.issues, strict=True)
        )


def steadiness(seen: Counter[int], issue: Issue) -> int:
    """1 - H / ln|D|, parts of ONE: 1 where always the same value was offered, 0 where all were offered alike.

    H is the entropy of the offered values, D the values of the issue; 0 for an issue of one value.
    """
    if issue.size < 2:
        return 0
    n = seen.total()
    entropy = -sum(count * ln(count * ONE // n) for count in seen.values()) // n
    return max(ONE - entropy * ONE // ln(issue.size * ONE), 0)


class Bayesian(Struct, frozen=True, kw_only=True):
    """Hypotheses about the order of its weights and the shapes of its evaluations, weighed by its bids.

    P(h | bids) is proportional to the product of exp(-(U_h(bid) - c(t))^2 / (2 sigma^2)), c(t) the worth that it is
    assumed to ask for at t: a line from 1 down. Shapes: uphill, downhill, triangular.
    """

    sigma: int = 150_000  #: ppm, by how much its bids stray from the line
    fall: int = 500_000  #: ppm that it is assumed to have conceded in its last round

    def check(self, agenda: Agenda) -> None:
        _hypotheses(agenda)

    def scores(self, agenda: Agenda, bids: tuple[Terms, ...], rounds: int) -> Scores:
        tables = _hypotheses(agenda)
        misfits = _misfits(self, agenda, bids, rounds)
        best = min(misfits)
        weights = [exp(best - one) for one in misfits]
        total = sum(weights)
        return tuple(
            tuple(
                sum(weight * table[issue][place] for weight, table in zip(weights, tables, strict=True)) // total
                for place in range(one.size)
            )
            for issue, one in enumerate(agenda.issues)
        )

    def posterior(self, agenda: Agenda, bids: tuple[Terms, ...], rounds: int) -> tuple[tuple[Scores, int], ...]:
        """Each hypothesis, as scores, with its probability, ppm; in the order of enumeration."""
        misfits = _misfits(self, agenda, bids, rounds)
        weights = [exp(min(misfits) - one) for one in misfits]
        return tuple(
            (table, PPM * weight // sum(weights)) for table, weight in zip(_hypotheses(agenda), weights, strict=True)
        )


#: offers that are looked back on in one go, so that a long past needs no deep stack
_STRIDE: Final = 64


@lru_cache(maxsize=512)
def _misfits(model: Bayesian, agenda: Agenda, bids: tuple[Terms, ...], rounds: int) -> tuple[int, ...]:
    """For each hypothesis the sum over the bids of (U_h - c)^2 / (2 sigma^2), parts of ONE. Grows bid by bid."""
    if model.sigma < 1 or not 0 <= model.fall <= PPM:
        raise MechanismError(f"bayesian: sigma {model.sigma} is positive, fall {model.fall} within 0 and {PPM} ppm")
    tables = _hypotheses(agenda)
    if not bids:
        return (0,) * len(tables)
    if len(bids) > _STRIDE:
        _misfits(model, agenda, bids[:-_STRIDE], rounds)
    before = _misfits(model, agenda, bids[:-1], rounds)
    places = agenda.places(bids[-1])
    line = PPM - model.fall * relative_time(len(bids) - 1, rounds) // ONE
    over = 2 * model.sigma * model.sigma
    return tuple(
        sum_ + (sum(row[place] for row, place in zip(table, places, strict=True)) - line) ** 2 * ONE // over
        for sum_, table in zip(before, tables, strict=True)
    )


@lru_cache(maxsize=32)
def _hypotheses(agenda: Agenda) -> tuple[Scores, ...]:
    """All scores that are thought possible: weights by rank, shapes of evaluations."""
    n = len(agenda.issues)
    shapes = [_shapes(issue) for issue in agenda.issues]
    if (count := factorial(n) * prod(map(len, shapes))) > MOST_HYPOTHESES:
        raise TooLarge(f"bayesian: {count} hypotheses are more than {MOST_HYPOTHESES}; use the frequency model")
    weights = [2 * PPM * rank // (n * (n + 1)) for rank in range(1, n + 1)]
    return tuple(
        tuple(tuple(weight * one // PPM for one in shape) for weight, shape in zip(order, shaped, strict=True))
        for order in permutations(weights)
        for shaped in product(*shapes)
    )


def _shapes(issue: Issue) -> list[tuple[int, ...]]:
    steps = issue.size - 1
    if not steps:
        return [(PPM,)]
    uphill = tuple(place * PPM // steps for place in range(issue.size))
    if steps == 1:
        return [uphill, uphill[::-1]]
    return [uphill, uphill[::-1], tuple(PPM - abs(2 * place - steps) * PPM // steps for place in range(issue.size))]


def trades(mine: Sequence[int], theirs: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The pairs of issues worth trading: those whose weights stand in another proportion to each other side by side.

    Args:
        mine, theirs: [issue], weights of both sides, any unit.
    Returns:
        (given, got): the first matters more to them, as compared with the second, than to us.
    """
    places = range(len(mine))
    return tuple((j, k) for j in places for k in places if theirs[j] * mine[k] > theirs[k] * mine[j])
