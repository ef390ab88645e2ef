"""A closed list: order by the seed, terms by id, and every other answer refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.mediation.closed_choice import (
    Candidate,
    ChoiceFault,
    Chosen,
    choose,
    closed_list,
)
from tests.unit.mechanisms.bargaining.worlds import money

OFFERS = [Candidate(f"o{n}", f"agent_{n}", (money(10 + n),)) for n in range(6)]
SHOWN = closed_list(OFFERS, "seed", "c1", further_round=True)


def test_the_order_is_that_of_the_seed_and_of_nothing_else() -> None:
    orders = {
        tuple(one.id for one in closed_list(OFFERS, str(n), "c1", further_round=True).candidates) for n in range(30)
    }
    assert len(orders) > 20
    assert closed_list(OFFERS[::-1], "seed", "c1", further_round=True) == SHOWN
    assert closed_list(OFFERS, "seed", "c2", further_round=True) != SHOWN


def test_no_place_is_favoured() -> None:
    first = [closed_list(OFFERS, str(n), "c1", further_round=False).candidates[0].id for n in range(600)]
    assert all(abs(first.count(one.id) - 100) < 40 for one in OFFERS)


def test_terms_are_copied_from_the_record() -> None:
    for one in OFFERS:
        chosen = choose(SHOWN, "offer", one.id)
        assert isinstance(chosen, Chosen)
        assert chosen.candidate is one


def test_the_other_choices() -> None:
    assert choose(SHOWN, "round") == Chosen(what="round")
    assert choose(SHOWN, "none") == Chosen(what="none")
    final = closed_list(OFFERS, "seed", "c1", further_round=False)
    assert final.choices == ("offer", "none")
    assert choose(final, "round") is ChoiceFault.NOT_ALLOWED
    empty = closed_list([], "seed", "c1", further_round=False)
    assert empty.choices == ("none",)
    assert choose(empty, "offer", "o1") is ChoiceFault.NOT_ALLOWED


@given(st.text(max_size=8), st.one_of(st.none(), st.text(max_size=8)))
def test_an_answer_is_on_the_list_or_binds_nothing(what: str, offer: str | None) -> None:
    found = choose(SHOWN, what, offer)
    if isinstance(found, Chosen):
        assert found.what in SHOWN.choices
        assert found.candidate is None or found.candidate in OFFERS


def test_answers_that_bind_nothing() -> None:
    assert choose(SHOWN, "offer") is ChoiceFault.SCHEMA
    assert choose(SHOWN, "none", "o1") is ChoiceFault.SCHEMA
    assert choose(SHOWN, "offer", "o99") is ChoiceFault.UNKNOWN_OFFER
    assert choose(SHOWN, "all") is ChoiceFault.NOT_ALLOWED


def test_two_offers_of_one_id_are_no_list() -> None:
    with pytest.raises(MechanismError, match="one id"):
        closed_list([OFFERS[0], OFFERS[0]], "seed", "c1", further_round=True)
