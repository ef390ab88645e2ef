"""The terms of a tender: what is allowed, what it means, and the words of what is not."""

from __future__ import annotations

from typing import Any

import pytest

from contractnet.errors import DefinitionError
from contractnet.market.task import Task
from contractnet.market.terms import TermOptions, terms

TASK = Task("Summarise", skill="text.summarise", reserve="0.05")


def test_the_defaults() -> None:
    found = terms(TASK)
    assert (found.rule, found.reserve, found.slots, found.max_rounds) == ("best-value", 50_000, 1, 3)
    assert (found.shortlist, found.feedback, found.mediator, found.mediation_limit) == (None, "reason", None, None)
    assert found.hold == 50_000


def test_every_option_is_an_argument_and_every_argument_an_option() -> None:
    assert set(terms.__kwdefaults__ or ()) == set(TermOptions.__annotations__)


def test_the_hold_is_the_worst_case() -> None:
    assert terms(TASK, slots=3).hold == 150_000
    assert terms(TASK, slots=2, mediator="arbiter", mediation_limit="0.08").hold == 160_000
    assert terms(Task("x", skill="a.b")).hold is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"slots": 0}, "slots: 0 is not a whole number from 1 to 1000"),
        ({"slots": True}, "slots: True"),
        ({"slots": 1.5}, "slots: 1.5"),
        ({"max_rounds": 0}, "max_rounds: 0"),
        ({"max_rounds": "3"}, "max_rounds: '3'"),
        ({"slots": 3, "shortlist": 2}, "shortlist: 2 is not a whole number from 3"),
        ({"feedback": "everything"}, "feedback: 'everything' is none of nothing, reason, rank, best-score"),
        ({"mediator": "No Name"}, "mediator"),
        ({"mediation_limit": "0.1"}, "mediation_limit: it needs a mediator"),
        ({"mediator": "a", "mediation_limit": "0.04"}, "mediation_limit: it needs a mediator, and a reserve"),
        ({"mediate_within": 0}, "mediate_within: 0"),
        ({"reply_within": float("nan")}, "reply_within: nan"),
    ],
)
def test_what_is_not_allowed_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match="^" + words):
        terms(TASK, **given)


def test_a_limit_without_a_reserve_goes_beyond_nothing() -> None:
    with pytest.raises(DefinitionError, match="a reserve that it goes beyond"):
        terms(Task("x", skill="a.b"), mediator="arbiter", mediation_limit="0.1")
