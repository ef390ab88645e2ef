"""The best bid against the best ask."""

from __future__ import annotations

import pytest

from contractnet.errors import MechanismError
from contractnet.mechanisms.bargaining.mediation.standing import standing_offers
from contractnet.mechanisms.bargaining.shape import Offer, Rules
from tests.unit.mechanisms.bargaining.worlds import TRADE, money, price_rules


def said(*prices: float) -> list[Offer]:
    return [Offer(turn, turn % 2, (money(price),)) for turn, price in enumerate(prices)]


def test_offers_that_meet_close_between_them() -> None:
    """Both offered blindly past each other: bid 80, ask 70."""
    found = standing_offers(price_rules(4), said(50, 90, 80, 70), 4)
    assert found.price == money(75)
    assert (found.bid, found.ask) == (Offer(2, 0, (money(80),)), Offer(3, 1, (money(70),)))
    assert standing_offers(price_rules(4), said(50, 90, 80, 70), 4, k=0).price == money(70)
    assert standing_offers(price_rules(4), said(50, 90, 70, 80), 4).price is None


def test_only_what_is_live_stands() -> None:
    """An earlier and better ask that was taken back binds nobody, unless earlier offers stand too."""
    asks = said(50, 60, 65, 90)
    assert standing_offers(price_rules(4), asks, 4).price is None
    assert standing_offers(price_rules(4, standing=True), asks, 4).price == money(62.5)
    assert standing_offers(price_rules(4, standing=True, lifetime=2), asks, 4).price is None


def test_either_side_may_have_moved_first() -> None:
    assert standing_offers(price_rules(4, buyer=1), said(70, 80), 2).price == money(75)
    assert standing_offers(price_rules(4, buyer=1), said(80, 70), 2).price is None


def test_one_side_that_said_nothing() -> None:
    assert standing_offers(price_rules(4), said(50), 1).ask is None
    assert standing_offers(price_rules(4), [], 0).price is None


def test_several_issues_have_no_best_bid() -> None:
    with pytest.raises(MechanismError, match="use single-text"):
        standing_offers(Rules(agenda=TRADE, turns=4), [], 4)
