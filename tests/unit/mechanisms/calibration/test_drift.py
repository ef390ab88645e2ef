"""Drift: how soon a change is seen, how seldom one is seen that is none, and what is kept of the record."""

from __future__ import annotations

import random

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.drift import DriftPolicy, Watch
from contractnet.messages.values import PPM

POLICY = DriftPolicy()


def first(rate: int, estimate: int, seed: int, most: int) -> int | None:
    """After how many outcomes of that rate, ppm, a drift from the estimate is seen; None: not within `most`."""
    rng, watch = random.Random(seed), Watch()
    for n in range(1, most + 1):
        if watch.see(POLICY, estimate, 900_000, rng.randrange(PPM) < rate) is not None:
            return n
    return None


def test_a_change_is_seen_when_it_adds_up() -> None:
    """Each failure at an estimate of .9 adds .8; the eleventh comes to 8.8, over 8."""
    watch = Watch()
    found = [watch.see(POLICY, 900_000, 950_000, False) for _ in range(11)]
    assert found[:10] == [None] * 10
    assert found[10] is not None
    drift, tally = found[10]
    assert (drift.direction, drift.before, drift.since, drift.successes) == ("worse", 900_000, 11, 0)
    assert (tally.n, tally.successes, tally.bins[95].n) == (11, 0, 11)
    assert watch == Watch()  # begins anew


def test_the_record_since_the_change_is_what_came_after_the_last_good_run() -> None:
    watch = Watch()
    for ok in [False] * 3 + [True] * 40:
        assert watch.see(POLICY, 900_000, 950_000, ok) is None
    found = None
    while found is None:
        found = watch.see(POLICY, 900_000, 950_000, False)
    assert found[0].since == found[1].n == 11


def test_a_change_for_the_better_is_seen_too() -> None:
    watch, found = Watch(), None
    while found is None:
        found = watch.see(POLICY, 200_000, 300_000, True)
    assert (found[0].direction, found[0].since, found[0].successes) == ("better", 12, 12)


@pytest.mark.parametrize(("rate", "estimate", "median"), [(500_000, 900_000, 40), (300_000, 800_000, 30)])
def test_a_real_change_is_seen_within_a_few_dozen_outcomes(rate: int, estimate: int, median: int) -> None:
    seen = sorted(first(rate, estimate, seed, 1_000) or 1_000 for seed in range(101))
    assert seen[50] <= median
    assert seen[-5] <= 3 * median


@pytest.mark.parametrize("rate", [500_000, 800_000, 950_000])
def test_no_change_is_seldom_taken_for_one(rate: int) -> None:
    """Of 40 agents that stay as they are, with 500 outcomes each, a few at most are taken to have changed."""
    assert sum(first(rate, rate, seed, 500) is not None for seed in range(40)) <= 6


@pytest.mark.parametrize("policy", [DriftPolicy(slack=-1), DriftPolicy(threshold=0), DriftPolicy(after=-1)])
def test_a_policy_without_meaning_is_refused(policy: DriftPolicy) -> None:
    with pytest.raises(MechanismError, match="drift"):
        Watch().see(policy, 1, 1, True)
