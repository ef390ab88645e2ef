"""Two live sides against each other, in bytes: agreed, walked away, late, wrong; and each journal derived again."""

from __future__ import annotations

import msgspec
import pytest

from contractnet.bargaining.records import (
    BargainCalledOff,
    TurnDecided,
    TurnTaken,
)
from contractnet.errors import DefinitionError
from contractnet.ledger.records import Fired, HeardTurn, Misheard, SaidTurn
from contractnet.messages.bargaining import BargainNotUnderstood, BargainPropose, BargainRequest
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.contents import FieldError
from contractnet.messages.values import CancelReason
from tests.support.haggle import PRICE, Pair, asked, begun


@pytest.mark.parametrize("strategies", [("linear", "linear"), ("boulware", "conceder"), ("micro", "micro")])
def test_two_sides_agree_on_the_same_terms_between_their_limits(strategies: tuple[str, str]) -> None:
    pair = Pair(turns=40, issues=(msgspec.structs.replace(PRICE, tick=5_000_000),))
    pair.open(strategy=strategies[0])
    pair.deliver()
    pair.take(strategy=strategies[1])
    pair.play()
    (one,), (other,) = pair.ends("buyer"), pair.ends("seller")
    assert one == other
    assert one.state == "AGREED"
    assert one.terms is not None
    assert 40_000_000 <= one.terms[0] <= 60_000_000
    pair.replay()


def test_where_there_is_no_room_the_turns_end_it_and_nobody_passed_its_limit() -> None:
    pair = Pair(turns=6)
    pair.open(limit=30_000_000)
    pair.deliver()
    pair.take(limit=40_000_000)
    pair.play()
    assert {end.state for who in pair.sides for end in pair.ends(who)} == {"ENDED"}
    for who, record in ((who, record) for who, written in pair.written.items() for _, record in written):
        if isinstance(record, TurnDecided) and record.terms is not None:
            assert record.terms[0] <= 30_000_000 if who == "buyer" else record.terms[0] >= 40_000_000
    assert len(pair.sides["buyer"].offers) == len(pair.sides["seller"].offers) == 6  # on record for a mediator
    pair.replay()


def test_what_a_model_proposes_passes_the_guard() -> None:
    pair = begun(turns=4)
    pair.play(lambda side: TurnTaken(turn=side.turn, act="offer", terms=(99_000_000,) if side.me == 0 else (0,)))
    decided = [record for written in pair.written.values() for _, record in written if isinstance(record, TurnDecided)]
    assert {(one.turn % 2, one.terms, one.corrected) for one in decided} == {
        (0, (60_000_000,), "own-mandate"),
        (1, (40_000_000,), "own-mandate"),
    }
    pair.replay()


def test_words_about_other_terms_are_dropped() -> None:
    pair = begun()
    pair.deliver()
    pair.step("buyer", TurnTaken(turn=0, words="take 5", words_for=(5_000_000,)))
    (act,) = pair.pool
    assert isinstance(act, BargainPropose)
    assert act.content.text == ""


def test_a_wrong_offer_is_named_once_and_may_be_repaired() -> None:
    pair = begun()
    pair.deliver()
    pair.step("buyer", TurnTaken(turn=0))
    act = pair.pool.pop()
    fields = (FieldError(path="$.content.terms[0]", text="a whole number"),)
    bad = Misheard(
        digest="d", lane="bid", sender="buyer", message_id=act.message_id, performative="propose", fields=fields
    )
    pair.step("seller", msgspec.structs.replace(bad, reply_with=act.reply_with))
    assert pair.sides["seller"].machine.state == "MENDING"
    pair.deliver()
    assert pair.sides["buyer"].machine.state == "REPAIRING"
    assert pair.sides["buyer"].view(pair.now).turn == 0
    pair.step("buyer", TurnTaken(turn=0))
    pair.play()
    assert pair.ends("buyer") == pair.ends("seller")
    assert pair.ends("buyer")[0].state == "AGREED"
    pair.replay(keeps_protocol=False)  # the offer was a good one


@pytest.mark.parametrize(("ladder", "state"), [(("human", "human"), "DECLINED"), (("never-heard-of",), "ASKED")])
def test_a_rung_twice_makes_a_request_that_cannot_be_taken_and_one_that_is_not_known_does_not(
    ladder: tuple[str, ...], state: str
) -> None:
    """What a mediator knows is its own affair."""
    pair = Pair(mediator="eve", ladder=("human",))
    pair.open()
    (request,) = pair.pool
    assert isinstance(request, BargainRequest)
    pair.pool = [msgspec.structs.replace(request, content=msgspec.structs.replace(request.content, ladder=ladder))]
    pair.deliver()
    assert pair.sides["seller"].machine.state == state
    if state == "DECLINED":
        told = pair.deliver()
        assert isinstance(told, BargainNotUnderstood)
        assert told.content.fields == (FieldError(path="$.content", text="ladder: a rung stands in it twice"),)
        assert pair.sides["buyer"].machine.state == "DECLINED"
        pair.replay(keeps_protocol=False)  # what the buyer has on record was a good one


def test_the_time_of_a_turn_is_over_and_what_comes_later_is_told_so() -> None:
    pair = begun()
    pair.deliver()
    buyer, seller = pair.sides["buyer"], pair.sides["seller"]
    pair.step("buyer", TurnTaken(turn=0))
    assert seller.due(pair.now + 19_000) is None
    pair.now += 25_000
    fired = seller.due(pair.now)
    assert fired == Fired(timer="turn-due")
    pair.step("seller", fired)
    assert pair.ends("seller")[0].state == "EXPIRED"
    pair.deliver()
    pair.deliver()
    assert buyer.machine.state == "ENDED"
    pair.replay()


def test_an_own_act_that_would_be_late_is_not_sent() -> None:
    pair = begun()
    pair.deliver()
    buyer = pair.sides["buyer"]
    pair.now += 9_600
    fired = buyer.due(pair.now)
    assert fired == Fired(timer="turn-window")
    pair.step("buyer", fired)
    assert pair.pool == []
    assert not buyer.allows(TurnTaken(turn=0))


def test_a_cancel_ends_it_on_both_sides() -> None:
    pair = begun()
    pair.deliver()
    pair.step("seller", BargainCalledOff(reason=CancelReason.USER))
    pair.play()
    assert {side.machine.state for side in pair.sides.values()} == {"CANCELLED"}
    pair.replay()


def test_rules_without_meaning_are_refused_by_who_asks_and_named_by_who_is_asked() -> None:
    pair = Pair(buyer=None)
    with pytest.raises(DefinitionError, match="who buys is stated for a price"):
        pair.open()
    other = Pair()
    other.open()
    request = msgspec.structs.replace(other.pool.pop(), content=asked(buyer=None))
    raw = encode(request)
    other.step("seller", HeardTurn(message=decode_bargain(raw), digest=digest(raw), lane="bid"))
    other.deliver()
    assert {side.machine.state for side in other.sides.values()} == {"DECLINED"}


def test_no_limit_of_one_side_is_in_what_it_says() -> None:
    pair = Pair(turns=40)
    pair.open(limit=61_230_000)
    pair.deliver()
    pair.take(limit=40_550_000)
    pair.play()
    said = [
        record.message for written in pair.written.values() for _, record in written if isinstance(record, SaidTurn)
    ]
    text = b"".join(encode(act) for act in said)
    assert b"61230000" not in text
    assert b"40550000" not in text
    assert "61230000" not in repr([record for written in pair.written.values() for _, record in written])


@pytest.mark.parametrize("performative", ["propose", "accept-proposal", "inform"])
def test_an_act_without_a_readable_name_gets_no_answer_that_nobody_can_read(performative: str) -> None:
    for closed in (False, True):
        pair = Pair()
        pair.open()
        pair.deliver()
        if closed:
            pair.step("buyer", BargainCalledOff(reason=CancelReason.USER))
        pair.pool.clear()
        nameless = Misheard(
            sender="seller", performative=performative, digest="d" * 64, lane="bid", fields=(), message_id=None
        )
        pair.step("buyer", nameless)
        assert all(decode_bargain(encode(act)) == act for act in pair.pool)
