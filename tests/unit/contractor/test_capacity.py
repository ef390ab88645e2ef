"""Places, patience, and which offers are withdrawn for room (D2)."""

from __future__ import annotations

import pytest

from contractnet.contractor.capacity import order, patience_ms, taken, withdrawable
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.records import Stopped
from tests.support.side import Side


def engagement(side: Side, conversation: str, offered: bool = False, within_ms: int = 20_000) -> Engagement:
    side.conversation = conversation
    side.cfp(within_ms=within_ms)
    if offered:
        side.bid()
    return side.engagement


def test_a_place_is_taken_by_a_bid_being_made_an_offer_and_work(side: Side) -> None:
    tying = side.diary.tying[side.agent]
    engagement(side, "a.1")
    engagement(side, "b.1", offered=True)
    engagement(side, "c.1", offered=True)
    side.accept()
    engagement(side, "d.1")
    side.decline()
    assert tying == {"b.1", "c.1"}
    assert (taken(tying, set()), taken(tying, {"a.1"}), taken(tying, {"a.1", "b.1"})) == (2, 3, 3)
    side.conversation = "c.1"
    side.cancel()
    assert taken(tying, set()) == 2  # work that is being stopped still holds its place
    side.step(Stopped())
    assert tying == {"b.1"}


def test_an_offer_is_not_withdrawn_for_room_while_an_accept_may_travel(side: Side) -> None:
    """An award is sent at `reply_by`: the offer is held at best only 2 s after it."""
    inside = engagement(side, "a.1", offered=True)
    assert list(withdrawable([inside], side.now + 20_001)) == []
    assert list(withdrawable([inside], side.now + 22_000)) == []
    assert list(withdrawable([inside], side.now + 22_001)) == [inside]


def test_the_offer_longest_past_its_round_is_withdrawn_first(side: Side) -> None:
    late = engagement(side, "a.1", offered=True, within_ms=9_000)
    later = engagement(side, "b.1", offered=True, within_ms=8_000)
    working = engagement(side, "c.1", offered=True, within_ms=1_000)
    side.accept()
    assert list(withdrawable([late, later, working], side.now + 60_000)) == [later, late]


def test_kept_calls_are_served_in_the_same_order_everywhere(side: Side) -> None:
    second = engagement(side, "b.1", within_ms=5_000)
    first = engagement(side, "a.1", within_ms=5_000)
    soonest = engagement(side, "z.1", within_ms=4_000)
    assert sorted([second, first, soonest], key=order) == [soonest, first, second]


@pytest.mark.parametrize(("within_ms", "patience"), [(20_000, 1_000), (10_000, 1_000), (5_000, 500), (9, 0)])
def test_patience_is_a_tenth_of_the_window_at_most_a_second(within_ms: int, patience: int) -> None:
    assert patience_ms(within_ms) == patience
