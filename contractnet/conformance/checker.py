"""Does a transcript keep the protocol? Knows `protocols/` and JSON, and nothing of the package.

The format is described in protocols/README.md. The first fault found is the verdict: its line, its kind, and the rows
and rules that it breaks. The initiator's side is walked on tables C and I, each participant's side on table P.

Run it by hand: `python -m contractnet.conformance.checker FILE…`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from contractnet.conformance.conversation_walk import Walk
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.participant_runs import Participant
from contractnet.conformance.tables import table

Message = dict[str, Any]
#: acts that carry `in_reply_to` only where they speak of one message: equal for all, or a beat (D8)
UNADDRESSED = frozenset({"cfp", "cancel", "reject-proposal", "inform:progress"})


class Fault(NamedTuple):
    """The first thing wrong with a transcript."""

    line: int  #: from 1, the header's line
    kind: str  #: one of the list in protocols/README.md
    breaks: frozenset[str]  #: rows and rules, any of which may be stated
    text: str


def check(lines: Iterable[str]) -> Fault | None:
    """The first fault of a transcript, or None where there is none."""
    number = 0
    checker: _Checker | None = None
    try:
        for number, line in enumerate(lines, 1):  # noqa: B007  (needed after the loop)
            entry = json.loads(line)
            if checker is None:
                checker = _Checker(entry)
            else:
                checker.take(entry)
        if checker is not None:
            checker.walk.end()
    except BrokenRuleError as broken:
        return Fault(number, broken.kind, broken.breaks, str(broken))
    return None


class _Checker:
    """The envelope of each message, what each participant may have said, then the initiator's tables."""

    def __init__(self, header: dict[str, Any]) -> None:
        self._header = header
        self.walk = Walk(header)
        self._sides = {peer: Participant(table("P", header["protocol"])) for peer in header["participants"]}
        self._seen: dict[str, Message] = {}
        self._said_to: dict[str, set[str]] = {peer: set() for peer in self._sides}
        self._heard_from: dict[str, set[str]] = {peer: set() for peer in self._sides}
        self._conversation: str | None = None
        self._at = 0

    def take(self, entry: dict[str, Any]) -> None:
        if entry["at"] < self._at:
            raise BrokenRuleError("order", {"M7"}, "an instant before the one of the line before")
        self._at = entry["at"]
        if "message" not in entry:
            self.walk.own(entry["event"], entry.get("peer"), entry["at"])
            return
        message = entry["message"]
        peers = entry["peer"] if isinstance(entry["peer"], list) else [entry["peer"]]
        again = self._envelope(message, peers, entry["dir"] == "in")
        if entry["dir"] == "out":
            if not again:
                self.walk.said(message, peers, entry["at"])
                for peer in peers:
                    self._sides[peer].told(message)
                    self._said_to[peer].add(message["reply_with"])
            return
        (peer,) = peers
        if again:
            return  # the gate: recorded, and its answer may be sent again
        self._heard_from[peer].add(message["reply_with"])
        if not self._sides[peer].explains(message):
            breaks = table("P", self._header["protocol"]).rows_sending(message["performative"])
            raise BrokenRuleError(
                "unexplained", breaks, f"no run of table P lets {peer} say {message['performative']} here"
            )
        self.walk.heard(message, peer, entry["event"], entry["at"])

    def _envelope(self, message: Message, peers: list[str], incoming: bool) -> bool:
        """What every message keeps; returns whether it was seen before."""
        before = self._seen.setdefault(message["message_id"], message)
        if before is not message:
            if before != message:
                raise BrokenRuleError("envelope", {"M5"}, "a message id is used for two messages")
            return True
        if self._conversation is None:
            self._conversation = message["conversation_id"]
        if message["conversation_id"] != self._conversation:
            raise BrokenRuleError("envelope", {"R7"}, "the conversation id changes within the conversation")
        if message["protocol"] != self._header["protocol"]:
            raise BrokenRuleError("envelope", {"M2"}, "the protocol changes within the conversation")
        if message["sender"] != (peers[0] if incoming else self._header["initiator"]):
            raise BrokenRuleError("envelope", {"M1"}, f"the sender {message['sender']} is not who it came from")
        self._answers(message, peers, incoming)
        return False

    def _answers(self, message: Message, peers: list[str], incoming: bool) -> None:
        performative, content, about = message["performative"], message["content"], message.get("in_reply_to")
        whole = performative == "cancel" or (performative == "reject-proposal" and "offer" not in content)
        if whole and about is not None:
            raise BrokenRuleError("envelope", {"M4"}, "what is said to the whole conversation names a message")
        if about is None:
            key = f"inform:{content.get('kind')}" if performative == "inform" else performative
            if key not in UNADDRESSED:
                raise BrokenRuleError("envelope", {"M3"}, f"{performative} names no message that it answers")
            return
        for peer in peers:
            if about not in (self._said_to if incoming else self._heard_from)[peer]:
                raise BrokenRuleError(
                    "envelope", {"M3"}, f"{performative} answers {about}, which the other side never said"
                )


def main(files: list[str]) -> int:
    """Check files, say one line about each; 1 where one is not what its header says."""
    wrong = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
        header, fault = json.loads(lines[0]), check(lines)
        expected = None if header["legal"] else (header["line"], header["fault"])
        found = None if fault is None else (fault.line, fault.kind)
        as_stated = expected == found and (fault is None or header["breaks"] in fault.breaks)
        wrong += not as_stated
        verdict = "keeps the protocol" if fault is None else f"line {fault.line}: {fault.kind}: {fault.text}"
        print(f"{name}: {verdict}{'' if as_stated else '   NOT AS ITS HEADER SAYS'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
