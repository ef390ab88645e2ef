"""What never happens in a bargaining, whoever plays: catalogue, wild generators, and sides that say what they like."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from contractnet.mechanisms.bargaining.boundary import Code
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.mechanisms.bargaining.session import Exchange, Player, bargain
from contractnet.mechanisms.bargaining.shape import Offer, live_offers
from tests.support.examples import often
from tests.unit.mechanisms.bargaining.worlds import PRICE_WORLDS, WORLDS, World

EXAMPLES = settings(max_examples=often(250), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def played(world: World, seed: str = "s") -> Exchange:
    return bargain(*world.players, world.rules, seed)


@EXAMPLES
@given(WORLDS)
def test_no_side_agrees_or_offers_under_its_reservation(world: World) -> None:
    exchange = played(world)
    for by, player in world.guarded:
        mine = player.mandate.preferences
        said = [move.terms for move in exchange.moves if move.by == by and move.act == "offer"]
        for terms in [*said, exchange.terms]:
            if terms is not None:
                assert mine.utility(terms) >= mine.reservation


@EXAMPLES
@given(WORLDS)
def test_offers_stay_on_the_grid_and_in_the_bounds(world: World) -> None:
    for move in played(world).moves:
        if move.act == "offer":
            assert move.terms is not None
            assert world.rules.agenda.holds(move.terms)
            assert all(type(value) is int for value in move.terms)


@EXAMPLES
@given(WORLDS)
def test_turns_are_bounded_and_alternate(world: World) -> None:
    exchange = played(world)
    assert 1 <= exchange.turns <= world.rules.turns
    assert [(move.turn, move.by) for move in exchange.moves] == [(turn, turn % 2) for turn in range(exchange.turns)]
    assert exchange.last == (world.rules.turns - 1) % 2
    assert (exchange.status == "exhausted") is (exchange.moves[-1].act not in ("accept", "quit"))
    assert (exchange.status == "agreed") is (exchange.terms is not None)


@EXAMPLES
@given(WORLDS)
def test_the_same_seed_gives_the_same_exchange(world: World) -> None:
    assert played(world, "a") == played(world, "a")


@EXAMPLES
@given(WORLDS)
def test_a_deal_is_a_live_offer_of_the_other_side(world: World) -> None:
    exchange = played(world)
    if exchange.status != "agreed":
        return
    last = exchange.moves[-1]
    offers = [Offer(move.turn, move.by, move.terms) for move in exchange.moves if move.act == "offer" and move.terms]
    live = live_offers(world.rules, offers, last.by, last.turn)
    assert (last.of, exchange.terms) in [(offer.turn, offer.terms) for offer in live]


@EXAMPLES
@given(WORLDS)
def test_a_guarded_side_is_never_refused(world: World) -> None:
    exchange = played(world)
    for by, _ in world.guarded:
        assert [move.faults for move in exchange.moves if move.by == by and move.act == "refused"] == []


@EXAMPLES
@given(PRICE_WORLDS)
def test_nobody_takes_back_what_was_given_where_that_is_agreed(world: World) -> None:
    exchange = played(world)
    for by in (0, 1):
        prices = [move.terms[0] for move in exchange.moves if move.by == by and move.act == "offer" and move.terms]
        if world.rules.monotone:
            assert prices == sorted(prices, reverse=world.rules.buyer != by)


@EXAMPLES
@given(PRICE_WORLDS)
def test_what_a_guard_changed_has_a_code_that_says_why(world: World) -> None:
    """And only a generator that proposes what may not be said is changed: those of the catalogue keep the mandate."""
    for by, player in world.guarded:
        for move in played(world).moves:
            if move.by == by and move.corrected is not None and player.strategy.generator.name != "wild":
                assert move.corrected is Code.NOT_MONOTONE
                assert world.rules.monotone


def test_the_worlds_are_not_empty_of_deals() -> None:
    """The properties above would hold of worlds in which nothing happens."""
    seen: dict[str, int] = {}

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(WORLDS)
    def look(world: World) -> None:
        exchange = played(world)
        kinds: set[str] = {exchange.status, *(move.act for move in exchange.moves)}
        kinds |= {"corrected" for move in exchange.moves if move.corrected is not None}
        kinds |= {"overruled" for move in exchange.moves if move.overruled is not None}
        kinds |= {"both" for _ in (0,) if all(isinstance(player, Player) for player in world.players)}
        kinds |= {"price" for _ in (0,) if isinstance(world.players[0].mandate.preferences, PricePreferences)}
        for kind in kinds:
            seen[kind] = seen.get(kind, 0) + 1

    look()
    wanted = ("agreed", "quit", "exhausted", "refused", "corrected", "overruled", "both", "price")
    assert {kind: seen.get(kind, 0) for kind in wanted if seen.get(kind, 0) < 10} == {}
