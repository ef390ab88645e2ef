"""The ladder as configured, and that every rung says what it reveals."""

from __future__ import annotations

import pytest

from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.mediation.disclosure import DEFAULT, REVEALS, Rung, applies, ladder, revealed


def test_every_rung_says_what_it_reveals_to_whom() -> None:
    assert {rung for rungs in REVEALS.values() for rung in rungs} == set(Rung)
    assert all(told for rungs in REVEALS.values() for told in rungs.values())
    sealed = REVEALS["bargaining"][Rung.SEALED_RESERVATIONS]
    assert [one.to for one in sealed if "states" in one.what] == ["mediator"]
    assert "to the mediator: the reservation price" in revealed(Rung.SINGLE_TEXT)
    assert revealed(Rung.HUMAN).count("to a person") == 2


def test_the_default_ladder_has_something_to_say_about_both_and_asks_nobody_outside() -> None:
    for kind in REVEALS:
        rungs = [rung for rung in DEFAULT if applies(rung, kind)]
        assert len(rungs) >= 2
        assert not [one for rung in rungs for one in REVEALS[kind][rung] if one.to in ("a person", "a model")]


def test_one_line_of_configuration_is_a_ladder() -> None:
    assert ladder("standing-offers, extra-round, sealed-reservations, single-text") == DEFAULT
    assert ladder(" single-text ,") == (Rung.SINGLE_TEXT,)
    assert ladder("closed-choice,human") == (Rung.CLOSED_CHOICE, Rung.HUMAN)


@pytest.mark.parametrize("line", ["", " , ", "human, human", "human, judge"])
def test_what_is_no_ladder(line: str) -> None:
    with pytest.raises(DefinitionError, match="ladder"):
        ladder(line)
