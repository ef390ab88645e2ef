"""A mediator before a bargaining: two requests, one answer, and nothing of what either told in confidence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contractnet.contractor.records import Chose, Declined, Passed, Settled, Took
from contractnet.errors import IllegalSend
from contractnet.ledger.records import Said
from contractnet.mechanisms.bargaining.mediation.joint import candidates, outcome
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages import joint as j
from contractnet.messages.codec import canonical
from contractnet.messages.values import CancelReason, RefuseReason, TaskFailure
from tests.support.deadlock import (
    CENT,
    COLOUR,
    PARENT,
    SPEED,
    Deadlock,
    ask,
    header,
    hear,
    misunderstood,
    preferences,
    sealed,
    state,
    told,
)
from tests.support.side import Side

BUYER, SELLER = 60_000_000, 40_000_000


@pytest.fixture
def mediator() -> Side:
    return Side("arbiter")


def apart(**rules: Any) -> Deadlock:
    """A buyer who offered 30, a seller who asked 70; 60 and 40 are their limits."""
    return Deadlock((30_000_000,), (70_000_000,), told=(sealed(BUYER), sealed(SELLER)), **rules)


def both(mediator: Side) -> j.SettledContent:
    """What both were told, in the same words."""
    one, other = told(mediator).values()
    assert one == other
    (content,) = one
    assert isinstance(content, j.SettledContent)
    assert state(mediator, "initiator") == state(mediator, "participant") == "ANSWERED"
    mediator.check()
    return content


def failed(mediator: Side) -> list[str]:
    """Why, as each side was told."""
    texts = [content.text for side in told(mediator).values() for content in side if hasattr(content, "text")]
    mediator.check()
    return texts


# ---- one answer to two requests


def test_it_waits_for_the_second_and_both_hear_the_same(mediator: Side) -> None:
    ask(mediator, apart(), "initiator")
    mediator.step(Took())
    assert not mediator.side.allows(Settled())
    mediator.now += 1_000
    ask(mediator, apart(), "participant")
    mediator.step(Settled(rung="sealed-reservations"))
    found = both(mediator)
    assert (found.rung, found.terms) == ("sealed-reservations", (50_000_000,))
    assert found.certificate is not None
    assert found.certificate.buyer == sealed(BUYER).commitment
    assert [act.in_reply_to for act in mediator.said(a.Inform)] == ["m1", "m2"]


def test_no_zone_is_certified_to_both(mediator: Side) -> None:
    ask(mediator, Deadlock((1_000_000,), told=(sealed(30_000_000), sealed(30_010_000))))
    mediator.step(Settled(rung="sealed-reservations"))
    found = both(mediator)
    assert (found.terms, found.certificate is not None) == (None, True)


def test_standing_offers_that_meet_end_it_without_a_confidence(mediator: Side) -> None:
    ask(mediator, Deadlock((50_000_000,), (40_000_000,)))
    mediator.step(Settled(rung="standing-offers"))
    assert both(mediator) == j.SettledContent(rung="standing-offers", terms=(45_000_000,))


def test_one_text_ends_several_issues(mediator: Side) -> None:
    one = preferences((0, 300_000, 600_000), (400_000, 200_000, 100_000, 0), reservation=500_000)
    other = preferences((0, 100_000, 200_000), (0, 300_000, 600_000, 800_000), reservation=450_000)
    ask(mediator, Deadlock((2, 0), (0, 30), told=(one, other), issues=(COLOUR, SPEED)))
    mediator.step(Settled(rung="single-text"))
    terms = both(mediator).terms
    assert terms is not None
    for mine in (one, other):
        assert mine.scores[0][terms[0]] + mine.scores[1][terms[1] // 10] >= mine.reservation


@pytest.mark.parametrize("rung", ["closed-choice", "human", "theirs"])
def test_who_chooses_names_a_recorded_offer_that_both_would_take(mediator: Side, rung: str) -> None:
    ask(mediator, Deadlock((45_000_000,), (70_000_000,), told=(sealed(BUYER), sealed(SELLER))))
    case = mediator.diary.mediations["arbiter", f"{PARENT}.m0"].case
    assert [(one.id, one.by) for one in candidates(case)] == [("o0", "ada")]
    assert outcome(case, rung, "o1") is None
    mediator.step(Settled(rung=rung, offer="o0"))
    assert both(mediator) == j.SettledContent(rung=rung, terms=(45_000_000,), offer="o0")


def test_where_no_rung_ends_it_there_is_no_deal(mediator: Side) -> None:
    ask(mediator, apart())
    mediator.step(Passed(rung="standing-offers", why="they do not meet"))
    assert mediator.diary.mediations["arbiter", f"{PARENT}.m0"].passed == ["standing-offers"]
    mediator.step(Settled())
    assert both(mediator) == j.SettledContent()


def test_what_gives_nothing_cannot_be_settled_by(mediator: Side) -> None:
    ask(mediator, apart())
    with pytest.raises(AssertionError, match="standing-offers gives nothing"):
        mediator.step(Settled(rung="standing-offers"))


# ---- one end of two requests


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"turns": 8}, "turns"),
        ({"offers": ()}, "offers"),
        ({"ladder": ("human",)}, "ladder"),
        ({"buyer": "participant"}, "buyer"),
    ],
)
def test_sides_that_do_not_say_the_same_both_fail(mediator: Side, content: Any, words: str) -> None:
    ask(mediator, apart(), "initiator")
    ask(mediator, apart(), "participant", content=content)
    assert failed(mediator) == [f"the two sides do not say the same of: {words}"] * 2
    assert state(mediator, "initiator") == state(mediator, "participant") == "DECLINED"


def test_who_asks_alone_is_told_before_its_time_is_over(mediator: Side) -> None:
    ask(mediator, apart(), "participant")
    mediator.conversation = f"{PARENT}.m1"
    mediator.wait(9_750)
    assert failed(mediator) == ["the other side has not asked in time"]
    ask(mediator, apart(), "initiator")
    assert failed(mediator)[0] == "the other side's request is over"
    assert state(mediator, "initiator") == "DECLINED"


def test_what_ends_the_one_ends_the_other(mediator: Side) -> None:
    ask(mediator, apart())
    hear(mediator, a.Cancel(**header(mediator, "participant"), content=c.CancelContent(reason=CancelReason.USER)))
    assert (state(mediator, "participant"), state(mediator, "initiator")) == ("WITHDRAWN", "DECLINED")
    assert failed(mediator) == ["the other side's request is over", ""]


def test_the_time_of_the_first_is_the_time_of_both(mediator: Side) -> None:
    ask(mediator, apart(), "initiator")
    mediator.now += 4_000
    ask(mediator, apart(), "participant")
    mediator.conversation = f"{PARENT}.m1"
    assert mediator.side.deadline() == mediator.now + 6_000
    mediator.wait(6_000)
    assert {state(mediator, "initiator"), state(mediator, "participant")} == {"EXPIRED", "DECLINED"}
    mediator.check()


def test_an_agent_that_settles_no_bargaining_refuses_both(mediator: Side) -> None:
    ask(mediator, apart())
    mediator.step(Declined(reason=RefuseReason.UNSUPPORTED))
    assert {state(mediator, "initiator"), state(mediator, "participant")} == {"DECLINED"}
    mediator.check()


def test_who_cannot_use_the_answer_gets_no_other(mediator: Side) -> None:
    ask(mediator, apart())
    mediator.step(Settled(rung="sealed-reservations"))
    answer = mediator.said(a.Inform)[0].message_id
    hear(mediator, misunderstood(mediator, "initiator", answer))
    assert (state(mediator, "initiator"), state(mediator, "participant")) == ("DECLINED", "ANSWERED")
    assert failed(mediator) == ["there is no other answer: both sides have this one"]


def test_a_choice_is_no_answer_about_a_bargaining(mediator: Side) -> None:
    ask(mediator, apart())
    assert not mediator.side.allows(Chose(choice="none"))
    mediator.step(Settled())
    with pytest.raises(IllegalSend):
        mediator.step(Settled())


# ---- what is no request


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"parent": None}, "$.parent"),
        ({"sender": "eve"}, "$.content.side"),
        ({"content": {"participant": "ada"}}, "$.content.side"),
        ({"content": {"ladder": ("human", "human")}}, "$.content.ladder"),
        ({"content": {"buyer": None}}, "$.content.issues"),
        ({"content": {"issues": (COLOUR, COLOUR), "buyer": None}}, "$.content.issues"),
        ({"content": {"offers": (j.OnRecord(offer="o", turn=6, terms=(CENT,)),)}}, "$.content.offers"),
        ({"content": {"offers": (j.OnRecord(offer="o", turn=1, terms=(CENT + 1,)),)}}, "$.content.offers[0].terms"),
        ({"content": {"confidence": sealed(5, "x" * 16)}}, None),
        (
            {"content": {"confidence": j.SealedContent(price=5, nonce="x" * 16, commitment="0" * 64)}},
            "$.content.confidence.commitment",
        ),
        ({"content": {"confidence": preferences((1, 2))}}, "$.content.confidence"),
    ],
)
def test_a_request_that_cannot_be_interpreted_is_said(mediator: Side, other: Any, path: str | None) -> None:
    act = apart().request(mediator, "initiator", **other)
    hear(mediator, act)
    complaints = mediator.said(a.NotUnderstood)
    assert [field.path for one in complaints for field in one.content.fields] == ([] if path is None else [path])
    assert mediator.state == ("THINKING" if path is None else "DECLINED")
    mediator.check()


def test_nobody_can_ask_for_a_side_that_it_is_not(mediator: Side) -> None:
    """A third party that names itself pairs with nobody, and a side asks once."""
    ask(mediator, apart(), "initiator")
    stranger = apart().request(mediator, "participant", sender="eve", content={"participant": "eve"})
    hear(mediator, stranger)
    ask(mediator, apart(), "participant", conversation_id=f"{PARENT}.m7")
    mediator.conversation = f"{PARENT}.m0"
    mediator.step(Settled(rung="sealed-reservations"))
    assert [act.receiver for act in mediator.said(a.Inform)] == ["ada", "bob"]
    hear(mediator, apart().request(mediator, "initiator", conversation_id=f"{PARENT}.m8"))
    assert mediator.said(a.Failure)[-1].content == c.TaskFailureContent(
        reason=TaskFailure.CLOSED, text="this side has asked before"
    )
    mediator.check()


# ---- always


limits = st.integers(0, 10_000).map(lambda cents: cents * CENT)
rungs = st.sampled_from(["standing-offers", "sealed-reservations", "single-text", "closed-choice", "human"])


@settings(max_examples=150, deadline=None)
@given(st.lists(limits, max_size=5), st.none() | limits, st.none() | limits, rungs, st.booleans(), st.integers(0, 5))
def test_no_mediated_price_is_past_what_a_side_told_or_offered(
    prices: list[int], high: int | None, low: int | None, rung: str, swapped: bool, which: int
) -> None:
    mediator = Side("arbiter")
    confidences = tuple(None if price is None else sealed(price) for price in (high, low))
    buyer = "participant" if swapped else "initiator"
    deadlock = Deadlock(*((price,) for price in prices), told=confidences, buyer=buyer)  # type: ignore[arg-type]
    ask(mediator, deadlock)
    case = mediator.diary.mediations["arbiter", f"{PARENT}.m0"].case
    chosen = f"o{which}" if rung in ("closed-choice", "human") else None
    found = outcome(case, rung, chosen)
    if found is None:
        return
    mediator.step(Settled(rung=rung, offer=chosen))
    settled = both(mediator)
    if settled.terms is None:
        return
    for side, limit in ((0, high), (1, low)):
        own = [price for turn, price in enumerate(prices) if turn % 2 == side]
        buys = (side == 1) is swapped
        bound = limit if limit is not None else (max(own) if buys else min(own))
        assert settled.terms[0] <= bound if buys else settled.terms[0] >= bound


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 300_000), min_size=7, max_size=7), st.integers(0, 700_000), st.integers(0, 2**32))
def test_no_mediated_text_is_worth_less_than_no_deal(scores: list[int], reservation: int, more: int) -> None:
    mediator = Side("arbiter")
    rows = tuple(scores[:3]), tuple(scores[3:])
    mirrored = tuple(scores[2::-1]), tuple((more >> at) % 400_000 for at in range(4))
    mine, theirs = (preferences(*one, reservation=reservation) for one in (rows, mirrored))
    ask(mediator, Deadlock((0, 10), told=(mine, theirs), issues=(COLOUR, SPEED)))
    if outcome(mediator.diary.mediations["arbiter", f"{PARENT}.m0"].case, "single-text") is None:
        return
    mediator.step(Settled(rung="single-text"))
    terms = both(mediator).terms
    assert terms is not None
    for one in (mine, theirs):
        assert one.scores[0][terms[0]] + one.scores[1][terms[1] // 10] >= one.reservation


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3_000, 7_000),
    st.integers(3_000, 7_000),
    st.sampled_from(["standing-offers", "sealed-reservations", "single-text", "human", ""]),
    st.sampled_from(["settle", "cancel", "wait", "differ"]),
)
def test_nothing_told_in_confidence_is_in_any_message(high: int, low: int, rung: str, course: str) -> None:
    """The numbers are told apart by their last digits; a price between them is no number that was told."""
    mediator = Side("arbiter")
    secrets = high * CENT, low * CENT
    canaries = sealed(secrets[0], "CANARY-OF-THE-BUYER"), sealed(secrets[1], "CANARY-OF-THE-SELLER")
    deadlock = Deadlock((20_000_000,), (80_000_000,), told=canaries)
    more = {"turns": 8} if course == "differ" else {}
    ask(mediator, deadlock, "initiator")
    ask(mediator, deadlock, "participant", content=more)
    if course == "settle":
        mediator.conversation = f"{PARENT}.m0"
        found = outcome(mediator.diary.mediations["arbiter", f"{PARENT}.m0"].case, rung) if rung else None
        mediator.step(Settled(rung=rung if found else ""))
    elif course == "cancel":
        hear(mediator, a.Cancel(**header(mediator, "participant"), content=c.CancelContent(reason=CancelReason.USER)))
    else:
        mediator.wait(20_000)
    for one in mediator.written:
        if isinstance(one, Said):
            words = canonical(one.message).decode()
            assert "CANARY" not in words
            agreed = json.loads(words)["content"].get("terms") or []
            assert not [price for price in secrets if str(price) in words and price not in agreed and high != low]
