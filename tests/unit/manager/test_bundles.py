"""Items that are bought in bundles: what costs least together is bought, each winner is paid what its bundle saves."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contractnet.manager import allotment
from contractnet.manager.conditions import ItemTerms
from contractnet.manager.records import Awarded, Decided, Held
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.messages import acts as a
from contractnet.messages.contents import Bundle
from tests.support.bench import Bench

RESERVES: Final = {"x": 40_000, "y": 30_000, "z": 20_000}


def wanted(*agents: str, **terms: Any) -> Bench:
    """A call for x, y and z."""
    bench = Bench()
    items = tuple(ItemTerms(name=name, reserve=reserve) for name, reserve in RESERVES.items())
    bench.start(*agents, items=items, slots=3, reserve=40_000, rule="vcg", **terms)
    return bench


def offer(bench: Bench, agent: str, bundles: dict[str, int], **more: Any) -> a.Propose:
    """An offer of these; `xy` is x and y together."""
    named = tuple(Bundle(items=tuple(items), price=price) for items, price in bundles.items())
    return bench.propose(agent, min(bundles.values()), bundles=named, **more)


def awarded(bench: Bench) -> dict[str, tuple[str, int]]:
    """Winner -> items and price, of the awards so far."""
    return {one.participant: ("".join(one.items), one.price) for one in bench.records(Awarded)}


def finish(bench: Bench, agent: str) -> None:
    """Its result comes in."""
    slot = bench.call.slot_of(agent)
    assert slot is not None
    bench.result(agent, slot=slot.number, epoch=slot.epoch)


def test_the_cheapest_together_are_bought_and_paid_what_they_save() -> None:
    """Without a: b does x and y for 45 and c z for 15, so 60; with it 25 + 15. So a is paid 60 - 15 = 45."""
    bench = wanted("a", "b", "c")
    assert bench.said(a.Cfp)[0].content.terms.items == ("x", "y", "z")
    assert bench.only(Held).amount == 3 * 40_000
    offer(bench, "a", {"xy": 25_000, "x": 20_000})
    offer(bench, "b", {"xy": 45_000, "z": 18_000})
    offer(bench, "c", {"z": 15_000})
    assert awarded(bench) == {"a": ("xy", 45_000), "c": ("z", 18_000)}
    accepts = {act.receiver: act.content for act in bench.said(a.AcceptProposal)}
    assert {one: (said.slot, said.items, said.price) for one, said in accepts.items()} == {
        "a": (1, ("x", "y"), 45_000),
        "c": (3, ("z",), 18_000),
    }
    assert bench.rejected("b") == ["outbid"]
    finish(bench, "c")
    finish(bench, "a")
    assert (bench.ended.status, bench.ended.spent, bench.ended.released) == ("settled", 63_000, 57_000)
    assert {one.winner: one.items for one in bench.ended.filled} == {"a": ("x", "y"), "c": ("z",)}
    bench.check()


def test_an_item_that_nobody_does_at_its_reserve_is_left() -> None:
    bench = wanted("a", "b")
    offer(bench, "a", {"x": 10_000})
    offer(bench, "b", {"yz": 50_001})
    bids = {bid.participant: (bid.items, bid.pays, bid.why) for bid in bench.only(Decided).bids}
    assert bids == {"a": (("x",), 40_000, None), "b": ((), None, LossReason.OVER_RESERVE)}
    assert bench.rejected("b") == ["over-reserve"]
    finish(bench, "a")
    assert (bench.ended.status, bench.ended.spent) == ("partial", 40_000)
    bench.check()


def test_an_offer_without_bundles_is_for_all_items() -> None:
    bench = wanted("a")
    bench.propose("a", 60_000)
    assert awarded(bench) == {"a": ("xyz", 90_000)}
    bench.check()


def test_a_bundle_that_is_lost_by_a_death_is_called_for_again() -> None:
    bench = wanted("a", "b")
    offer(bench, "a", {"xz": 10_000})
    offer(bench, "b", {"y": 10_000})
    finish(bench, "b")
    bench.fail("a", "handed-back")
    bench.present = True
    bench.wait(2_000)
    bench.invite("a", "c")
    assert bench.said(a.Cfp)[-1].content.terms.items == ("x", "z")
    offer(bench, "a", {"x": 10_000})
    offer(bench, "c", {"z": 10_000})
    finish(bench, "c")
    finish(bench, "a")
    assert (bench.ended.status, len(bench.ended.filled)) == ("settled", 3)
    bench.check()


@pytest.mark.parametrize(("bundle", "words"), [("xx", "names an item twice"), ("xq", "is not called for")])
def test_a_bundle_of_what_there_is_not_is_called_invalid(bundle: str, words: str) -> None:
    bench = wanted("a")
    offer(bench, "a", {bundle: 10_000})
    (fault,) = bench.said(a.NotUnderstood, "a")
    assert [words in field.text for field in fault.content.fields] == [True]
    bench.check()


def test_a_price_that_is_not_the_least_of_its_bundles_is_called_invalid() -> None:
    bench = wanted("a")
    bench.propose("a", 10_001, bundles=(Bundle(items=("x",), price=10_000),))
    (fault,) = bench.said(a.NotUnderstood, "a")
    assert [field.path for field in fault.content.fields] == ["$.content.price"]


def test_beyond_what_is_solved_nothing_is_awarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allotment, "MOST_OFFERS", 2)
    bench = wanted("a", "b")
    offer(bench, "a", {"x": 10_000, "y": 10_000})
    offer(bench, "b", {"z": 10_000})
    decided = bench.only(Decided)
    assert (decided.course, decided.fault) == ("no-award", "TooLarge: 3 bundles: at most 2 of a round are solved")
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "rule-failed")
    bench.check()


def test_fewer_bids_than_demanded_are_no_award() -> None:
    bench = wanted("a", "b", min_bids=2)
    offer(bench, "a", {"xyz": 10_000})
    bench.refuse("b")
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "too-few-bids")
    bench.check()


SETS = ["".join(some) for size in (1, 2, 3) for some in combinations(RESERVES, size)]
OFFERS = st.lists(st.dictionaries(st.sampled_from(SETS), st.integers(0, 90_000), min_size=1), min_size=1, max_size=4)


@given(OFFERS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_item_twice_nobody_under_its_price_nothing_over_the_reserves_and_order_decides_nothing(
    offers: list[dict[str, int]], chance: Any
) -> None:
    asked = {f"n{place}": one for place, one in enumerate(offers)}
    turned, found = list(asked), list[dict[str, tuple[str, int]]]()
    for _ in range(2):
        bench = wanted(*asked)
        for agent in turned:
            offer(bench, agent, asked[agent], offer=f"o_{agent}")
        found.append(awarded(bench))
        chance.shuffle(turned)
    assert found[0] == found[1]
    given_out = "".join(items for items, _ in found[0].values())
    assert len(given_out) == len(set(given_out))
    for agent, (items, paid) in found[0].items():
        assert asked[agent][items] <= paid <= sum(RESERVES[item] for item in items)
    bench.check()
