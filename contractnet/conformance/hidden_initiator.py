"""Tables C and I behind an initiator's messages, for a log of one participant's.

Of table C only what touches this participant is followed: whether a round is open, its number, and that something is
decided. What becomes of the others may be anything that table C allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from contractnet.conformance.hidden import Hidden, Mark, Move, Said
from contractnet.conformance.lines import Message
from contractnet.conformance.tables import Row, Table, after

#: decisions of table C about one participant, while the round is evaluated or a mediator was asked
_DECISIONS: Final = ("#award", "#reject", "#hold", "#reinvite")
_TIMERS: Final = ("@offer-lapse", "@lease", "@result-due", "@cancel-timeout")


class Standing(NamedTuple):
    """What the initiator may be in towards this participant."""

    phase: str  #: new, collecting, evaluating, awaiting (or closed), cancelled
    state: str  #: of table I
    round: int = 0
    offer: str | None = None  #: on file


class HiddenInitiator(Hidden[Standing]):
    """The initiator, as one participant sees it."""

    def __init__(self, conversation: Table, table: Table) -> None:
        super().__init__(table, Standing("new", table.start))
        self._call = next(row for row in conversation.rows if "cfp" in row.sends)
        self.rows[self._call.name] = self._call
        self._iterates = any("I:#reinvite" in row.fires for row in conversation.rows)
        self._keeps = table.having["offer"] | table.having["awarded"]
        self._acts: dict[str, str] = {}  #: reply_with -> performative, of its messages
        self._prices: dict[str, int] = {}  #: offer -> price, of the proposals made to it
        self._max_rounds = 0

    def told(self, message: Message) -> None:
        if message["performative"] == "propose":
            self._prices[message["content"]["offer"]] = message["content"]["price"]
        super().told(message)

    def remember(self, message: Message) -> None:
        self._acts[message["reply_with"]] = message["performative"]
        if message["performative"] == "cfp":
            self._max_rounds = self._max_rounds or message["content"]["max_rounds"]

    # ---- what it does by itself

    def decides(self, now: Standing) -> Iterator[Move[Standing]]:
        if now.phase == "new":
            yield Move(self._call, now._replace(phase="collecting", round=1), Mark(round=1))
            return
        if now.phase == "collecting":
            yield from self._step(now, "@deadline", "evaluating")
            yield from self._step(now, "#returned")
        if now.phase == "evaluating":
            for event in _DECISIONS:
                if event in ("#reject", "#reinvite") and self._more(now):
                    yield from self._step(now, event, "collecting", now.round + 1)
                if event != "#reinvite":
                    yield from self._step(now, event, "awaiting")
        if now.phase == "awaiting" and now.state in self.table.having["held"]:
            for event in ("#award", "#reject"):
                yield from self._step(now, event)
        for event in _TIMERS:
            yield from self._step(now, event)
        if now.phase != "cancelled":
            yield from self._step(now, "#cancel", "cancelled")

    def drifts(self, now: Standing) -> Iterator[Standing]:
        """The round closes; others are awarded, called again or cancelled."""
        if now.phase == "new":
            return
        if now.phase == "collecting" and now.state in self.table.having["answered"]:
            yield now._replace(phase="evaluating")
        if now.phase == "evaluating" and now.state not in self.table.having["biddable"]:
            yield now._replace(phase="awaiting")
            if self._more(now):
                yield now._replace(phase="collecting", round=now.round + 1)
        if now.phase != "cancelled" and self.table.step(now.state, "#cancel") is None:
            yield now._replace(phase="cancelled")

    def _more(self, now: Standing) -> bool:
        return self._iterates and now.round <= self._max_rounds  # one more than that may come from a mediator

    def _step(self, now: Standing, event: str, phase: str = "", round: int = 0) -> Iterator[Move[Standing]]:
        """A row of table I; table C is then in this phase and round, where they are given."""
        row = self.table.step(now.state, event)
        if row is not None:
            moved = self._moved(now, row)._replace(phase=phase or now.phase, round=round or now.round)
            yield Move(row, moved, Mark(moved.round, now.offer))

    # ---- what it hears

    def arrives(self, now: Standing, message: Message) -> Iterator[Move[Standing]]:
        for event in self._events(now, message):
            row = self.table.step(now.state, event)
            if row is None:
                yield Move(None, now)
                continue
            if event == "?propose:ok" and not row.sends:
                yield Move(row, self._moved(now._replace(offer=message["content"]["offer"]), row))
            else:
                yield Move(row, self._moved(now, row))

    def _events(self, now: Standing, message: Message) -> tuple[str, ...]:
        """What it may take a message for: what a schema or a check decides there is not known here."""
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            late = now.phase != "collecting" or content["round"] < now.round
            return ("?propose:late",) if late else ("?propose:ok", "?propose:bad")
        if performative == "inform" and content["kind"] == "result":
            return "?inform:result", "?inform:badresult"
        if performative in ("inform", "failure"):
            return (f"?{performative}:{content['kind']}",)
        if performative == "not-understood":
            meant = "accept" if self._acts.get(message.get("in_reply_to", "")) == "accept-proposal" else "cfp"
            return (f"?not-understood:{meant}",) if content["reason"] == "schema" else ("?not-understood:other",)
        return (f"?{performative}",)

    # ---- what it says

    def fits(self, row: Row, mark: Mark, about: Message | None, said: Said) -> bool:
        performative, content = said.message["performative"], said.message["content"]
        offer = content.get("offer")
        if performative == "cfp":
            return (mark.round, mark.offer) == (content["round"], offer)
        if performative == "accept-proposal":
            return bool(offer == mark.offer and content["price"] >= self._prices.get(str(offer), 0))
        return not row.one_offer or bool(offer == (mark.offer if about is None else about["content"].get("offer")))

    def _moved(self, now: Standing, row: Row) -> Standing:
        state = after(row, now.state)
        return now._replace(state=state, offer=now.offer if state in self._keeps else None)
