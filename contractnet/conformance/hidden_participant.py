"""Table P behind a participant's messages, for a log of the initiator's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contractnet.conformance.hidden import Hidden, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table, after


class Standing(NamedTuple):
    """What a participant may be in, as far as the initiator's log tells."""

    state: str
    round: int = 0  #: newest that it has seen, 0 before the first cfp
    live: frozenset[str] = frozenset()  #: own offers that it stands by
    accepted: str | None = None  #: offer that it was told is accepted
    fence: tuple[int, int] | None = None  #: slot and epoch of that award


class HiddenParticipant(Hidden[Standing]):
    """One participant."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, Standing(table.start))
        self._proposals: dict[str, Message] = {}  #: reply_with -> proposal
        self._offers: dict[str, Message] = {}  #: offer -> proposal

    def remember(self, message: Message) -> None:
        if message["performative"] == "propose":
            self._proposals[message["reply_with"]] = message
            self._offers[str(message["content"].get("offer"))] = message

    def decides(self, now: Standing) -> Iterator[Move[Standing]]:
        guards = {"live_offer": bool(now.live)}
        for row in self.table.rows:
            if now.state not in row.states:
                continue
            for event in row.events:
                last = event != "@offer-lapse" or len(now.live) == 1
                if event[0] in "#@" and last and self.table.step(now.state, event, guards) is row:
                    yield Move(row, self._moved(now, row))

    def drifts(self, now: Standing) -> Iterator[Standing]:
        """An offer lapses beside others, or while the participant deliberates."""
        if now.state in self._bidding:
            for offer in now.live:
                left = now._replace(live=now.live - {offer})
                if left.live or now.state not in self.table.having["offered"]:
                    yield left

    def arrives(self, now: Standing, message: Message) -> Iterator[Move[Standing]]:
        """The gate's classification (README, section 3), then the table."""
        performative, content = message["performative"], message["content"]
        event = f"?{performative}"
        if performative == "cfp":
            if content["round"] <= now.round:
                yield Move(None, now)
                return
            first = now.round == 0 and self.table.step(now.state, "?cfp") is not None
            event = "?cfp" if first else "?cfp:next"
            now = now._replace(round=content["round"], live=now.live & {content.get("offer", "")})
        elif performative == "accept-proposal":
            live = self._is_live(now, content)
            event = "?accept:live" if live else "?accept:dead"
            if live and now.accepted is None:
                now = now._replace(accepted=content["offer"], fence=(content["slot"], content["epoch"]))
        elif performative == "reject-proposal":
            others = now.live - {content.get("offer", "")}
            whole = "offer" not in content
            last = now.state in self.table.having["offered"] and not others
            event = "?reject:end" if whole or last else "?reject:one"
            now = now if whole else now._replace(live=others)
        elif performative == "not-understood":
            about = self._proposals.get(message.get("in_reply_to", ""))
            if content["reason"] != "schema":
                yield Move(None, now)
                return
            if about is not None:
                now = now._replace(live=now.live - {str(about["content"].get("offer"))})
        row = self.table.step(now.state, event)
        yield Move(row, now if row is None else self._moved(now, row))

    def _is_live(self, now: Standing, content: Message) -> bool:
        """Whether an accept names an own live offer, at its price or more, or the one already accepted."""
        offer = content["offer"]
        if offer not in now.live:
            return bool(offer == now.accepted)
        asked = self._offers[offer]["content"].get("price", 0)
        return bool(content["price"] >= asked)

    def says(self, before: Standing, move: Move[Standing], said: Said) -> Standing | None:
        performative, content, now = said.message["performative"], said.message["content"], move.after
        if performative == "propose":
            offer = str(content.get("offer"))
            good = said.event == "?propose:bad" or (content.get("round") == before.round and offer not in self._offers)
            return now._replace(live=now.live | {offer}) if good else None
        if "slot" in content or "epoch" in content:
            fence = before.fence
            if said.about is not None and said.about["performative"] == "accept-proposal":
                fence = (said.about["content"]["slot"], said.about["content"]["epoch"])
            named = (content.get("slot"), content.get("epoch"))
            if fence is None or any(one not in (None, own) for one, own in zip(named, fence, strict=True)):
                return None if said.event != "?inform:badresult" else now
        return now

    @property
    def _bidding(self) -> frozenset[str]:
        return self.table.having["deliberating"] | self.table.having["offered"]

    def _moved(self, now: Standing, row: Row) -> Standing:
        state = after(row, now.state)
        return now._replace(state=state, live=now.live if state in self._bidding else frozenset())
