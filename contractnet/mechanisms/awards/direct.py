"""A direct award: no auction where asking costs more than competition is expected to save.

The decision is a record of its own arithmetic: every term of the comparison is in it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.reserve import ObservedPrior, UniformPrior, expected_payment


class DirectDecision(Struct, frozen=True, kw_only=True):
    """Whether to award without asking, and why. Amounts in micros."""

    direct: bool
    reason: Literal["one-bidder", "cannot-pay", "over-reserve", "auction-pays"]
    price: int  #: what the known contractor takes
    bidders: int  #: who would be asked
    expected_payment: int  #: of an auction among them, by the stated prior
    expected_saving: int  #: price - expected_payment, at least 0
    bidding_cost: int  #: of all bids together, as far as the manager bears it
    waiting_cost: int  #: eta_cost x the seconds for which bids are awaited


def direct_award(
    price: int,
    bidders: int,
    prior: UniformPrior | ObservedPrior,
    *,
    cost_per_bid: int,
    reply_within_s: int,
    eta_cost: int = 0,
    reserve: int | None = None,
) -> DirectDecision:
    """Award directly iff expected_saving <= bidding_cost + waiting_cost, or where nobody else could be asked.

    Args:
        price: what a known contractor takes (its catalogue, or its last price), micros.
        bidders: how many would be asked, the known one included.
        prior: what is believed of the cost of each, stated and recorded.
        cost_per_bid: what one bid costs the manager (tokens, messages), micros.
        reply_within_s: how long bids are awaited.
        eta_cost: of a second of waiting, micros.
        reserve: a price over it is never awarded, directly or otherwise.
    Raises:
        MechanismError: no bidder, or a prior of nothing.
    """
    if min(price, cost_per_bid, reply_within_s, eta_cost) < 0:
        raise MechanismError("a price, a cost or a time is negative")
    expected = expected_payment(prior, bidders)
    saving = max(0, price - expected)
    bidding, waiting = cost_per_bid * bidders, eta_cost * reply_within_s
    reason: Literal["one-bidder", "cannot-pay", "over-reserve", "auction-pays"]
    if reserve is not None and price > reserve:
        reason = "over-reserve"
    elif bidders == 1:
        reason = "one-bidder"
    else:
        reason = "cannot-pay" if saving <= bidding + waiting else "auction-pays"
    return DirectDecision(
        direct=reason in ("one-bidder", "cannot-pay"),
        reason=reason,
        price=price,
        bidders=bidders,
        expected_payment=expected,
        expected_saving=saving,
        bidding_cost=bidding,
        waiting_cost=waiting,
    )
