"""The k-double auction over a price: where the bid is at least the ask it is agreed between them, else not at all.

What honest sides lose nothing by, shading sides do: with reservations uniform on [0, 1] and k = 1/2 the equilibrium
trades in 9/32 of the cases and makes 27/32 of the gains that were possible. No mechanism does all that is wanted
(Myerson and Satterthwaite 1983), so agreement in less than all cases can be the best there is.

Source: Chatterjee and Samuelson 1983.
"""

from __future__ import annotations

from fractions import Fraction

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.issues import Issue
from contractnet.messages.values import PPM

#: the price is this share of the way from the ask to the bid, ppm; half of it is the Nash split of what is stated
HALF = 500_000


def price_between(issue: Issue, bid: int, ask: int, k: int = HALF) -> int | None:
    """k * bid + (1 - k) * ask, on the grid, at least the ask and at most the bid; None: they do not meet on the grid.

    Args:
        bid, ask: micros, on the grid or off it.
        k: ppm.
    Raises:
        MechanismError: k is out of its bounds.
    """
    if not 0 <= k <= PPM:
        raise MechanismError(f"k: {k} is not within 0 and {PPM} ppm")
    most, least = min(issue.down(bid), issue.high), max(issue.up(ask), issue.low)
    if most < least:
        return None
    return min(max(issue.near((k * bid + (PPM - k) * ask) // PPM), least), most)


def equilibrium_bid(value: Fraction) -> Fraction:
    """What a buyer of that value states in the linear equilibrium, U[0, 1], k = 1/2: 2v/3 + 1/12."""
    return value * Fraction(2, 3) + Fraction(1, 12)


def equilibrium_ask(cost: Fraction) -> Fraction:
    """What a seller of that cost states: 2c/3 + 1/4."""
    return cost * Fraction(2, 3) + Fraction(1, 4)


def margin_of_trade() -> Fraction:
    """By how much the value must be over the cost for the stated prices to meet: 1/4."""
    return (equilibrium_ask(Fraction(0)) - equilibrium_bid(Fraction(0))) / Fraction(2, 3)


def trade_probability(margin: Fraction) -> Fraction:
    """How often v - c is at least the margin: (1 - margin)^2 / 2."""
    return (1 - margin) ** 2 / 2


def expected_gains(margin: Fraction) -> Fraction:
    """The mean of v - c over all cases, nothing where it is under the margin: m(1-m)^2/2 + (1-m)^3/6."""
    return margin * (1 - margin) ** 2 / 2 + (1 - margin) ** 3 / 6
