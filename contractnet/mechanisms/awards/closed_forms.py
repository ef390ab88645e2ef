"""What theory expects of n bidders whose costs are uniform on [0, 1]: exact fractions, to hold markets against.

Source: the standard results on first-price and second-price auctions, turned to procurement.
"""

from __future__ import annotations

from fractions import Fraction

from contractnet.errors import MechanismError


def equilibrium_bid(cost: Fraction, bidders: int) -> Fraction:
    """What a bidder of that cost asks in a first-price auction without reserve: (1 + (n-1)c)/n."""
    return (1 + (_counted(bidders) - 1) * cost) / bidders


def award_probability(bidders: int, reserve: Fraction = Fraction(1)) -> Fraction:
    """How often somebody is at or under the reserve: 1 - (1-r)**n."""
    return 1 - (1 - _within(reserve)) ** _counted(bidders)


def mean_payment(bidders: int, reserve: Fraction = Fraction(1)) -> Fraction:
    """What is paid on average over all auctions, nothing where nobody is awarded, under a second price with reserve.

    The integral of n * 2c * (1-c)**(n-1) from 0 to r; 2/(n+1) at r = 1, as under a first price.
    """
    n, over = _counted(bidders), 1 - _within(reserve)
    return 2 * ((1 - over**n) - Fraction(n, n + 1) * (1 - over ** (n + 1)))


def mean_payment_given_award(bidders: int, reserve: Fraction = Fraction(1)) -> Fraction:
    """What is paid on average where somebody is awarded."""
    if not reserve:
        raise MechanismError("reserve: at 0 nobody is awarded")
    return mean_payment(bidders, reserve) / award_probability(bidders, reserve)


def _counted(bidders: int) -> int:
    if bidders < 1:
        raise MechanismError(f"bidders: {bidders} bid nothing; at least 1")
    return bidders


def _within(reserve: Fraction) -> Fraction:
    if not 0 <= reserve <= 1:
        raise MechanismError(f"reserve: {reserve} is not within 0 and 1")
    return reserve
