"""A divisible task: so many equal parts, each bidder with a price a part and the most parts it can do.

The cheapest parts are taken. With one price a part for each bidder and no least quantity that is the exact optimum, so
the multi-unit Vickrey payment is exact as well. Amounts in micros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.ties import draw


class PartBid(Struct, frozen=True, kw_only=True):
    """One bidder's offer for a share of the task."""

    participant: str
    offer: str
    price: int  #: micros for one part
    most: int  #: parts it can do, at least 1


class Share(Struct, frozen=True, kw_only=True):
    """What one bidder got."""

    participant: str
    offer: str
    parts: int  #: 0: it got nothing
    amount: int  #: micros, for all its parts
    reason: LossReason | None  #: why it got none, or fewer than it offered; None: it got all
    margin: int  #: micros a part: the dearest price taken less its own


class Split(Struct, frozen=True, kw_only=True):
    """Who does how many parts."""

    shares: tuple[Share, ...]  #: in the order in which parts were given
    left: int  #: parts that nobody does at or under the reserve
    ties: tuple[str, ...]  #: the named set among which the draw decided, sorted; empty where it did not


def split(
    bids: Sequence[PartBid],
    parts: int,
    reserve: int | None,
    seed: str,
    where: str,
    pays: Literal["own-price", "vickrey"] = "own-price",
) -> Split:
    """Give the parts to the cheapest.

    Args:
        bids: at most one per participant, any order.
        parts: of which the task consists, at least 1.
        reserve: the most that is paid for one part; None: no limit.
        seed, where: of the draw among equal prices, see `ties.draw`.
        pays: `own-price`; or `vickrey`, under which a bidder's price and parts are best told truly: a winner of q parts
            is paid the q cheapest prices of rivals' parts that it displaced, the reserve where there are none left.
    Raises:
        MechanismError: one participant appears twice, a number is out of its bounds, or `vickrey` lacks a reserve.
    """
    _check(bids, parts, reserve, pays)
    order = sorted(bids, key=lambda bid: (bid.price, draw(seed, where, bid.participant)))
    fits = [bid for bid in order if reserve is None or bid.price <= reserve]
    given, left = _give(fits, parts)
    dearest = max((bid.price for bid, got in zip(fits, given, strict=True) if got), default=0)
    shares = [
        _share(bid, got, dearest, _amount(bid, got, fits, parts, reserve, pays))
        for bid, got in zip(fits, given, strict=True)
    ]
    over = [_over(bid, dearest) for bid in order[len(fits) :]]
    full = [got == bid.most for bid, got in zip(fits, given, strict=True) if bid.price == dearest]
    tied = sorted(bid.participant for bid in fits if bid.price == dearest)
    drawn = len(tied) > 1 and not all(full)
    return Split(shares=(*shares, *over), left=left, ties=tuple(tied) if drawn else ())


def _give(order: Sequence[PartBid], parts: int) -> tuple[list[int], int]:
    given: list[int] = []
    for bid in order:
        got = min(bid.most, parts)
        given.append(got)
        parts -= got
    return given, parts


def _amount(bid: PartBid, got: int, fits: Sequence[PartBid], parts: int, reserve: int | None, pays: str) -> int:
    if pays == "own-price" or not got:
        return got * bid.price
    assert reserve is not None  # checked: vickrey needs it
    rivals = [other for other in fits if other is not bid]
    alone, _ = _give(rivals, parts)
    beside, _ = _give(rivals, parts - got)
    displaced = sum((one - two) * rival.price for rival, one, two in zip(rivals, alone, beside, strict=True))
    return displaced + (got - (sum(alone) - sum(beside))) * reserve  # no rival would do the rest


def _share(bid: PartBid, got: int, dearest: int, amount: int) -> Share:
    reason = None
    if got < bid.most:
        reason = LossReason.LOST_DRAW if bid.price == dearest and not got else LossReason.OUTBID
    return Share(
        participant=bid.participant,
        offer=bid.offer,
        parts=got,
        amount=amount,
        reason=reason,
        margin=dearest - bid.price,
    )


def _over(bid: PartBid, dearest: int) -> Share:
    return Share(
        participant=bid.participant,
        offer=bid.offer,
        parts=0,
        amount=0,
        reason=LossReason.OVER_RESERVE,
        margin=dearest - bid.price,
    )


def _check(bids: Sequence[PartBid], parts: int, reserve: int | None, pays: str) -> None:
    names = [bid.participant for bid in bids]
    if len(set(names)) != len(names):
        raise MechanismError("a participant appears twice among the bids")
    if parts < 1 or any(bid.most < 1 or bid.price < 0 for bid in bids):
        raise MechanismError("a task has at least one part, a bid offers at least one, and no price is negative")
    if pays == "vickrey" and reserve is None:
        raise MechanismError("vickrey needs a reserve: parts that no rival would do are paid at the reserve")
