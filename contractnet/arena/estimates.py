"""What was measured, with its 95 % interval: rates by Wilson, means by the normal law, ratios of sums by bootstrap.

Everything is computed in integers and fractions, so that the last digit is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Final

from msgspec import Struct

from contractnet.arena.draws import Draws
from contractnet.mechanisms.calibration.beta import wilson
from contractnet.messages.values import PPM

_Z: Final = Fraction(1_959_964, 1_000_000)  # the 97.5 % point of the normal distribution
_FINE: Final = 10**6  # roots are taken to a millionth
#: resamples of a bootstrap
RESAMPLES: Final = 1_000


class Estimate(Struct, frozen=True):
    """A number measured, and the 95 % interval of what it estimates."""

    value: Fraction
    low: Fraction
    high: Fraction


def rate(successes: int, n: int) -> Estimate:
    """A share of n, with its Wilson interval; n at least 1."""
    low, high = wilson(successes, n)
    return Estimate(Fraction(successes, n), Fraction(low, PPM), Fraction(high, PPM))


class Mean:
    """A mean of integers, such as micros, that grows number by number.

    Args:
        unit: one of it, in the integers that are added: 1,000,000 for micros of a currency.
    """

    def __init__(self, unit: int = PPM) -> None:
        self._unit = unit
        self.n = 0
        self._total = 0
        self._squares = 0

    def add(self, value: int) -> None:
        self.n += 1
        self._total += value
        self._squares += value * value

    def estimate(self) -> Estimate | None:
        """The mean and its interval, mean -+ z * s/sqrt(n); None where nothing was added."""
        if not self.n:
            return None
        mean = Fraction(self._total, self.n * self._unit)
        if self.n == 1:
            return Estimate(mean, mean, mean)
        variance = Fraction(self.n * self._squares - self._total**2, self.n**2 * (self.n - 1))
        reach = _Z * _root(variance) / self._unit
        return Estimate(mean, mean - reach, mean + reach)


def ratio(parts: Sequence[int], wholes: Sequence[int]) -> Estimate | None:
    """The sum of the parts over the sum of the wholes, of pairs that are independent; None where that is over 0.

    The interval is the normal one of the linearised ratio; of one pair there is the value alone.
    Source: Cochran 1977, section 2.11.
    """
    n, part, whole = len(parts), sum(parts), sum(wholes)
    if not whole:
        return None
    value = Fraction(part, whole)
    if n < 2:
        return Estimate(value, value, value)
    strays = sum((one * whole - part * other) ** 2 for one, other in zip(parts, wholes, strict=True))
    reach = _Z * _root(Fraction(strays * n, (n - 1) * whole**2)) / abs(whole)
    return Estimate(value, value - reach, value + reach)


def bootstrap(n: int, statistic: Callable[[Sequence[int]], Fraction], draws: Draws) -> Estimate:
    """A statistic of n independent repetitions, with its percentile bootstrap interval.

    Args:
        n: how many, at least 1.
        statistic: of the repetitions whose numbers, 0 to n - 1, it is given; one may stand there several times.
        draws: of the resamples: n repetitions with replacement, `RESAMPLES` times.
    Source: Efron 1979.
    """
    found = sorted((statistic([draws.below(n) for _ in range(n)]) for _ in range(RESAMPLES)), key=_fine)
    edge = RESAMPLES * 25 // 1_000
    return Estimate(statistic(range(n)), found[edge], found[RESAMPLES - 1 - edge])


def _fine(value: Fraction) -> int:
    """In trillionths, floored: quick to compare."""
    return value.numerator * _FINE**2 // value.denominator


def _root(value: Fraction) -> Fraction:
    """The square root, floored to a millionth."""
    return Fraction(isqrt(value.numerator * _FINE**2 // value.denominator), _FINE)
