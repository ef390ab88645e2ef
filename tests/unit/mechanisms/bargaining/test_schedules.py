"""Schedules against the published factors and the closed forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.schedules import Curve, OgSchedule, concession, og_factor, relative_time, way
from contractnet.messages.values import PPM

CURVES: tuple[Curve, ...] = ("polynomial", "exponential")


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ("linear", [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("exp", [0.5, 0.55, 0.605, 0.6655, 0.73205, 0.805255]),
        ("swish", [0.5, 0.48, 0.46, 0.44, 0.72, 1.0]),
    ],
)
def test_the_published_factors_of_six_rounds(schedule: OgSchedule, factors: list[float]) -> None:
    assert [og_factor(schedule, round_, 6) / ONE for round_ in range(6)] == pytest.approx(factors, abs=1e-12)


@pytest.mark.parametrize("schedule", ["linear", "exp", "swish"])
@pytest.mark.parametrize("rounds", [1, 2, 3, 7, 40])
def test_a_schedule_stays_within_its_end_and_all_but_exp_reach_it(schedule: OgSchedule, rounds: int) -> None:
    factors = [og_factor(schedule, round_, rounds) for round_ in range(rounds)]
    assert max(factors) <= ONE
    assert schedule == "exp" or factors[-1] == ONE


@pytest.mark.parametrize(
    ("curve", "k", "beta", "gone"),
    [
        ("polynomial", 0, 0.2, 0.03125),
        ("polynomial", 0, 1, 0.5),
        ("polynomial", 0, 5, 0.870551),
        ("polynomial", 0.1, 0.2, 0.128125),
        ("polynomial", 0.1, 1, 0.55),
        ("polynomial", 0.1, 5, 0.883496),
        ("exponential", 0.1, 0.2, 0.134725),
        ("exponential", 0.1, 1, 0.316228),
        ("exponential", 0.1, 5, 0.930572),
    ],
)
def test_the_published_values_at_half_time(curve: Curve, k: float, beta: float, gone: float) -> None:
    assert way(curve, round(beta * PPM), round(k * PPM), ONE // 2) / ONE == pytest.approx(gone, abs=1e-6)


@given(st.sampled_from(CURVES), st.integers(50_000, 20 * PPM), st.integers(1, PPM), st.integers(2, 40))
def test_a_concession_begins_at_k_ends_at_one_and_never_goes_back(curve: Curve, beta: int, k: int, rounds: int) -> None:
    path = [concession(curve, beta, k, round_, rounds) for round_ in range(rounds)]
    assert path[0] == pytest.approx(k * ONE // PPM, abs=2)
    assert path[-1] == ONE
    assert path == sorted(path)


def test_beta_under_one_is_late_and_over_one_early() -> None:
    late, even, early = (way("polynomial", beta, 0, ONE // 2) for beta in (PPM // 5, PPM, 5 * PPM))
    assert late < even == ONE // 2 < early


def test_the_only_round_is_the_last() -> None:
    assert [relative_time(0, 1), relative_time(0, 2), relative_time(1, 2), relative_time(9, 2)] == [ONE, 0, ONE, ONE]


def test_what_is_no_schedule() -> None:
    for round_, rounds, start, end in ((6, 6, 0, 1), (-1, 6, 0, 1), (0, 0, 0, 1), (0, 1, 2, 1), (0, 1, -1, 1)):
        with pytest.raises(MechanismError, match="is no schedule"):
            og_factor("linear", round_, rounds, start, end)
    for curve, beta, k in (
        ("polynomial", 0, 0),
        ("polynomial", 1, -1),
        ("polynomial", 1, PPM + 1),
        ("exponential", 1, 0),
    ):
        with pytest.raises(MechanismError, match="beta"):
            way(curve, beta, k, 0)  # type: ignore[arg-type]
