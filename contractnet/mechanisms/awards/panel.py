"""What should make a manager look twice at a closed round. Flags and alarms are recorded; they exclude nobody.

An exclusion by a comparison of bids would let rivals decide (promise 6), so the low bid is measured against terms that
were fixed before the first bid, and the alarm of a homogeneous panel changes no ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.rules import Bid
from contractnet.messages.values import PPM


class LowBid(Struct, frozen=True, kw_only=True):
    """A bid so low that it should be explained before it is awarded."""

    participant: str
    price: int  #: micros
    threshold: int  #: micros; the price is under it


class PanelAlarm(Struct, frozen=True, kw_only=True):
    """The panel may be one bidder in several coats: the auction then buys less than it seems to."""

    reason: Literal["near-equal-prices", "one-model"]
    participants: tuple[str, ...]  #: sorted
    spread_ppm: int  #: (dearest - cheapest) / dearest, floored
    model: str | None  #: the one behind all of them, for `one-model`


def abnormally_low(bids: Sequence[Bid], reference: int, share_ppm: int) -> tuple[LowBid, ...]:
    """The bids under `reference * share_ppm // 1_000_000`, by participant.

    Args:
        bids: the closed set.
        reference: micros, fixed before the first bid: the reserve, or what such a task has cost so far.
        share_ppm: the share of the reference under which a price needs an explanation.
    Raises:
        MechanismError: the share is not within 0 and 1,000,000 ppm.
    """
    if not 0 <= share_ppm <= PPM:
        raise MechanismError(f"share_ppm: {share_ppm} is not within 0 and {PPM}")
    threshold = reference * share_ppm // PPM
    return tuple(
        LowBid(participant=bid.participant, price=bid.price, threshold=threshold)
        for bid in sorted(bids, key=lambda bid: bid.participant)
        if bid.price < threshold
    )


def homogeneous(
    bids: Sequence[Bid], models: Mapping[str, str | None], *, near_ppm: int = 10_000, least: int = 3
) -> tuple[PanelAlarm, ...]:
    """The alarms that a closed set of bids raises; none with fewer than `least` bids.

    Args:
        bids: the closed set.
        models: participant -> what it says is behind it (a model's name, or a hash of it); None or missing: unknown,
            and then the panel is not known to be of one model.
        near_ppm: prices whose spread is at most this share of the dearest are near-equal; 1 % unless told otherwise.
        least: bids from which near-equal prices are no accident worth nothing.
    """
    if len(bids) < max(least, 2):
        return ()
    names = tuple(sorted(bid.participant for bid in bids))
    dearest, cheapest = max(bid.price for bid in bids), min(bid.price for bid in bids)
    spread = (dearest - cheapest) * PPM // dearest if dearest else 0
    alarms: list[PanelAlarm] = []
    if (dearest - cheapest) * PPM <= near_ppm * dearest:
        alarms.append(PanelAlarm(reason="near-equal-prices", participants=names, spread_ppm=spread, model=None))
    behind = {models.get(name) for name in names}
    if len(behind) == 1 and None not in behind:
        model = behind.pop()
        alarms.append(PanelAlarm(reason="one-model", participants=names, spread_ppm=spread, model=model))
    return tuple(alarms)
