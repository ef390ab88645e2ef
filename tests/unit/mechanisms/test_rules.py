"""Award rules: hand-computed cases, and what no bid and no order can change."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import DefinitionError, MechanismError
from contractnet.mechanisms.rules import RULES, Bid, Conditions, Ranked, best_value, lowest_price, rank, score_function
from contractnet.messages.values import MAX_ETA_S, MAX_MICROS, PPM, RejectReason

SEED = "5eed" * 8
WHERE = "t.1|1"
UNIT = 1_000_000


def bid(participant: str, price: int, probability: int = PPM, eta: int = 1) -> Bid:
    return Bid(participant=participant, offer=f"o_{participant}", price=price, eta=eta, probability=probability)


def ranking(name: str, bids: list[Bid], conditions: Conditions, seed: str = SEED) -> tuple[Ranked, ...]:
    return rank(name, bids, conditions, seed, WHERE)


def order(ranked: tuple[Ranked, ...]) -> list[str]:
    return [one.participant for one in ranked]


bids_of_all = st.lists(
    st.builds(
        bid,
        st.sampled_from([f"agent_{n:02}" for n in range(12)]),
        st.integers(0, 12) | st.integers(0, MAX_MICROS),  # few values: ties happen
        st.integers(0, 4).map(lambda n: n * 250_000) | st.integers(0, PPM),
        st.integers(1, 3) | st.integers(1, MAX_ETA_S),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: one.participant,
)
conditions_of_all = st.builds(
    Conditions,
    reserve=st.integers(0, 12) | st.integers(0, MAX_MICROS),
    value=st.none() | st.integers(0, MAX_MICROS),
    eta_cost=st.integers(0, 3) | st.integers(0, MAX_MICROS),
)
rules = st.sampled_from(sorted(RULES))


# ---- the formulas


@pytest.mark.parametrize(("worth", "winner"), [(10, "b"), (40, "c")])
@pytest.mark.parametrize("added", [0, 10])
def test_the_published_example_of_best_value(worth: int, winner: str, added: int) -> None:
    """Ten more on every price changes no winner: the rule is linear in the price, unlike confidence over price."""
    terms = {"a": (3, 820_000), "b": (2, 770_000), "c": (4, 900_000)}
    bids = [bid(name, (price + added) * UNIT, chance) for name, (price, chance) in terms.items()]
    conditions = Conditions(reserve=100 * UNIT, value=worth * UNIT)
    assert ranking("best-value", bids, conditions)[0].participant == winner


@pytest.mark.parametrize(
    ("value", "probability", "price", "eta", "eta_cost", "score"),
    [
        (1_000_000, PPM, 400_000, 1, 0, 600_000),
        (1_000_000, 900_000, 400_000, 10, 5, 499_950),
        (999_999, 1, 0, 1, 0, 0),  # 0.999999 floors to 0
        (1_000_000, 1, 0, 1, 0, 1),
        (7, 500_000, 0, 1, 0, 3),  # 3.5 floors to 3
        (7, 500_000, 10, 2, 4, -15),  # the division is floored before anything is taken away
        (0, PPM, 0, MAX_ETA_S, 1, -MAX_ETA_S),
        (MAX_MICROS, PPM, MAX_MICROS, 1, 0, 0),
        (MAX_MICROS, 999_999, 0, 1, 0, 999_999_000_000_000),
    ],
)
def test_best_value_is_floored(value: int, probability: int, price: int, eta: int, eta_cost: int, score: int) -> None:
    assert best_value(bid("a", price, probability, eta), Conditions(value=value, eta_cost=eta_cost)) == score


def test_the_reserve_stands_for_a_value_that_is_not_given() -> None:
    assert best_value(bid("a", 1, 500_000), Conditions(reserve=100)) == 49
    assert best_value(bid("a", 1, 500_000), Conditions(reserve=100, value=0)) == -1


def test_best_value_without_value_and_reserve_is_an_error() -> None:
    with pytest.raises(MechanismError, match="needs a value, or a reserve"):
        best_value(bid("a", 1), Conditions())


@given(st.integers(0, MAX_MICROS))
def test_the_lowest_price_is_paid_what_it_asked(price: int) -> None:
    assert lowest_price(bid("a", price, 1, 9), Conditions(value=5, eta_cost=7)) == -price


def test_an_unknown_rule_says_which_there_are() -> None:
    with pytest.raises(DefinitionError, match="'dearest' is not known; there are: best-value, lowest-price"):
        score_function("dearest")


# ---- the ranking


def test_a_participant_that_bids_twice_is_refused() -> None:
    with pytest.raises(MechanismError, match="appears twice"):
        ranking("lowest-price", [bid("a", 1), bid("a", 2)], Conditions())


def test_no_bids_rank_to_nothing() -> None:
    assert ranking("lowest-price", [], Conditions()) == ()


def test_a_bid_at_the_reserve_wins_and_one_micro_over_it_loses() -> None:
    best, second = ranking("lowest-price", [bid("a", 101), bid("b", 100)], Conditions(reserve=100))
    assert (best.participant, best.eligible, best.reason) == ("b", True, None)
    assert (second.participant, second.eligible, second.reason) == ("a", False, RejectReason.OVER_RESERVE)


def test_a_bid_over_the_reserve_loses_to_a_worse_score_under_it() -> None:
    """Its own score is the best of all, and says nothing: the reserve is a limit and no weight."""
    conditions = Conditions(reserve=100, value=1_000_000)
    best, second = ranking("best-value", [bid("rich", 101, PPM), bid("poor", 100, 1)], conditions)
    assert (best.participant, best.score, best.margin) == ("poor", -99, 0)
    assert (second.participant, second.score, second.margin) == ("rich", 999_899, 999_998)


def test_where_all_are_over_the_reserve_nobody_is_eligible() -> None:
    for one in ranking("lowest-price", [bid("a", 7), bid("b", 9)], Conditions(reserve=6)):
        assert (one.eligible, one.reason, one.tied) == (False, RejectReason.OVER_RESERVE, False)


def test_the_ranking_of_a_whole_round() -> None:
    bids = [bid("d", 5), bid("c", 3), bid("a", 3), bid("b", 99)]
    ranked = {one.participant: one for one in ranking("lowest-price", bids, Conditions(reserve=10))}
    assert {name: (one.rank, one.margin, one.tied) for name, one in ranked.items()} in (
        {"a": (1, 0, True), "c": (2, 0, True), "d": (3, -2, False), "b": (4, -96, False)},
        {"c": (1, 0, True), "a": (2, 0, True), "d": (3, -2, False), "b": (4, -96, False)},
    )
    assert sorted(one.reason or "" for one in ranked.values()) == ["", "outbid", "outbid", "over-reserve"]
    assert {one.offer for one in ranked.values()} == {"o_a", "o_b", "o_c", "o_d"}


@given(rules, bids_of_all, conditions_of_all, st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides_nothing(
    name: str, bids: list[Bid], conditions: Conditions, chance: random.Random
) -> None:
    other = list(bids)
    chance.shuffle(other)
    assert ranking(name, other, conditions) == ranking(name, bids, conditions)


@given(rules, bids_of_all, conditions_of_all, st.data())
def test_a_dominated_bid_changes_no_winner_and_no_score(
    name: str, bids: list[Bid], conditions: Conditions, data: st.DataObject
) -> None:
    """Dearer or equal, slower or equal, less sure or equal than one that is there, and strictly worse in one."""
    better = data.draw(st.sampled_from(bids))
    price = data.draw(st.integers(better.price, better.price + 20))
    eta = data.draw(st.integers(better.eta, better.eta + 20))
    probability = data.draw(st.integers(0, better.probability))
    shill = Bid(participant="shill", offer="o_shill", price=price, eta=eta, probability=probability)
    before, after = ranking(name, bids, conditions), ranking(name, [*bids, shill], conditions)
    scores = {one.participant: (one.score, one.eligible) for one in after}
    assert all(scores[one.participant] == (one.score, one.eligible) for one in before)
    if scores["shill"] < scores[better.participant]:  # else it is as good, and the draw may choose it
        assert after[0].participant == before[0].participant


@given(rules, bids_of_all, conditions_of_all, st.data())
def test_any_rivals_leave_the_order_of_two_alone(
    name: str, bids: list[Bid], conditions: Conditions, data: st.DataObject
) -> None:
    """Independence of irrelevant bids: whoever else bids, the order among those who stay is the same."""
    kept = data.draw(st.lists(st.sampled_from(bids), unique_by=lambda one: one.participant))
    names = {one.participant for one in kept}
    whole = [one for one in order(ranking(name, bids, conditions)) if one in names]
    assert order(ranking(name, kept, conditions)) == whole


@given(rules, bids_of_all, conditions_of_all)
def test_what_every_ranking_says(name: str, bids: list[Bid], conditions: Conditions) -> None:
    ranked = ranking(name, bids, conditions)
    assert [one.rank for one in ranked] == list(range(1, len(bids) + 1))
    assert [one.eligible for one in ranked] == sorted((one.eligible for one in ranked), reverse=True)
    for part in ([one for one in ranked if one.eligible], [one for one in ranked if not one.eligible]):
        assert [one.score for one in part] == sorted((one.score for one in part), reverse=True)
    prices = {one.participant: one.price for one in bids}
    for one in ranked:
        fits = conditions.reserve is None or prices[one.participant] <= conditions.reserve
        assert one.eligible is fits
        assert one.margin == one.score - ranked[0].score
        assert (one.reason is None) is (one.rank == 1 and fits)
        assert (one.reason is RejectReason.OVER_RESERVE) is not fits
        same = [other for other in ranked if other.eligible and other.score == one.score]
        assert one.tied is (one.eligible and len(same) > 1)


@given(rules, bids_of_all, conditions_of_all, st.text("0123456789abcdef", min_size=32, max_size=32))
def test_the_seed_moves_only_the_tied(name: str, bids: list[Bid], conditions: Conditions, seed: str) -> None:
    """Another seed may permute equal scores and nothing else."""
    first, second = ranking(name, bids, conditions), ranking(name, bids, conditions, seed)
    assert [(one.score, one.eligible) for one in first] == [(one.score, one.eligible) for one in second]
