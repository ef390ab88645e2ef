"""The lines of a transcript: its header, its clock, and one line for each message and each event of our own."""

from __future__ import annotations

import json
from typing import Any

from contractnet.messages.acts import CONTRACT_NET, AcceptProposal, AnyAct, Propose, ProtocolName
from contractnet.messages.codec import encode

START_MS = 1_800_000_000_000
INITIATOR = "buyer"
CONVERSATION = "buyer.1.1"
Extra = dict[str, Any]


class Lines:
    """One conversation, line by line. `wait` moves the clock; everything else adds a line at the present instant."""

    def __init__(
        self,
        name: str,
        about: str,
        outcome: str,
        *participants: str,
        protocol: ProtocolName = CONTRACT_NET,
        max_rounds: int = 1,
    ) -> None:
        self.name = name
        self.header: dict[str, Any] = {
            "transcript": name,
            "about": about,
            "protocol": protocol,
            "initiator": INITIATOR,
            "participants": list(participants),
            "slots": 1,
            "outcome": outcome,
            "legal": True,
        }
        self.protocol: ProtocolName = protocol
        self.max_rounds = max_rounds
        self.round = 0
        self.at = START_MS
        self.lines: list[str] = []
        self._said: dict[str, int] = {}
        self._last_cfp: dict[str, str] = {}
        self._bids: dict[str, Propose] = {}
        self._accepts: dict[str, AcceptProposal] = {}

    def text(self) -> str:
        """The file."""
        return "\n".join([_json(self.header), *self.lines]) + "\n"

    def wait(self, ms: int) -> None:
        self.at += ms

    def now_breaks(self, rule: str, fault: str) -> None:
        """The next line is where this transcript is found to break a row or a rule; without one, the last line is."""
        self.header |= {"legal": False, "breaks": rule, "fault": fault, "line": len(self.lines) + 2}

    def ends_broken(self, rule: str, fault: str) -> None:
        """What is missing at the end breaks a row or a rule."""
        self.header |= {"legal": False, "breaks": rule, "fault": fault, "line": len(self.lines) + 1}

    # ---- lines

    def own(self, event: str, *peers: str) -> None:
        """An event of our own: of table C, or of table I for each of the peers."""
        for peer in peers or (None,):
            self.lines.append(_json({"at": self.at, "event": event} | ({"peer": peer} if peer else {})))

    def _head(self, sender: str, extra: Extra, **fields: Any) -> Extra:
        number = self._said[sender] = self._said.get(sender, 0) + 1
        message_id = f"{sender}-{number}"
        head: Extra = {
            "message_id": message_id,
            "conversation_id": CONVERSATION,
            "protocol": self.protocol,
            "sender": sender,
            "daemon": sender,
            "reply_with": message_id,
        }
        return head | fields | extra

    def _out(self, act: AnyAct, *peers: str) -> None:
        line = {"at": self.at, "dir": "out", "peer": peers[0] if len(peers) == 1 else list(peers)}
        self.lines.append(_json(line | {"message": json.loads(encode(act))}))

    def _in(self, peer: str, event: str, act: AnyAct) -> None:
        line = {"at": self.at, "dir": "in", "peer": peer, "event": event}
        self.lines.append(_json(line | {"message": json.loads(encode(act))}))

    def again(self) -> None:
        """The last line comes once more."""
        self.lines.append(self.lines[-1].replace(self.lines[-1].split(",", 1)[0], f'{{"at":{self.at}', 1))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
