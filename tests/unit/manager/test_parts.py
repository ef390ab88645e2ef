"""A divisible task: its equal parts go to as many winners as it takes, and are held, paid, lost and called again as
slots.
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contractnet.manager.records import Awarded, Decided, Held
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.messages import acts as a
from contractnet.messages.values import MAX_MICROS
from tests.support.bench import Bench

RESERVE: Final = 50_000


def divided(*agents: str, parts: int, rule: str = "lowest-price", **given: object) -> Bench:
    """A call for a divisible task."""
    bench = Bench()
    bench.start(*agents, divisible=True, slots=parts, rule=rule, **given)
    return bench


def awarded(bench: Bench) -> dict[str, tuple[int | None, int]]:
    """Winner -> parts and price, of the awards so far."""
    return {one.participant: (one.parts, one.price) for one in bench.records(Awarded)}


def finish(bench: Bench, agent: str) -> None:
    """Its result comes in."""
    slot = bench.call.slot_of(agent)
    assert slot is not None
    bench.result(agent, slot=slot.number, epoch=slot.epoch)


# ---- who gets what


def test_the_cheapest_get_the_parts_each_as_many_as_it_can_do() -> None:
    bench = divided("a", "b", "c", parts=10)
    assert bench.only(Held).amount == 10 * RESERVE
    assert bench.said(a.Cfp)[0].content.terms.parts == 10
    bench.propose("c", 40_000)
    bench.propose("a", 20_000, parts=4)
    bench.propose("b", 30_000, parts=3)
    assert awarded(bench) == {"a": (4, 80_000), "b": (3, 90_000), "c": (3, 120_000)}
    accepts = {act.receiver: act.content for act in bench.said(a.AcceptProposal)}
    assert {one: (said.slot, said.parts, said.price) for one, said in accepts.items()} == {
        "a": (1, 4, 80_000),
        "b": (5, 3, 90_000),
        "c": (8, 3, 120_000),
    }
    for agent in "cab":
        finish(bench, agent)
    ended = bench.ended
    assert (ended.status, ended.price, ended.spent, ended.released) == ("settled", 290_000, 290_000, 210_000)
    assert [(one.slot, one.winner, one.parts) for one in ended.filled] == [(1, "a", 4), (5, "b", 3), (8, "c", 3)]
    bench.check()


def test_who_gets_no_part_hears_why_and_the_decision_says_who_can_do_how_many() -> None:
    bench = divided("a", "b", "c", parts=4)
    bench.propose("a", 20_000)
    bench.propose("b", 30_000, parts=9)
    bench.propose("c", 60_000)
    bids = {bid.participant: bid for bid in bench.only(Decided).bids}
    assert {one: (bid.parts, bid.most, bid.pays, bid.why) for one, bid in bids.items()} == {
        "a": (4, 4, 80_000, None),
        "b": (None, 4, None, LossReason.OUTBID),
        "c": (None, 4, None, LossReason.OVER_RESERVE),
    }
    assert (bids["b"].margin, bench.rejected("b"), bench.rejected("c")) == (-10_000, ["outbid"], ["over-reserve"])
    finish(bench, "a")
    assert bench.ended.status == "settled"
    bench.check()


def test_of_equally_cheap_ones_the_recorded_seed_draws() -> None:
    bench = divided("a", "b", "c", parts=4)
    for agent in "abc":
        bench.propose(agent, 20_000, parts=2)
    decided = bench.only(Decided)
    assert decided.ties == ("a", "b", "c")
    assert sorted(bid.why for bid in decided.bids if bid.why) == [LossReason.LOST_DRAW]
    bench.check()


def test_the_payment_of_several_parts_is_what_rivals_would_have_asked_for_them() -> None:
    """Without a: b does 4 and c 1 of the five. So a is paid two parts at b's price and one at c's."""
    bench = divided("a", "b", "c", parts=5, rule="second-price")
    bench.propose("a", 10_000, parts=3)
    bench.propose("b", 20_000, parts=4)
    bench.propose("c", 30_000, parts=1)
    assert awarded(bench) == {"a": (3, 2 * 20_000 + 30_000), "b": (2, 30_000 + RESERVE)}
    bench.check()


# ---- parts that nobody does


def test_parts_that_nobody_does_at_the_reserve_make_it_partial() -> None:
    bench = divided("a", "b", parts=5)
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 60_000)
    finish(bench, "a")
    assert (bench.ended.status, bench.ended.reason, bench.ended.spent) == ("partial", "over-reserve", 60_000)
    assert bench.ended.released == 5 * RESERVE - 60_000
    bench.check()


def test_who_is_too_dear_for_the_parts_that_are_left_is_called_again() -> None:
    bench = divided("a", "b", parts=5, max_rounds=2)
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 60_000)
    decided = bench.only(Decided)
    assert (decided.course, decided.invited) == ("iterate", ("a", "b"))
    assert {bid.participant: (bid.parts, bid.pays) for bid in decided.bids} == {"a": (None, None), "b": (None, None)}
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 45_000, parts=2)
    assert awarded(bench) == {"a": (3, 60_000), "b": (2, 90_000)}
    bench.check()


def test_parts_that_are_lost_by_a_death_are_put_out_again_alone() -> None:
    bench = divided("a", "b", parts=5)
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 30_000)
    finish(bench, "b")
    bench.fail("a", "handed-back")
    bench.present = True
    bench.wait(2_000)
    bench.invite("b", "c")
    assert bench.said(a.Cfp)[-1].content.terms.parts == 3
    bench.propose("b", 40_000)
    bench.propose("c", 30_000)
    assert [(one.participant, one.slot, one.epoch, one.parts) for one in bench.records(Awarded)] == [
        ("a", 1, 1, 3),
        ("b", 4, 1, 2),
        ("c", 1, 2, 3),
    ]
    finish(bench, "c")
    assert (bench.ended.status, bench.ended.spent) == ("settled", 2 * 30_000 + 3 * 30_000)
    bench.check()


def test_parts_that_are_lost_by_a_failure_are_lost() -> None:
    bench = divided("a", "b", parts=5)
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 30_000)
    bench.fail("a")
    finish(bench, "b")
    assert (bench.ended.status, bench.ended.reason, bench.ended.spent) == ("partial", "failed", 60_000)
    bench.check()


def test_money_for_fewer_parts_puts_fewer_out() -> None:
    bench = Bench()
    bench.open(divisible=True, slots=5, rule="lowest-price")
    bench.invite("a", slots=2)
    assert (bench.only(Held).amount, bench.said(a.Cfp)[0].content.terms.parts) == (2 * RESERVE, 2)
    bench.propose("a", 20_000)
    finish(bench, "a")
    assert (bench.ended.status, bench.ended.reason, bench.ended.spent) == ("partial", "budget", 40_000)
    bench.check()


def test_a_cancel_gives_all_parts_back() -> None:
    bench = divided("a", "b", parts=5)
    bench.propose("a", 20_000, parts=3)
    bench.propose("b", 30_000)
    finish(bench, "a")
    bench.cancel()
    bench.cancelled("b")
    assert (bench.ended.status, bench.ended.spent) == ("cancelled", 60_000)
    bench.check()


def test_fewer_bids_than_demanded_are_no_award() -> None:
    bench = divided("a", "b", parts=5, min_bids=2)
    bench.propose("a", 20_000)
    bench.refuse("b")
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "too-few-bids")
    assert bench.rejected("a") == ["no-award"]
    bench.check()


def test_a_price_that_is_over_every_amount_for_all_parts_is_called_invalid() -> None:
    bench = divided("a", parts=1_000, reserve=None)
    bench.propose("a", MAX_MICROS // 1_000 + 1)
    (fault,) = bench.said(a.NotUnderstood, "a")
    assert [field.path for field in fault.content.fields] == ["$.content.price"]
    bench.propose("a", MAX_MICROS // 1_000)
    assert awarded(bench) == {"a": (1_000, MAX_MICROS)}
    bench.check()


# ---- always and never

BIDS = st.lists(st.tuples(st.integers(0, 80_000), st.none() | st.integers(1, 12)), min_size=1, max_size=6)


@given(BIDS, st.integers(2, 9), st.sampled_from(["lowest-price", "second-price"]), st.randoms(use_true_random=False))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_parts_add_up_nobody_is_paid_less_than_it_asked_and_order_decides_nothing(
    bids: list[tuple[int, int | None]], parts: int, rule: str, chance: object
) -> None:
    names = [f"n{place}" for place in range(len(bids))]
    turned = list(zip(names, bids, strict=True))
    found: list[dict[str, tuple[int | None, int]]] = []
    for _ in range(2):
        bench = divided(*names, parts=parts, rule=rule)
        for agent, (price, most) in turned:
            bench.propose(agent, price, parts=most, offer=f"o_{agent}")
        found.append(awarded(bench))
        chance.shuffle(turned)  # type: ignore[attr-defined]
    asked = dict(turned)
    assert found[0] == found[1]
    offered = sum(min(most or parts, parts) for price, most in bids if price <= RESERVE)
    assert sum(given or 0 for given, _ in found[0].values()) == min(parts, offered)
    for agent, (got, paid) in found[0].items():
        price, most = asked[agent]
        assert got is not None
        assert 1 <= got <= (most or parts)
        assert price * got <= paid <= RESERVE * got
    bench.check()


@pytest.mark.parametrize("parts", [None, 3])
def test_what_a_bid_can_do_means_nothing_where_the_task_is_of_one_piece(parts: int | None) -> None:
    bench = Bench()
    bench.start("a")
    bench.propose("a", 20_000, parts=parts)
    assert awarded(bench) == {"a": (None, 20_000)}
    bench.check()
