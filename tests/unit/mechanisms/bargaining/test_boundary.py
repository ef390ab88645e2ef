"""The boundary: each code, once by hand; what is told; and that garbage is answered, not survived by luck."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.mechanisms.bargaining.boundary import Code, Heard, Said, check
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Offer, Rules, live_offers
from tests.unit.mechanisms.bargaining.worlds import CONTRACTOR, TRADE, UNIT, mandate, money, price_rules

ASK, BID = Offer(1, 1, (money(90),)), Offer(0, 0, (money(50),))


def heard(turn: int = 2, *offers: Offer, **rules: Any) -> Heard:
    return Heard(rules=price_rules(**rules), turn=turn, by=turn % 2, offers=offers or (BID, ASK))


def offer(price: Any = 60 * UNIT, **more: Any) -> Said:
    return Said(**{"act": "offer", "terms": (price,), "unit": "USD", **more})


def accept(of: int = 1, price: int = 90 * UNIT, **more: Any) -> Said:
    return Said(**{"act": "accept", "of": of, "terms": (price,), "unit": "USD", **more})


def codes(said: Said, where: Heard, **more: Any) -> list[str]:
    return [fault.code.value for fault in check(said, where, **more)]


@pytest.mark.parametrize(
    ("said", "where", "found"),
    [
        (offer(), heard(), []),
        (offer(terms=[money(60)]), heard(), []),
        (accept(), heard(), []),
        (Said(act="quit"), heard(), []),
        (offer(60.0), heard(), ["schema"]),
        (offer(True), heard(), ["schema"]),
        (offer("60"), heard(), ["schema"]),
        (offer(terms=money(60)), heard(), ["schema"]),
        (offer(terms=None), heard(), ["schema"]),
        (offer(of=1), heard(), ["schema"]),
        (accept(act="offer"), heard(), ["schema"]),
        (offer(act="accept"), heard(), ["schema"]),
        (offer(act="pay"), heard(), ["schema"]),
        (Said(act="quit", terms=(money(60),)), heard(), ["schema"]),
        (offer(terms=(money(60), 1)), heard(), ["off-grid"]),
        (offer(unit="EUR"), heard(), ["unit"]),
        (offer(unit=None), heard(), ["unit"]),
        (offer(money(60) + 1), heard(), ["tick"]),
        (offer(money(121)), heard(), ["public-bounds"]),
        (offer(-1), heard(), ["public-bounds"]),
        (offer(money(121), unit="EUR"), heard(), ["public-bounds", "unit"]),
        (offer(money(49)), heard(monotone=True), ["not-monotone"]),
        (offer(money(50)), heard(monotone=True), []),
        (offer(money(95)), heard(3, monotone=True), ["not-monotone"]),
        (offer(money(90)), heard(3, monotone=True), []),
        (accept(5), heard(), ["no-live-offer"]),
        (accept(0, money(50)), heard(), ["no-live-offer"]),  # its own
        (accept(1, money(89)), heard(), ["terms-differ"]),
        (accept(), heard(4, BID, ASK, Offer(3, 1, (money(80),))), ["no-live-offer"]),  # replaced
        (accept(), heard(4, BID, ASK, Offer(3, 1, (money(80),)), standing=True), []),
        (accept(), heard(4, lifetime=3), []),
        (accept(), heard(4, lifetime=2), ["expired"]),
        (accept(), heard(12), ["round-limit"]),
        (offer(), heard(12), ["round-limit"]),
        (offer(turn=2), heard(2), []),
        (offer(turn=0), heard(2), ["duplicate"]),
        (offer(turn=3), heard(2), ["out-of-turn"]),
    ],
)
def test_each_code(said: Said, where: Heard, found: list[str]) -> None:
    assert codes(said, where) == found


def test_an_act_of_the_side_whose_turn_it_is_not() -> None:
    assert codes(offer(), Heard(rules=price_rules(), turn=2, by=1, offers=(BID, ASK))) == ["out-of-turn"]


def test_offers_end_by_the_clock() -> None:
    ending = Offer(1, 1, (money(90),), until=5_000)
    assert codes(accept(), heard(2, BID, ending), now=5_000) == []
    assert codes(accept(), heard(2, BID, ending), now=5_001) == ["expired"]
    assert codes(accept(), heard(2, BID, ending)) == []
    assert codes(offer(until=4_999), heard(), now=5_000) == ["expired"]
    assert codes(offer(until=5_000), heard(), now=5_000) == []


def test_an_old_offer_does_not_come_back_when_the_newer_one_ends() -> None:
    newer = Offer(3, 1, (money(80),), until=5_000)
    assert live_offers(price_rules(), (BID, ASK, newer), 0, 4, now=6_000) == ()
    assert live_offers(price_rules(standing=True), (BID, ASK, newer), 0, 4, now=6_000) == (ASK,)


def test_an_option_that_there_is_not_is_off_the_grid() -> None:
    where = Heard(rules=Rules(agenda=TRADE, turns=4), turn=0, by=0)
    found = check(Said(act="offer", terms=(0, 4, 0)), where)
    assert [(fault.code, fault.path, fault.text) for fault in found] == [(Code.OFF_GRID, "terms[1]", "0 to 3")]
    assert codes(Said(act="offer", terms=(0, 3)), where) == ["off-grid"]
    assert codes(Said(act="offer", terms=(0, 3, 2)), where) == []


def test_under_the_own_mandate_is_found_and_never_told() -> None:
    """The other side is told every code but that one, and no fault names a private number."""
    where = heard(3)
    found = check(offer(money(70)), where, mandate=mandate("seller", 75))
    assert [(fault.code, fault.code.told) for fault in found] == [(Code.OWN_MANDATE, False)]
    assert "75" not in found[0].text
    assert check(offer(money(75)), where, mandate=mandate("seller", 75)) == ()
    assert [code for code in Code if not code.told] == [Code.OWN_MANDATE]
    several = Heard(rules=Rules(agenda=TRADE, turns=4), turn=0, by=0)
    assert codes(Said(act="offer", terms=(0, 3, 2)), several, mandate=Mandate(preferences=CONTRACTOR)) == [
        "own-mandate"
    ]


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(
    st.builds(
        Said,
        act=st.sampled_from(("offer", "accept", "quit", "", "OFFER")),
        terms=_ANY,
        unit=st.one_of(st.none(), st.text(max_size=4)),
        of=st.one_of(st.none(), st.integers(-3, 20)),
        turn=st.one_of(st.none(), st.integers(-3, 20)),
    ),
    st.integers(0, 13),
)
def test_whatever_comes_is_let_through_or_refused_with_codes(said: Said, turn: int) -> None:
    where = heard(turn)
    if not check(said, where):
        assert turn < 12
        assert said.act in ("offer", "accept", "quit")
        if said.act != "quit":
            assert isinstance(said.terms, (list, tuple))
            assert where.rules.agenda.holds(tuple(said.terms))
