"""Award rules: pure functions from the terms of the call and the closed set of bids to a ranking with reasons.

Rules that every award rule keeps:

1. A score depends on the bid and the terms of the call, never on another bid: a dominated or a shill bid cannot flip
   an award (promise 6). Prose is not an argument.
2. The set is closed and its order does not matter (G2): bids are sorted by participant id before anything else.
3. A bid over the reserve is valid and loses, with the reason `over-reserve` (G12).
4. Equal scores are a named set, resolved by `ties.draw`.
5. Integers only, floor division, so that every language computes the same (D14).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.ties import draw
from contractnet.messages.values import PPM, RejectReason


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


class Ranked(Struct, frozen=True, kw_only=True):
    """A bid in its place."""

    participant: str
    offer: str
    score: int  #: higher is better
    margin: int  #: score minus the best eligible score; 0 for the best, None-like minimum is never needed
    eligible: bool  #: at or under the reserve
    rank: int  #: 1 is the best; eligible bids come first
    tied: bool  #: shares its score with another eligible bid
    reason: RejectReason | None  #: why it loses: `over-reserve`, `outbid`; None for rank 1 if eligible


ScoreFunction = Callable[[Bid, Conditions], int]


def lowest_price(bid: Bid, conditions: Conditions) -> int:
    """The cheapest bid wins and is paid what it asked: score = -price, micros.

    Source: first-price sealed-bid procurement auction.
    """
    return -bid.price


def best_value(bid: Bid, conditions: Conditions) -> int:
    """The bid worth most to the buyer wins: score = V*p // 1_000_000 - price - lambda*eta, micros, floor division.

    Raises:
        MechanismError: the call states no value and no reserve to stand for it.
    Source: expected value of an outcome less its price and the cost of waiting; D14.
    """
    value = conditions.reserve if conditions.value is None else conditions.value
    if value is None:
        raise MechanismError("best-value needs a value, or a reserve to stand for it")
    return value * bid.probability // PPM - bid.price - conditions.eta_cost * bid.eta


RULES: Final[dict[str, ScoreFunction]] = {"lowest-price": lowest_price, "best-value": best_value}


def score_function(name: str) -> ScoreFunction:
    """The rule of that name.

    Raises:
        DefinitionError: there is none; says which there are.
    """
    if name not in RULES:
        raise DefinitionError(f"award rule {name[:64]!r} is not known; there are: {', '.join(sorted(RULES))}")
    return RULES[name]


def rank(name: str, bids: Sequence[Bid], conditions: Conditions, seed: str, where: str) -> tuple[Ranked, ...]:
    """Order the closed set of bids, best first; each with its score, its margin to the best, and why it loses.

    Args:
        name: of the award rule.
        bids: at most one per participant, any order, refusals already removed.
        conditions: the recorded terms of the call.
        seed, where: of the draw among equal scores, see `ties.draw`.
    Returns:
        One entry a bid; eligible ones first. The first is the winner if it is eligible.
    Raises:
        MechanismError: one participant appears twice, or the rule lacks a term that it needs.
        DefinitionError: the rule is not known.
    """
    score = score_function(name)
    closed = sorted(bids, key=lambda bid: bid.participant)
    names = [bid.participant for bid in closed]
    if len(set(names)) != len(names):
        raise MechanismError(f"a participant appears twice among the bids: {names}")
    scored = [
        (bid, score(bid, conditions), conditions.reserve is None or bid.price <= conditions.reserve) for bid in closed
    ]
    scored.sort(key=lambda item: (not item[2], -item[1], draw(seed, where, item[0].participant)))
    sharing = Counter(points for _, points, fits in scored if fits)
    best = scored[0][1] if scored else 0  # eligible ones come first
    return tuple(
        Ranked(
            participant=bid.participant,
            offer=bid.offer,
            score=points,
            margin=points - best,
            eligible=fits,
            rank=place,
            tied=fits and sharing[points] > 1,
            reason=None if place == 1 and fits else RejectReason.OUTBID if fits else RejectReason.OVER_RESERVE,
        )
        for place, (bid, points, fits) in enumerate(scored, 1)
    )
