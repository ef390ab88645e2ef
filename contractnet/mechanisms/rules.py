"""What an award rule looks at: a bid and the terms of the call. And the two scores that the rules are made of.

No prose is in either, and nothing of a rival (promise 6). Integers only (D14).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.messages.values import PPM


class Bid(Struct, frozen=True, kw_only=True):
    """What a rule may look at of one participant's offer."""

    participant: str  #: agent id
    offer: str  #: offer id
    price: int  #: micros, asked for the whole task
    eta: int  #: seconds
    probability: int  #: ppm, chance of a good result by the deadline


class Criterion(Struct, frozen=True, kw_only=True):
    """One of the things that a lexicographic rule compares, the more important first."""

    what: Literal["price", "eta", "probability"]  #: less is better of the first two, more of the last
    step: int = 1  #: amounts are compared as amount // step, in the unit of the amount; at least 1


class Conditions(Struct, frozen=True, kw_only=True):
    """What a rule may look at of the call. All amounts in micros."""

    reserve: int | None = None  #: most that will be paid; None: no limit
    value: int | None = None  #: worth of a good result
    eta_cost: int = 0  #: micros per second of eta
    least_score: int | None = None  #: a bid of a lower score is not taken, by the rules that score in micros
    min_bids: int = 1  #: with fewer eligible bids when the round closes nothing is awarded
    order: tuple[Criterion, ...] = ()  #: for `lexicographic`


def best_value(bid: Bid, conditions: Conditions) -> int:
    """What the bid is worth to the buyer: V*p // 1_000_000 - price - lambda*eta, micros, floor division.

    Raises:
        MechanismError: the call states no value and no reserve to stand for it.
    Source: expected value of an outcome less its price and the cost of waiting; D14.
    """
    value = conditions.reserve if conditions.value is None else conditions.value
    if value is None:
        raise MechanismError("best-value needs a value, or a reserve to stand for it")
    return value * bid.probability // PPM - bid.price - conditions.eta_cost * bid.eta
