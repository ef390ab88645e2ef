"""Who gets what by the ranking of a round: a slot each, the parts of a divisible task, or a bundle of items.

Rules of a divisible task:

1. Each part is a slot of the tender: what is held, called again, lost and paid for is counted as with several slots.
2. The cheapest get the parts, each as many as it can do (`awards.split`). Under `second-price` the payment is that of
   the multi-unit Vickrey auction.
3. What one winner gets is one award under one fence: that of the first of its slots, to which the others are joined.
   They are credited, lost and given up together. Nobody is held as a runner-up.

Items that are bought in bundles are slots in the same way. An offer names bundles, of which at most one is taken; who
gets what is the allocation of the least cost, and what it is paid follows from it (`awards.bundles`). Beyond the size
that is solved nothing is awarded, and the decision says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from contractnet.errors import TooLarge
from contractnet.manager.call import Call
from contractnet.manager.calling import items_of
from contractnet.manager.ranking import drawn_at, payments
from contractnet.mechanisms.awards.bundles import BundleBid, BundleConditions, vcg
from contractnet.mechanisms.awards.shape import LossReason, Ranking, Standing
from contractnet.mechanisms.awards.split import PartBid, Split, split
from contractnet.messages.contents import Bundle, FieldError, ProposeContent
from contractnet.messages.values import MAX_MICROS

#: bundles of one round that are solved, with the items that a call may have in about a fifth of a second
MOST_OFFERS: Final = 100
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
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])  #: winner -> its bundle
    fault: str = ""  #: why nothing could be decided


def allot(call: Call, ranked: Ranking) -> Allotment:
    """Who gets the slots of a call."""
    seats = len(call.slots)
    if call.terms.divisible:
        return _parts(call, ranked, seats)
    if call.terms.items:
        return _bundles(call, ranked)
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


def misoffered(call: Call, content: ProposeContent) -> Iterator[FieldError]:
    """What of an offer does not go with the parts or the items of its call."""
    if call.terms.divisible and content.price * len(call.slots) > MAX_MICROS:
        yield FieldError(path="$.content.price", text=f"for all parts it is over {MAX_MICROS}")
    if not call.terms.items or not content.bundles:
        return
    named = [set(bundle.items) for bundle in content.bundles]
    if not all(len(one.items) == len(items) for one, items in zip(content.bundles, named, strict=True)):
        yield FieldError(path="$.content.bundles", text="a bundle names an item twice")
    if not set[str]().union(*named) <= set(items_of(call)):
        yield FieldError(path="$.content.bundles", text="names an item that is not called for")
    if content.price != min(bundle.price for bundle in content.bundles):
        yield FieldError(path="$.content.price", text="is not the least of its bundles")


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


def _bundles(call: Call, ranked: Ranking) -> Allotment:
    names, known = items_of(call), {one.name: one.reserve for one in call.terms.items}
    conditions = BundleConditions(tasks=names, reserves=tuple(known[name] for name in names))
    bids = [bid for one in ranked.standings for bid in _bundle_bids(call, one, names)]
    try:
        if len(bids) > MOST_OFFERS:
            raise TooLarge(f"{len(bids)} bundles: at most {MOST_OFFERS} of a round are solved")
        found = vcg(() if ranked.short else bids, conditions, call.seed, drawn_at(call))
    except TooLarge as error:
        failed = dict.fromkeys((one.participant for one in ranked.standings), LossReason.RULE_FAILED)
        return Allotment((), {}, failed, (), len(names), fault=f"TooLarge: {error}")
    won = {one.participant: tuple(sorted(one.tasks, key=names.index)) for one in found.won}
    whys: dict[str, set[LossReason]] = {}
    for loss in found.losses:
        whys.setdefault(loss.participant, set()).add(loss.reason)
    losers = [one.participant for one in ranked.standings if one.participant not in won]
    return Allotment(
        winners=[one for one in ranked.standings if one.participant in won],
        paid={one.participant: one.amount for one in found.payments},
        losses={name: LossReason.TOO_FEW_BIDS if ranked.short else _why(whys[name]) for name in losers},
        ties=found.ties,
        left=len(found.undone),
        items=won,
    )


def _bundle_bids(call: Call, one: Standing, names: tuple[str, ...]) -> list[BundleBid]:
    """Each bundle of an offer; where it names none, all items at its price."""
    offer = call.participants[one.participant].offer
    assert offer is not None  # a biddable state has an offer on file
    bundles = offer.message.content.bundles or (Bundle(items=names, price=one.price),)
    return [
        BundleBid(participant=one.participant, offer=f"{place:03}", tasks=bundle.items, price=bundle.price)
        for place, bundle in enumerate(bundles, 1)
    ]


def _why(reasons: set[LossReason]) -> LossReason:
    """Of one whose bundles all lost: the reason of the one that came nearest."""
    nearest = (LossReason.LOST_DRAW, LossReason.OUTBID, LossReason.OVER_RESERVE)
    return next(reason for reason in nearest if reason in reasons)


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
