"""Beta-binomial rates: a stated prior, the pool of all agents at a skill, and an agent shrunk towards the pool.

All exact: fractions of integers, floored to ppm at the end.
"""

from __future__ import annotations

from math import isqrt
from typing import Final

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM

_Z_PPM: Final = 1_959_964  # the 97.5 % point of the normal distribution


class Prior(Struct, frozen=True, kw_only=True):
    """What is believed before any outcome, and how long an agent is believed to be like the pool."""

    alpha: int = 1  #: successes that the pool is taken to have had before any
    beta: int = 1  #: failures likewise; 1 and 1: every rate is as likely as any other
    strength: int = 5  #: outcomes of its own at which an agent's record weighs as much as the pool's rate


def told(prior: Prior, successes: int, n: int) -> tuple[int, int]:
    """What the record of one agent tells of the pool: (successes, outcomes), in ppm of an outcome, floored.

    A record of n outcomes is worth n*(m + 1)/(m + n) of them, at most m + 1: the outcomes of one agent are alike, so
    that a long record of one says little of the others.

    Raises:
        MechanismError: the prior has no weight, or there are more successes than outcomes.
    Source: the effective size of a sample in clusters of n with correlation 1/(m + 1), that of the Beta-binomial; Kish
    1965.
    """
    _checked(prior, successes, n)
    weight, bottom = (prior.strength + 1) * PPM, prior.strength + n
    return successes * weight // bottom, n * weight // bottom


def pool_rate(prior: Prior, successes: int, n: int) -> tuple[int, int]:
    """The rate of a skill as a fraction: (alpha + S) / (alpha + beta + N).

    Args:
        successes, n: sums of what all records at the skill tell of it, ppm of an outcome; the agent's own among them,
            so that one who does better than the pool always stands above those of whom nothing is known.
    Raises:
        MechanismError: the prior has no weight, or there are more successes than outcomes.
    """
    _checked(prior, successes, n)
    return prior.alpha * PPM + successes, (prior.alpha + prior.beta) * PPM + n


def posterior(prior: Prior, successes: int, n: int, pool_successes: int = 0, pool_n: int = 0) -> int:
    """The probability of a good outcome, ppm, floored: (m*pi + s) / (m + n), pi = the rate of the pool, m = strength.

    Args:
        successes, n: outcomes of the agent.
        pool_successes, pool_n: as of `pool_rate`, ppm of an outcome.
    Raises:
        MechanismError: the prior has no weight, or there are more successes than outcomes.
    Source: Beta-binomial with alpha = m*pi, beta = m*(1 - pi).
    """
    top, bottom = pool_rate(prior, pool_successes, pool_n)
    _checked(prior, successes, n)
    return (prior.strength * top + successes * bottom) * PPM // ((prior.strength + n) * bottom)


def _checked(prior: Prior, successes: int, n: int) -> None:
    if prior.alpha < 0 or prior.beta < 0 or prior.alpha + prior.beta < 1 or prior.strength < 1:
        raise MechanismError("prior: alpha and beta are at least 0, their sum and the strength at least 1")
    if not 0 <= successes <= n:
        raise MechanismError(f"{successes} successes in {n} outcomes")


def wilson(successes: int, n: int) -> tuple[int, int]:
    """The 95 % Wilson interval of a rate, ppm: the lower end floored, the upper rounded up; (0, 1,000,000) for n = 0.

    Source: Wilson 1927: (2s + z^2 -+ z * sqrt(z^2 + 4s(n - s)/n)) / (2(n + z^2)); in integers, with z in ppm.
    """
    if not 0 <= successes <= n:
        raise MechanismError(f"{successes} successes in {n} outcomes")
    if not n:
        return 0, PPM
    square = _Z_PPM * _Z_PPM  # z^2, ppm^2
    middle = 2 * successes * PPM * PPM + square
    under = square + 4 * successes * (n - successes) * PPM * PPM // n
    width = _Z_PPM * isqrt(under) + _Z_PPM  # z * sqrt(...), ppm^2, not under the true one
    bottom = 2 * (n * PPM * PPM + square)
    low, high = (middle - width) * PPM // bottom, -(-(middle + width) * PPM // bottom)
    return max(0, low), min(PPM, high)
