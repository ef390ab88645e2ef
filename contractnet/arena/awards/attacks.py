"""Who cheats in a sealed round, and how: shills, readers, cartels.

Those who read or agree are the first so many contractors; their costs are drawn like those of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from contractnet.arena.awards.rounds import awarded, bid, place_of
from contractnet.mechanisms.awards.shape import AwardRule, Payment
from contractnet.mechanisms.rules import Bid, Conditions

#: prices that a cheat tries lie so many micros apart
_TICK: Final = 10_000
#: places of those who are none of the contractors
_SHILL: Final = 90

NORMALISED: Final = "scaled over the bids"


class Attack(Struct, frozen=True):
    """Who cheats."""

    name: str
    members: int = 0  #: contractors in it


HONEST: Final = Attack("nobody")
_MANAGER: Final = Attack("the manager's shill")
_FRIEND: Final = Attack("a contractor's friend")
_READER: Final = Attack("one who reads the bids", 1)
_TWO: Final = Attack("two who agree", 2)
_ALL: Final = Attack("all who agree", 5)
ATTACKS: Final = (HONEST, _MANAGER, _FRIEND, _READER, _TWO, _ALL)


class Room(Struct, frozen=True, kw_only=True):
    """One round: what contractors could ask, and what they ask."""

    costs: Sequence[int]  #: micros, by place
    asked: Sequence[int]  #: micros, where nobody cheats
    chances: Sequence[int]  #: ppm
    conditions: Conditions

    def bids(self) -> list[Bid]:
        return [bid(place, price, self.chances[place]) for place, price in enumerate(self.asked)]

    def dominated(self) -> Bid:
        """A bid that is dearer and slower than all and no surer than the least sure; up to the reserve."""
        reserve = self.conditions.reserve
        dearest = max(self.asked) if reserve is None else max(*self.asked, reserve)
        return bid(_SHILL, dearest, min(self.chances), eta=2)

    def profit(self, payment: Payment, members: int) -> int:
        """Payment less cost of the first so many contractors together."""
        place = place_of(payment.participant)
        return payment.amount - self.costs[place] if place < members else 0


def attacked(rule: AwardRule, room: Room, attack: Attack, honest: Payment) -> Payment:
    """What becomes of the round under the attack.

    Args:
        honest: what becomes of it without.
    """
    bids = room.bids()
    if attack is _FRIEND:
        bids.append(room.dominated())
    elif attack is _MANAGER:
        winner = bids[place_of(honest.participant)]
        bids.append(bid(_SHILL, winner.price + 1, winner.probability))
    elif attack.members:
        return _best(rule, room, attack.members, honest)
    payment = awarded(rule, bids, room.conditions)
    assert payment is not None  # who won without is still there
    return payment


def _best(rule: AwardRule, room: Room, members: int, honest: Payment) -> Payment:
    """The most that members can get who know all bids: one of them bids, the others stay away; or they do nothing."""
    bids = room.bids()
    found = honest
    for member in range(members):
        rest = [one for place, one in enumerate(bids) if place >= members]
        payment = _highest(rule, rest, room, member)
        if payment is not None and room.profit(payment, members) > room.profit(found, members):
            found = payment
    return found


def _highest(rule: AwardRule, rest: Sequence[Bid], room: Room, member: int) -> Payment | None:
    """What a member gets at the highest price at which it wins against the rest; None: it wins at none that pays.

    A better bid never loses what a worse one had, so the prices at which it wins are those up to some price.
    """
    reserve = room.conditions.reserve
    assert reserve is not None  # these rounds have one

    def at(price: int) -> Payment | None:
        mine = bid(member, price, room.chances[member])
        payment = awarded(rule, [*rest, mine], room.conditions)
        return payment if payment is not None and payment.participant == mine.participant else None

    low = room.costs[member]
    found = at(low)
    if found is None:
        return None
    steps = (reserve - low) // _TICK
    good, bad = 0, steps + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        payment = at(low + middle * _TICK)
        if payment is None:
            bad = middle
        else:
            good, found = middle, payment
    whole = at(reserve)
    return found if whole is None else whole


def normalised_winner(bids: Sequence[Bid]) -> str:
    """Who has the best score where price and confidence are scaled over the bids that are there, half and half.

    No rule of the package: a bid that cannot win moves the scale, and with it the winner.
    """
    prices, chances = [one.price for one in bids], [one.probability for one in bids]

    def score(one: Bid) -> int:
        cheap = (max(prices) - one.price) * 10**9 // max(1, max(prices) - min(prices))
        sure = (one.probability - min(chances)) * 10**9 // max(1, max(chances) - min(chances))
        return cheap + sure

    return max(bids, key=lambda one: (score(one), one.participant)).participant
