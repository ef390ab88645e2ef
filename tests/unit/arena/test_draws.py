"""Draws: of one seed the same everywhere, each number as likely as any other."""

from __future__ import annotations

from contractnet.arena.draws import Draws


def test_the_sequence_is_pinned() -> None:
    """The pages of the experiments stand and fall with it."""
    draws = Draws(1, "reserve", 3)
    assert [draws.below(1_000_000) for _ in range(4)] == [157_086, 985_509, 725_944, 808_445]


def test_streams_of_other_names_and_seeds_are_others() -> None:
    streams = {
        tuple(draws.below(1_000) for _ in range(8))
        for draws in (Draws(1), Draws(2), Draws(1, "a"), Draws(1, "b"), Draws(1, "a", "b"))
    }
    assert len(streams) == 5


def test_bounds_are_reached_and_kept() -> None:
    draws = Draws(3)
    assert {draws.below(3) for _ in range(200)} == {0, 1, 2}
    assert {draws.between(-2, 2) for _ in range(200)} == {-2, -1, 0, 1, 2}
    assert {draws.below(1) for _ in range(9)} == {0}


def test_each_number_is_about_as_likely() -> None:
    draws, counts = Draws(4), [0] * 10
    for _ in range(20_000):
        counts[draws.below(10)] += 1
    assert all(1_800 < count < 2_200 for count in counts)  # 4.7 standard errors


def test_some_are_different_ones_and_each_may_be_among_them() -> None:
    draws, counts = Draws(5), [0] * 8
    for _ in range(2_000):
        found = draws.some(range(8), 3)
        assert len(set(found)) == 3
        for one in found:
            counts[one] += 1
    assert all(640 < count < 860 for count in counts)  # 750, five standard errors
    assert sorted(draws.some("abc", 3)) == ["a", "b", "c"]
