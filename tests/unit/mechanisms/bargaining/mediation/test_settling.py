"""The ladder: which rung ends what, the certificate, and that no frank side is ever left worse off."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.mediation.disclosure import DEFAULT, Rung
from contractnet.mechanisms.bargaining.mediation.sealed import Sealed
from contractnet.mechanisms.bargaining.mediation.settling import Frank, Mediated, Party, climb
from contractnet.mechanisms.bargaining.mediation.single_text import Vote
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.session import Exchange, Player, bargain
from contractnet.mechanisms.bargaining.shape import Rules
from tests.unit.mechanisms.bargaining.worlds import CONTRACTOR, MANAGER, TRADE, UNIT, mandate, money, price_rules

PRICE = (Rung.STANDING_OFFERS, Rung.SEALED_RESERVATIONS)
TEXT = (Rung.SINGLE_TEXT,)


class Sly:
    """States a number that it does not have, and would take anything."""

    def __init__(self, price: int) -> None:
        self._price = price

    def sealed(self, nonce: str) -> Sealed:
        return Sealed(price=self._price, nonce=nonce)

    def vote(self, present: Terms, changed: Terms) -> Vote:
        return 2

    def takes(self, text: Terms) -> bool:
        return True


def stuck(buyer: Mandate, seller: Mandate, rules: Rules) -> Exchange:
    """Neither concedes."""
    firm = STRATEGIES["boulware"]
    return bargain(Player(firm, buyer), Player(firm, seller), rules)


def mediated(budget: float, cost: float, rungs: tuple[Rung, ...] = PRICE) -> Mediated:
    """After two turns of opening bids."""
    rules, buyer, seller = price_rules(2), mandate("buyer", budget), mandate("seller", cost)
    return climb(rules, stuck(buyer, seller, rules), (Frank(buyer), Frank(seller)), rungs, "seed")


def test_sealed_reservations_end_what_standing_offers_do_not() -> None:
    found = mediated(100, 60)
    assert [(one.rung, one.terms) for one in found.tried] == [
        (Rung.STANDING_OFFERS, None),
        (Rung.SEALED_RESERVATIONS, (money(80),)),
    ]
    assert (found.terms, found.no_zone) == ((money(80),), False)


def test_no_zone_is_a_certified_end() -> None:
    found = mediated(50, 60, (*PRICE, Rung.SINGLE_TEXT))
    assert (found.terms, found.no_zone) == (None, True)
    assert found.tried[-1].rung is Rung.SEALED_RESERVATIONS


def test_several_issues_end_by_one_text() -> None:
    rules, one, other = Rules(agenda=TRADE, turns=2), Mandate(preferences=MANAGER), Mandate(preferences=CONTRACTOR)
    found = climb(rules, stuck(one, other, rules), (Frank(one), Frank(other)), TEXT, "seed")
    assert found.terms is not None
    assert MANAGER.utility(found.terms) >= MANAGER.reservation
    assert CONTRACTOR.utility(found.terms) >= CONTRACTOR.reservation


def test_a_text_is_begun_even_where_nothing_was_offered() -> None:
    rules, one = Rules(agenda=TRADE, turns=2), Mandate(preferences=MANAGER)
    nothing = Exchange(moves=(), status="quit", terms=None, accepted_by=None, last=1)
    assert climb(rules, nothing, (Frank(one), Frank(one)), TEXT, "seed").terms == (0, 3, 2)


def test_a_side_has_the_last_word_on_what_it_stated_by_mistake() -> None:
    """A buyer of 50 who states 100 is asked again before it is bound."""

    class Careless(Frank, frozen=True):
        def sealed(self, nonce: str) -> Sealed:
            return Sealed(price=money(100), nonce=nonce)

    rules, buyer, seller = price_rules(2), mandate("buyer", 50), mandate("seller", 60)
    found = climb(rules, stuck(buyer, seller, rules), (Careless(buyer), Frank(seller)), PRICE, "seed")
    assert found.terms is None
    assert found.tried[-1].certificate is not None
    assert found.tried[-1].certificate.price == money(80)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 130 * UNIT),
    st.integers(0, 130 * UNIT),
    st.one_of(st.none(), st.integers(0, 130 * UNIT)),
    st.booleans(),
    st.permutations([Rung.STANDING_OFFERS, Rung.SEALED_RESERVATIONS, Rung.SINGLE_TEXT]),
    st.integers(0, 12),
)
def test_no_frank_side_is_left_worse_off_whatever_the_other_states(
    budget: int, cost: int, lie: int | None, buyer_lies: bool, rungs: list[Rung], turns: int
) -> None:
    rules, buyer, seller = price_rules(turns + 1), mandate("buyer", budget / UNIT), mandate("seller", cost / UNIT)
    exchange = stuck(buyer, seller, rules)
    parties: list[Party] = [Frank(buyer), Frank(seller)]
    if lie is not None:
        parties[0 if buyer_lies else 1] = Sly(lie)
    found = climb(rules, exchange, (parties[0], parties[1]), rungs, "seed")
    if found.terms is not None:
        for party, who in zip(parties, (buyer, seller), strict=True):
            assert rules.agenda.holds(found.terms)
            assert isinstance(party, Sly) or who.preferences.utility(found.terms) >= 0


def test_a_rung_that_asks_somebody_outside_is_refused() -> None:
    with pytest.raises(MechanismError, match="somebody outside is asked"):
        mediated(100, 60, (Rung.HUMAN,))
    with pytest.raises(MechanismError, match="no reservation price"):
        Frank(Mandate(preferences=MANAGER)).sealed("n")


def test_a_rung_that_has_nothing_to_say_passes_it_on() -> None:
    """One ladder serves a price and several issues."""
    rules, one, other = Rules(agenda=TRADE, turns=2), Mandate(preferences=MANAGER), Mandate(preferences=CONTRACTOR)
    found = climb(rules, stuck(one, other, rules), (Frank(one), Frank(other)), DEFAULT, "seed")
    assert [(each.rung, each.terms is None) for each in found.tried] == [
        (Rung.STANDING_OFFERS, True),
        (Rung.EXTRA_ROUND, True),
        (Rung.SEALED_RESERVATIONS, True),
        (Rung.SINGLE_TEXT, False),
    ]
    assert mediated(100, 60, DEFAULT).terms == (money(80),)
