"""One sealed round for one task, asked of a rule as the manager asks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contractnet.arena.draws import Draws
from contractnet.mechanisms.awards.shape import AwardRule, Payment
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages.values import PPM

#: micros of one unit of the currency
UNIT: Final = 1_000_000
_NAMES: Final = tuple(f"agent_{place:02}" for place in range(100))


def bid(place: int, price: int, probability: int = PPM, eta: int = 1) -> Bid:
    """The bid of the contractor of that place, 0 to 99; micros, ppm, seconds."""
    return Bid(participant=_NAMES[place], offer="o", price=price, eta=eta, probability=probability)


def place_of(participant: str) -> int:
    """The place of a contractor in the list of bids that `bid` made."""
    return int(participant.rpartition("_")[2])


def uniform_costs(draws: Draws, bidders: int) -> list[int]:
    """Costs uniform on 0 to 1, micros."""
    return [draws.below(UNIT + 1) for _ in range(bidders)]


def awarded(rule: AwardRule, bids: Sequence[Bid], conditions: Conditions) -> Payment | None:
    """Who gets the one slot and what it is paid; None: nobody."""
    ranking = rule.rank(bids, conditions, "arena", "round")
    return next(iter(rule.payments(ranking)), None)


def equilibrium(cost: int, bidders: int) -> int:
    """What a bidder of that cost asks where its own price is paid, micros: see `closed_forms.equilibrium_bid`."""
    return (UNIT + (bidders - 1) * cost) // bidders
