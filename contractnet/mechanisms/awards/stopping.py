"""When calling again is pointless: pure rules over the recorded rounds of one conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from contractnet.errors import MechanismError

#: rounds where nothing is stated, and the most unless more are asked for
DEFAULT_ROUNDS: Final = 3
MOST_ROUNDS: Final = 5

StopReason = Literal["target-met", "bound-reached", "no-progress"]


class RoundOutcome(Struct, frozen=True, kw_only=True):
    """What a closed round came to."""

    number: int  #: from 1, one more each
    eligible: int  #: bids that could be awarded
    best: int | None  #: score of the best eligible bid; of the best bid where none is eligible; None: no bids
    last: tuple[str, ...] = ()  #: who spoke last in it, sorted: with few rounds the last proposer is decisive


class StopPolicy(Struct, frozen=True, kw_only=True):
    """When a tender stops calling again."""

    max_rounds: int = DEFAULT_ROUNDS
    more: bool = False  #: whether more than 5 rounds were asked for
    target: int | None = None  #: a score at which nobody is asked to better it
    least_progress: int = 1  #: gain in score, micros, under which a round was no progress; 0: every round is progress
    patience: int = 1  #: rounds in a row without progress after which it stops


class Stop(Struct, frozen=True, kw_only=True):
    """Why there is no further round, to be recorded."""

    reason: StopReason
    round: int  #: after which it was found
    last: tuple[str, ...]  #: who spoke last


def stop(rounds: Sequence[RoundOutcome], policy: StopPolicy) -> Stop | None:
    """Why no further round follows these; None: one may.

    A round is progress if it brings the first bid, the first eligible bid, or a best score that is at least
    `least_progress` over the best before it. Where several rules stop, the first of target, bound, progress is named.

    Raises:
        MechanismError: the policy is out of its bounds, or rounds are not numbered 1, 2, 3 …
    """
    _check(rounds, policy)
    if not rounds:
        return None
    now = rounds[-1]
    if policy.target is not None and now.eligible and now.best is not None and now.best >= policy.target:
        return Stop(reason="target-met", round=now.number, last=now.last)
    if now.number >= policy.max_rounds:
        return Stop(reason="bound-reached", round=now.number, last=now.last)
    if _idle(rounds, policy.least_progress) >= policy.patience:
        return Stop(reason="no-progress", round=now.number, last=now.last)
    return None


def _idle(rounds: Sequence[RoundOutcome], least: int) -> int:
    """Rounds without progress since the last that brought some. The first round is measured against nothing."""
    idle, best = 0, (False, rounds[0].best)
    for place, one in enumerate(rounds):
        fits, score = one.eligible > 0, one.best
        if place and not _progress((fits, score), best, least):
            idle += 1
            continue
        idle, best = 0, (fits, score)
    return idle


def _progress(new: tuple[bool, int | None], old: tuple[bool, int | None], least: int) -> bool:
    if least == 0:
        return True
    if new[0] is not old[0]:
        return new[0]
    if new[1] is None or old[1] is None:
        return new[1] is not None
    return new[1] - old[1] >= least


def _check(rounds: Sequence[RoundOutcome], policy: StopPolicy) -> None:
    if policy.max_rounds < 1 or (policy.max_rounds > MOST_ROUNDS and not policy.more):
        raise MechanismError(
            f"max_rounds: {policy.max_rounds} is not within 1 and {MOST_ROUNDS}; more must be asked for"
        )
    if policy.patience < 1 or policy.least_progress < 0:
        raise MechanismError("patience is at least 1 and least_progress at least 0")
    if [one.number for one in rounds] != list(range(1, len(rounds) + 1)):
        raise MechanismError("the rounds are not numbered from 1 without a gap")
