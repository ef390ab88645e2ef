"""A bond on confidence: a part of the payment by a proper scoring rule, so that stating the truth pays best.

Source: Brier 1950; a - b(p - o)^2 has its largest expected value at p = the true probability.
"""

from __future__ import annotations

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM


class Bond(Struct, frozen=True, kw_only=True):
    """Terms of a bond, micros: `bonus` at best is added to the price, `bonus - stake` at worst (taken off, if under 0).

    A tender that pays bonds holds the reserve and the bonus.
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


def worst(bond: Bond) -> int:
    """The least that may be added to a price, micros; under 0 it is taken off the price."""
    return bond.bonus - bond.stake
