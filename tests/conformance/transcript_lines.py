"""The lines of a transcript: its header, its clock, and one line for each message and each event of who logged it."""

from __future__ import annotations

import json
from typing import Any

from contractnet.messages.acts import CONTRACT_NET, MEDIATION, AcceptProposal, AnyAct, Propose
from contractnet.messages.codec import encode

START_MS = 1_800_000_000_000
INITIATOR = "buyer"
CONVERSATION = "buyer.1.1"
Extra = dict[str, Any]
#: what is logged after one of these is late for the round
CLOSES_A_ROUND = ("=all-answered", "@deadline", "#cancel")


class Lines:
    """One conversation, line by line. `wait` moves the clock; everything else adds a line at the present instant."""

    def __init__(
        self,
        name: str,
        about: str,
        outcome: str,
        *participants: str,
        protocol: str = CONTRACT_NET,
        side: str = "initiator",
        max_rounds: int = 1,
        slots: int | list[int] = 1,
        parent: str | None = None,
        faulty: tuple[str, ...] = (),
        crossing: str | None = None,
    ) -> None:
        """Nothing but the header.

        Args:
            max_rounds: that the cfp tells.
            faulty: others that break the protocol in this one.
            crossing: the one of protocols/README.md, section 5, that it shows, in the words that stand there.
        """
        self.name = name
        self.header: dict[str, Any] = {
            "transcript": name,
            "about": about,
            "protocol": protocol,
            "side": side,
            "initiator": INITIATOR,
            "participants": list(participants),
            "slots": slots,
            "outcome": outcome,
        }
        if parent is not None:
            self.header["parent"] = parent
        if faulty:
            self.header["faulty"] = list(faulty)
        if crossing is not None:
            self.header["crossing"] = crossing
        self.header["legal"] = True
        self.protocol = protocol
        self.conversation = f"{CONVERSATION}.m" if protocol == MEDIATION else CONVERSATION
        self.max_rounds = max_rounds
        self.round = 0
        self.at = START_MS
        self.lines: list[str] = []
        self.last_id = ""  #: message id of the last message
        self._said: dict[str, int] = {}
        self._closed: dict[int, int] = {}  #: round -> instant of its end
        self._last_cfp: dict[str, str] = {}
        self._bids: dict[str, Propose] = {}
        self._first: dict[str, Propose] = {}
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

    def own(self, event: str, *peers: str, offer: str | None = None) -> None:
        """An event of our own; of an initiator: of table C, or of table I for each of the peers."""
        if event in CLOSES_A_ROUND and not peers:
            self._closed.setdefault(self.round, self.at)
        for peer in peers or (None,):
            line: dict[str, Any] = {"at": self.at, "event": event}
            line |= {"peer": peer} if peer else {}
            self.lines.append(_json(line | ({"offer": offer} if offer else {})))

    def _head(self, sender: str, extra: Extra, **fields: Any) -> Extra:
        number = self._said[sender] = self._said.get(sender, 0) + 1
        self.last_id = message_id = f"{sender}-{number}"
        head: Extra = {
            "message_id": message_id,
            "conversation_id": self.conversation,
            "protocol": self.protocol,
            "sender": sender,
            "daemon": sender,
            "reply_with": message_id,
        }
        return head | fields | extra

    def _from_initiator(self, act: AnyAct, event: str, *peers: str, wrong: Extra | None = None) -> None:
        """Said on the initiator's side, taken as an event on a participant's; `wrong` spoils its content."""
        message = json.loads(encode(act))
        spoil(message, wrong)
        if self.header["side"] == "initiator":
            self._line(message, peers[0] if len(peers) == 1 else list(peers))
        else:
            self._line(message, INITIATOR, event)

    def _from_participant(self, act: AnyAct, event: str, peer: str, wrong: Extra | None = None) -> None:
        """Taken as an event on the initiator's side, said on a participant's; `wrong` spoils its content."""
        message = json.loads(encode(act))
        spoil(message, wrong)
        if self.header["side"] == "participant":
            self._line(message, INITIATOR)
        else:
            self._line(message, peer, event)

    def _line(self, message: Extra, peer: str | list[str], event: str | None = None) -> None:
        line: Extra = {"at": self.at, "dir": "out" if event is None else "in", "peer": peer}
        line |= {"event": event} if event is not None else {}
        self.lines.append(_json(line | {"message": message}))

    def again(self, back: int = 1) -> None:
        """A line comes once more: the last one, or one before it."""
        line = self.lines[-back]
        self.lines.append(line.replace(line.split(",", 1)[0], f'{{"at":{self.at}', 1))


def spoil(message: Extra, wrong: Extra | None) -> None:
    """Replace fields of the content; `...` takes one away."""
    content = message["content"] | (wrong or {})
    message["content"] = {name: value for name, value in content.items() if value is not ...}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
