"""Opponent models: by hand, by known preferences, and turn by turn."""

from __future__ import annotations

from collections import Counter
from math import log

import pytest

from contractnet.errors import MechanismError, TooLarge
from contractnet.mechanisms.bargaining.fixed import ONE
from contractnet.mechanisms.bargaining.issues import Issue, Terms, agenda, choice
from contractnet.mechanisms.bargaining.opponent import Bayesian, Frequency, OpponentModel, Scores, steadiness, trades
from contractnet.mechanisms.bargaining.preferences import ranked
from contractnet.messages.values import PPM
from tests.unit.mechanisms.bargaining.worlds import CONTRACTOR, TRADE

TWO = agenda(choice("a", "x", "y"), choice("b", "x", "y", "z"))


def bids(count: int) -> tuple[Terms, ...]:
    """The best deals of the contractor, in its order."""
    return tuple(terms for _, terms in ranked(CONTRACTOR)[:count])


def weight(scores: Scores) -> list[int]:
    return [max(row) for row in scores]


def test_frequencies_by_hand() -> None:
    """The first issue never changes: weight 1; of the second half are x, a quarter y, a quarter z."""
    seen: tuple[Terms, ...] = ((0, 0), (0, 0), (0, 1), (0, 2))
    entropy = -(0.5 * log(0.5) + 2 * 0.25 * log(0.25))
    raw = [1, 1 - entropy / log(3)]
    scores = Frequency().scores(TWO, seen, 10)
    assert weight(scores) == pytest.approx([PPM * one / sum(raw) for one in raw], abs=2)
    assert scores[0] == (weight(scores)[0], 0)
    assert scores[1][1] == scores[1][2] == scores[1][0] // 2


def test_without_offers_nothing_is_known() -> None:
    assert Frequency().scores(TWO, (), 10) == ((0, 0), (0, 0, 0))


def test_where_all_change_alike_all_weigh_the_same() -> None:
    one = agenda(choice("a", "x", "y"), choice("b", "x", "y"))
    assert weight(Frequency().scores(one, ((0, 0), (1, 1)), 10)) == [PPM // 2] * 2


def test_an_issue_of_one_value_tells_nothing() -> None:
    assert steadiness(Counter({0: 5}), choice("a", "only")) == 0
    assert steadiness(Counter({0: 5}), choice("a", "x", "y")) == ONE


@pytest.mark.parametrize("model", [Frequency(), Bayesian()])
def test_offers_make_the_liked_deals_stand_out(model: OpponentModel) -> None:
    """After half of its good deals the model ranks them over its bad ones."""
    scores = model.scores(TRADE, bids(10), 20)
    worth = {deal: sum(row[value] for row, value in zip(scores, deal, strict=True)) for deal in TRADE.deals()}
    good = [deal for _, deal in ranked(CONTRACTOR)[:6]]
    bad = sorted(TRADE.deals(), key=CONTRACTOR.utility)[:6]
    assert min(worth[deal] for deal in good) > max(worth[deal] for deal in bad)
    assert max(weight(scores)) == weight(scores)[2]  # the report matters most to it


def test_each_offer_moves_the_beliefs() -> None:
    model = Bayesian()
    before, after = (model.posterior(TRADE, bids(count), 20) for count in (0, 6))
    assert len({chance for _, chance in before}) == 1
    most = max(after, key=lambda one: one[1])
    assert most[1] > 3 * before[0][1]
    assert weight(most[0])[2] == max(weight(most[0]))
    assert most[0][1][0] == max(most[0][1])  # the slower the better to it
    assert sum(chance for _, chance in after) == pytest.approx(PPM, abs=len(after))


def test_a_concession_halfway_is_no_sign_of_either_direction() -> None:
    """One issue of two values: a first offer of many says what is liked, a last one is as far from both by hand."""
    one = agenda(choice("a", "x", "y"))
    last = Bayesian(fall=PPM // 2).posterior(one, ((1,),), 1)
    assert [chance for _, chance in last] == [PPM // 2] * 2
    first = dict(Bayesian(fall=PPM // 2).posterior(one, ((1,),), 10))
    assert first[((0, PPM),)] > 999_000


def test_hypotheses_are_orders_of_weights_times_shapes() -> None:
    assert len(Bayesian().posterior(TRADE, (), 1)) == 6 * 3 * 3 * 3
    assert len(Bayesian().posterior(TWO, (), 1)) == 2 * 2 * 3
    assert len(Bayesian().posterior(agenda(choice("a", "only"), choice("b", "x", "y")), (), 1)) == 2 * 1 * 2


def test_a_long_past_needs_no_deep_stack() -> None:
    long = tuple(bids(8)[n % 8] for n in range(700))
    assert len(Bayesian().scores(TRADE, long, 700)) == 3


def test_the_order_of_the_calls_does_not_matter() -> None:
    at_once = Bayesian(sigma=111_111).scores(TRADE, bids(9), 20)
    for count in range(10):
        stepwise = Bayesian(sigma=111_111).scores(TRADE, bids(count), 20)
    assert stepwise == at_once


def test_too_many_hypotheses_are_refused() -> None:
    five = agenda(*(choice(str(n), "x", "y", "z") for n in range(5)))
    with pytest.raises(TooLarge, match="29160 hypotheses are more than 5000"):
        Bayesian().check(five)
    Frequency().check(agenda(Issue(name="n", low=0, high=10**9)))


def test_a_model_that_is_none() -> None:
    for wrong in (Bayesian(sigma=0), Bayesian(fall=-1), Bayesian(fall=PPM + 1)):
        with pytest.raises(MechanismError, match="bayesian"):
            wrong.scores(TRADE, bids(1), 2)


def test_what_is_worth_trading() -> None:
    """Both weigh the first two alike; the third matters to them alone."""
    assert trades((60, 30, 10), (20, 10, 70)) == ((2, 0), (2, 1))
    assert trades((5, 5), (1, 1)) == ()
