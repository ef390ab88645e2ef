"""A log of either side of a bargaining: table B, whose turn it is, and the offers that may be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contractnet.conformance.deal import Deal
from contractnet.conformance.envelope import OTHER
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden_bargaining import HiddenBargainer
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.one_table import OneTable
from contractnet.conformance.tables import BARGAINING, Protocols, Row
from contractnet.conformance.walk import plain_event

#: what must be said before the time of the own turn is over
_IN_TIME: Final = ("#agree", "#offer", "#accept")


class BargainWalk(OneTable):
    """Where one side stands."""

    def __init__(self, header: Header, protocols: Protocols) -> None:
        self._first = header.side == "initiator"  #: has the turns 0, 2, 4 …
        hidden = HiddenBargainer(protocols.table("B", BARGAINING), opens=not self._first)
        super().__init__(header, protocols, "B", hidden)
        self._schema = protocols.schema
        self.deal = Deal()
        self._turn = 0  #: that is due
        self._due = 0  #: instant at which the time for what is due is over
        self._own_due = 0  #: the same of the own turn that was used last
        self._newest: Message | None = None  #: own act of this turn that they may call wrong
        self._heard: Message | None = None  #: the last message taken that has a row

    @property
    def guards(self) -> Mapping[str, bool]:
        live = self.deal.live(not self._first, self._turn)
        return {"turns_left": self._turn + 1 < self.deal.turns, "live_offer": bool(live)}

    # ---- what is taken

    def read(self, line: Line) -> tuple[str, ...]:
        """The gate's classification (README, sections 3 and 8)."""
        message = line.spoken
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            return (self._offer(message),)
        if performative == "accept-proposal":
            return self._acceptance(content, line.at)
        if performative == "reject-proposal":
            return ("?reject",)
        if performative == "not-understood":
            newest = None if self._newest is None else self._newest["reply_with"]
            about = content["reason"] == "schema" and message.get("in_reply_to") == newest
            return ("?not-understood",) if about else (OTHER,)
        return (plain_event(message),)

    def _offer(self, message: Message) -> str:
        content = message["content"]
        if self.state in self.table.final:
            return "?propose:late"
        if self.deal.request is None:
            return "?propose:bad"
        if content.get("turn") == self._turn and self._turn + 1 == self.deal.turns:
            return "?propose:last"
        wrong = self._schema.misfits(message) or self.deal.fault(content, self._turn, not self._first)
        return "?propose:bad" if wrong else "?propose:ok"

    def _acceptance(self, content: Message, at: int) -> tuple[str, ...]:
        taken = self.deal.accepted(content, self._turn, self._first)
        if taken is None or self.state not in self.table.having["theirs"]:
            return ("?accept:dead",)
        may_be_over = taken.until is not None and at >= taken.until  # the grace after it is the log's own (G4)
        return ("?accept:live", "?accept:dead") if may_be_over else ("?accept:live",)

    def taking(self, event: str, message: Message, at: int) -> None:
        self._heard = message
        if event == "?request":
            self.deal.request = message["content"]
            self._due = at + message["content"]["reply_within_ms"]
        elif event == "?agree":
            self._due = at + self._turn_within
            self._newest = None
        elif event == "?propose:ok":
            self.deal.offered(message, self._turn, not self._first, at)
            self._turn, self._due, self._newest = self._turn + 1, at + self._turn_within, None
        elif event == "?not-understood" and self._newest is not None:
            if self._newest["performative"] == "propose":
                self.deal.called_wrong(self._newest["reply_with"])
                self._turn -= 1
            self._due, self._newest = self._own_due, None

    @property
    def _turn_within(self) -> int:
        return 0 if self.deal.request is None else int(self.deal.request["turn_within_ms"])

    # ---- what it decides

    def judge(self, event: str, row: Row, at: int) -> None:
        if event == "@turn-due" and at < self._due:
            raise BrokenRuleError("early", row.rules, "the other side's time is not over")
        if event in _IN_TIME and at >= self._due:
            raise BrokenRuleError("late", {*row.rules, "B6", "B14"}, "the time for it is over")

    # ---- what it says

    def telling(self, message: Message, at: int) -> None:
        performative, content = message["performative"], message["content"]
        if performative == "request":
            self.deal.request, self._newest, self._due = content, message, at + content["reply_within_ms"]
            self._faultless(self.deal.fault_of_request(), {"B1"})
        elif performative == "agree":
            self._due = at + self._turn_within
        elif performative == "propose":
            self._faultless(self.deal.fault(content, self._turn, self._first), {"B10", "B11"})
            self.deal.offered(message, self._turn, self._first, at)
            self._turn += 1
            self._awaits(message, at)
        elif performative == "accept-proposal":
            if self.deal.accepted(content, self._turn, not self._first) is None:
                raise BrokenRuleError("envelope", {"B12", "R4"}, "accepts no live offer by its id, with its terms")
            self._awaits(message, at)
        else:
            self._answers(performative, content)

    def _awaits(self, message: Message, at: int) -> None:
        """The other side is due."""
        self._own_due, self._due, self._newest = self._due, at + self._turn_within, message

    def _answers(self, performative: str, content: Message) -> None:
        """What it says of an act of the other side."""
        about: Message = {} if self._heard is None else self._heard["content"]
        agreed = performative == "inform" and content.get("kind") == "agreed"
        if agreed and (content["offer"], content["terms"]) != (about.get("offer"), about.get("terms")):
            raise BrokenRuleError("envelope", {"B19", "R4"}, "agrees to other terms than those of the acceptance")
        if performative == "reject-proposal" and "offer" in content:
            if content["offer"] != about.get("offer"):
                raise BrokenRuleError("envelope", {"B33", "B34"}, "names another offer than the one that came late")
            if content["reason"] == "late" and "late_by_ms" not in content:
                raise BrokenRuleError("envelope", {"R6", "B33"}, "does not say by how much it was late")

    def _faultless(self, fault: str | None, rules: set[str]) -> None:
        if fault is not None:
            raise BrokenRuleError("envelope", rules, fault)
