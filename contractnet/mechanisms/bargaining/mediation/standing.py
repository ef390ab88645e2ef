"""First rung: the best bid against the best ask. Needs nothing that both have not already said to each other."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.mediation.double_auction import HALF, price_between
from contractnet.mechanisms.bargaining.shape import Offer, Rules, live_offers


class Standing(Struct, frozen=True, kw_only=True):
    """What stood, and what came of it."""

    bid: Offer | None  #: the buyer's best live offer
    ask: Offer | None  #: the seller's
    price: int | None  #: micros; None: they do not meet


def standing_offers(
    rules: Rules, offers: Sequence[Offer], turn: int, k: int = HALF, now: int | None = None
) -> Standing:
    """Close between the best live bid and the best live ask, where they meet.

    Args:
        turn: that is due, or rules.turns after the last.
        k: ppm of the way from the ask to the bid.
    Raises:
        MechanismError: it is about several issues, of which there is no best bid.
    """
    if rules.buyer is None:
        raise MechanismError("standing offers: of several issues there is no best bid; use single-text")
    bids = live_offers(rules, offers, 1 - rules.buyer, turn, now)
    asks = live_offers(rules, offers, rules.buyer, turn, now)
    bid = max(bids, key=lambda offer: offer.terms[0], default=None)
    ask = min(asks, key=lambda offer: offer.terms[0], default=None)
    if bid is None or ask is None:
        return Standing(bid=bid, ask=ask, price=None)
    price = price_between(rules.agenda.issues[0], bid.terms[0], ask.terms[0], k)
    return Standing(bid=bid, ask=ask, price=price)
