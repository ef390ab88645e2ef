"""Logs of a mediation: who asks, on table MI, and the mediator, on table MP."""

from __future__ import annotations

from contractnet.conformance.envelope import OTHER
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden import Hidden
from contractnet.conformance.hidden_mediation import Dispute, HiddenAsker, HiddenMediator
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.one_table import OneTable
from contractnet.conformance.tables import Protocols, Row
from contractnet.conformance.walk import plain_event


class _Mediation(OneTable):
    """What both sides know: the choices, and when the time for one is over."""

    def __init__(self, header: Header, protocols: Protocols, name: str, hidden: Hidden[str]) -> None:
        super().__init__(header, protocols, name, hidden)
        self.dispute = Dispute()
        self.due = 0  #: instant at which reply_by passes

    def asked(self, message: Message, at: int) -> None:
        """The side that asks has said this."""
        self.dispute.said(message)
        if message["performative"] == "request":
            self.due = at + message["content"]["reply_within_ms"]

    def judge(self, event: str, row: Row, at: int) -> None:
        if event == "@med-due" and at < self.due:
            raise BrokenRuleError("early", {"G15", *row.rules}, "the time for a choice is not over")


class AskerWalk(_Mediation):
    """Table MI."""

    def __init__(self, header: Header, protocols: Protocols) -> None:
        super().__init__(header, protocols, "MI", HiddenMediator(protocols.table("MP", header.protocol)))

    def read(self, line: Line) -> tuple[str, ...]:
        performative, content = line.spoken["performative"], line.spoken["content"]
        if performative == "inform" and content.get("kind") not in ("cancelled", "result", "progress"):
            known = content.get("kind") in ("choice", "settled")
            return self.dispute.events(content) if known else ("?inform:badchoice",)
        if performative == "not-understood" and content["reason"] != "schema":
            return (OTHER,)
        return (plain_event(line.spoken),)

    def telling(self, message: Message, at: int) -> None:
        self.asked(message, at)


class MediatorWalk(_Mediation):
    """Table MP."""

    def __init__(self, header: Header, protocols: Protocols) -> None:
        super().__init__(header, protocols, "MP", HiddenAsker(protocols.table("MI", header.protocol)))
        self._choice = ""  #: `reply_with` of the last one

    def read(self, line: Line) -> tuple[str, ...]:
        message = line.spoken
        if message["performative"] == "not-understood":
            of_ours = message["content"]["reason"] == "schema" and message.get("in_reply_to") == self._choice
            return ("?not-understood",) if of_ours else (OTHER,)
        return (plain_event(message),)

    def taking(self, event: str, message: Message, at: int) -> None:
        self.asked(message, at)

    def judge(self, event: str, row: Row, at: int) -> None:
        super().judge(event, row, at)
        if event == "#choose" and at >= self.due:
            raise BrokenRuleError("late", {"G15", "MP7"}, "the time for a choice is over")

    def telling(self, message: Message, at: int) -> None:
        content = message["content"]
        if content.get("kind") in ("choice", "settled"):
            self._choice = message["reply_with"]
            if not self.dispute.allows(content):
                raise BrokenRuleError("envelope", {"G15", "MP3"}, "chooses what the request does not allow")
