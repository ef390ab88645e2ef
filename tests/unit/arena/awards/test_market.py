"""The simulated market: its statements are what they are said to be, and knowledge is all that differs."""

from __future__ import annotations

import statistics

from contractnet.arena.awards.market import Knowledge, Shape, contractors, offers, run
from contractnet.arena.draws import Draws

SHAPE = Shape()


def test_a_fifth_say_more_than_they_can() -> None:
    draws = Draws(1)
    crowd = contractors(SHAPE, draws)
    assert (len(crowd), sum(one.boast > 0 for one in crowd)) == (40, 8)
    gaps: dict[bool, list[int]] = {True: [], False: []}
    for _ in range(2_000):
        made = offers(SHAPE, crowd, draws)
        assert len({one.place for one in made}) == SHAPE.free
        for one in made:
            assert 10_000 <= one.chance <= 990_000
            assert abs(one.chance - crowd[one.place].skill) <= SHAPE.fit
            assert one.price <= SHAPE.reserve
            if one.stated < 990_000:
                gaps[crowd[one.place].boast > 0].append(one.stated - one.chance)
    assert abs(statistics.fmean(gaps[False])) < 2_000
    assert abs(statistics.fmean(gaps[True]) - SHAPE.boast) < 5_000
    assert max(map(abs, gaps[False])) <= SHAPE.noise


def test_luck_is_the_chance() -> None:
    draws = Draws(2)
    crowd = contractors(SHAPE, draws)
    made = [one for _ in range(2_000) for one in offers(SHAPE, crowd, draws)]
    share = sum(one.good for one in made) / len(made)
    assert abs(share - statistics.fmean(one.chance for one in made) / 1e6) < 0.012  # 20,000: four standard errors


def test_where_nobody_boasts_and_all_know_themselves_raw_is_the_truth() -> None:
    honest = Shape(overconfident=0, noise=0)
    for found in run(honest, 150, Draws(3)):
        assert found[Knowledge.RAW] == found[Knowledge.TRUTH]


def test_where_every_task_suits_alike_the_rates_are_the_truth() -> None:
    for found in run(Shape(fit=0), 150, Draws(4)):
        assert found[Knowledge.RATES] == found[Knowledge.TRUTH]


def test_calibration_learns() -> None:
    """With one sure and dear contractor and one boaster the record turns the award."""
    shape = Shape(contractors=2, free=2, overconfident=1, skill=(600_000, 600_000), price=(300_000, 300_000), swing=0)
    found = list(run(shape, 300, Draws(5)))
    assert all(set(one) == set(Knowledge) for one in found)
    assert [one[Knowledge.CALIBRATED].paid for one in found] == [300_000] * 300
