"""Two live sides of one bargaining against each other, in bytes, and what each of them recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from contractnet.bargaining.records import (
    FACTS,
    BargainEnded,
    BargainOpened,
    BargainTaken,
    Fact,
    Plan,
    Timers,
    TurnTaken,
)
from contractnet.bargaining.side import Bargain
from contractnet.conformance.checker import check
from contractnet.conformance.tables import Protocols
from contractnet.ledger.records import Fired, HeardTurn, Misheard, Moved, SaidTurn
from contractnet.ledger.scribe import Writing
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences, Side
from contractnet.messages.bargaining import AnyBargainAct, BargainNotUnderstood, BargainRequestContent, IssueContent
from contractnet.messages.codec import decode_bargain, digest, encode
from contractnet.messages.contents import NotUnderstoodContent
from contractnet.messages.values import NotUnderstoodReason

Line = dict[str, Any]
PROTOCOLS = Protocols(Path(__file__).parents[2] / "protocols")
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

    def stray(self, to: str) -> BargainNotUnderstood:
        """Something about nothing, of the other side."""
        other = self.sides["seller" if to == "buyer" else "buyer"]
        content = NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="propose")
        return BargainNotUnderstood(
            message_id="stray",
            reply_with="stray",
            conversation_id=CONVERSATION,
            protocol="contractnet-bargaining",
            sender=other.agent,
            daemon=other.pen.daemon,
            receiver=to,
            in_reply_to="nothing",
            content=content,
        )

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
            if not self.sides[who].machine.finished:
                continue
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
                        yield unmoved(heard)
                    heard = {"at": draft.at, "dir": "in", "peer": other, "message": plain(record.message)}
                case Moved():
                    for move in record.moves:
                        yield from self._moved(rows[move.row].events, draft.at, heard)
                        heard = {}
                case SaidTurn():
                    if heard:
                        yield unmoved(heard)
                        heard = {}
                    yield {"at": draft.at, "dir": "out", "peer": other, "message": plain(record.message)}
                case _:
                    pass
        if heard:
            yield unmoved(heard)

    def _moved(self, events: Sequence[str], at: int, heard: Line) -> Iterator[Line]:
        """The event of a row: of what was heard, by its performative."""
        if heard:
            name = heard["message"]["performative"].removesuffix("-proposal")
            (event,) = [one for one in events if one.startswith(f"?{name}")]
            yield heard | {"event": event}
        else:
            (event,) = [one for one in events if one[0] in "#@"]
            yield {"at": at, "event": event}


def unmoved(heard: Line) -> Line:
    """What was heard and moved nobody is what its act says."""
    name, content = heard["message"]["performative"], heard["message"]["content"]
    kind = "other" if name == "not-understood" else content.get("kind")
    return heard | {"event": f"?{name}" + (f":{kind}" if kind else "")}


def plain(act: AnyBargainAct) -> Any:
    return json.loads(encode(act))


def begun(**rules: Any) -> Pair:
    pair = Pair(**rules)
    pair.open()
    pair.deliver()
    pair.take()
    return pair
