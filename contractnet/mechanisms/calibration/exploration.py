"""Exploration: now and then an award to somebody little is known of, as a recorded decision whose cost is bounded.

A bid gets a bonus that shrinks with the outcomes of its bidder: V * cap * m / (m + n), n its outcomes. The award goes
to the best score with bonus; what that gives up against the best score is the cost of the decision. It never goes to a
bid that is not eligible, never costs more than is left of what was granted for exploration, and is off unless granted.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.shape import Ranking, Standing
from contractnet.mechanisms.ties import draw
from contractnet.messages.values import PPM


class ExplorationPolicy(Struct, frozen=True, kw_only=True):
    """How much may be given up to learn."""

    granted: int  #: micros that all explorations of a market may cost together
    most: int  #: micros that one may cost
    cap: int = 100_000  #: ppm of the value: the bonus of a bidder without a record
    half: int = 5  #: m: outcomes at which the bonus is half of that


class Explored(Struct, frozen=True, kw_only=True):
    """An award to another than the best, to learn of it."""

    participant: str
    instead_of: str
    bonus: int  #: micros, its own
    cost: int  #: micros: score given up; counts against what was granted
    trials: int  #: its outcomes so far


def bonus(value: int, trials: int, policy: ExplorationPolicy) -> int:
    """The bonus of a bidder with so many outcomes, micros, floored.

    Raises:
        MechanismError: a number is out of its bounds.
    """
    if policy.half < 1 or not 0 <= policy.cap <= PPM or min(policy.granted, policy.most, trials, value) < 0:
        raise MechanismError("exploration: half is at least 1, cap within 0 and 1,000,000 ppm, nothing is negative")
    return value * policy.cap * policy.half // (PPM * (policy.half + trials))


def explore(
    ranking: Ranking, trials: Mapping[str, int], spent: int, policy: ExplorationPolicy, seed: str, where: str
) -> Explored | None:
    """Who is awarded in the place of the best; None: nobody, the ranking stands.

    Args:
        ranking: by a rule whose score is micros, such as `best-value`; calibrated probabilities inside.
        trials: participant -> its outcomes so far; missing: none.
        spent: what explorations have cost so far, micros.
        policy: the recorded terms of exploration.
        seed, where: of the draw among equal scores with bonus, see `ties.draw`.
    Raises:
        MechanismError: the terms state neither value nor reserve.
    """
    winners = ranking.winners()
    value = ranking.conditions.reserve if ranking.conditions.value is None else ranking.conditions.value
    if value is None:
        raise MechanismError("exploration needs a value, or a reserve to stand for it")
    if not winners:
        return None
    best, limit = winners[0], min(policy.most, policy.granted - spent)
    raised = {
        one.participant: one.score + bonus(value, trials.get(one.participant, 0), policy) for one in ranking.eligible
    }
    within = [one for one in ranking.eligible if best.score - one.score <= limit]

    def order(one: Standing) -> tuple[int, bool, str]:
        return -raised[one.participant], one is not best, draw(seed, where, one.participant)

    chosen = min(within, key=order, default=best)
    if chosen is best:
        return None
    return Explored(
        participant=chosen.participant,
        instead_of=best.participant,
        bonus=raised[chosen.participant] - chosen.score,
        cost=best.score - chosen.score,
        trials=trials.get(chosen.participant, 0),
    )
