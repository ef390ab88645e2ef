"""A bond on confidence: a part of the payment by a proper scoring rule, so that stating the truth pays best.

Source: Brier 1950; a - b(p - o)^2 has its largest expected value at p = the true probability. A constant added to one
of the two outcomes leaves that where it is: so a market pays `settlement` beside the price of a good result, and has
`forfeit` owed where there is none, so that nobody is paid for failing, however little it said of itself.
"""

from __future__ import annotations

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM


class Bond(Struct, frozen=True, kw_only=True):
    """Terms of a bond, micros: `bonus` at best is added to the price, `bonus - stake` at worst (taken off, if under 0).

    A tender that pays bonds holds the bonus beside what it pays at most.
    """

    bonus: int  #: a: paid for the right answer stated with certainty
    stake: int  #: b: what lies between that and the wrong answer stated with certainty


def settlement(bond: Bond, stated: int, ok: bool) -> int:
    """What is added to the price of a contract that ended so, micros: a - b(p - o)^2, floored.

    Raises:
        MechanismError: the confidence is not within 0 and 1,000,000 ppm, or the stake is negative.
    """
    if not 0 <= stated <= PPM or bond.stake < 0:
        raise MechanismError(f"bond: confidence {stated} is not within 0 and {PPM} ppm, or the stake is negative")
    gap = stated - PPM * ok
    return (bond.bonus * PPM * PPM - bond.stake * gap * gap) // (PPM * PPM)


def forfeit(bond: Bond, stated: int) -> int:
    """What a contractor owes that has lost an award, micros: b*p^2, rounded up; its settlement less the bonus."""
    return bond.bonus - settlement(bond, stated, False)


def worst(bond: Bond) -> int:
    """The least that may be added to a price, micros; under 0 it is taken off the price."""
    return bond.bonus - bond.stake
