"""Draws from a seed: the published stream, evenness, and that each stream is its own."""

from __future__ import annotations

from collections import Counter

from contractnet.mechanisms.bargaining.lots import Lots


def test_the_stream_is_that_of_the_published_generator() -> None:
    """From state 0 SplitMix64 gives these; the seed only chooses the state."""
    lots = Lots("s", "w")
    lots._state = 0
    assert [lots.next() for _ in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_a_stream_depends_on_the_seed_and_the_place_alone() -> None:
    assert [Lots("s", "w").next() for _ in range(2)] == [Lots("s", "w").next()] * 2
    assert len({Lots(seed, where).next() for seed in "ab" for where in "xy"}) == 4


def test_each_lot_is_as_likely() -> None:
    lots = Lots("s", "even")
    counts = Counter(lots.below(6) for _ in range(60_000))
    assert sorted(counts) == [0, 1, 2, 3, 4, 5]
    assert all(abs(count - 10_000) < 400 for count in counts.values())


def test_a_chance_is_what_it_says() -> None:
    lots = Lots("s", "chance")
    assert abs(sum(lots.chance(3, 10) for _ in range(20_000)) - 6_000) < 300
    assert not any(lots.chance(0, 1) for _ in range(100))
    assert all(lots.chance(1, 1) for _ in range(100))
