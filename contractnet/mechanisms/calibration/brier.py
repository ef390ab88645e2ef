"""How good stated probabilities were: Brier score, its decomposition, and the reliability picture.

Conventions: the score is the mean of (p - o)^2, p the stated probability, o 1 for a good outcome and 0 else; less is
better. Decomposed over bins of p, with p_k and o_k the means of bin k and o the mean of all:

    reliability = sum n_k/N (p_k - o_k)^2      how far statements are from what happened; 0 is best
    resolution  = sum n_k/N (o_k - o)^2        how far they tell good from bad; more is better
    uncertainty = o (1 - o)                    of the tasks, not of the statements
    score = reliability - resolution + uncertainty + within

`within` is what the bins hide (differences inside a bin); it is 0 where each bin holds one stated value. Sums are
exact; each term is floored to ppm, and `within` takes the rest, so that the ppm add up.

Source: Brier 1950; Murphy 1973; for `within`: Stephenson, Coelho, Jolliffe 2008.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.beta import wilson
from contractnet.mechanisms.calibration.tally import BINS, Tally
from contractnet.messages.values import PPM


class ReliabilityBin(Struct, frozen=True, kw_only=True):
    """The outcomes whose stated confidence fell into one bin. All but n in ppm."""

    low: int  #: the bin holds statements from here
    high: int  #: up to here, not included; included in the last bin
    n: int
    successes: int
    stated: int  #: mean of what was stated, floored
    rate: int  #: of good outcomes, floored
    rate_low: int  #: 95 % Wilson interval of the rate
    rate_high: int


class BrierScore(Struct, frozen=True, kw_only=True):
    """A Brier score and its terms, ppm: score = reliability - resolution + uncertainty + within."""

    n: int
    successes: int
    score: int
    reliability: int
    resolution: int
    uncertainty: int
    within: int
    calibration_error: int  #: sum n_k/N |p_k - o_k|; for display, no proper score
    bins: tuple[ReliabilityBin, ...]  #: those with outcomes, rising


def brier(tally: Tally, bins: int = 10) -> BrierScore | None:
    """The score of a tally over that many equal bins; None where there is no outcome.

    Args:
        tally: of one agent at one skill, of a pool, of a market.
        bins: a divisor of 100.
    Raises:
        MechanismError: 100 bins of a percent do not make that many.
    """
    groups = _groups(tally, bins)
    if not tally.n:
        return None
    n, mean = tally.n, Fraction(tally.successes, tally.n)
    score = Fraction(tally.squares - 2 * PPM * tally.hits + PPM * PPM * tally.successes, n * PPM * PPM)
    reliability, resolution, error = Fraction(0), Fraction(0), Fraction(0)
    for count, good, stated in groups.values():
        gap = Fraction(stated - good * PPM, count * PPM)
        reliability += Fraction(count, n) * gap**2
        resolution += Fraction(count, n) * (Fraction(good, count) - mean) ** 2
        error += Fraction(count, n) * abs(gap)
    terms = [_ppm(term) for term in (score, reliability, resolution, mean * (1 - mean))]
    return BrierScore(
        n=n,
        successes=tally.successes,
        score=terms[0],
        reliability=terms[1],
        resolution=terms[2],
        uncertainty=terms[3],
        within=terms[0] - terms[1] + terms[2] - terms[3],
        calibration_error=_ppm(error),
        bins=tuple(_picture(place, bins, *groups[place]) for place in sorted(groups)),
    )


def _groups(tally: Tally, bins: int) -> dict[int, tuple[int, int, int]]:
    """Bin -> (outcomes, good ones, sum of what was stated)."""
    if bins < 1 or BINS % bins:
        raise MechanismError(f"bins: {bins} is no divisor of {BINS}")
    groups: dict[int, tuple[int, int, int]] = {}
    for slot, one in tally.bins.items():
        n, good, stated = groups.get(slot * bins // BINS, (0, 0, 0))
        groups[slot * bins // BINS] = (n + one.n, good + one.successes, stated + one.stated)
    return groups


def _picture(place: int, bins: int, n: int, good: int, stated: int) -> ReliabilityBin:
    low, high = wilson(good, n)
    return ReliabilityBin(
        low=place * PPM // bins,
        high=(place + 1) * PPM // bins,
        n=n,
        successes=good,
        stated=stated // n,
        rate=good * PPM // n,
        rate_low=low,
        rate_high=high,
    )


def _ppm(value: Fraction) -> int:
    return value.numerator * PPM // value.denominator
