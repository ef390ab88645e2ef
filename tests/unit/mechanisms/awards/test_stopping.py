"""When a tender stops calling again."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.stopping import DEFAULT_ROUNDS, RoundOutcome, StopPolicy, stop


def rounds(*bests: int | None, eligible: int = 1) -> list[RoundOutcome]:
    return [RoundOutcome(number=n, eligible=eligible, best=best, last=("a",)) for n, best in enumerate(bests, 1)]


@pytest.mark.parametrize(
    ("bests", "policy", "reason"),
    [
        ([], StopPolicy(), None),
        ([5], StopPolicy(), None),
        ([5, 6], StopPolicy(), None),
        ([5, 6, 7], StopPolicy(), "bound-reached"),
        ([5, 5], StopPolicy(), "no-progress"),
        ([5, 4], StopPolicy(), "no-progress"),
        ([5, 9], StopPolicy(least_progress=5), "no-progress"),
        ([5, 10], StopPolicy(least_progress=5), None),
        ([5, 5], StopPolicy(least_progress=0), None),
        ([5, 5], StopPolicy(patience=2), None),
        ([5, 5, 5], StopPolicy(patience=2, max_rounds=4), "no-progress"),
        ([5, 5, 6, 6], StopPolicy(patience=2, max_rounds=5), None),  # progress begins the count anew
        ([5, 4, 5], StopPolicy(patience=2, max_rounds=5), "no-progress"),  # against the best so far, not the last
        ([5], StopPolicy(target=5), "target-met"),
        ([4], StopPolicy(target=5), None),
        ([5], StopPolicy(target=5, max_rounds=1), "target-met"),
        ([4], StopPolicy(target=5, max_rounds=1), "bound-reached"),
        ([None, None], StopPolicy(), "no-progress"),
        ([None, 3], StopPolicy(), None),
        ([3, None], StopPolicy(), "no-progress"),
    ],
)
def test_stop(bests: list[int | None], policy: StopPolicy, reason: str | None) -> None:
    found = stop(rounds(*bests), policy)
    assert (None if found is None else found.reason) == reason
    assert found is None or (found.round, found.last) == (len(bests), ("a",))


def test_over_the_reserve_no_target_is_met_and_coming_under_it_is_progress() -> None:
    assert stop(rounds(9, eligible=0), StopPolicy(target=5)) is None
    over, under = rounds(9, 4)
    over = RoundOutcome(number=1, eligible=0, best=9)
    assert stop([over, under], StopPolicy()) is None
    gone = RoundOutcome(number=2, eligible=0, best=99)
    found = stop([*rounds(4), gone], StopPolicy())
    assert found is not None
    assert found.reason == "no-progress"


def test_three_rounds_are_the_default_and_five_the_most_unless_asked() -> None:
    assert StopPolicy().max_rounds == DEFAULT_ROUNDS == 3
    assert stop([], StopPolicy(max_rounds=5)) is None
    assert stop([], StopPolicy(max_rounds=9, more=True)) is None
    with pytest.raises(MechanismError, match="max_rounds: 6 is not within 1 and 5; more must be asked for"):
        stop([], StopPolicy(max_rounds=6))


@pytest.mark.parametrize("policy", [StopPolicy(max_rounds=0), StopPolicy(patience=0), StopPolicy(least_progress=-1)])
def test_a_policy_without_meaning_is_refused(policy: StopPolicy) -> None:
    with pytest.raises(MechanismError):
        stop([], policy)


def test_rounds_are_numbered_without_a_gap() -> None:
    with pytest.raises(MechanismError, match="not numbered"):
        stop(rounds(1, 2)[1:], StopPolicy())
