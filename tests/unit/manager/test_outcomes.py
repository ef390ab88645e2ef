"""What counts as an outcome, and that awards go by it: over several tenders at once, and judged in between."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.manager.book import MONEY, STARTS
from contractnet.manager.paid import ExplorationGranted, Forfeit
from contractnet.manager.records import Assessed, Awarded, Decided, Held, Judged, Started
from contractnet.mechanisms.awards.shape import LossReason
from contractnet.mechanisms.calibration.beta import Prior
from contractnet.mechanisms.calibration.bond import Bond
from contractnet.mechanisms.calibration.drift import DriftPolicy
from contractnet.mechanisms.calibration.known import Basis
from contractnet.mechanisms.calibration.records import Policy
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import RejectReason
from tests.support.bench import SKILL, Bench

TERMS = {"rule": "best-value", "confidence": "calibrated", "value": 100_000}


def begun(bench: Bench, name: str = "t", *agents: str, **more: object) -> None:
    """A tender that was awarded, to the first of them: it asks least."""
    bench.open(name, **(TERMS | more))
    bench.invite(*(agents or ("a", "b")), tender_id=name)
    for number, agent in enumerate(agents or ("a", "b")):
        bench.propose(agent, 10_000 + 5_000 * number)


def bases(bench: Bench, agent: str = "a") -> dict[Basis, int]:
    return bench.book.outcomes.bases.get((agent, SKILL), {})


def record(bench: Bench, agent: str = "a") -> tuple[int, int]:
    """(good outcomes, outcomes) of an agent."""
    track = bench.book.outcomes.records.track(agent, SKILL)
    return (0, 0) if track is None else (track.whole.successes, track.whole.n)


def judge(bench: Bench, ok: bool, name: str = "t") -> None:
    bench.record(bench.book.loose(name, Judged(ok=ok), bench.now))


# ---- what counts


def test_a_credited_result_is_good_and_an_award_keeps_what_was_stated(bench: Bench) -> None:
    begun(bench)
    assert record(bench) == (0, 0)  # not before the end
    bench.result("a")
    assert (record(bench), bases(bench)) == ((1, 1), {"inform": 1})
    assert bench.only(Awarded).confidence == 900_000
    assert record(bench, "b") == (0, 0)


@pytest.mark.parametrize("ok", [True, False])
def test_a_check_decides(bench: Bench, ok: bool) -> None:
    begun(bench, checked=True)
    bench.result("a")
    bench.checked(ok)
    assert (record(bench), bases(bench)) == (((1, 1), {"check": 1}) if ok else ((0, 1), {"lost": 1}))


@pytest.mark.parametrize("how", ["error", "handed-back", "restart", "lease-lost", "lease", "deadline", "invalid"])
def test_a_lost_slot_is_bad_at_once_and_the_runner_up_has_its_own_outcome(bench: Bench, how: str) -> None:
    begun(bench, result_schema={"type": "object", "required": ["ok"]}, work_within_ms=200_000)
    if how == "lease":
        bench.wait(70_000)
    elif how == "deadline":
        for _ in range(4):
            bench.progress("a")
            bench.wait(50_000)
    elif how == "invalid":
        bench.result("a", {})
    else:
        bench.fail("a", how)
    assert (record(bench), bases(bench)) == ((0, 1), {"lost": 1})
    if bench.slot.holder == "b":
        bench.result("b")
        assert record(bench, "b") == (1, 1)


@pytest.mark.parametrize("how", ["withdrawn", "offer-expired", "user"])
def test_a_slot_that_was_not_lost_by_its_holder_is_no_outcome(bench: Bench, how: str) -> None:
    begun(bench)
    if how == "user":
        bench.cancel()
    else:
        bench.fail("a", how)
    assert record(bench) == (0, 0)


def test_the_last_verdict_stands_before_the_end_and_after_it(bench: Bench) -> None:
    begun(bench)
    judge(bench, ok=False)
    bench.result("a")
    assert (record(bench), bases(bench)) == ((0, 1), {"verdict": 1})
    judge(bench, ok=True)
    assert (record(bench), bases(bench)) == ((1, 1), {"verdict": 1})
    begun(bench, "u")
    bench.result("a")
    judge(bench, False, "u")
    assert (record(bench), bases(bench)) == ((1, 2), {"verdict": 2})


def test_a_verdict_makes_no_result_of_a_slot_that_was_lost(bench: Bench) -> None:
    begun(bench, "t", "a")
    bench.fail("a")
    judge(bench, ok=True)
    assert record(bench) == (0, 1)


def test_every_slot_has_its_outcome(bench: Bench) -> None:
    begun(bench, "t", "a", "b", "c", slots=2)
    bench.result("a", slot=1, epoch=1)
    bench.result("b", slot=2, epoch=1)
    judge(bench, ok=False)
    assert [record(bench, agent) for agent in "abc"] == [(0, 1), (0, 1), (0, 0)]


# ---- what it does


def test_a_boaster_loses_the_award_after_its_failures(bench: Bench) -> None:
    """It asks less and states 99 %; its first failure and what is known of nobody else are enough here."""
    holders: list[str] = []
    for number in range(4):
        bench.open(f"t{number}", **TERMS)
        bench.invite("boaster", "steady", tender_id=f"t{number}")
        bench.propose("boaster", 10_000, confidence=990_000)
        bench.propose("steady", 10_100, confidence=700_000)
        holders.append(bench.slot.holder or "")
        if bench.slot.holder == "boaster":
            bench.fail("boaster")
        if bench.slot.holder is not None:
            bench.result("steady")
    assert holders == ["boaster", "steady", "steady", "steady"]
    bids = {bid.participant: bid for bid in bench.records(Decided)[-1].bids}
    assert isinstance(bids["boaster"], Assessed)
    assert (bids["boaster"].confidence, bids["boaster"].by, bids["boaster"].outcomes) == (990_000, "beta-binomial", 1)
    assert bids["boaster"].probability < 600_000 < 700_000 < bids["steady"].probability


def test_without_any_outcome_nobody_is_believed_and_nobody_shut_out(bench: Bench) -> None:
    begun(bench)
    assert {(bid.probability, bid.by, bid.outcomes) for bid in bench.only(Decided).bids} == {(500_000, "pool", 0)}


def test_who_wishes_takes_the_word_of_bidders(bench: Bench) -> None:
    begun(bench)
    bench.fail("a")
    bench.result("b")
    begun(bench, "u", confidence="stated")
    bids = bench.records(Decided)[-1].bids
    assert [(bid.probability, bid.by, bid.outcomes) for bid in bids] == [(900_000, "stated", 1)] * 2


def test_a_runner_up_is_awarded_by_the_probabilities_of_the_decision(bench: Bench) -> None:
    """Of two that are held the one that was ranked first then is awarded, although it has failed elsewhere since."""
    bench.open("t", slots=2, **TERMS)
    bench.invite("a", "b", "c", "d", tender_id="t")
    for number, agent in enumerate("abcd"):
        bench.propose(agent, 10_000 + number)
    begun(bench, "u", "c")
    bench.fail("c")
    assert record(bench, "c") == (0, 1)
    bench.book.tenders["t"] = bench.book.tenders.pop("t")  # the newest is spoken to
    bench.fail("a")
    assert [one.participant for one in bench.records(Awarded)] == ["a", "b", "c", "c"]


def test_another_policy_counts_from_its_start_on(bench: Bench) -> None:
    begun(bench)
    bench.fail("a")
    bench.result("b")
    before = bench.book.outcomes.probability("a", SKILL, 1).probability
    policy = Policy(prior=Prior(alpha=9, beta=1, strength=50), drift=None)
    bench.record(bench.book.loose(STARTS, Started(manager_epoch=2, calibration=policy), bench.now))
    assert bench.book.outcomes.records.policy == policy
    assert bench.book.outcomes.probability("a", SKILL, 1).probability > before + 200_000


# ---- live is replay


steps = st.lists(
    st.tuples(st.sampled_from(["open", "result", "fail", "judge", "start"]), st.integers(0, 5), st.booleans()),
    min_size=5,
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_several_tenders_judged_in_between_replay_as_they_were_lived(drawn: list[tuple[str, int, bool]]) -> None:
    """Each award depends on what had become known by then, of whichever tender; replay derives every one again."""
    bench, opened = Bench(), 0
    policy = Policy(prior=Prior(strength=2), isotonic_from=4, drift=DriftPolicy(after=2, threshold=1_500_000))
    for what, which, ok in drawn:
        names = list(bench.book.tenders)
        name = names[which % len(names)] if names else ""
        if what == "open":
            opened += 1
            bench.open(f"t{opened}", **TERMS)
            bench.invite("a", "b", "c", tender_id=f"t{opened}")
            for number, agent in enumerate("abc"):
                bench.propose(agent, 10_000 + 100 * ((number + which) % 3), confidence=300_000 * number + 50_000 * ok)
        elif what == "start":
            calibration = policy if ok else None
            bench.record(bench.book.loose(STARTS, Started(manager_epoch=1, calibration=calibration), bench.now))
        elif what == "judge" and name:
            judge(bench, ok, name)
        elif name and (holder := bench.book.tenders[name].slots[0].holder) and bench.book.tenders[name].ended is None:
            bench.book.tenders[name] = bench.book.tenders.pop(name)  # the newest is spoken to
            bench.result(holder) if what == "result" else bench.fail(holder)
    bench.check()


# ---- bonds


def test_a_bond_is_told_held_and_settled_with_the_price(bench: Bench) -> None:
    """Stated 90 %: a good result is paid 2,000 - 10,000 * .01 beside its price, a lost award costs 10,000 * .81."""
    begun(bench, bond=Bond(bonus=2_000, stake=10_000))
    assert bench.only(Held).amount == 52_000
    assert bench.said(a.Cfp)[0].content.terms.bond == c.BondTerms(bonus=2_000, stake=10_000)
    bench.fail("a")
    bench.result("b")
    ended = bench.ended
    assert [(one.winner, one.price, one.bond) for one in ended.filled] == [("b", 15_000, 1_900)]
    assert ended.forfeits == (Forfeit(slot=1, participant="a", amount=8_100),)
    assert (ended.spent, ended.price, ended.released) == (16_900, 16_900, 35_100)


def test_a_bond_takes_at_most_the_price_and_nothing_of_who_did_not_lose(bench: Bench) -> None:
    begun(bench, "t", "a", bond=Bond(bonus=0, stake=10_000_000))
    bench.result("a")
    assert (bench.ended.filled[0].bond, bench.ended.spent, bench.ended.released) == (-10_000, 0, 50_000)
    begun(bench, "u", "b", bond=Bond(bonus=0, stake=10_000_000))
    bench.cancel()
    bench.cancelled("b")
    assert bench.ended.forfeits == ()


# ---- exploration


def explored(bench: Bench, **more: object) -> Decided:
    """One more decision: `old` has a record, `new` has none and asks a little less, not enough to be the best."""
    number = len(bench.book.tenders)
    bench.open(f"t{number}", **(TERMS | {"explore": 20_000} | more))
    bench.invite("new", "old", tender_id=f"t{number}")
    bench.propose("old", 20_000)
    bench.propose("new", 14_000)
    return bench.records(Decided)[-1]


def granted(bench: Bench, amount: int, unit: str = "USD") -> None:
    bench.record(bench.book.loose(MONEY, ExplorationGranted(amount=amount, unit=unit), bench.now))


@pytest.fixture
def known(bench: Bench) -> Bench:
    """`old` has two good outcomes."""
    for _ in range(2):
        begun(bench, f"o{len(bench.book.tenders)}", "old")
        bench.result("old")
    return bench


@pytest.mark.parametrize("how", ["granted", "no grant", "another unit", "not in the terms", "too dear", "another rule"])
def test_an_award_to_learn_is_recorded_with_its_cost_and_off_unless_granted(known: Bench, how: str) -> None:
    if how != "no grant":
        granted(known, 50_000, "EUR" if how == "another unit" else "USD")
    more: dict[str, dict[str, object]] = {
        "not in the terms": {"explore": 0},
        "too dear": {"explore": 1_000},
        "another rule": {"rule": "second-score"},
    }
    decided = explored(known, **more.get(how, {}))
    if how != "granted":
        assert (decided.winner, decided.explored, known.book.outcomes.exploration.spent) == ("old", None, 0)
        return
    assert decided.explored is not None
    assert (decided.winner, decided.runner_up, decided.explored.trials) == ("new", "old", 0)
    bids = {bid.participant: bid for bid in decided.bids}
    assert decided.explored.cost == bids["old"].score - bids["new"].score > 1_000
    assert known.book.outcomes.exploration.spent == decided.explored.cost
    assert (bids["new"].why, bids["new"].reason, bids["new"].pays) == (None, None, 14_000)
    assert (bids["old"].why, bids["old"].reason, bids["old"].pays) == (LossReason.EXPLORED, RejectReason.OUTBID, None)
    known.fail("new")
    assert known.slot.holder == "old"
    known.result("old")


def test_all_that_is_given_up_stays_within_the_grant(known: Bench) -> None:
    """Several decisions are open at once: what one has given up is gone for the next."""
    granted(known, 20_000)
    found = [explored(known) for _ in range(12)]
    costs = [one.explored.cost for one in found if one.explored is not None]
    assert len(costs) >= 1
    assert known.book.outcomes.exploration.spent == sum(costs) <= 20_000
    assert found[-1].winner == "old"
    granted(known, 1_000_000)
    assert explored(known).winner == "new"
