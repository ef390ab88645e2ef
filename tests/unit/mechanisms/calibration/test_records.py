"""Probabilities learnt from outcomes: by hand, by simulation, and outcome by outcome."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.beta import Prior
from contractnet.mechanisms.calibration.brier import brier
from contractnet.mechanisms.calibration.drift import DriftPolicy
from contractnet.mechanisms.calibration.records import Calibrated, Policy, Records
from contractnet.messages.values import PPM

MANY = settings(max_examples=1_000, deadline=None)
SKILL = "text.summarise"


def learnt(agent: str, outcomes: list[tuple[int, bool]], records: Records | None = None) -> Records:
    records = records or Records()
    for stated, ok in outcomes:
        records.learn(agent, SKILL, stated, ok)
    return records


def test_a_newcomer_has_the_rate_of_the_others_whatever_it_states() -> None:
    records = learnt("a", [(PPM, True)] * 8)
    for stated in (0, 990_000):
        found = records.probability("b", SKILL, stated)
        assert found == Calibrated(probability=900_000, stated=stated, method="pool", n=0)
    assert records.probability("b", "text.translate", 1).probability == 500_000  # of another skill nothing is known


def test_the_own_record_takes_over() -> None:
    records = learnt("b", [(990_000, False)] * 10, learnt("a", [(PPM, True)] * 8))
    found = records.probability("b", SKILL, 990_000)
    assert found == Calibrated(probability=450_000, stated=990_000, method="beta-binomial", n=10)  # 10 * .9 / 20
    assert records.rate("a", SKILL) == (10 * PPM // 12 + 8 * PPM) // 18  # its pool is b: (1 + 0)/(2 + 10)


def test_statements_are_read_once_there_are_enough_of_them() -> None:
    """States .9 where it succeeds in 60 of 80, .5 where in 10 of 40: each counts for about what it was worth."""
    outcomes = [(900_000, n % 4 != 0) for n in range(80)] + [(500_000, n % 4 == 0) for n in range(40)]
    random.Random(3).shuffle(outcomes)
    records = learnt("a", outcomes, Records(Policy(drift=None)))
    curve = records.curve("a", SKILL)
    assert curve is not None
    assert curve.starts == (50, 90)
    # each bin with five more outcomes at the agent's rate of 70/120 = 583333 ppm
    assert curve.values == ((10 * PPM + 5 * 583_333) // 45, (60 * PPM + 5 * 583_333) // 85)
    assert [records.probability("a", SKILL, stated).probability for stated in (0, 899_999, PPM)] == [
        curve.values[0],
        curve.values[0],
        curve.values[1],
    ]
    assert records.probability("a", SKILL, 1).method == "isotonic"


def test_an_agent_that_always_states_the_same_has_a_rate_and_no_curve() -> None:
    records = learnt("a", [(990_000, n % 2 == 0) for n in range(200)])
    assert records.curve("a", SKILL) is None
    assert records.probability("a", SKILL, 990_000).method == "beta-binomial"


def test_a_curve_is_of_the_record_as_it_is_now() -> None:
    records = learnt("a", [(n % 2 * 400_000 + 500_000, n % 2 == 1) for n in range(100)], Records(Policy(drift=None)))
    before = records.probability("a", SKILL, 900_000).probability
    records.learn("a", SKILL, 900_000, False)
    assert records.probability("a", SKILL, 900_000).probability < before


def test_a_drift_cuts_the_record_and_is_told() -> None:
    records = learnt("a", [(900_000, True)] * 60)
    found = [records.learn("a", SKILL, 900_000, False) for _ in range(20)]
    drifts = [one for one in found if one is not None]
    assert [one.direction for one in drifts] == ["worse"]
    assert drifts[0].since <= 12
    track = records.track("a", SKILL)
    assert track is not None
    assert (track.drifts, track.whole.n, records.trials("a", SKILL)) == (1, 80, 80)
    assert (track.lately.n, track.lately.successes) == (20, 0)
    assert records.probability("a", SKILL, 900_000).probability < 200_000
    without = learnt("a", [(900_000, True)] * 60 + [(900_000, False)] * 20, Records(Policy(drift=None)))
    assert without.probability("a", SKILL, 900_000).probability > 600_000


def test_records_are_apart_by_agent_and_skill() -> None:
    records = Records()
    records.learn("b", "x.y", 1, True)
    records.learn("a", "x.z", 1, True)
    assert records.known() == (("a", "x.z"), ("b", "x.y"))
    assert (records.trials("a", "x.y"), records.track("a", "x.y")) == (0, None)


def test_a_confidence_out_of_bounds_leaves_no_trace() -> None:
    records = Records()
    with pytest.raises(MechanismError, match="confidence"):
        records.learn("a", SKILL, PPM + 1, True)
    assert records.known() == ()


@MANY
@given(st.binary(min_size=1, max_size=60), st.integers(0, PPM))
def test_every_probability_is_within_bounds_and_rises_with_what_is_stated(raw: bytes, stated: int) -> None:
    policy = Policy(prior=Prior(strength=3), isotonic_from=5, drift=DriftPolicy(after=3, threshold=2_000_000))
    records, again = Records(policy), Records(policy)
    for one in raw:
        told = [
            one_records.learn(f"a{one % 3}", SKILL, one // 6 * 23_000, bool(one & 1))
            for one_records in (records, again)
        ]
        assert told[0] == told[1]
    for agent in ("a0", "a1", "a2", "new"):
        low, high = (records.probability(agent, SKILL, one) for one in sorted([stated, PPM - stated]))
        assert 0 <= low.probability <= high.probability <= PPM
        assert low == again.probability(agent, SKILL, low.stated)
        track = records.track(agent, SKILL)
        assert track is None or track.lately.n <= track.whole.n
        assert track is None or track.whole.n == sum(one.n for one in track.whole.bins.values())


def test_calibrated_statements_score_better_than_boasts() -> None:
    """Ten agents, a fifth boasting: what the records say next has a lower Brier score than what was stated."""
    rng, records = random.Random(11), Records()
    raw, better = 0, 0
    for _ in range(3_000):
        n = rng.randrange(10)
        true = 400_000 if n < 2 else 600_000 + 40_000 * (n - 2)
        stated = 950_000 if n < 2 else true
        ok = rng.randrange(PPM) < true
        found = records.probability(f"a{n}", SKILL, stated).probability
        raw += (stated - PPM * ok) ** 2
        better += (found - PPM * ok) ** 2
        records.learn(f"a{n}", SKILL, stated, ok)
    assert better < 0.85 * raw
    for n, true in ((0, 400_000), (1, 400_000), (9, 880_000)):
        assert records.rate(f"a{n}", SKILL) == pytest.approx(true, abs=100_000)
    track = records.track("a0", SKILL)
    assert track is not None
    score = brier(track.whole)
    assert score is not None
    assert score.reliability == pytest.approx(0.55**2 * PPM, abs=60_000)  # states .95 where .4 is true
    assert score.resolution == 0
