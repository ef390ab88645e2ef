"""How even a price is between two targets: bias, fairness, aggressiveness, concession rate, efficiency. All exact.

Fairness and bias exist only for deals with a price: always say beside them how many deals there were.

Source: AgreeMate (2412.18690); bias is the margin of He and others 2018. Where the printed formulas and the authors'
notebook differ, the stated formula is meant and the notebook's is a mode of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from contractnet.errors import MechanismError

Compat = Literal["agreemate-notebook"] | None


def bias(seller_target: int, buyer_target: int, price: int) -> Fraction:
    """2(s - x)/(s - b) - 1: 0 in the middle, 1 at the buyer's target, -1 at the seller's; signed, no bounds.

    Raises:
        MechanismError: both targets are the same.
    """
    if seller_target == buyer_target:
        raise MechanismError("bias: both targets are the same, so there is no middle")
    return Fraction(2 * (seller_target - price), seller_target - buyer_target) - 1


def fairness(seller_target: int, buyer_target: int, price: int) -> Fraction:
    """1 - |bias|: 1 in the middle, 0 at either target, under 0 beyond."""
    return 1 - abs(bias(seller_target, buyer_target, price))


def aggressiveness(price: int, listed: int) -> Fraction:
    """|x - l| / l: how far the price is from the listed one."""
    if listed <= 0:
        raise MechanismError(f"aggressiveness: a listed price of {listed} is none")
    return Fraction(abs(price - listed), listed)


def concession_rate(prices: Sequence[int], turns: int, compat: Compat = None) -> Fraction | None:
    """Sum of |p_k - p_(k-1)| over the turns, 0 with fewer than two prices.

    The notebook divides by the number of prices, and has none with fewer than two.
    """
    steps = sum(abs(here - there) for there, here in pairwise(prices))
    if compat is None:
        return Fraction(steps, _turned(turns)) if len(prices) > 1 else Fraction(0)
    return Fraction(steps, len(prices)) if len(prices) > 1 else None


def relative_efficiency(fair: Fraction, turns: int, compat: Compat = None) -> Fraction:
    """Fairness over the turns. The notebook takes fairness without its sign."""
    return (fair if compat is None else abs(fair)) / _turned(turns)


def _turned(turns: int) -> int:
    if turns < 1:
        raise MechanismError(f"turns: {turns}; a bargaining has at least 1")
    return turns
