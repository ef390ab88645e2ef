"""What losers hear, and how keys are compared; the rest of the shape is held by the suite of every rule."""

from __future__ import annotations

import pytest

from contractnet.mechanisms.awards.shape import LossReason, arrange, margin_of
from contractnet.mechanisms.rules import Conditions
from contractnet.messages.values import RejectReason
from tests.suites.award_rules import SEED, WHERE, bid


def test_every_reason_has_its_word_on_the_wire() -> None:
    assert {reason: reason.told for reason in LossReason} == {
        LossReason.OUTBID: RejectReason.OUTBID,
        LossReason.LOST_DRAW: RejectReason.OUTBID,  # that there was a tie is nothing to tell
        LossReason.EXPLORED: RejectReason.OUTBID,  # that it was the best is nothing to tell
        LossReason.OVER_RESERVE: RejectReason.OVER_RESERVE,
        LossReason.UNDER_SCORE: RejectReason.NOT_SHORTLISTED,
        LossReason.TOO_FEW_BIDS: RejectReason.NO_AWARD,
        LossReason.RULE_FAILED: RejectReason.NO_AWARD,
    }


@pytest.mark.parametrize(
    ("key", "other", "margin"),
    [((3,), (5,), (-2, 0)), ((5, 1), (5, 4), (-3, 1)), ((5, 1), (5, 1), (0, 0)), ((6, 1), (5, 4), (1, 0))],
)
def test_a_margin_is_told_in_the_first_entry_that_differs(
    key: tuple[int, ...], other: tuple[int, ...], margin: tuple[int, int]
) -> None:
    assert margin_of(key, other) == margin


def test_who_is_barred_comes_last_whatever_its_key() -> None:
    judged = [(bid("a", 1), (9,), LossReason.OVER_RESERVE), (bid("b", 2), (1,), None), (bid("c", 3), (4,), None)]
    ranking = arrange("mine", judged, Conditions(), SEED, WHERE)
    assert [(one.participant, one.rank, one.margin) for one in ranking.standings] == [
        ("c", 1, 0),
        ("b", 2, -3),
        ("a", 3, 5),
    ]
    assert [(one.participant, one.margin) for one in ranking.losses(2)] == [("a", 8)]  # to the last winner
    assert arrange("mine", judged[:1], Conditions(), SEED, WHERE).losses()[0].margin == 0
