"""The ladder as configured, and that every rung says what it reveals."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.mediation.disclosure import (
    DEFAULT_ISSUES,
    DEFAULT_PRICE,
    REVEALS,
    Rung,
    ladder,
)


def test_every_rung_says_what_it_reveals_to_whom() -> None:
    assert set(REVEALS) == set(Rung)
    assert all(REVEALS.values())
    sealed = REVEALS[Rung.SEALED_RESERVATIONS]
    assert [one.to for one in sealed if "states" in one.what] == ["mediator"]


def test_one_line_of_configuration_is_a_ladder() -> None:
    assert ladder("standing-offers, sealed-reservations") == DEFAULT_PRICE
    assert ladder(" single-text ,") == DEFAULT_ISSUES
    assert ladder("closed-choice,human") == (Rung.CLOSED_CHOICE, Rung.HUMAN)


@pytest.mark.parametrize("line", ["", " , ", "human, human", "human, judge"])
def test_what_is_no_ladder(line: str) -> None:
    with pytest.raises(DefinitionError, match="ladder"):
        ladder(line)
