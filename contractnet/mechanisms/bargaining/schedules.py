"""How far to go by when: factors and concessions as functions of the round alone, in parts of `fixed.ONE`.

Conventions, always named where they are configured: rounds are counted from 0; relative time is round/(rounds - 1);
beta under 1 concedes late (Boulware), 1 is linear, over 1 concedes early (conceder). NegMAS writes e = 1/beta.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE, exp, ln, power
from contractnet.messages.values import PPM

OgSchedule = Literal["linear", "exp", "swish"]
Curve = Literal["polynomial", "exponential"]

#: ppm of the budget that the first and the last offer are
OG_START: Final = 500_000
OG_END: Final = 1_000_000
_OG_STEP: Final = 20_000


def relative_time(round_: int, rounds: int) -> int:
    """Parts of ONE: 0 in the first round, ONE in the last and after it."""
    return ONE if round_ + 1 >= rounds else round_ * ONE // (rounds - 1)


@lru_cache(maxsize=4096)
def og_factor(schedule: OgSchedule, round_: int, rounds: int, start: int = OG_START, end: int = OG_END) -> int:
    """The share of the budget that is offered, parts of ONE.

    Args:
        start, end: of the first and the last offer, ppm. `exp` grows by a tenth each round, so few rounds never reach
            the end; `swish` first goes back by 0.02 a round for half of them, then linearly to the end.
    Raises:
        MechanismError: a number is out of its bounds.
    Source: OG-Narrator (Measuring Bargaining Abilities of LLMs, 2402.15813), its released code.
    """
    if rounds < 1 or not 0 <= round_ < rounds or not 0 <= start <= end:
        raise MechanismError(f"og: round {round_} of {rounds}, from {start} to {end} ppm is no schedule")
    first, last = start * ONE // PPM, end * ONE // PPM
    if schedule == "exp":
        factor = first
        for _ in range(round_):
            factor = factor * 11 // 10
        return min(last, factor)
    if rounds == 1:
        return last
    if schedule == "linear":
        return first + round_ * (last - first) // (rounds - 1)
    half = rounds // 2
    if round_ < half:
        return first - _OG_STEP * round_ * ONE // PPM
    low = first - _OG_STEP * half * ONE // PPM
    return last if rounds - half == 1 else low + (round_ - half) * (last - low) // (rounds - half - 1)


@lru_cache(maxsize=4096)
def concession(curve: Curve, beta: int, k: int, round_: int, rounds: int) -> int:
    """How much of the way from the opening to the end is gone, parts of ONE: k in the first round, ONE in the last.

    Args:
        beta: ppm; under 1,000,000 late, over it early.
        k: ppm of the way that is gone at once.
    Raises:
        MechanismError: beta is not positive, or k is out of its bounds (over 0 for the exponential).
    Source: Faratin, Sierra and Jennings 1998: k + (1-k) * tau^(1/beta), and exp((1-tau)^beta * ln k).
    """
    return way(curve, beta, k, relative_time(round_, rounds))


def way(curve: Curve, beta: int, k: int, tau: int) -> int:
    """`concession` at a relative time, parts of ONE."""
    if beta < 1 or not 0 <= k <= PPM or (curve == "exponential" and not k):
        raise MechanismError(f"{curve}: beta {beta} ppm is positive, k {k} within 0 (exponential: 1) and {PPM} ppm")
    tau = min(max(tau, 0), ONE)
    at_once = k * ONE // PPM
    if curve == "polynomial":
        return at_once + (ONE - at_once) * power(tau, PPM, beta) // ONE
    return exp(power(ONE - tau, beta, PPM) * ln(at_once) // ONE)
