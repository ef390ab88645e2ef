"""Award rules in a tender: what winners and runners-up are paid, what stops a further round, what a decision flags."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contractnet.manager import ranking as module
from contractnet.manager.records import Awarded, Decided, Directed
from contractnet.mechanisms.awards.reserve import UniformPrior
from contractnet.mechanisms.awards.scored import ScoredRule
from contractnet.mechanisms.awards.shape import LossReason, Payment, Ranking
from contractnet.mechanisms.rules import Bid, Conditions
from contractnet.messages import acts as a
from tests.support.bench import Bench


def bids(bench: Bench, **prices: int) -> Decided:
    """Everybody bids; returns the decision."""
    for agent, price in prices.items():
        bench.propose(agent, price)
    return bench.records(Decided)[-1]


def why(decided: Decided) -> dict[str, tuple[LossReason | None, int | None]]:
    return {bid.participant: (bid.why, bid.pays) for bid in decided.bids}


def paid(bench: Bench) -> list[tuple[str, int]]:
    return [(one.participant, one.price) for one in bench.records(Awarded)]


# ---- payments


def test_the_second_price_is_paid_and_told_and_spent() -> None:
    bench = Bench()
    bench.start("a", "b", "c", rule="second-price")
    decided = bids(bench, a=20_000, b=35_000, c=40_000)
    assert why(decided) == {"a": (None, 35_000), "b": (LossReason.OUTBID, None), "c": (LossReason.OUTBID, None)}
    assert paid(bench) == [("a", 35_000)]
    assert [accept.content.price for accept in bench.said(a.AcceptProposal)] == [35_000]
    bench.result("a")
    assert (bench.ended.price, bench.ended.spent, bench.ended.released) == (35_000, 35_000, 15_000)
    bench.check()


def test_without_rivals_the_reserve_is_paid() -> None:
    bench = Bench()
    bench.start("a", "b", rule="second-price")
    bids(bench, a=20_000, b=60_000)
    assert paid(bench) == [("a", 50_000)]
    bench.check()


def test_a_runner_up_is_paid_as_if_who_lost_the_slot_had_not_bid() -> None:
    bench = Bench()
    bench.start("a", "b", "c", rule="second-price")
    bids(bench, a=20_000, b=30_000, c=40_000)
    bench.fail("a")
    assert paid(bench) == [("a", 30_000), ("b", 40_000)]
    bench.result("b")
    assert bench.ended.spent == 40_000
    bench.check()


def test_each_of_several_winners_is_paid_the_best_price_that_lost() -> None:
    bench = Bench()
    bench.start("a", "b", "c", rule="second-price", slots=2)
    bids(bench, a=20_000, b=30_000, c=40_000)
    assert paid(bench) == [("a", 40_000), ("b", 40_000)]
    bench.check()


def test_the_second_score_is_paid_by_its_threshold() -> None:
    """Value 0.1 at 90 %: scores 0.07 and 0.06; the winner is paid what brings its own down to 0.06."""
    bench = Bench()
    bench.start("a", "b", rule="second-score", value=100_000)
    bids(bench, a=20_000, b=30_000)
    assert paid(bench) == [("a", 30_000)]
    bench.check()


def test_a_mediated_offer_is_paid_its_own_price() -> None:
    bench = Bench()
    bench.start("a", "b", rule="second-price", mediator="m", mediation_limit=80_000)
    bids(bench, a=60_000, b=70_000)
    bench.choose("offer", bench.participant("a").offer.id)  # type: ignore[union-attr]
    assert paid(bench) == [("a", 60_000)]
    bench.check()


# ---- what is not awarded


def test_too_few_bids_are_no_award_and_no_further_round() -> None:
    bench = Bench()
    bench.start("a", "b", min_bids=2, max_rounds=3, mediator="m")
    bench.refuse("b")
    decided = bids(bench, a=20_000)
    assert (decided.course, why(decided)) == ("no-award", {"a": (LossReason.TOO_FEW_BIDS, None)})
    assert bench.rejected("a") == ["no-award"]
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "too-few-bids")
    bench.check()


def test_bids_that_are_too_dear_may_still_make_up_the_number() -> None:
    bench = Bench()
    bench.start("a", "b", min_bids=2, max_rounds=2)
    assert bids(bench, a=20_000, b=60_000).course == "iterate"
    assert bids(bench, a=20_000, b=45_000).course == "award"
    bench.check()


def test_a_score_under_the_least_is_not_taken() -> None:
    bench = Bench()
    bench.start("a", rule="best-value", value=40_000, least_score=10_000)
    decided = bids(bench, a=30_000)  # 0.036 - 0.03
    assert why(decided) == {"a": (LossReason.UNDER_SCORE, None)}
    assert bench.rejected("a") == ["not-shortlisted"]
    bench.check()


# ---- when another round is pointless


def test_rounds_without_progress_stop_it() -> None:
    bench = Bench()
    bench.start("a", "b", max_rounds=5, least_progress=1_000)
    assert bids(bench, a=60_000, b=70_000).course == "iterate"
    assert bids(bench, a=58_000, b=70_000).course == "iterate"
    decided = bids(bench, b=70_000, a=57_500)
    assert (decided.course, decided.stop, decided.last) == ("no-award", "no-progress", ("a", "b"))
    bench.check()


def test_who_spoke_last_is_recorded() -> None:
    bench = Bench()
    bench.start("a", "b", max_rounds=2)
    bench.propose("b", 70_000)
    bench.now += 5
    decided = bids(bench, a=60_000)
    assert (decided.course, decided.stop, decided.last) == ("iterate", None, ("a",))
    bench.propose("a", 55_000)
    bench.now += 5
    decided = bids(bench, b=60_000)
    assert (decided.course, decided.stop, decided.last) == ("no-award", "bound-reached", ("b",))
    bench.check()


def test_a_target_that_is_met_ends_the_rounds() -> None:
    """Two slots, one bid good enough: nobody is asked to come down for the second."""
    bench = Bench()
    bench.start("a", "b", max_rounds=3, slots=2, target=-30_000)
    decided = bids(bench, a=20_000, b=60_000)
    assert (decided.course, decided.stop) == ("award", "target-met")
    bench.check()


# ---- direct awards


def bought(bench: Bench, tender: str, **prices: int) -> None:
    """A tender among these, settled."""
    bench.open(tender, rule="lowest-price")
    bench.invite(*prices, tender_id=tender)
    bids(bench, **prices)
    bench.result(bench.slot.holder or "")


def test_where_an_auction_would_not_pay_the_known_one_is_asked_alone() -> None:
    """Three prices seen of about 0.02: an auction saves less than the bids cost."""
    bench = Bench()
    bought(bench, "before", a=20_000, b=21_000, c=22_000)
    bench.open("t", direct=True, bid_cost=1_000)
    bench.invite("a", "b", "c", tender_id="t")
    found = bench.only(Directed)
    assert (found.participant, found.direct, found.reason, found.price) == ("a", True, "cannot-pay", 20_000)
    assert found.expected_saving <= found.bidding_cost + found.waiting_cost == 3_000
    assert (found.bidders, found.seen) == (3, 3)
    (cfp,) = bench.said(a.Cfp, "a")
    assert (cfp.receiver, cfp.content.terms.reserve) == ("a", 20_000)
    assert bids(bench, a=19_000).course == "award"
    bench.result("a")
    assert (bench.ended.status, bench.ended.price) == ("settled", 19_000)
    bench.check()


def test_who_asks_more_than_its_known_price_is_followed_by_an_auction() -> None:
    bench = Bench()
    bought(bench, "before", a=20_000, b=21_000)
    bench.open("t", direct=True, bid_cost=1_000, max_rounds=3, mediator="m")
    bench.invite("a", "b", tender_id="t")
    assert bids(bench, a=20_001).course == "no-award"
    assert not bench.tender.calling
    bench.present = True
    bench.wait(2_000)
    bench.invite("a", "b", tender_id="t")
    assert len(bench.records(Directed)) == 1
    assert bids(bench, a=20_001, b=20_000).winner == "b"
    bench.check()


def test_where_an_auction_is_expected_to_save_more_all_are_asked() -> None:
    bench = Bench()
    bought(bench, "before", a=40_000, b=50_000)
    bench.open("t", direct=True, bid_cost=100, prior=UniformPrior(low=10_000, high=40_000))
    bench.invite("a", "b", tender_id="t")
    found = bench.only(Directed)
    assert (found.direct, found.reason, found.expected_payment, found.seen) == (False, "auction-pays", 30_000, 0)
    assert len(bench.said(a.Cfp)) == 2
    assert bids(bench, a=40_000, b=20_000).winner == "b"
    bench.check()


@pytest.mark.parametrize(("given", "agents"), [({"slots": 2}, ("a", "b")), ({}, ("c", "d"))])
def test_nobody_is_asked_alone_for_several_slots_or_without_a_record(
    given: dict[str, int], agents: tuple[str, ...]
) -> None:
    bench = Bench()
    bought(bench, "before", a=20_000, b=21_000)
    bench.open("t", direct=True, bid_cost=10_000, **given)
    bench.invite(*agents, tender_id="t")
    assert bench.records(Directed) == []


# ---- flags


def test_a_low_bid_is_flagged_and_wins_all_the_same() -> None:
    bench = Bench()
    bench.start("a", "b", low_bid_ppm=500_000)
    decided = bids(bench, a=24_999, b=25_000)
    assert {bid.participant: bid.low for bid in decided.bids} == {"a": True, "b": False}
    assert decided.winner == "a"


def test_near_equal_bids_raise_an_alarm_that_changes_nothing() -> None:
    bench = Bench()
    bench.start("a", "b", "c")
    decided = bids(bench, a=30_000, b=30_010, c=30_020)
    assert [alarm.reason for alarm in decided.alarms] == ["near-equal-prices"]
    assert decided.winner == "a"
    bench.check()


def test_one_model_behind_all_bids_raises_an_alarm() -> None:
    bench = Bench()
    bench.start("a", "b", "c")
    for agent, price in (("a", 20_000), ("b", 30_000), ("c", 40_000)):
        bench.propose(agent, price, model="oracle-9")
    decided = bench.only(Decided)
    assert [(alarm.reason, alarm.model) for alarm in decided.alarms] == [("one-model", "oracle-9")]
    assert decided.winner == "a"
    bench.check()


# ---- rules of others


def _reversed(bid: Bid, conditions: Conditions) -> tuple[int, ...]:
    return (bid.price,)


class Drops(ScoredRule, frozen=True, kw_only=True):
    """A rule that forgets a bid."""

    def rank(self, bids: list[Bid], conditions: Conditions, seed: str, where: str) -> Ranking:  # type: ignore[override]
        return ScoredRule.rank(self, bids[1:], conditions, seed, where)


class UnreadableError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def _raises(bid: Bid, conditions: Conditions) -> tuple[int, ...]:
    raise UnreadableError


def _uneven(bid: Bid, conditions: Conditions) -> tuple[int, ...]:
    return (1,) * (1 + bid.price // 30_000)


def _floats(bid: Bid, conditions: Conditions) -> tuple[int, ...]:
    return (bid.price / 3,)  # type: ignore[return-value]


class Lax(ScoredRule, frozen=True, kw_only=True):
    """A rule that looks away from how many bids there must be."""

    def rank(self, bids: list[Bid], conditions: Conditions, seed: str, where: str) -> Ranking:  # type: ignore[override]
        return ScoredRule.rank(self, bids, replace(conditions, min_bids=1), seed, where)


def _half(ranking: Ranking, slots: int = 1) -> tuple[Payment, ...]:
    return tuple(
        Payment(participant=one.participant, offer=one.offer, price=one.price, amount=one.price + 0.5)  # type: ignore[arg-type]
        for one in ranking.winners(slots)
    )


def _generous(ranking: Ranking, slots: int = 1) -> tuple[()]:
    return ()


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = {
        "dearest": ScoredRule(name="dearest", key=_reversed, pays=_generous),
        "drops": Drops(name="drops", key=_reversed),
        "raises": ScoredRule(name="raises", key=_raises),
        "uneven": ScoredRule(name="uneven", key=_uneven),
        "floats": ScoredRule(name="floats", key=_floats),
        "lax": Lax(name="lax", key=_reversed),
        "halves": ScoredRule(name="halves", key=_reversed, pays=_half),
    }
    monkeypatch.setattr(module, "find_rule", rules.__getitem__)


@pytest.mark.usefixtures("brought")
def test_a_brought_rule_decides_and_a_payment_it_forgets_is_the_price() -> None:
    bench = Bench()
    bench.start("a", "b", rule="dearest")
    bids(bench, a=20_000, b=30_000)
    assert paid(bench) == [("b", 30_000)]
    bench.check()


@pytest.mark.usefixtures("brought")
def test_no_fraction_is_ever_paid() -> None:
    bench = Bench()
    bench.start("a", "b", rule="halves")
    bids(bench, a=20_000, b=30_000)
    assert paid(bench) == [("b", 30_000)]
    bench.check()


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("drops", "the ranking does not hold each bid once"),
        ("raises", "it raised UnreadableError"),
        ("uneven", "it raised ValueError"),
        ("floats", "keys are not whole numbers, as many in each"),
        ("lax", "the ranking is by other terms"),
    ],
)
def test_a_rule_that_breaks_its_promises_awards_nothing_and_harms_nobody_else(rule: str, fault: str) -> None:
    bench = Bench()
    bench.start("a", "b", rule=rule, mediator="m", max_rounds=3, min_bids=2)
    decided = bids(bench, a=20_000, b=30_000)
    assert (decided.course, decided.fault) == ("no-award", fault)
    assert {bid.why for bid in decided.bids} == {LossReason.RULE_FAILED}
    assert (bench.ended.status, bench.ended.reason) == ("no-award", "rule-failed")
    bench.check()


def test_a_runner_up_is_paid_the_next_price_though_with_the_loser_gone_there_are_too_few() -> None:
    bench = Bench()
    bench.start("a", "b", rule="second-price", min_bids=2)
    bids(bench, a=10_000, b=20_000)
    bench.fail("a")
    assert paid(bench) == [("a", 20_000), ("b", 50_000)]
    bench.check()
