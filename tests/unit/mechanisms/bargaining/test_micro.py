"""MiCRO: next best only where it is due, earlier ones from the seed, and what it takes."""

from __future__ import annotations

from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.micro import AcceptMicro, Micro, next_due, nth_best
from contractnet.mechanisms.bargaining.preferences import Mandate, ranked
from contractnet.mechanisms.bargaining.session import Player, bargain
from contractnet.mechanisms.bargaining.shape import Rules, View
from contractnet.mechanisms.bargaining.solutions import pareto, table
from tests.unit.mechanisms.bargaining.worlds import (
    CONTRACTOR,
    MANAGER,
    TRADE,
    UNIT,
    mandate,
    money,
    price_agenda,
    price_rules,
    view,
)

RULES = Rules(agenda=TRADE, turns=200)
WHO = Mandate(preferences=MANAGER)
OWN = [terms for _, terms in ranked(MANAGER)]


def seen(mine: int, theirs: int, seed: str = "") -> View:
    """After so many different own offers, and so many different ones of the other side."""
    heard = tuple(terms for _, terms in ranked(CONTRACTOR))[:theirs]
    return view(WHO, RULES, turn=2 * mine, mine=tuple(OWN[:mine]), theirs=heard, seed=seed)


def test_it_opens_with_the_best() -> None:
    assert Micro().propose(seen(0, 0)) == OWN[0]


def test_the_next_best_is_due_while_the_other_side_has_sent_as_many() -> None:
    assert Micro().propose(seen(1, 1)) == OWN[1]
    assert Micro().propose(seen(2, 3)) == OWN[2]
    assert next_due(seen(2, 1)) is None


def test_the_same_offer_again_does_not_count_twice() -> None:
    twice = view(WHO, RULES, turn=4, mine=(OWN[0], OWN[1]), theirs=((2, 0, 0), (2, 0, 0)))
    assert next_due(twice) is None


def test_else_an_earlier_offer_is_drawn_again() -> None:
    drawn = {Micro().propose(seen(3, 1, str(seed))) for seed in range(60)}
    assert drawn == set(OWN[:3])


def test_the_list_ends_at_the_reservation() -> None:
    assert nth_best(seen(0, 0), len(OWN)) is None
    rules = price_rules(agenda=price_agenda(0, 120, UNIT))
    buyer, seller = view(mandate("buyer", 3), rules), view(mandate("seller", 118), rules, me=1, turn=1)
    assert [nth_best(buyer, n) for n in range(5)] == [(0,), (money(1),), (money(2),), (money(3),), None]
    assert [nth_best(seller, n) for n in range(4)] == [(money(120),), (money(119),), (money(118),), None]
    assert nth_best(view(mandate("buyer", -3), rules), 0) is None


def test_it_takes_what_is_as_good_as_the_least_of_its_own() -> None:
    """With the next one due that counts too; with none due only what was sent."""

    def takes(mine: int, theirs: int, worth: Terms) -> bool:
        return AcceptMicro().accepts(seen(mine, theirs), worth, None)

    assert takes(2, 2, OWN[2])
    assert not takes(2, 2, next(terms for terms in OWN if MANAGER.utility(terms) < MANAGER.utility(OWN[2])))
    assert takes(2, 1, OWN[1])
    assert not takes(2, 1, OWN[3])
    assert not AcceptMicro().accepts(view(Mandate(preferences=MANAGER), RULES, turn=400, mine=()), (2, 0, 0), None)


def test_two_of_them_agree_on_a_deal_that_no_other_beats() -> None:
    micro = STRATEGIES["micro"]
    exchange = bargain(Player(micro, WHO), Player(micro, Mandate(preferences=CONTRACTOR)), RULES, "seed")
    both = table(TRADE, (MANAGER, CONTRACTOR))
    assert exchange.terms in [list(TRADE.deals())[place] for place in pareto(both)]


def test_two_of_them_meet_in_the_middle_of_a_price() -> None:
    rules = price_rules(200, agenda=price_agenda(40, 120, UNIT))
    players = Player(STRATEGIES["micro"], mandate("buyer", 100)), Player(STRATEGIES["micro"], mandate("seller", 60))
    terms = bargain(*players, rules).terms
    assert terms == (money(80),)
