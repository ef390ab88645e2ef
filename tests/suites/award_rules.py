"""What every award rule must do, built in or brought by another distribution. A subclass says which rule.

    class TestMine(AwardRuleSuite):
        rule = my_rule

A rule whose terms need more than those drawn here overrides `terms`; one that compares other things of a bid than
price, eta and probability cannot be written: a bid has no more.
"""

from __future__ import annotations

import random
from typing import ClassVar, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contractnet.errors import MechanismError
from contractnet.mechanisms.awards.shape import AwardRule, Exposure, LossReason, Ranking, margin_of
from contractnet.mechanisms.rules import Bid, Conditions, Criterion
from contractnet.messages.values import MAX_ETA_S, MAX_MICROS, PPM, RejectReason
from tests.support.examples import often

SEED = "5eed" * 8
WHERE = "t.1|1"

#: the properties of a rule hold over so many examples; subclasses share the test functions, hence the health check
EXAMPLES = settings(
    max_examples=often(1_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)

_CRITERIA: Final = ("price", "eta", "probability")
_LARGE: Final = (MAX_MICROS, MAX_MICROS - 1, 1_000_000_000, 999_999_999, 123_456_789_012)
_MOST_BIDS: Final = 7


class Case(NamedTuple):
    """A closed round, and a change to it. Few values, so that ties happen, and some large ones."""

    bids: list[Bid]  #: 1 to 7
    conditions: Conditions
    slots: int
    pick: Bid  #: one of the bids
    change: tuple[int, int, int]  #: micros, seconds, ppm; none negative
    seed: str  #: another than SEED


def bid(participant: str, price: int, probability: int = PPM, eta: int = 1) -> Bid:
    return Bid(participant=participant, offer=f"o_{participant}", price=price, eta=eta, probability=probability)


def _amount(byte: int) -> int:
    return byte % 13 if byte < 224 else _LARGE[byte % len(_LARGE)]


def _ppm(byte: int) -> int:
    return (byte % 5) * 250_000 if byte < 224 else byte * 4_001 % (PPM + 1)


def _eta(byte: int) -> int:
    return byte % 3 + 1 if byte < 224 else MAX_ETA_S - byte % 2


def case_of(raw: bytes) -> Case:
    """Bytes to a case: one draw instead of thirty makes a thousand examples a matter of a second."""
    count, picked, reserve, value, eta_cost, least, bounds, order, *rest = raw
    terms = [rest[3 * place : 3 * place + 3] for place in range(count % _MOST_BIDS + 1)]
    bids = [bid(f"agent_{n}", _amount(p), _ppm(q), _eta(e)) for n, (p, q, e) in enumerate(terms)]
    criteria = [Criterion(what=_CRITERIA[(order >> n) % 3], step=(order >> 4) % 5 + 1) for n in range(order % 4)]
    conditions = Conditions(
        reserve=_amount(reserve),
        value=None if value < 32 else _amount(value),
        eta_cost=_amount(eta_cost) if eta_cost > 127 else 0,
        least_score=None if least < 128 else least % 41 - 20,
        min_bids=1 if bounds < 192 else 2,
        order=tuple(criteria),
    )
    tail = rest[3 * _MOST_BIDS :]
    change = (_amount(tail[0]), tail[1] % 13, _ppm(tail[2]))
    return Case(bids, conditions, bounds % 3 + 1, bids[picked % len(bids)], change, f"{tail[3]:02x}")


_SIZE: Final = 8 + 3 * _MOST_BIDS + 4
cases = st.binary(min_size=_SIZE, max_size=_SIZE).map(case_of)


class AwardRuleSuite:
    """Run for every award rule."""

    rule: ClassVar[AwardRule]

    def terms(self, conditions: Conditions) -> Conditions:
        """What the rule needs beyond the terms that are drawn; a rule that needs more says it here."""
        return conditions

    def ranked(self, bids: list[Bid], conditions: Conditions, seed: str = SEED) -> Ranking:
        return self.rule.rank(bids, self.terms(conditions), seed, WHERE)

    def test_it_is_an_award_rule(self) -> None:
        assert isinstance(self.rule, AwardRule)
        assert self.rule.name
        assert self.rule.exposure in Exposure

    def test_a_bid_has_no_place_for_prose(self) -> None:
        """What a rule may look at: numbers, and two ids of which the draw takes the one that is not the bidder's."""
        assert Bid.__struct_fields__ == ("participant", "offer", "price", "eta", "probability")

    @EXAMPLES
    @given(cases)
    def test_what_every_ranking_says_and_pays(self, case: Case) -> None:
        ranking = self.ranked(case.bids, case.conditions)
        standings, winners, losses = ranking.standings, ranking.winners(case.slots), ranking.losses(case.slots)
        reserve = case.conditions.reserve
        assert reserve is not None
        assert {one.participant: one.price for one in standings} == {one.participant: one.price for one in case.bids}
        assert [one.rank for one in standings] == list(range(1, len(case.bids) + 1))
        assert standings[: len(ranking.eligible)] == ranking.eligible
        assert [one.key for one in ranking.eligible] == sorted((one.key for one in ranking.eligible), reverse=True)
        assert len(winners) == (0 if ranking.short else min(case.slots, len(ranking.eligible)))
        assert all(one.price <= reserve for one in winners)  # no award over the reserve
        assert all((one.barred is LossReason.OVER_RESERVE) is (one.price > reserve) for one in standings)
        for one in standings:
            assert (one.margin, one.criterion) == margin_of(one.key, standings[0].key)
            same = [other for other in ranking.eligible if other.key == one.key]
            assert one.tied is (one.eligible and len(same) > 1)
        # every bid is awarded or knows why not
        names = [one.participant for one in winners] + [loss.participant for loss in losses]
        assert names == [one.participant for one in standings]
        last = winners[-1].key if winners else standings[0].key
        for loss, one in zip(losses, standings[len(winners) :], strict=True):
            assert (loss.margin, loss.criterion) == margin_of(one.key, last)
            assert loss.score == one.key[0]
            assert (loss.reason is LossReason.LOST_DRAW) is (one.eligible and not ranking.short and one.key == last)
            assert loss.reason.told in RejectReason
        # ties are the named set of those who share the key of the last winner
        named = sorted(one.participant for one in ranking.eligible if winners and one.key == last)
        assert ranking.ties(case.slots) == (tuple(named) if len(named) > 1 else ())
        # payments are individually rational and within the reserve; an own price is moved by no rival
        payments = self.rule.payments(ranking, case.slots)
        assert [(one.participant, one.offer, one.price) for one in payments] == [
            (one.participant, one.offer, one.price) for one in winners
        ]
        assert all(one.price <= one.amount <= reserve for one in payments)
        assert sum(one.amount for one in payments) <= reserve * case.slots  # what a tender holds (D12)
        if self.rule.exposure is Exposure.OWN_PRICE:
            assert all(one.amount == one.price for one in payments)

    @EXAMPLES
    @given(cases)
    def test_neither_order_nor_offer_ids_decide_and_the_seed_only_among_the_tied(self, case: Case) -> None:
        other = [replace(one, offer=f"{case.seed}-{place}") for place, one in enumerate(case.bids)]
        random.Random(case.seed).shuffle(other)
        first, second = self.ranked(case.bids, case.conditions), self.ranked(other, case.conditions)
        assert [(one.participant, one.key, one.barred) for one in first.standings] == [
            (one.participant, one.key, one.barred) for one in second.standings
        ]
        paid = [(one.participant, one.amount) for one in self.rule.payments(first, case.slots)]
        assert paid == [(one.participant, one.amount) for one in self.rule.payments(second, case.slots)]
        drawn = self.ranked(other, case.conditions, case.seed)
        assert [(one.key, one.eligible) for one in drawn.standings] == [
            (one.key, one.eligible) for one in first.standings
        ]
        assert drawn.ties(case.slots) == first.ties(case.slots)
        moved = {one.participant for one in first.winners()} ^ {one.participant for one in drawn.winners()}
        assert moved <= set(first.ties())

    @EXAMPLES
    @given(cases)
    def test_a_dominated_or_irrelevant_bid_changes_no_winner(self, case: Case) -> None:
        """Dearer, slower and less sure than one that is there, or equal to it."""
        conditions, better = replace(case.conditions, min_bids=1), case.pick
        dearer, slower, less_sure = case.change
        shill = bid("shill", better.price + dearer, max(0, better.probability - less_sure), better.eta + slower)
        before, after = self.ranked(case.bids, conditions), self.ranked([*case.bids, shill], conditions)
        keys = {one.participant: (one.eligible, one.key) for one in after.standings}
        assert keys["shill"] <= keys[better.participant]
        assert all(keys[one.participant] == (one.eligible, one.key) for one in before.standings)
        names = [one.participant for one in after.winners(case.slots)]
        if "shill" not in names:
            assert names == [one.participant for one in before.winners(case.slots)]
        elif case.slots == 1:  # as good as the one that it copies, and drawn
            assert keys["shill"] == keys[better.participant]

    @EXAMPLES
    @given(cases)
    def test_any_bid_that_comes_in_wins_or_changes_no_winner(self, case: Case) -> None:
        """Also one that is neither dominated nor under the reserve: `case.pick` comes in last."""
        conditions = replace(case.conditions, min_bids=1)
        before = self.ranked([one for one in case.bids if one is not case.pick], conditions)
        after = self.ranked(case.bids, conditions)
        names = [one.participant for one in after.winners(case.slots)]
        others = [one.participant for one in before.winners(case.slots)]
        if case.pick.participant in names:
            names.remove(case.pick.participant)
            others = others[: len(names)]  # at most the last winner makes room
        assert names == others

    @EXAMPLES
    @given(cases)
    def test_a_better_bid_never_loses_what_it_had(self, case: Case) -> None:
        one, (cheaper, faster, surer) = case.pick, case.change
        better = Bid(
            participant=one.participant,
            offer="another",
            price=max(0, one.price - cheaper),
            eta=max(1, one.eta - faster),
            probability=min(PPM, one.probability + surer),
        )
        before = self.ranked(case.bids, case.conditions)
        after = self.ranked([better if other is one else other for other in case.bids], case.conditions)
        ranks = [{other.participant: other.rank for other in found.standings} for found in (before, after)]
        assert ranks[1][one.participant] <= ranks[0][one.participant]
        if one.participant in {other.participant for other in before.winners(case.slots)}:
            assert one.participant in {other.participant for other in after.winners(case.slots)}

    def test_a_participant_that_bids_twice_is_refused(self) -> None:
        conditions = Conditions(reserve=9, value=9)
        with pytest.raises(MechanismError, match="a participant appears twice among the bids: a"):
            self.ranked([bid("a", 1), bid("b", 1), bid("a", 2)], conditions)

    def test_no_bids_are_no_award(self) -> None:
        ranking = self.ranked([], Conditions(reserve=9, value=9))
        assert (ranking.winners(), ranking.losses(), ranking.ties(), self.rule.payments(ranking)) == ((), (), (), ())

    def test_too_few_bids_are_no_award(self) -> None:
        conditions = Conditions(reserve=9, value=9, min_bids=3, least_score=-9)
        bids = [bid("a", 1), bid("b", 2), bid("c", 10)]  # the third is over the reserve and does not count
        ranking = self.ranked(bids, conditions)
        assert ranking.short
        assert ranking.winners(2) == ()
        assert [loss.reason for loss in ranking.losses(2)] == [
            LossReason.TOO_FEW_BIDS,
            LossReason.TOO_FEW_BIDS,
            LossReason.OVER_RESERVE,
        ]
