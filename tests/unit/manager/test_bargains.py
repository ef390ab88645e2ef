"""Bargaining after a round: with whom, what comes of it, how it ends. Each ledger is derived again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from contractnet.bargaining.records import BargainEnded, BargainOpened, TurnDecided
from contractnet.errors import DefinitionError, IllegalSend, MechanismError, ReplayDifference
from contractnet.ledger.records import Returned, SaidTurn
from contractnet.manager.bargains import check_bargain, openings
from contractnet.manager.records import Awarded, Bargained, BargainsEnded, CancelAsked, Closed, Decided
from contractnet.manager.replay import replay
from contractnet.mechanisms.bargaining import brought
from contractnet.mechanisms.bargaining.acceptance import AcceptNext
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View
from contractnet.messages import acts as a
from contractnet.messages.bargaining import BargainInform, BargainRequest
from contractnet.messages.codec import encode
from tests.support.bargaining_bench import TERMS, BargainingBench
from tests.support.bench import MANAGER
from tests.support.ledgers import body, changed


@pytest.fixture
def bench() -> Iterator[BargainingBench]:
    made = BargainingBench()
    yield made
    made.check()


def courses(bench: BargainingBench) -> list[str]:
    return [one.course for one in bench.records(Decided)]


def test_the_best_two_are_bargained_with_and_the_decision_waits(bench: BargainingBench) -> None:
    bench.haggle({"a": 60_000, "b": 40_000, "c": 45_000})
    assert courses(bench) == ["bargain"]
    assert bench.only(Decided).invited == ("b", "c")
    assert bench.state() == "EVALUATING"
    opened = bench.records(BargainOpened)
    assert [(one.peer, one.parent, one.request.issues[0].high) for one in opened] == [
        ("b", "t.1", 40_000),
        ("c", "t.1", 45_000),
    ]
    assert [one.request.offer for one in opened] == [bench.participant(name).offer.id for name in "bc"]  # type: ignore[union-attr]
    assert bench.records(Awarded) == []
    bench.wait(9_000)
    assert bench.state() == "EVALUATING"


def test_who_agreed_is_called_again_proposes_that_and_is_awarded_at_it(bench: BargainingBench) -> None:
    bench.haggle({"a": 60_000, "b": 40_000, "c": 45_000})
    bench.bargain(b=20_000, c=20_000)
    assert set(bench.came_of_it.agreed) == {"b", "c"}
    assert {agent: one.price for agent, one in bench.came_of_it.agreed.items()} == bench.agreed
    assert (bench.state(), bench.state("a"), bench.state("b")) == ("COLLECTING", "REJECTED", "REINVITED")
    assert bench.rejected("a") == ["not-shortlisted"]
    for agent, price in bench.agreed.items():
        assert 20_000 <= price < 40_000
        bench.propose(agent, price)
    best = min(bench.agreed, key=lambda one: (bench.agreed[one], one))
    assert bench.slot.holder == best
    assert bench.only(Awarded).price == bench.agreed[best]
    bench.result(best)
    assert (bench.ended.status, bench.ended.price) == ("settled", bench.agreed[best])
    assert courses(bench) == ["bargain", "award"]


def test_a_proposal_above_what_was_agreed_is_a_bad_bid(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000})
    bench.bargain(a=20_000)
    agreement = bench.came_of_it.agreed["a"]
    bench.propose("a", agreement.price + 1)
    (complaint,) = bench.said(a.NotUnderstood, "a")
    (field,) = complaint.content.fields
    assert field.path == "$.content.price"
    assert field.text.startswith("agreed: 0.0")
    assert agreement.offer in field.text
    assert agreement.conversation in field.text
    bench.propose("a", agreement.price)
    assert bench.only(Awarded).price == agreement.price


def test_who_agreed_and_then_is_silent_does_not_win_by_its_offer_of_before(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000}, msgspec.structs.replace(TERMS, best=2))
    bench.bargain(a=20_000)
    assert set(bench.came_of_it.agreed) == {"a"}
    assert bench.came_of_it.invited == ("a", "b")
    bench.wait(21_000)
    assert (bench.state("a"), bench.state("b")) == ("REJECTED", "AWARDED")
    assert bench.only(Awarded).price == 45_000


def test_silence_of_all_who_agreed_is_no_award(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000})
    bench.bargain(a=20_000)
    bench.wait(21_000)
    assert bench.state("a") == "REJECTED"
    assert bench.records(Closed)[0].outcome == "no-award"


def test_with_nobodys_agreement_the_round_takes_its_course(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.bargain(a=41_000)  # and b declines
    assert bench.came_of_it == Bargained(agreed={})
    assert courses(bench) == ["bargain", "award"]
    assert bench.only(Awarded).price == 40_000
    assert len(bench.records(BargainOpened)) == 2


def test_offers_over_the_reserve_may_come_down(bench: BargainingBench) -> None:
    bench.haggle({"a": 90_000, "b": 80_000})
    bench.bargain(a=30_000, b=49_000)
    assert all(price <= 50_000 for price in bench.agreed.values())
    for agent, price in bench.agreed.items():
        bench.propose(agent, price)
    for agent in {"a", "b"} - set(bench.agreed):
        bench.refuse(agent)
    assert bench.only(Awarded).price <= 50_000


def test_the_limit_of_the_manager_is_in_no_message(bench: BargainingBench) -> None:
    bench.haggle({"a": 90_001, "b": 80_002}, reserve=50_003)
    bench.bargain(a=60_000, b=60_000)
    for said in bench.records(SaidTurn):
        if isinstance(said.message, BargainRequest):
            assert "50003" not in encode(said.message).decode()
    prices = [one.terms[0] for one in bench.records(TurnDecided) if one.terms is not None]
    assert max(prices) <= 50_003
    bench.wait(21_000)


def test_nobody_answers_and_the_timers_end_it(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.wait(15_000)
    assert {one.state for one in bench.records(BargainEnded)} == {"EXPIRED"}
    assert courses(bench) == ["bargain", "award"]
    assert bench.only(Awarded).price == 40_000


def test_a_request_that_reached_nobody_is_declined_at_once(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.step(bench.talks["a"], Returned(agents=("a",)))
    assert [one.state for one in bench.records(BargainEnded)] == ["DECLINED"]
    assert bench.state() == "EVALUATING"
    bench.step(bench.talks["b"], Returned(agents=("b",)))
    assert courses(bench) == ["bargain", "award"]
    assert bench.only(Awarded).price == 40_000


class Fickle:
    """A generator of another distribution, whose check answers otherwise each time."""

    name = "fickle"

    def __init__(self, raised: BaseException) -> None:
        self.raised = raised

    def check(self, rules: Rules, mandate: Mandate) -> None:
        raise self.raised

    def propose(self, view: View) -> Terms | None:
        return STRATEGIES["linear"].generator.propose(view)


@pytest.mark.parametrize("raised", [OSError("no such file yet"), MechanismError("not this"), SystemExit(3)])
def test_what_a_generator_that_was_brought_raises_decides_nothing(
    raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody recorded its answer: whether a bargaining is held does not rest on it, and any replay finds the same."""
    monkeypatch.setattr(brought, "_brought", lambda _: Strategy(Fickle(raised), AcceptNext()))
    bench = BargainingBench()
    bench.haggle({"a": 40_000}, msgspec.structs.replace(TERMS, strategy="fickle", best=1))
    assert courses(bench) == ["bargain"]
    bench.bargain(a=20_000)
    assert set(bench.came_of_it.agreed) == {"a"}
    bench.check()
    with pytest.raises(type(raised)):
        check_bargain(bench.call.spec, bench.call.terms, msgspec.structs.replace(TERMS, strategy="fickle"), 40_000)


def test_cancelled_meanwhile_everybody_is_told_and_there_is_one_end(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.take("a", 10_000)
    bench.deliver()
    bench.cancel()
    assert bench.state() == "CANCELLING"
    assert {one.state for one in bench.records(BargainEnded)} == {"CANCELLED"}
    bench.cancelled("a")
    bench.cancelled("b")
    assert bench.ended.status == "cancelled"
    bench.play()
    assert bench.records(Bargained) == []


def test_offers_that_lapse_or_are_withdrawn_end_it(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.refuse("b", "withdrawn")
    assert bench.state() == "EVALUATING"
    bench.refuse("a", "withdrawn")
    assert bench.state() == "CLOSED_NO_AWARD"
    assert {one.state for one in bench.records(BargainEnded)} == {"CANCELLED"}


def test_an_agreement_about_an_offer_that_was_withdrawn_is_none(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    bench.take("a", 20_000)
    bench.play()
    bench.refuse("a", "withdrawn")
    bench.decline("b")
    bench.play()
    assert bench.agreed.keys() == {"a"}
    assert bench.came_of_it == Bargained(agreed={})
    assert bench.only(Awarded).participant == "b"


def test_a_word_that_comes_when_the_wait_is_over_settles_the_bargaining_and_not_the_call(
    bench: BargainingBench,
) -> None:
    """UNKNOWN on our side: the call goes by the offers. The late word binds nobody to more than the award says."""
    bench.haggle({"a": 40_000})
    bench.take("a", 20_000, strategy="conceder")
    bargain = bench.book.bargains["t.1.b1"]
    while not bargain.machine.has("accepting"):
        assert bench.deliver() or bench.turns()
    word = bench.pool.pop()
    assert isinstance(word, BargainInform)
    bench.wait(15_000)
    assert [one.state for one in bench.records(BargainEnded)] == ["UNKNOWN"]
    assert bench.came_of_it == Bargained(agreed={})
    assert courses(bench) == ["bargain", "award"]
    bench.pool.append(word)
    bench.deliver()
    assert [one.state for one in bench.records(BargainEnded)] == ["UNKNOWN", "AGREED"]
    assert bench.only(Awarded).price == 40_000


def test_the_acts_of_a_calls_bargainings_are_not_kept_and_what_ended_is_looked_at_no_more(
    bench: BargainingBench,
) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    assert set(bench.book.talking) == {"t.1.b1", "t.1.b2"}
    bench.decline("b")
    bench.play()
    assert set(bench.book.talking) == {"t.1.b1"}
    bench.take("a", 20_000)
    bench.play()
    assert bench.book.talking == {}
    assert bench.book.acts == {}
    assert set(bench.book.bargains) == {"t.1.b1", "t.1.b2"}


def test_it_is_held_once_and_not_in_the_last_round(bench: BargainingBench) -> None:
    bench.haggle({"a": 90_000}, max_rounds=3)
    bench.bargain(a=60_000)
    assert courses(bench) == ["bargain", "iterate"]
    bench.propose("a", 80_000)
    assert courses(bench) == ["bargain", "iterate", "iterate"]
    bench.propose("a", 70_000)
    assert courses(bench) == ["bargain", "iterate", "iterate", "no-award"]
    assert len(bench.records(BargainOpened)) == 1


def test_a_price_of_nothing_is_not_bargained_over(bench: BargainingBench) -> None:
    bench.haggle({"a": 0, "b": 45_000})
    assert [one.peer for one in bench.records(BargainOpened)] == ["b"]


@pytest.mark.parametrize("price", [1, 9_999, 10_000, 10_001, 123_456_789, 10**15 - 1])
def test_the_price_has_a_grid_of_a_size_that_any_strategy_can_play(price: int) -> None:
    bench = BargainingBench()
    bench.haggle({"a": price})
    (opened,) = bench.records(BargainOpened)
    (issue,) = opened.request.issues
    assert (issue.high - issue.low) // issue.tick <= 10_000
    assert 0 <= price - issue.high < issue.tick
    bench.check()


def test_offers_are_asked_to_stand_until_it_is_over(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000})
    cfp = bench.said(a.Cfp)[0]
    assert cfp.content.terms.valid_for_ms == 20_000 + 60_000 + 40_000 + 7 * 15_000
    bench.bargain(a=20_000)
    assert bench.said(a.Cfp)[-1].content.terms.valid_for_ms == 20_000 + 60_000 + 40_000


def test_what_is_opened_is_what_the_call_asks_for_and_nothing_else(bench: BargainingBench) -> None:
    bench.haggle({"a": 40_000, "b": 45_000})
    opening = openings(bench.call)["t.1.b1"]
    cheaper = msgspec.structs.replace(opening, seed="0" * 32)
    with pytest.raises(DefinitionError, match=r"t\.1\.b3: not the bargaining that its call asks for"):
        bench.book.step("t.1.b3", cheaper, bench.now)
    with pytest.raises(DefinitionError, match="it opens once"):
        bench.book.step("t.1.b1", opening, bench.now)
    with pytest.raises(IllegalSend):
        bench.book.step("t.1", BargainsEnded(), bench.now)
    bench.bargain()


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("BargainOpened", ("plan", "strategy"), "conceder"),
        ("BargainOpened", ("plan", "mandate", "preferences", "limit"), 50_000),
        ("BargainOpened", ("request", "turns"), 8),
        ("BargainOpened", ("peer",), "b"),
        ("HeardTurn", ("message", "content", "terms"), [1]),
    ],
)
def test_a_bargaining_that_was_tampered_with_is_found(kind: str, path: tuple[str, ...], value: Any) -> None:
    bench = BargainingBench()
    bench.haggle({"a": 40_000})
    bench.bargain(a=20_000)
    bench.propose("a", bench.agreed["a"])
    for entry in bench.entries:
        if entry.type != kind:
            continue
        tree = msgspec.json.decode(entry.body)
        at = tree
        for name in path[:-1]:
            at = at.get(name, {})
        if path[-1] in at:
            at[path[-1]] = value
            with pytest.raises(ReplayDifference):
                replay(MANAGER, changed(bench.entries, entry.position, body=body(tree)))
            return
    pytest.fail(f"no {kind} with {path}")


def test_a_bargaining_whose_end_was_overlooked_cannot_be_gone_on_with(bench: BargainingBench) -> None:
    """Asked to end before the bargainings have: not possible, live or from a ledger."""
    bench.haggle({"a": 40_000})
    bench.take("a", 20_000)
    bench.deliver()
    with pytest.raises(IllegalSend):
        bench.book.step("t.1", BargainsEnded(), bench.now)
    bench.step("t", CancelAsked(reason="user"))
