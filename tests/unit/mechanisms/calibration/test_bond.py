"""A bond pays best for the truth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.calibration.bond import Bond, forfeit, settlement, worst
from contractnet.messages.values import PPM
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
UNIT = 1_000_000
ppm = st.integers(0, PPM)


def expected(bond: Bond, stated: int, true: int) -> int:
    """The expected settlement, micros times 1,000,000."""
    return settlement(bond, stated, True) * true + settlement(bond, stated, False) * (PPM - true)


def test_the_published_bond() -> None:
    """a = b = 1, true probability .63: the best report is .63, expected .7669."""
    bond = Bond(bonus=UNIT, stake=UNIT)
    best = max(range(0, PPM + 1, 10_000), key=lambda stated: expected(bond, stated, 630_000))
    assert best == 630_000
    assert expected(bond, best, 630_000) / PPM / UNIT == pytest.approx(0.7669, abs=1e-6)


@MANY
@given(ppm, ppm, st.integers(0, 10**12), st.integers(0, 10**12))
def test_truth_is_the_best_report(true: int, stated: int, bonus: int, stake: int) -> None:
    """To the micro, which is what flooring may hide."""
    bond = Bond(bonus=bonus, stake=stake)
    assert expected(bond, stated, true) <= expected(bond, true, true) + PPM
    for ok in (True, False):
        assert worst(bond) <= settlement(bond, stated, ok) <= bonus


@MANY
@given(ppm, ppm, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_truth_is_the_best_report_where_only_good_results_are_paid(
    true: int, stated: int, price: int, bonus: int, stake: int
) -> None:
    bond = Bond(bonus=bonus, stake=stake)

    def kept(said: int) -> int:
        return (price + settlement(bond, said, True)) * true - forfeit(bond, said) * (PPM - true)

    assert kept(stated) <= kept(true) + PPM
    assert 0 <= forfeit(bond, stated) <= stake


@pytest.mark.parametrize(
    ("bond", "stated", "ok", "paid"),
    [
        (Bond(bonus=100, stake=100), PPM, True, 100),
        (Bond(bonus=100, stake=100), PPM, False, 0),
        (Bond(bonus=0, stake=100), 500_000, True, -25),
        (Bond(bonus=0, stake=3), 500_000, False, -1),  # -0.75, floored
    ],
)
def test_settlement(bond: Bond, stated: int, ok: bool, paid: int) -> None:
    assert settlement(bond, stated, ok) == paid


@pytest.mark.parametrize(("bond", "stated"), [(Bond(bonus=1, stake=-1), 0), (Bond(bonus=1, stake=1), PPM + 1)])
def test_what_is_no_bond_is_refused(bond: Bond, stated: int) -> None:
    with pytest.raises(MechanismError):
        settlement(bond, stated, True)
