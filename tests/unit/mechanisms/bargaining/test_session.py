"""Whole sessions by hand: the record, who moves last, refusals, and rules that have no meaning."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.boundary import Code, Said
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.session import Exchange, Player, bargain
from contractnet.mechanisms.bargaining.shape import MOST_TURNS, Offer, Rules, view_of
from tests.unit.mechanisms.bargaining.worlds import (
    CONTRACTOR,
    MANAGER,
    TRADE,
    Hostile,
    Wild,
    mandate,
    money,
    price_rules,
)

BUYER, SELLER = mandate("buyer", 100), mandate("seller", 60)


def play(first: str, second: str, rules: Rules | None = None) -> Exchange:
    return bargain(Player(STRATEGIES[first], BUYER), Player(STRATEGIES[second], SELLER), rules or price_rules())


def test_a_linear_pair_turn_by_turn() -> None:
    exchange = play("linear", "linear")
    said = [
        (move.turn, move.by, move.act, None if move.terms is None else move.terms[0] / 1e6) for move in exchange.moves
    ]
    assert said == [
        (0, 0, "offer", 0),
        (1, 1, "offer", 120),
        (2, 0, "offer", 20),
        (3, 1, "offer", 108),
        (4, 0, "offer", 40),
        (5, 1, "offer", 96),
        (6, 0, "offer", 60),
        (7, 1, "offer", 84),
        (8, 0, "offer", 80),
        (9, 1, "accept", 80),
    ]
    assert (exchange.status, exchange.terms, exchange.accepted_by, exchange.moves[-1].of) == (
        "agreed",
        (money(80),),
        1,
        8,
    )
    assert (exchange.turns, exchange.round, exchange.last) == (10, 4, 1)


def test_who_moves_last_decides_in_a_short_one() -> None:
    """Rubinstein: of 3 turns the first mover has the last word, of 4 the second."""
    sides = mandate("buyer", 100, opening=60), mandate("seller", 60, opening=100)

    def gain(turns: int) -> float:
        one, other = (Player(STRATEGIES["rubinstein"], side) for side in sides)
        terms = bargain(one, other, price_rules(turns)).terms
        assert terms is not None
        return (money(100) - terms[0]) / money(40)

    assert [price_rules(turns).last for turns in (3, 4, 5)] == [0, 1, 0]
    assert [gain(turns) for turns in (3, 4, 5)] == pytest.approx([0.91, 0.181, 0.8371], abs=1e-3)


def test_no_zone_ends_without_a_deal() -> None:
    exchange = bargain(
        Player(STRATEGIES["linear"], mandate("buyer", 50)), Player(STRATEGIES["conceder"], SELLER), price_rules()
    )
    assert (exchange.status, exchange.terms, exchange.accepted_by, exchange.turns) == ("exhausted", None, None, 12)


def test_a_refused_act_takes_the_turn_and_changes_nothing_else() -> None:
    loud = Hostile(SELLER, (Said(act="offer", terms=(money(500),), unit="USD"),), eager=False)
    exchange = bargain(Player(STRATEGIES["linear"], BUYER), loud, price_rules(4))
    assert [(move.act, [fault.code for fault in move.faults]) for move in exchange.moves] == [
        ("offer", []),
        ("refused", [Code.PUBLIC_BOUNDS]),
        ("offer", []),
        ("refused", [Code.PUBLIC_BOUNDS]),
    ]
    assert exchange.status == "exhausted"


def test_an_acceptance_of_other_terms_binds_nobody() -> None:
    sly = Hostile(SELLER, (Said(act="accept", of=0, terms=(money(99),), unit="USD"),), eager=False)
    exchange = bargain(Player(STRATEGIES["linear"], BUYER), sly, price_rules(2))
    assert [fault.code for fault in exchange.moves[1].faults] == [Code.TERMS_DIFFER]
    assert exchange.terms is None


def test_who_quits_ends_it() -> None:
    exchange = bargain(
        Player(STRATEGIES["linear"], BUYER), Hostile(SELLER, (Said(act="quit"),), eager=False), price_rules()
    )
    assert (exchange.status, exchange.turns, exchange.terms) == ("quit", 2, None)


def test_what_the_guard_changed_is_in_the_record() -> None:
    wild = Player(type(STRATEGIES["linear"])(Wild(((money(500),),)), STRATEGIES["linear"].acceptance), BUYER)
    move = bargain(wild, Player(STRATEGIES["linear"], SELLER), price_rules()).moves[0]
    assert (move.terms, move.corrected) == ((money(100),), Code.PUBLIC_BOUNDS)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (price_rules(0), "turns: 0"),
        (price_rules(MOST_TURNS + 1), "turns: 1001"),
        (price_rules(lifetime=0), "lifetime: 0"),
        (price_rules(buyer=None), "who buys"),
        (Rules(agenda=TRADE, turns=4, buyer=0), "who buys"),
        (Rules(agenda=TRADE, turns=4, monotone=True), "nobody but a trusted mediator"),
        (price_rules(buyer=1), "it is a buyer's price, and the rules say seller"),
        (Rules(agenda=TRADE, turns=4), "it is a buyer's price, and the rules say None"),
    ],
)
def test_rules_that_have_no_meaning_are_refused(rules: Rules, text: str) -> None:
    with pytest.raises(MechanismError, match=text):
        play("linear", "linear", rules)


def test_mandates_that_do_not_fit_are_refused() -> None:
    one, other = Player(STRATEGIES["linear"], Mandate(preferences=MANAGER)), Player(STRATEGIES["linear"], SELLER)
    with pytest.raises(MechanismError, match="its issues are not those of the rules"):
        bargain(one, other, price_rules())
    for margin in (-1, 1_000_001):
        with pytest.raises(MechanismError, match="margin"):
            bargain(Player(STRATEGIES["linear"], mandate("buyer", 100, margin=margin)), other, price_rules())
    og = Player(STRATEGIES["og-linear"], Mandate(preferences=CONTRACTOR))
    with pytest.raises(MechanismError, match="og-linear: made for a single price"):
        bargain(one, og, Rules(agenda=TRADE, turns=4))


def test_a_live_side_sees_what_a_session_shows() -> None:
    """Taken up again at any turn from the record alone, each side says what it said."""
    rules, players = price_rules(14), (Player(STRATEGIES["absolute"], BUYER), Player(STRATEGIES["zeuthen"], SELLER))
    exchange = bargain(*players, rules, "seed")
    offers: list[Offer] = []
    for move in exchange.moves:
        decision = players[move.by].move(view_of(rules, players[move.by].mandate, offers, move.turn, "seed"))
        assert (decision.said.act, decision.said.terms, decision.said.of) == (move.act, move.terms, move.of)
        if move.act == "offer" and move.terms is not None:
            offers.append(Offer(move.turn, move.by, move.terms))
