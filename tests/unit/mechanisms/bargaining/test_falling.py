"""A falling deal rate: exact, found when it falls, and quiet for as long as it stands still."""

from __future__ import annotations

from itertools import product
from math import comb
from random import Random

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.falling import FallPolicy, falling, fisher
from contractnet.messages.values import PPM


def outcomes(seed: int, *parts: tuple[float, int]) -> list[bool]:
    draws = Random(seed)
    return [draws.random() < chance for chance, count in parts for _ in range(count)]


def test_a_fall_is_found_in_the_block_where_it_is() -> None:
    for seed in range(20):
        fall = falling(outcomes(seed, (0.9, 300), (0.5, 100)))
        assert fall is not None
        assert 300 <= fall.first < 400
        assert fall.block.high < fall.before.low or fall.p < PPM // 100


def test_a_rise_is_none() -> None:
    assert falling([n % 2 == 0 for n in range(300)] + [True] * 300) is None


def test_while_the_rate_stands_still_it_seldom_speaks_however_long() -> None:
    """At most one ledger in twenty, ever: 300 ledgers of 1,000 outcomes."""
    wrong = sum(falling(outcomes(seed, (0.8, 1_000))) is not None for seed in range(300))
    assert wrong <= 15


def test_the_tail_is_that_of_all_ways_to_deal_out_the_successes() -> None:
    for n, later in product(range(1, 5), range(1, 5)):
        for good, late_good in product(range(n + 1), range(later + 1)):
            successes = good + late_good
            ways = sum(comb(later, few) * comb(n, successes - few) for few in range(late_good + 1) if few <= successes)
            top, bottom = fisher(good, n, late_good, later)
            assert top * comb(n + later, successes) == ways * bottom


def test_each_look_has_its_part_of_the_level() -> None:
    """The same fall is not enough at a late look: more than one in twenty is never spent in all."""
    early = [True] * 10 + [True] * 4 + [False] * 6
    policy = FallPolicy(block=10, before=10)
    fall = falling(early, policy)
    assert fall is not None
    assert (fall.look, fall.first) == (1, 10)
    assert falling([True] * 10 + [True] * 7 + [False] * 3, policy) is None
    assert falling(early[:19], policy) is None


def test_the_record_names_both_rates() -> None:
    fall = falling([True] * 50 + [False] * 50)
    assert fall is not None
    assert (fall.before.count, fall.before.of, fall.block.count, fall.block.of) == (50, 50, 0, 50)


def test_policies_and_counts_that_are_none() -> None:
    for policy in (FallPolicy(block=0), FallPolicy(before=0), FallPolicy(alpha=0), FallPolicy(alpha=PPM)):
        with pytest.raises(MechanismError, match="falling"):
            falling([], policy)
    for counts in ((2, 1, 0, 1), (0, 1, 2, 1), (-1, 1, 0, 1)):
        with pytest.raises(MechanismError, match="fisher"):
            fisher(*counts)
