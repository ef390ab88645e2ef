"""Two live sides against each other, in bytes: agreed, walked away, late, wrong; and each journal derived again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contractnet.bargaining.records import (
    FACTS,
    BargainCalledOff,
    BargainEnded,
    BargainOpened,
    BargainTaken,
    Fact,
    Plan,
    Timers,
    TurnDecided,
    TurnTaken,
)
from contractnet.bargaining.side import Bargain
from contractnet.conformance.checker import check
from contractnet.conformance.tables import Protocols
from contractnet.errors import DefinitionError
from contractnet.ledger.records import Fired, HeardTurn, Misheard, Moved, SaidTurn
from contractnet.ledger.scribe import Writing
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.messages.bargaining import AnyBargainAct, BargainPropose, BargainRequestContent, IssueContent
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.contents import FieldError
from contractnet.messages.values import CancelReason

Line = dict[str, Any]
PROTOCOLS = Protocols(Path(__file__).parents[3] / "protocols")
NOW = 1_750_000_000_000
CONVERSATION = "t-1.b"
PRICE = IssueContent(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")
SEED = "0" * 32
DECODERS: dict[str, Any] = {**FACTS, "Misheard": Misheard, "Fired": Fired}


def plan(side: Side, limit: int, strategy: str = "linear") -> Plan:
    return Plan(strategy=strategy, mandate=Mandate(preferences=PricePreferences(side=side, limit=limit)))


def asked(turns: int = 8, **rules: Any) -> BargainRequestContent:
    given = {"subject": "a report", "issues": (PRICE,), "buyer": "initiator"} | rules
    return BargainRequestContent(turns=turns, reply_within_ms=20_000, turn_within_ms=10_000, **given)


class Pair:
    """A buyer that opens, a seller that is asked, and what is on its way between them."""

    def __init__(self, **rules: Any) -> None:
        self.now = NOW
        self.sides = {
            "buyer": Bargain("buyer", "buyer", CONVERSATION, SEED, Timers()),
            "seller": Bargain("seller", "house", CONVERSATION, "1" * 32, Timers()),
        }
        self.written: dict[str, list[Writing]] = {"buyer": [], "seller": []}
        self.pool: list[AnyBargainAct] = []
        self.rules = asked(**rules)

    def step(self, who: str, fact: Fact) -> list[Writing]:
        written = self.sides[who].step(fact, self.now)
        self.written[who] += written
        self.pool += [record.message for _, record in written if isinstance(record, SaidTurn)]
        return written

    def open(self, limit: int = 60_000_000, strategy: str = "linear") -> None:
        mine = plan("buyer", limit, strategy)
        opened = BargainOpened(peer="seller", request=self.rules, plan=mine, timers=Timers(), seed=SEED)
        self.step("buyer", opened)

    def deliver(self) -> AnyBargainAct:
        """The oldest message arrives, as the bytes that it is."""
        raw = encode(self.pool.pop(0))
        act = decode_bargain(raw)
        self.now += 500
        self.step(act.receiver, HeardTurn(message=act, digest=digest(raw), lane="bid"))
        return act

    def take(self, limit: int = 40_000_000, strategy: str = "linear") -> None:
        self.step("seller", BargainTaken(plan=plan("seller", limit, strategy)))

    def play(self, turn: Callable[[Bargain], TurnTaken] | None = None) -> None:
        """Until nobody has anything to say."""
        while True:
            if self.pool:
                self.deliver()
                continue
            due = [who for who, side in self.sides.items() if side.machine.has("ours")]
            if not due:
                return
            for who in due:
                side = self.sides[who]
                self.step(who, turn(side) if turn else TurnTaken(turn=side.turn))

    def ends(self, who: str) -> list[BargainEnded]:
        return [record for _, record in self.written[who] if isinstance(record, BargainEnded)]

    def replay(self, *, keeps_protocol: bool = True) -> None:
        """Each side's facts, read back from their bodies, give every entry again, byte for byte."""
        for who, written in self.written.items():
            again = Bargain(who, self.sides[who].pen.daemon, CONVERSATION, self.sides[who].pen.seed, Timers())
            got: list[Writing] = []
            for draft, _ in written:
                if draft.type in DECODERS:
                    fact = msgspec.json.decode(draft.body, type=DECODERS[draft.type])
                    got += again.step(fact, draft.at)
            assert [one.draft for one in got] == [one.draft for one in written]
            assert again.machine.state == self.sides[who].machine.state
        if keeps_protocol:
            self.judge()

    def judge(self) -> None:
        """Each side's log keeps the protocol, says who knows nothing of the package."""
        for who, other in (("buyer", "seller"), ("seller", "buyer")):
            header = {
                "protocol": "contractnet-bargaining",
                "side": "initiator" if who == "buyer" else "participant",
                "initiator": "buyer",
                "participants": ["seller"],
                "outcome": self.sides[who].machine.state.lower(),
            }
            verdict = check([json.dumps(header), *map(json.dumps, self._lines(who, other))], PROTOCOLS)
            assert verdict.fault is None, (who, verdict.fault)

    def _lines(self, who: str, other: str) -> Iterator[dict[str, Any]]:
        rows = {row.name: row for row in self.sides[who].machine.table.rows}
        heard: Line = {}
        for draft, record in self.written[who]:
            match record:
                case HeardTurn():
                    if heard:
                        yield heard
                    heard = {"at": draft.at, "dir": "in", "peer": other, "message": plain(record.message)}
                case Moved():
                    for move in record.moves:
                        yield from self._moved(rows[move.row].events, draft.at, heard)
                        heard = {}
                case SaidTurn():
                    yield {"at": draft.at, "dir": "out", "peer": other, "message": plain(record.message)}
                case _:
                    pass

    def _moved(self, events: Sequence[str], at: int, heard: Line) -> Iterator[Line]:
        """The event of a row: of what was heard, by its performative."""
        if heard:
            name = heard["message"]["performative"].removesuffix("-proposal")
            (event,) = [one for one in events if one.startswith(f"?{name}")]
            yield heard | {"event": event}
        else:
            (event,) = [one for one in events if one[0] in "#@"]
            yield {"at": at, "event": event}


def plain(act: AnyBargainAct) -> Any:
    return json.loads(encode(act))


def begun(**rules: Any) -> Pair:
    pair = Pair(**rules)
    pair.open()
    pair.deliver()
    pair.take()
    return pair


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
