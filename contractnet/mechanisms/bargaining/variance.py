"""Whether the payoffs of one way to bargain vary more than those of another: a stated test without a distribution.

Brown and Forsythe's comparison of spreads: how far is each payoff from the median of its own arm, on average? The arms
are compared by the difference of these means; how often chance makes one as large is found by dealing the distances
out anew, from the recorded seed. Small arms make it careful: the least p is 1 in rounds + 1.

Source: Brown and Forsythe 1974; permutation test after Fisher 1935; p = (1 + as extreme) / (1 + rounds).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import nearest
from contractnet.mechanisms.bargaining.lots import Lots
from contractnet.mechanisms.bargaining.metrics import Mean, mean
from contractnet.messages.values import PPM


class SpreadTest(Struct, frozen=True, kw_only=True):
    """Two arms, how much each varies, and how likely chance makes so much difference."""

    one: Mean  #: of the payoffs, with their variance
    other: Mean
    distance_one: int  #: mean distance from the arm's median, of the payoffs' unit
    distance_other: int
    p: int  #: ppm, two-sided, rounded up
    rounds: int  #: of dealing out


def spread_test(one: Sequence[int], other: Sequence[int], seed: str, rounds: int = 2_000) -> SpreadTest:
    """Compare the spreads of two arms.

    Args:
        one, other: payoffs, whole numbers of one unit, at least two each.
        seed: of the dealing out.
        rounds: how often they are dealt out.
    Raises:
        MechanismError: an arm has fewer than two payoffs, or there is no round.
    """
    if min(len(one), len(other)) < 2 or rounds < 1:
        raise MechanismError("spread: at least two payoffs an arm, and one round")
    here, there = _distances(one), _distances(other)
    n, m = len(here), len(there)
    pool, total = [*here, *there], sum(here) + sum(there)
    seen = abs((n + m) * sum(here) - n * total)  # |mean here - mean there| times n * m
    lots, extreme = Lots(seed, "spread"), 0
    for _ in range(rounds):
        for place in range(n):  # the first n of a shuffle
            drawn = place + lots.below(n + m - place)
            pool[place], pool[drawn] = pool[drawn], pool[place]
        extreme += abs((n + m) * sum(pool[:n]) - n * total) >= seen
    return SpreadTest(
        one=mean(one),
        other=mean(other),
        distance_one=nearest(sum(here), 2 * n),
        distance_other=nearest(sum(there), 2 * m),
        p=-(-PPM * (1 + extreme) // (1 + rounds)),
        rounds=rounds,
    )


def _distances(values: Sequence[int]) -> list[int]:
    """Twice the distance of each from the median, so that a median between two is a whole number too."""
    ordered = sorted(values)
    median = ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
    return [abs(2 * value - median) for value in values]
