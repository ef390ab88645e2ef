"""Table P behind a participant's messages, for a log of the initiator's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from contractnet.conformance.hidden import Hidden, Mark, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table, after

#: an offer that was made and has not come to the log
UNKNOWN: Final = ""


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
        self._bidding = table.having["deliberating"] | table.having["offered"]
        self._own = {state: _own_rows(table, state) for state in {row_state for row_state, _ in table.steps}}

    def remember(self, message: Message) -> None:
        if message["performative"] == "propose":
            self._proposals[message["reply_with"]] = message
            self._offers[str(message["content"].get("offer"))] = message

    # ---- what it does by itself

    def decides(self, now: Standing) -> Iterator[Move[Standing]]:
        guards = {"live_offer": bool(now.live)}
        for row, event in self._own.get(now.state, ()):
            last = event != "@offer-lapse" or len(now.live) == 1
            if last and self.table.step(now.state, event, guards) is row:
                bid = {UNKNOWN} if "propose" in row.sends else frozenset[str]()
                moved = self._moved(now._replace(live=now.live | bid), row)
                yield Move(row, moved, Mark(round=now.round, fence=now.fence))

    def drifts(self, now: Standing) -> Iterator[Standing]:
        """An offer lapses beside others, or while the participant deliberates."""
        if now.state in self._bidding:
            for offer in now.live:
                left = now._replace(live=now.live - {offer})
                if left.live or now.state not in self.table.having["offered"]:
                    yield left

    # ---- what it hears

    def arrives(self, now: Standing, message: Message) -> Iterator[Move[Standing]]:
        """The gate's classification (README, section 3), then the table."""
        performative, content = message["performative"], message["content"]
        event, fence = f"?{performative}", None
        if performative == "cfp":
            if content["round"] <= now.round:
                yield Move(None, now)
                return
            first = now.round == 0 and self.table.step(now.state, "?cfp") is not None
            event = "?cfp" if first else "?cfp:next"
            now = now._replace(round=content["round"], live=now.live & {content.get("offer")})
        elif performative == "accept-proposal":
            live, fence = self._is_live(now, content), (content["slot"], content["epoch"])
            event = "?accept:live" if live else "?accept:dead"
            if live and now.accepted is None:
                now = now._replace(accepted=content["offer"], fence=fence)
        elif performative == "reject-proposal":
            others = now.live - {content.get("offer")}
            whole = "offer" not in content
            last = now.state in self.table.having["offered"] and not others
            event = "?reject:end" if whole or last else "?reject:one"
            now = now if whole else now._replace(live=others)
        elif performative == "not-understood":
            about = self._proposals.get(message.get("in_reply_to", ""))
            if content["reason"] != "schema" or about is None:
                yield Move(None, now)
                return
            now = now._replace(live=now.live - {str(about["content"].get("offer"))})
        row = self.table.step(now.state, event)
        yield Move(row, now if row is None else self._moved(now, row), Mark(fence=fence))

    def _is_live(self, now: Standing, content: Message) -> bool:
        """Whether an accept names an own live offer, at its price or more, or the one already accepted."""
        offer = content["offer"]
        if offer not in now.live:
            return bool(offer == now.accepted)
        asked = self._offers[offer]["content"].get("price", 0)
        return bool(content["price"] >= asked)

    def stale(self, now: Standing, message: Message) -> bool:
        return message["performative"] == "cfp" and bool(message["content"]["round"] <= now.round)

    # ---- what it says

    def fits(self, row: Row, mark: Mark, about: Message | None, said: Said) -> bool:
        content, faulty = said.message["content"], said.event in ("?propose:bad", "?inform:badresult")
        if "propose" in row.sends:
            return faulty or (content.get("round") == mark.round and content.get("offer") not in self._offers)
        named = (content.get("slot"), content.get("epoch"))
        return faulty or named == (None, None) or _is_fence(named, mark.fence)

    def landed(self, now: Standing, row: Row, message: Message) -> Standing:
        if "propose" not in row.sends or UNKNOWN not in now.live:
            return now
        return now._replace(live=now.live - {UNKNOWN} | {str(message["content"].get("offer"))})

    def _moved(self, now: Standing, row: Row) -> Standing:
        state = after(row, now.state)
        return now._replace(state=state, live=now.live if state in self._bidding else frozenset())


def _own_rows(table: Table, state: str) -> list[tuple[Row, str]]:
    return [(row, event) for row in table.rows if state in row.states for event in row.events if event[0] in "#@"]


def _is_fence(named: tuple[int | None, int | None], fence: tuple[int, int] | None) -> bool:
    """Whether a message about work names the award's slot and epoch; what it leaves out it does not deny."""
    return fence is not None and named[0] in (None, fence[0]) and named[1] in (None, fence[1])
