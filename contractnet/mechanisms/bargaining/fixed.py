"""Powers, exponentials and logarithms in whole numbers, so that every machine and language computes the same offer.

A number is so many parts of `ONE`. Libraries of floating point differ in the last digit, and one digit is a tick: an
offer that cannot be computed again is an offer that cannot be audited.

Source: argument reduction by powers of two; the Taylor series of exp, the series of the inverse hyperbolic tangent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from contractnet.errors import MechanismError

#: what 1 is written as; results are right to one part (powers: with exponents up to a million)
ONE: Final = 10**12

_WORK: Final = 10**24
_LN2: Final = 693_147_180_559_945_309_417_232
_GUARD: Final = _WORK // ONE


def exp(x: int) -> int:
    """e to the power of x, for x at most 0, both in parts of ONE.

    Raises:
        MechanismError: x is positive.
    """
    if x > 0:
        raise MechanismError(f"exp: {x} is positive; weights and probabilities need at most 0")
    return _rounded(_exp(x * _GUARD))


def ln(x: int) -> int:
    """The natural logarithm of x, both in parts of ONE.

    Raises:
        MechanismError: x is not positive.
    """
    if x <= 0:
        raise MechanismError(f"ln: {x} is not positive")
    return _rounded(_ln(x * _GUARD))


@lru_cache(maxsize=4096)
def power(base: int, numerator: int, denominator: int) -> int:
    """base to the power of numerator/denominator, for a base within 0 and 1 in parts of ONE and a positive exponent.

    Raises:
        MechanismError: the base or the exponent is out of its bounds.
    """
    if not 0 <= base <= ONE or numerator <= 0 or denominator <= 0:
        raise MechanismError(f"power: base {base} is not within 0 and {ONE}, or the exponent is not positive")
    if base in (0, ONE) or numerator == denominator:
        return base
    return _rounded(_exp(_ln(base * _GUARD) * numerator // denominator))


def nearest(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded to the nearest whole number, halves to the even one; a positive denominator."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def _rounded(x: int) -> int:
    return (x + _GUARD // 2) // _GUARD


def _exp(x: int) -> int:
    """x at most 0, in parts of _WORK: exp(x) = 2^-k * exp(r), r within -ln 2 and 0."""
    halvings, rest = divmod(-x, _LN2)
    if halvings > 80:
        return 0
    total, term, n = 0, _WORK, 1
    while term not in (-1, 0):
        total += term
        term = -term * rest // (n * _WORK)
        n += 1
    return total >> halvings


def _ln(x: int) -> int:
    """x positive, in parts of _WORK: ln(m * 2^k) = k ln 2 + 2 artanh((m - 1)/(m + 1)), m near 1."""
    shift = x.bit_length() - _WORK.bit_length()
    m = x >> shift if shift > 0 else x << -shift
    if 3 * m > 4 * _WORK:
        shift += 1
        m = x >> shift if shift > 0 else x << -shift
    y = (m - _WORK) * _WORK // (m + _WORK)
    square = y * y // _WORK
    total, term, n = 0, y, 1
    while term not in (-1, 0):
        total += term // n
        term = term * square // _WORK
        n += 2
    return shift * _LN2 + 2 * total
