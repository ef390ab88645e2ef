"""Who gets what by the ranking of a round: a slot each, or the parts of a divisible task that each is given.

Rules of a divisible task:

1. Each part is a slot of the tender: what is held, called again, lost and paid for is counted as with several slots.
2. The cheapest get the parts, each as many as it can do (`awards.split`). Under `second-price` the payment is that of
   the multi-unit Vickrey auction.
3. What one winner gets is one award under one fence: that of the first of its slots, to which the others are joined.
   They are credited, lost and given up together. Nobody is held as a runner-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from contractnet.manager.call import Call
from contractnet.manager.ranking import drawn_at, payments
from contractnet.mechanisms.awards.shape import LossReason, Ranking, Standing
from contractnet.mechanisms.awards.split import PartBid, Split, split

#: the rules by which the parts of a divisible task are given, and how each pays
PART_RULES: Final[Mapping[str, Literal["own-price", "vickrey"]]] = {
    "lowest-price": "own-price",
    "second-price": "vickrey",
}


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a ranking comes to, if the round ends in an award."""

    winners: Sequence[Standing]  #: the best first
    paid: Mapping[str, int]  #: winner -> micros for a good result
    losses: Mapping[str, LossReason]  #: everybody else -> why
    ties: tuple[str, ...]  #: the named set among which the seed drew; empty where it did not
    left: int  #: slots that nobody is given
    parts: Mapping[str, int] = field(default_factory=dict[str, int])  #: of a divisible task: winner -> how many


def allot(call: Call, ranked: Ranking) -> Allotment:
    """Who gets the slots of a call."""
    seats = len(call.slots)
    if call.terms.divisible:
        return _parts(call, ranked, seats)
    winners = ranked.winners(seats)
    return Allotment(
        winners=winners,
        paid=payments(call, ranked) if winners else {},
        losses={one.participant: one.reason for one in ranked.losses(seats)},
        ties=ranked.ties(seats) if winners else (),
        left=seats - len(winners),
    )


def most_parts(call: Call, participant: str) -> int | None:
    """How many parts of a divisible task it can do; None: the task is of one piece."""
    offer, seats = call.participants[participant].offer, len(call.slots)
    assert offer is not None  # a biddable state has an offer on file
    return min(offer.message.content.parts or seats, seats) if call.terms.divisible else None


def _parts(call: Call, ranked: Ranking, seats: int) -> Allotment:
    found = _split(call, ranked, seats)
    given = {one.participant: one for one in found.shares if one.parts}
    winners = [one for one in ranked.eligible if one.participant in given]
    return Allotment(
        winners=winners,
        paid={name: one.amount for name, one in given.items()},
        losses={one.participant: one.reason for one in ranked.losses(len(winners) or 1)},
        ties=found.ties,
        left=found.left,
        parts={name: one.parts for name, one in given.items()},
    )


def _split(call: Call, ranked: Ranking, seats: int) -> Split:
    eligible = () if ranked.short else ranked.eligible
    bids = [
        PartBid(
            participant=one.participant,
            offer=one.offer,
            price=one.price,
            most=most_parts(call, one.participant) or seats,
        )
        for one in eligible
    ]
    return split(bids, seats, call.reserve, call.seed, drawn_at(call), PART_RULES[call.terms.rule])
