"""The built-in rules: the suite for each, the published cases, what is paid, and truth as a best reply."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.awards.payment import next_score
from contractnet.mechanisms.awards.scored import AWARD_RULES, ScoredRule, award_rule
from contractnet.mechanisms.awards.shape import AwardRule, Exposure, LossReason, Ranking
from contractnet.mechanisms.rules import Bid, Conditions, Criterion
from contractnet.messages.values import PPM, RejectReason
from tests.suites.award_rules import SEED, WHERE, AwardRuleSuite, bid
from tests.support.examples import often

UNIT = 1_000_000
MANY = settings(max_examples=often(1_000), deadline=None)


class TestLowestPrice(AwardRuleSuite):
    rule = AWARD_RULES["lowest-price"]


class TestBestValue(AwardRuleSuite):
    rule = AWARD_RULES["best-value"]


class TestSecondPrice(AwardRuleSuite):
    rule = AWARD_RULES["second-price"]


class TestFirstScore(AwardRuleSuite):
    rule = AWARD_RULES["first-score"]


class TestSecondScore(AwardRuleSuite):
    rule = AWARD_RULES["second-score"]


class TestHighestQuality(AwardRuleSuite):
    rule = AWARD_RULES["highest-quality-under-reserve"]


class TestLexicographic(AwardRuleSuite):
    rule = AWARD_RULES["lexicographic"]


def ranked(name: str, bids: list[Bid], conditions: Conditions) -> Ranking:
    return AWARD_RULES[name].rank(bids, conditions, SEED, WHERE)


def winners(name: str, bids: list[Bid], conditions: Conditions, slots: int = 1) -> dict[str, int]:
    """Winner -> what it is paid."""
    rule = AWARD_RULES[name]
    return {one.participant: one.amount for one in rule.payments(ranked(name, bids, conditions), slots)}


def test_every_built_in_rule_runs_the_suite() -> None:
    suites = [one for one in globals().values() if isinstance(one, type) and issubclass(one, AwardRuleSuite)]
    assert {one.rule.name for one in suites if one is not AwardRuleSuite} == {*AWARD_RULES, "fastest"}


# ---- published cases


def test_the_published_scoring_auction() -> None:
    """Values 10, 12, 9 at prices 4, 7, 5 score 6, 5, 4; the first score pays 4, the second 5."""
    bids = [bid("a", 4 * UNIT, 100_000), bid("b", 7 * UNIT, 120_000), bid("c", 5 * UNIT, 90_000)]
    conditions = Conditions(reserve=20 * UNIT, value=100 * UNIT)
    assert [one.score for one in ranked("first-score", bids, conditions).standings] == [6 * UNIT, 5 * UNIT, 4 * UNIT]
    assert winners("first-score", bids, conditions) == {"a": 4 * UNIT}
    assert winners("second-score", bids, conditions) == {"a": 5 * UNIT}


@pytest.mark.parametrize(("worth", "winner"), [(10, "b"), (40, "c")])
@pytest.mark.parametrize("added", [0, 10])
def test_the_published_award(worth: int, winner: str, added: int) -> None:
    """A fixed fee on all prices changes no winner by value; confidence over price would turn from b to c."""
    terms = {"a": (3, 820_000), "b": (2, 770_000), "c": (4, 900_000)}
    bids = [bid(name, (price + added) * UNIT, chance) for name, (price, chance) in terms.items()]
    assert list(winners("best-value", bids, Conditions(reserve=99 * UNIT, value=worth * UNIT))) == [winner]
    over_price = max(bids, key=lambda one: one.probability / one.price).participant
    assert over_price == ("c" if added else "b")


# ---- what is paid


@pytest.mark.parametrize(
    ("prices", "slots", "paid"),
    [
        ({"a": 3, "b": 5, "c": 7}, 1, {"a": 5}),
        ({"a": 3, "b": 5, "c": 7}, 2, {"a": 7, "b": 7}),
        ({"a": 3, "b": 5, "c": 7}, 3, {"a": 9, "b": 9, "c": 9}),
        ({"a": 3}, 1, {"a": 9}),
        ({"a": 3, "b": 10}, 1, {"a": 9}),  # who is over the reserve moves no payment
        ({"a": 9, "b": 10}, 1, {"a": 9}),
        ({"a": 10}, 1, {}),
        ({"a": 4, "b": 4, "c": 3}, 1, {"c": 4}),
    ],
)
def test_second_price(prices: dict[str, int], slots: int, paid: dict[str, int]) -> None:
    bids = [bid(name, price) for name, price in prices.items()]
    assert winners("second-price", bids, Conditions(reserve=9), slots) == paid


def test_two_equal_bids_under_a_second_price_are_paid_what_they_asked() -> None:
    assert list(winners("second-price", [bid("a", 4), bid("b", 4)], Conditions(reserve=9)).values()) == [4]


def test_a_second_score_without_rivals_pays_up_to_no_loss_and_the_reserve() -> None:
    one = bid("a", 4, 500_000)
    assert winners("second-score", [one], Conditions(reserve=100, value=20)) == {"a": 10}  # S = 10: the score is then 0
    assert winners("second-score", [one], Conditions(reserve=8, value=20)) == {"a": 8}
    assert winners("second-score", [one], Conditions(reserve=100, value=20, least_score=3)) == {"a": 7}


def test_a_bid_that_is_worth_less_than_no_award_is_not_taken_by_a_scoring_auction() -> None:
    bids, conditions = [bid("a", 11, 500_000), bid("b", 4, 100_000)], Conditions(reserve=20, value=20)
    ranking = ranked("first-score", bids, conditions)
    assert ranking.winners() == ()
    assert {loss.participant: (loss.reason, loss.score) for loss in ranking.losses()} == {
        "a": (LossReason.UNDER_SCORE, -1),
        "b": (LossReason.UNDER_SCORE, -2),
    }
    assert ranking.conditions.least_score == 0
    assert {loss.reason.told for loss in ranking.losses()} == {RejectReason.NOT_SHORTLISTED}
    assert list(winners("best-value", bids, conditions)) == ["a"]  # which takes the least bad one


def test_quality_first() -> None:
    bids = [bid("a", 9, 900_000), bid("b", 7, 900_000), bid("c", 1, 899_999), bid("d", 11, PPM)]
    assert winners("highest-quality-under-reserve", bids, Conditions(reserve=10), 2) == {"b": 7, "a": 9}
    losses = ranked("highest-quality-under-reserve", bids, Conditions(reserve=10)).losses()
    assert [(one.participant, one.reason, one.margin, one.criterion) for one in losses] == [
        ("a", LossReason.OUTBID, -2, 1),  # equal quality, two dearer
        ("c", LossReason.OUTBID, -1, 0),
        ("d", LossReason.OVER_RESERVE, 100_000, 0),
    ]


def test_lexicographic_goes_by_the_stated_order_and_its_steps() -> None:
    bids = [bid("a", 104, 600_000, 9), bid("b", 101, 500_000, 9), bid("c", 200, PPM, 1)]
    coarse = Conditions(order=(Criterion(what="price", step=10), Criterion(what="probability")))
    assert list(winners("lexicographic", bids, Conditions())) == ["b"]
    assert list(winners("lexicographic", bids, coarse)) == ["a"]
    assert list(winners("lexicographic", bids, Conditions(order=(Criterion(what="eta"),)))) == ["c"]
    assert ranked("lexicographic", bids, Conditions()).standings[0].key == (-101, 500_000, -9)


# ---- terms that a rule needs


@pytest.mark.parametrize(
    ("name", "conditions", "text"),
    [
        ("best-value", Conditions(), "best-value needs a value, or a reserve to stand for it"),
        ("first-score", Conditions(), "first-score needs a value, or a reserve to stand for it"),
        ("second-price", Conditions(value=1), "second-price needs a reserve"),
        ("second-score", Conditions(value=1), "second-score needs a reserve"),
        ("highest-quality-under-reserve", Conditions(value=1), "needs a reserve"),
        ("lowest-price", Conditions(min_bids=0), "min_bids: 0 is no number of bids"),
        ("lexicographic", Conditions(order=(Criterion(what="eta", step=0),)), "a step is at least 1"),
    ],
)
def test_terms_without_meaning_are_refused(name: str, conditions: Conditions, text: str) -> None:
    for attempt in (lambda: award_rule(name).check(conditions), lambda: ranked(name, [], conditions)):
        with pytest.raises(MechanismError, match=text):
            attempt()


def test_no_slot_is_no_number_of_winners() -> None:
    with pytest.raises(MechanismError, match="slots: 0 is no number of winners"):
        ranked("lowest-price", [bid("a", 1)], Conditions()).winners(0)


def test_a_second_score_needs_a_ranking_that_says_the_least_score() -> None:
    ranking = ranked("best-value", [bid("a", 1)], Conditions(reserve=2))
    with pytest.raises(MechanismError, match="the ranking has no least score"):
        next_score(ranking)


# ---- truth is a best reply


@pytest.mark.parametrize("name", ["second-price", "second-score"])
@MANY
@given(st.binary(min_size=14, max_size=14))
def test_truth_is_a_best_reply(name: str, raw: bytes) -> None:
    """Whatever the rivals bid, no other price gives a bidder more than its true cost does, and that is never a loss."""
    count, cost, chance, reserve, value, slots, *rest = raw
    others = [bid(f"r{n}", rest[2 * n] % 11, rest[2 * n + 1] % 5 * 250_000) for n in range(count % 5)]
    conditions = Conditions(reserve=reserve % 13, value=value % 21)
    cost, chance, slots = cost % 13, chance % 5 * 250_000, slots % 3 + 1

    def gain(price: int) -> int:
        paid = winners(name, [*others, bid("me", price, chance)], conditions, slots)
        return paid["me"] - cost if "me" in paid else 0

    truth = gain(cost)
    assert truth >= 0
    assert all(gain(price) <= truth for price in range(15))


def test_truth_is_no_best_reply_where_the_own_price_is_paid() -> None:
    """The search finds what shading gains, so it would find it elsewhere."""
    bids = [bid("me", 3), bid("rival", 8)]
    assert winners("lowest-price", bids, Conditions())["me"] - 3 == 0
    assert winners("lowest-price", [bid("me", 7), bid("rival", 8)], Conditions())["me"] - 3 == 4


# ---- rules of other distributions


FASTEST = ScoredRule(name="fastest", key=lambda one, _: (-one.eta, -one.price))


class TestABroughtRule(AwardRuleSuite):
    rule = FASTEST


def test_an_unknown_rule_says_which_there_are() -> None:
    with pytest.raises(DefinitionError, match="'dearest' is not known; there are: best-value, first-score, highest"):
        award_rule("dearest")


def test_the_built_in_rules_say_what_they_expose() -> None:
    rules: list[AwardRule] = list(AWARD_RULES.values())
    assert {one.name for one in rules if one.exposure is Exposure.RIVALS} == {"second-price", "second-score"}
