"""Is there a run of table P that says what a participant said? All that could have happened there is followed at once.

A transcript is one side's log: what it said is known to have been on its way, not when or whether it arrived. So each
configuration keeps what may still arrive, and a message is explained if some configuration can send it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from contractnet.conformance.tables import Row, Table, after, is_what_is_sent

Message = dict[str, Any]


class Side(NamedTuple):
    """What a participant may be in, as far as the log tells."""

    state: str
    round: int  #: newest it has seen, 0 before the first cfp
    live: frozenset[str]  #: own offers it stands by
    accepted: str | None
    coming: frozenset[int]  #: indices of messages to it that have not arrived


class Participant:
    """All configurations one participant may be in."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._told: list[Message] = []
        self._offers: dict[str, str] = {}  #: reply_with of its proposals -> offer
        self._may_be = {Side(table.start, 0, frozenset(), None, frozenset())}

    def told(self, message: Message) -> None:
        """The initiator said this to it."""
        self._told.append(message)
        self._may_be = {side._replace(coming=side.coming | {len(self._told) - 1}) for side in self._may_be}

    def explains(self, message: Message) -> bool:
        """Whether it can have said this; from then on only the configurations that did are followed."""
        could = self._closure()
        said = {after_it for side in could for after_it in self._saying(side, message)}
        if said:
            self._may_be = said
            if message["performative"] == "propose":
                self._offers[message["reply_with"]] = message["content"]["offer"]
        return bool(said)

    def _closure(self) -> set[Side]:
        """What it may be in after any moves that the initiator cannot see."""
        seen, todo = set(self._may_be), list(self._may_be)
        while todo:
            for side in self._silent(todo.pop()):
                if side not in seen:
                    seen.add(side)
                    todo.append(side)
        return seen

    def _silent(self, side: Side) -> Iterator[Side]:
        for at in side.coming:
            moved, row = self._arrive(side, at)
            if row is None or not row.sends:
                yield moved
        for row in self._own_rows(side):
            if not row.sends:
                yield self._moved(side, row)
        if side.state in self._table.having["deliberating"] | self._table.having["offered"]:
            for offer in side.live:
                left = side._replace(live=side.live - {offer})
                if left.live or side.state not in self._table.having["offered"]:
                    yield left

    def _saying(self, side: Side, message: Message) -> Iterator[Side]:
        for at in side.coming:
            moved, row = self._arrive(side, at)
            answered = _default_answer(message, self._told[at]) if row is None else _sends(row, message)
            if answered:
                yield moved
        for row in self._own_rows(side):
            if _sends(row, message):
                content = message["content"]
                if message["performative"] == "propose":
                    if content.get("round") == side.round and content.get("offer") not in side.live:
                        yield self._moved(side, row, {content.get("offer")})
                else:
                    yield self._moved(side, row)

    def _own_rows(self, side: Side) -> Iterator[Row]:
        """Rows for a decision or a timer of its own."""
        guards = {"live_offer": bool(side.live)}
        for row in self._table.rows:
            if side.state not in row.states:
                continue
            for event in row.events:
                last = event != "@offer-lapse" or len(side.live) == 1
                if event[0] in "#@" and last and self._table.step(side.state, event, guards) is row:
                    yield row

    def _arrive(self, side: Side, at: int) -> tuple[Side, Row | None]:
        """One message arrives: the gate's classification, then the table."""
        message = self._told[at]
        side = side._replace(coming=side.coming - {at})
        performative, content = message["performative"], message["content"]
        others = side.live - {content.get("offer")}
        event = f"?{performative}"
        if performative == "cfp":
            if content["round"] <= side.round:
                return side, None
            event = "?cfp" if side.round == 0 else "?cfp:next"
            side = side._replace(round=content["round"], live=side.live & {content.get("offer")})
        elif performative == "accept-proposal":
            live = content["offer"] in side.live or content["offer"] == side.accepted
            event = "?accept:live" if live else "?accept:dead"
            side = side._replace(accepted=content["offer"]) if live else side
        elif performative == "reject-proposal" and "offer" in content:
            last = side.state in self._table.having["offered"] and not others
            event, side = ("?reject:end" if last else "?reject:one"), side._replace(live=others)
        elif performative == "reject-proposal":
            event = "?reject:end"
        elif performative == "not-understood":
            if content["reason"] != "schema":
                return side, None
            event = "?not-understood"
            side = side._replace(live=side.live - {self._offers.get(message.get("in_reply_to", ""), "")})
        row = self._table.step(side.state, event)
        return (side, None) if row is None else (self._moved(side, row), row)

    def _moved(self, side: Side, row: Row, more: set[Any] | None = None) -> Side:
        state = after(row, side.state)
        bidding = state in self._table.having["deliberating"] | self._table.having["offered"]
        return side._replace(state=state, live=side.live | (more or set()) if bidding else frozenset())


def _sends(row: Row, message: Message) -> bool:
    return any(is_what_is_sent(sent, row, message) for sent in row.sends)


def _default_answer(message: Message, about: Message) -> bool:
    """What a message without a row is answered with; a not-understood is never answered."""
    out_of_sequence: bool = message["performative"] == "not-understood" and message["content"]["reason"] != "schema"
    return out_of_sequence and bool(about["performative"] != "not-understood")
