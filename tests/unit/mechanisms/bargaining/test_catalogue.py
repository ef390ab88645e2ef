"""Every strategy of the catalogue, against every other: it ends, it is named, and it keeps its word."""

from __future__ import annotations

import pytest

from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.session import Player, bargain
from contractnet.mechanisms.bargaining.shape import AcceptanceRule, OfferGenerator, Rules
from tests.unit.mechanisms.bargaining.worlds import (
    CONTRACTOR,
    FOR_BOTH,
    FOR_ISSUES,
    FOR_PRICES,
    MANAGER,
    TRADE,
    mandate,
    price_rules,
)


def test_they_are_of_the_shape_that_others_write() -> None:
    for one in STRATEGIES.values():
        assert isinstance(one.generator, OfferGenerator)
        assert isinstance(one.acceptance, AcceptanceRule)


@pytest.mark.parametrize("name", [name for name in FOR_PRICES if name != "micro"])
def test_each_closes_with_a_side_that_takes_any_gain(name: str) -> None:
    """That side never concedes, so MiCRO, which concedes only in return, is left out."""
    exchange = bargain(
        Player(STRATEGIES[name], mandate("buyer", 100, opening=65)),
        Player(STRATEGIES["takes-any-gain"], mandate("seller", 60)),
        price_rules(),
    )
    assert exchange.status == "agreed"


@pytest.mark.parametrize("name", [*FOR_BOTH, *FOR_ISSUES])
def test_each_plays_over_several_issues(name: str) -> None:
    players = [Player(STRATEGIES[name], Mandate(preferences=one)) for one in (MANAGER, CONTRACTOR)]
    exchange = bargain(players[0], players[1], Rules(agenda=TRADE, turns=80), "seed")
    assert exchange.status in ("agreed", "exhausted")
    assert not any(move.corrected for move in exchange.moves)
