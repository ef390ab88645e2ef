"""The Brier score, its terms, and the reliability picture, against sums over the outcomes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.brier import BrierScore, brier
from contractnet.mechanisms.calibration.tally import BINS, Tally, bin_of
from contractnet.messages.values import PPM
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
outcomes_of_all = st.binary(min_size=2, max_size=40).map(
    lambda raw: [(min(PPM, one // 2 * 8_003), bool(one & 1)) for one in raw]
)


def scored(outcomes: list[tuple[int, bool]], bins: int = 10) -> BrierScore:
    tally = Tally()
    for stated, ok in outcomes:
        tally.add(stated, ok)
    found = brier(tally, bins)
    assert found is not None
    return found


def test_a_hand_computed_score() -> None:
    """Of .9 twice: one good, one not; of .2 twice: none good. Mean of o 1/4."""
    found = scored([(900_000, True), (900_000, False), (200_000, False), (200_000, False)])
    assert found.score == 225_000  # (.01 + .81 + .04 + .04)/4
    assert found.reliability == 100_000  # (.4^2 + .2^2)/2
    assert found.resolution == 62_500  # (.25^2 + .25^2)/2
    assert found.uncertainty == 187_500
    assert found.within == 0
    assert found.calibration_error == 300_000
    low, high = found.bins
    assert (low.low, low.high, low.n, low.stated, low.rate) == (200_000, 300_000, 2, 200_000, 0)
    assert (high.low, high.high, high.n, high.stated, high.rate) == (900_000, PPM, 2, 900_000, 500_000)
    assert high.rate_low < 100_000 < 900_000 < high.rate_high


@MANY
@given(outcomes_of_all, st.sampled_from([1, 2, 5, 10, 20, 100]))
def test_the_score_is_the_mean_square_and_its_terms_add_up(outcomes: list[tuple[int, bool]], bins: int) -> None:
    found, n = scored(outcomes, bins), len(outcomes)
    exact = Fraction(sum((stated - PPM * ok) ** 2 for stated, ok in outcomes), n * PPM * PPM)
    assert found.score == exact.numerator * PPM // exact.denominator
    assert found.score == found.reliability - found.resolution + found.uncertainty + found.within
    rate = Fraction(sum(ok for _, ok in outcomes), n)
    assert found.uncertainty == (rate * (1 - rate)).numerator * PPM // (rate * (1 - rate)).denominator
    assert 0 <= found.resolution <= found.uncertainty + 1
    assert sum(one.n for one in found.bins) == n == found.n
    assert found.reliability <= found.calibration_error + 1  # squares of shares are no larger
    if len({stated for stated, _ in outcomes}) == len(found.bins):  # each bin holds one stated value
        assert abs(found.within) <= 3  # what flooring four terms leaves


@MANY
@given(outcomes_of_all)
def test_what_bins_hide_is_the_known_remainder(outcomes: list[tuple[int, bool]]) -> None:
    """The variance of p inside bins less twice its covariance with o (Stephenson, Coelho, Jolliffe 2008)."""
    groups: dict[int, list[tuple[Fraction, int]]] = {}
    for stated, ok in outcomes:
        groups.setdefault(bin_of(stated) // 10, []).append((Fraction(stated, PPM), int(ok)))
    hidden = Fraction(0)
    for group in groups.values():
        p, o = (Fraction(sum(one[side] for one in group)) / len(group) for side in (0, 1))
        hidden += sum((one[0] - p) ** 2 - 2 * (one[0] - p) * (one[1] - o) for one in group)
    assert scored(outcomes).within == pytest.approx(float(hidden / len(outcomes) * PPM), abs=4)


def test_the_best_and_the_worst_statements() -> None:
    assert scored([(PPM, True), (0, False)]).score == 0
    assert scored([(0, True), (PPM, False)]).score == PPM


def test_no_outcome_is_no_score() -> None:
    assert brier(Tally()) is None


def test_bins_are_made_of_percents() -> None:
    with pytest.raises(MechanismError, match="bins: 3 is no divisor of 100"):
        brier(Tally(), 3)


@pytest.mark.parametrize(("stated", "place"), [(0, 0), (9_999, 0), (10_000, 1), (999_999, 99), (PPM, BINS - 1)])
def test_a_bin_is_a_percent(stated: int, place: int) -> None:
    assert bin_of(stated) == place


@pytest.mark.parametrize("stated", [-1, PPM + 1])
def test_a_confidence_has_bounds(stated: int) -> None:
    with pytest.raises(MechanismError, match="confidence"):
        bin_of(stated)
    with pytest.raises(MechanismError, match="confidence"):
        Tally().add(stated, True)
