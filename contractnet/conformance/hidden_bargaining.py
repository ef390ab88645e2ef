"""Table B behind the other side's messages of a bargaining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contractnet.conformance.deal import Deal
from contractnet.conformance.hidden import Hidden, Mark, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table, after
from contractnet.conformance.walk import plain_event


class Standing(NamedTuple):
    """What the other side may be in."""

    state: str
    turn: int = 0  #: that is due


class HiddenBargainer(Hidden[Standing]):
    """The other side, whichever has opened."""

    def __init__(self, table: Table, opens: bool) -> None:
        super().__init__(table, Standing(table.start))
        self._opens = opens  #: it is the initiator
        self._deal = Deal()
        self._offered = False  #: an offer was made to it
        self._acts: dict[str, str] = {}  #: reply_with -> performative, of its messages
        self._own: dict[str, Message] = {}  #: offer -> content, of its offers

    def told(self, message: Message) -> None:
        if message["performative"] == "request":
            self._deal.request = message["content"]
        self._offered = self._offered or message["performative"] == "propose"
        super().told(message)

    def remember(self, message: Message) -> None:
        content = message["content"]
        self._acts[message["reply_with"]] = message["performative"]
        if message["performative"] == "request":
            self._deal.request = content
        if message["performative"] == "propose":
            self._own[str(content.get("offer"))] = content

    # ---- what it does by itself

    def decides(self, now: Standing) -> Iterator[Move[Standing]]:
        guards = {"turns_left": now.turn + 1 < self._deal.turns, "live_offer": self._offered}
        for row in self.table.rows:
            for event in row.events:
                mine = event[0] in "#@" and (self._opens or event != "#open")
                if mine and now.state in row.states and self.table.step(now.state, event, guards) is row:
                    moved = self._moved(now, row)
                    yield Move(row, moved._replace(turn=now.turn + 1) if event == "#offer" else moved, Mark(now.turn))

    # ---- what it hears

    def arrives(self, now: Standing, message: Message) -> Iterator[Move[Standing]]:
        for event in self._events(now, message):
            row = self.table.step(now.state, event)
            if row is None:
                yield Move(None, now)
                continue
            turn = now.turn
            if event == "?propose:ok":
                turn += 1
            if event == "?not-understood" and self._acts.get(message.get("in_reply_to", "")) == "propose":
                turn -= 1
            yield Move(row, self._moved(now, row)._replace(turn=turn))

    def _events(self, now: Standing, message: Message) -> tuple[str, ...]:
        """What it may take a message for; an offer may lapse at a moment that is not known here."""
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            if now.state in self.table.final:
                return ("?propose:late",)
            if content["turn"] != now.turn or self._deal.off_grid(content):
                return ("?propose:bad",)
            if now.turn + 1 == self._deal.turns:
                return ("?propose:last",)
            return ("?propose:ok", "?propose:bad") if self._deal.monotone else ("?propose:ok",)
        if performative == "accept-proposal":
            offer = self._own.get(content["offer"])
            names_it = offer is not None and (offer["terms"], now.turn) == (content["terms"], content["turn"])
            if now.state not in self.table.having["theirs"] or offer is None or not names_it:
                return ("?accept:dead",)
            return ("?accept:live", "?accept:dead") if "valid_for_ms" in offer else ("?accept:live",)
        if performative == "reject-proposal":
            return ("?reject",)
        if performative == "not-understood" and content["reason"] != "schema":
            return ("?not-understood:other",)
        return (plain_event(message),)

    # ---- what it says

    def fits(self, row: Row, mark: Mark, about: Message | None, said: Said) -> bool:
        performative, content = said.message["performative"], said.message["content"]
        if performative in ("propose", "accept-proposal"):
            return bool(content.get("turn") == mark.round)
        if performative == "inform" and content.get("kind") == "agreed":
            taken: Message = {} if about is None else about["content"]
            return (content["offer"], content["terms"]) == (taken.get("offer"), taken.get("terms"))
        if row.one_offer:
            return about is not None and bool(content.get("offer") == about["content"].get("offer"))
        return True

    def _moved(self, now: Standing, row: Row) -> Standing:
        return now._replace(state=after(row, now.state))
