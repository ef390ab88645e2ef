"""Bundles of tasks by VCG: each bidder names sets of tasks and a price for each; the least total cost is bought.

At most one offer of a bidder is taken (its offers exclude each other), every task is done once or, at its reserve, not
at all. A winner is paid what its taking part saves the others: pay_i = C(without i) - (C - c_i), where C is the least
total cost, a task left undone counting its reserve. So one task alone is a second-price auction with reserve.

Truth about all prices is a best reply for a bidder who acts alone. What it exposes: payments depend on rivals; bidders
who agree, and one bidder under several names, gain by it, shills of the manager lower payments; the sum paid may go
beyond any budget that is not in the reserves. A greedy allocation would break truthfulness, so beyond the stated size
nothing is decided (`cover.MOST_TASKS`, `cover.MOST_OFFERS`).

Source: Vickrey 1961; Clarke 1971; Groves 1973; turned to procurement.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.cover import Choice, Cover, least_cover
from contractnet.mechanisms.awards.shape import LossReason, Payment
from contractnet.mechanisms.ties import draw
from contractnet.messages.values import MAX_MICROS


class BundleBid(Struct, frozen=True, kw_only=True):
    """One offer to do all of some tasks."""

    participant: str
    offer: str
    tasks: tuple[str, ...]  #: names of tasks, each once, at least one, any order
    price: int  #: micros, for all of them together


class BundleConditions(Struct, frozen=True, kw_only=True):
    """What is bought. Amounts in micros."""

    tasks: tuple[str, ...]  #: names, each once
    reserves: tuple[int, ...] | None = None  #: of each task, in that order; None: every task must be done


class BundleLoss(Struct, frozen=True, kw_only=True):
    """Why one offer was not taken."""

    participant: str
    offer: str
    reason: LossReason
    score: int  #: -price
    margin: int | None  #: least total cost less the least with this offer in it, at most 0; None: there is none, or
    #: margins were not asked for


class BundleAward(Struct, frozen=True, kw_only=True):
    """Who does what for how much."""

    cost: int  #: micros, the least total: prices asked, and reserves of tasks left undone
    won: tuple[BundleBid, ...]  #: by participant
    payments: tuple[Payment, ...]  #: in the order of `won`
    without: tuple[int, ...]  #: least total cost without each of `won`, in that order: the arithmetic of the payments
    undone: tuple[str, ...]  #: tasks that nobody does at or under their reserves, in the order of the conditions
    ties: tuple[str, ...]  #: sorted ids of those who are in some but not all of the equally good allocations
    losses: tuple[BundleLoss, ...]  #: by participant and offer


def vcg(
    bids: Sequence[BundleBid], conditions: BundleConditions, seed: str, where: str, *, margins: bool = False
) -> BundleAward:
    """Buy every task at the least total cost and pay each winner by VCG.

    Args:
        bids: any number per participant, any order; offer ids are unique for a participant.
        conditions: the recorded tasks and reserves.
        seed, where: of the draw among equally good allocations, see `ties.draw`. Among them fewest tasks are left
            undone; then the one with the offer of the smallest lot, and so on.
        margins: whether to say by how much each offer lost: one more solution for each.
    Raises:
        MechanismError: an offer or the conditions are wrong; without reserves: the tasks cannot all be done, or not
            without one of the winners, so that it has no payment.
        TooLarge: beyond the size that is solved exactly.
    """
    order = _closed(bids, conditions, seed, where)
    place = {task: index for index, task in enumerate(conditions.tasks)}
    choices = [
        Choice(group=bid.participant, tasks=tuple(sorted(place[task] for task in bid.tasks)), cost=bid.price)
        for bid in order
    ]
    best = least_cover(choices, len(place), conditions.reserves, ties=True)
    if best is None:
        raise MechanismError("the offers do not cover all tasks; give reserves, at which a task is left undone")
    won = sorted((order[index] for index in best.taken), key=lambda bid: bid.participant)
    without = tuple(_without(choices, bid.participant, conditions) for bid in won)
    payments = tuple(
        Payment(
            participant=bid.participant,
            offer=bid.offer,
            price=bid.price,
            amount=others - (best.cost - bid.price),
        )
        for bid, others in zip(won, without, strict=True)
    )
    return BundleAward(
        cost=best.cost,
        won=tuple(won),
        payments=payments,
        without=without,
        undone=tuple(conditions.tasks[task] for task in best.undone),
        ties=tuple(sorted({order[index].participant for index in best.tied})),
        losses=_losses(order, choices, best, conditions, margins=margins),
    )


def _without(choices: Sequence[Choice], participant: str, conditions: BundleConditions) -> int:
    rest = [choice for choice in choices if choice.group != participant]
    cover = least_cover(rest, len(conditions.tasks), conditions.reserves)
    if cover is None:
        raise MechanismError(f"without {participant} the tasks cannot all be done, so it has no payment; give reserves")
    return cover.cost


def _losses(
    order: Sequence[BundleBid],
    choices: Sequence[Choice],
    best: Cover,
    conditions: BundleConditions,
    *,
    margins: bool,
) -> tuple[BundleLoss, ...]:
    taken = set(best.taken)
    losses = [
        BundleLoss(
            participant=order[index].participant,
            offer=order[index].offer,
            reason=_reason(choices[index], index in best.tied, conditions),
            score=-choices[index].cost,
            margin=_margin(choices, index, best.cost, conditions) if margins else None,
        )
        for index in range(len(order))
        if index not in taken
    ]
    return tuple(sorted(losses, key=lambda loss: (loss.participant, loss.offer)))


def _reason(choice: Choice, tied: bool, conditions: BundleConditions) -> LossReason:
    if conditions.reserves is not None and choice.cost > sum(conditions.reserves[task] for task in choice.tasks):
        return LossReason.OVER_RESERVE
    return LossReason.LOST_DRAW if tied else LossReason.OUTBID


def _margin(choices: Sequence[Choice], index: int, cost: int, conditions: BundleConditions) -> int | None:
    """The least total cost less the least cost of a cover that takes this offer."""
    own = choices[index]
    gone = set(own.tasks)
    place = {task: new for new, task in enumerate(task for task in range(len(conditions.tasks)) if task not in gone)}
    rest = [
        Choice(group=other.group, tasks=tuple(place[task] for task in other.tasks), cost=other.cost)
        for other in choices
        if other.group != own.group and not gone & set(other.tasks)
    ]
    reserves = None if conditions.reserves is None else [conditions.reserves[task] for task in place]
    cover = least_cover(rest, len(place), reserves)
    return None if cover is None else cost - (own.cost + cover.cost)


def _closed(bids: Sequence[BundleBid], conditions: BundleConditions, seed: str, where: str) -> list[BundleBid]:
    """The offers, checked, the smallest lot first; those of one participant by their tasks."""
    known = set(conditions.tasks)
    if len(known) != len(conditions.tasks) or not known:
        raise MechanismError("tasks: at least one, each named once")
    if conditions.reserves is not None and len(conditions.reserves) != len(conditions.tasks):
        raise MechanismError("reserves: one for each task")
    if any(not 0 <= amount <= MAX_MICROS for amount in (*(conditions.reserves or ()), *(bid.price for bid in bids))):
        raise MechanismError(f"an amount is not within 0 and {MAX_MICROS} micros")
    offers = [(bid.participant, bid.offer) for bid in bids]
    if len(set(offers)) != len(offers):
        raise MechanismError("an offer appears twice among the bids")
    for bid in bids:
        if not bid.tasks or len(set(bid.tasks)) != len(bid.tasks) or not known.issuperset(bid.tasks):
            raise MechanismError(f"offer {bid.offer!r} of {bid.participant}: at least one task, each known, each once")
    lots = {bid.participant: draw(seed, where, bid.participant) for bid in bids}
    return sorted(bids, key=lambda bid: (lots[bid.participant], sorted(bid.tasks), bid.price, bid.offer))
