"""A divisible task: who gets how many parts for how much, and truth as a best reply under the Vickrey payment."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.awards.split import PartBid, Split, split
from tests.support.examples import often

MANY = settings(max_examples=often(1_000), deadline=None)
SEED, WHERE = "5eed" * 8, "t.1|1"


def bid(participant: str, price: int, most: int) -> PartBid:
    return PartBid(participant=participant, offer=f"o_{participant}", price=price, most=most)


def got(found: Split) -> dict[str, tuple[int, int]]:
    """Bidder -> its parts, and what it is paid."""
    return {one.participant: (one.parts, one.amount) for one in found.shares if one.parts}


def bids_of(raw: bytes) -> list[PartBid]:
    return [bid(f"a{n}", raw[2 * n] % 9, raw[2 * n + 1] % 4 + 1) for n in range(raw[-1] % 5)]


some_bids = st.binary(min_size=11, max_size=11).map(bids_of)


def test_the_cheapest_parts_are_taken() -> None:
    bids = [bid("a", 3, 4), bid("b", 2, 3), bid("c", 5, 9), bid("d", 11, 9)]
    found = split(bids, 10, 10, SEED, WHERE)
    assert got(found) == {"b": (3, 6), "a": (4, 12), "c": (3, 15)}
    assert (found.left, found.ties) == (0, ())
    assert [(one.participant, one.reason, one.margin) for one in found.shares] == [
        ("b", None, 3),
        ("a", None, 2),
        ("c", LossReason.OUTBID, 0),
        ("d", LossReason.OVER_RESERVE, -6),
    ]


def test_each_part_is_paid_what_it_displaced() -> None:
    bids = [bid("a", 3, 4), bid("b", 2, 3), bid("c", 5, 9)]
    found = got(split(bids, 5, 10, SEED, WHERE, "vickrey"))
    # without b: a does 4 and c 1, instead of 2 by a: displaced two parts at 3 and one at 5
    # without a: b does 3 and c 2: displaced two parts at 5
    assert found == {"b": (3, 11), "a": (2, 10)}
    assert got(split([bid("a", 3, 4)], 6, 10, SEED, WHERE, "vickrey")) == {"a": (4, 40)}  # nobody else: the reserve


def test_equal_prices_are_a_named_set_where_the_draw_decides() -> None:
    bids = [bid("a", 3, 2), bid("b", 3, 2)]
    assert split(bids, 4, None, SEED, WHERE).ties == ()  # both get all they offered
    found = split(bids, 3, None, SEED, WHERE)
    assert found.ties == ("a", "b")
    assert sorted(one.parts for one in found.shares) == [1, 2]
    alone = split(bids, 2, None, SEED, WHERE)
    assert [(one.parts, one.reason) for one in alone.shares] == [(2, None), (0, LossReason.LOST_DRAW)]


@MANY
@given(some_bids, st.integers(1, 9), st.integers(0, 10), st.sampled_from(["own-price", "vickrey"]))
def test_it_is_the_cheapest_split_and_its_payments_are_rational(
    bids: list[PartBid], parts: int, reserve: int, pays: str
) -> None:
    found = split(bids, parts, reserve, SEED, WHERE, "vickrey" if pays == "vickrey" else "own-price")
    assert split(bids[::-1], parts, reserve, SEED, WHERE, "vickrey" if pays == "vickrey" else "own-price") == found
    price, most = {one.participant: one.price for one in bids}, {one.participant: one.most for one in bids}
    assert sum(one.parts for one in found.shares) + found.left == parts
    assert sorted(one.participant for one in found.shares) == sorted(price)
    for one in found.shares:
        assert 0 <= one.parts <= most[one.participant]
        assert one.parts * price[one.participant] <= one.amount <= one.parts * reserve
        assert (one.reason is None) is (one.parts == most[one.participant])
    cost = sum(one.parts * price[one.participant] for one in found.shares) + found.left * reserve
    ways = product(*(range(one.most + 1) for one in bids))
    sums = (
        sum(n * one.price for n, one in zip(way, bids, strict=True)) + (parts - sum(way)) * reserve
        for way in ways
        if sum(way) <= parts
    )
    assert cost == min(sums)


@MANY
@given(some_bids.filter(bool), st.integers(1, 9), st.integers(0, 10), st.integers(0, 6), st.integers(0, 6))
def test_a_better_bid_never_loses_what_it_had(
    bids: list[PartBid], parts: int, reserve: int, picked: int, cheaper: int
) -> None:
    one = bids[picked % len(bids)]
    better = replace(one, price=max(0, one.price - cheaper))
    before, after = (
        {share.participant: share.parts for share in split(offers, parts, reserve, SEED, WHERE).shares}
        for offers in (bids, [better if other is one else other for other in bids])
    )
    assert after[one.participant] >= before[one.participant]
    assert all(after[other.participant] <= before[other.participant] for other in bids if other is not one)


@MANY
@given(some_bids, st.integers(1, 9), st.integers(0, 10), st.integers(0, 10), st.integers(1, 4))
def test_truth_is_a_best_reply_under_the_vickrey_payment(
    rivals: list[PartBid], parts: int, reserve: int, cost: int, most: int
) -> None:
    """Misreports of the price, and of fewer parts than it can do."""

    def gain(price: int, offered: int) -> int:
        found = split([bid("me", price, offered), *rivals], parts, reserve, SEED, WHERE, "vickrey")
        mine = next(one for one in found.shares if one.participant == "me")
        return mine.amount - mine.parts * cost

    truth = gain(cost, most)
    assert truth >= 0
    assert all(
        gain(price, offered) <= truth for price in (0, cost - 1, cost + 1, 10) if price >= 0 for offered in (1, most)
    )


@pytest.mark.parametrize(
    ("bids", "parts", "reserve", "text"),
    [
        ([bid("a", 1, 1)] * 2, 1, 9, "appears twice"),
        ([bid("a", 1, 0)], 1, 9, "a bid offers at least one"),
        ([], 0, 9, "at least one part"),
        ([], 1, None, "vickrey needs a reserve"),
    ],
)
def test_what_makes_no_sense_is_refused(bids: list[PartBid], parts: int, reserve: int | None, text: str) -> None:
    with pytest.raises(MechanismError, match=text):
        split(bids, parts, reserve, SEED, WHERE, "vickrey")
