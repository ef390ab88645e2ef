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
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
SKILL = "text.summarise"


def learnt(agent: str, outcomes: list[tuple[int, bool]], records: Records | None = None) -> Records:
    records = records or Records()
    for stated, ok in outcomes:
        records.learn(agent, SKILL, stated, ok)
    return records


def test_a_newcomer_has_the_rate_of_the_pool_whatever_it_states() -> None:
    records = learnt("a", [(PPM, True)] * 10)
    for stated in (0, 990_000):
        found = records.probability("b", SKILL, stated)
        assert found == Calibrated(probability=833_333, stated=stated, method="pool", n=0)  # (1 + 4)/(2 + 4)
    assert records.probability("b", "text.translate", 1).probability == 500_000  # of another skill nothing is known


def test_the_own_record_takes_over() -> None:
    records = learnt("b", [(990_000, False)] * 10, learnt("a", [(PPM, True)] * 10))
    found = records.probability("b", SKILL, 990_000)
    # each tells 4 outcomes of the pool: (1 + 4)/(2 + 8) = 1/2; then 5 * 1/2 / 15
    assert found == Calibrated(probability=166_666, stated=990_000, method="beta-binomial", n=10)
    assert records.rate("a", SKILL) == 833_333


def test_who_does_worse_than_the_pool_stands_under_those_of_whom_nothing_is_known() -> None:
    """However small the pool: with one agent known that fails, a newcomer is tried, and is not written off with it."""
    records = Records()
    for failures in range(1, 60):
        records.learn("a", SKILL, 990_000, False)
        assert records.rate("a", SKILL) < records.rate("new", SKILL)
        assert records.rate("new", SKILL) > 120_000  # at most six failures' worth: 1/(2 + 6)
        assert records.trials("a", SKILL) == failures
    for _ in range(60):
        records.learn("b", SKILL, 500_000, True)
        assert records.rate("b", SKILL) > records.rate("new", SKILL) > records.rate("a", SKILL)


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
    learnt("a", [(900_000, False)] * 20, records)
    track = records.track("a", SKILL)
    assert track is not None
    assert [one.direction for one in track.drifts] == ["worse"]
    assert track.drifts[0].since <= 12
    assert (track.whole.n, records.trials("a", SKILL)) == (80, 80)
    assert (track.lately.n, track.lately.successes) == (20, 0)
    assert records.probability("a", SKILL, 900_000).probability < 250_000
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
        for one_records in (records, again):
            one_records.learn(f"a{one % 3}", SKILL, one // 6 * 23_000, bool(one & 1))
        records.probability("a0", SKILL, stated)  # asking changes nothing
    for agent in ("a0", "a1", "a2", "new"):
        low, high = (records.probability(agent, SKILL, one) for one in sorted([stated, PPM - stated]))
        assert 0 <= low.probability <= high.probability <= PPM
        assert low == again.probability(agent, SKILL, low.stated)
        track = records.track(agent, SKILL)
        assert track is None or track.lately.n <= track.whole.n
        assert track is None or track.whole.n == sum(one.n for one in track.whole.bins.values())


@MANY
@given(st.binary(min_size=1, max_size=60), st.lists(st.tuples(st.integers(0, 59), st.booleans()), max_size=12))
def test_an_outcome_that_turns_is_as_if_it_had_been_learnt_so(raw: bytes, turns: list[tuple[int, bool]]) -> None:
    policy = Policy(prior=Prior(strength=3), isotonic_from=5, drift=DriftPolicy(after=3, threshold=2_000_000))
    records = Records(policy)
    seen = [(f"a{one % 3}", one // 6 * 23_000, bool(one & 1)) for one in raw]
    names = [records.learn(agent, SKILL, stated, ok) for agent, stated, ok in seen]
    for which, ok in turns:
        at = which % len(seen)
        agent, stated, _ = seen[at]
        records.probability(agent, SKILL, stated)  # folded before it turns
        records.turn(agent, SKILL, names[at], ok)
        seen[at] = (agent, stated, ok)
    anew = Records(policy)
    for agent, stated, ok in seen:
        anew.learn(agent, SKILL, stated, ok)
    for agent in ("a0", "a1", "a2", "new"):
        for stated in (0, 500_000, PPM):
            assert records.probability(agent, SKILL, stated) == anew.probability(agent, SKILL, stated)
        assert records.track(agent, SKILL) == anew.track(agent, SKILL)


def test_an_outcome_that_was_never_learnt_cannot_turn() -> None:
    records = learnt("a", [(PPM, True)])
    for agent, skill, which in (("b", SKILL, 0), ("a", "x.y", 0), ("a", SKILL, 1)):
        with pytest.raises(LookupError):
            records.turn(agent, skill, which, ok=False)


def test_another_policy_reads_the_same_outcomes() -> None:
    records = learnt("b", [(PPM, False)] * 4, learnt("a", [(PPM, True)] * 8))
    stiff = records.under(Policy(prior=Prior(alpha=3, beta=1, strength=1_000)))
    assert stiff.rate("a", SKILL) > 500_000 > records.rate("b", SKILL)
    assert stiff.under(Policy()).rate("a", SKILL) == records.rate("a", SKILL)


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
