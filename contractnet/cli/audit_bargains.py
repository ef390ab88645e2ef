"""The bargainings of a ledger or a journal as transcripts, judged by the conformance checker like other conversations.

A bargaining is judged when the ledger has been read: its end may be UNKNOWN, and a later word may settle it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contractnet.cli.audit_protocol import Judged, guilty_of
from contractnet.conformance.checker import check
from contractnet.conformance.tables import Protocols
from contractnet.interaction.definition import load
from contractnet.ledger.port import Entry

Line = dict[str, Any]


@dataclass(slots=True)
class _Talk:
    peer: str
    agent: str  #: whose side it is
    side: str  #: `initiator` or `participant`
    parent: str | None  #: conversation that it belongs to
    lines: list[Line] = field(default_factory=list[Line])
    heard: Line | None = None  #: a line whose event the rows after it tell
    outcome: str | None = None  #: None: it is still open
    judged: bool = True  #: nothing came in it that was no act


class BargainAudit:
    """Takes the entries of a manager's ledger, or of a daemon's journal, in order."""

    def __init__(self, protocols: Protocols) -> None:
        self._protocols = protocols
        self._events: Mapping[str, Sequence[str]] = {row.name: row.events for row in load("bargaining").rows}
        self._talks: dict[tuple[str, str], _Talk] = {}  #: by (agent, conversation): a daemon may host both sides

    def take(self, entry: Entry) -> bool:
        """Whether the entry belongs to a bargaining."""
        key = (entry.agent, entry.conversation)
        talk = self._talks.get(key)
        if entry.type == "BargainOpened":
            body = json.loads(entry.body)
            self._talks[key] = _Talk(body["peer"], entry.agent, "initiator", body.get("parent"))
            return True
        if talk is None:
            if entry.type != "HeardTurn":
                return False
            message = json.loads(entry.body)["message"]
            if message["performative"] not in ("request", "cancel"):  # a cancel may overtake its request
                return False
            talk = self._talks[key] = _Talk(message["sender"], entry.agent, "participant", message.get("parent"))
        self._follow(talk, entry, json.loads(entry.body))
        return True

    def verdicts(self) -> Iterator[Judged | None]:
        """On each that has ended; None: one that cannot be judged."""
        for (_, conversation), talk in self._talks.items():
            if talk.outcome is not None:
                yield self._judge(conversation, talk) if talk.judged else None

    def _follow(self, talk: _Talk, entry: Entry, body: Any) -> None:
        if entry.type != "Moved":
            self._settle(talk)
        match entry.type:
            case "HeardTurn":
                talk.heard = {"at": entry.at, "dir": "in", "peer": talk.peer, "message": body["message"]}
            case "Moved":
                for _, _, row, _ in body["moves"]:
                    self._move(talk, entry.at, self._events[row])
            case "SaidTurn":
                line = {"at": entry.at, "dir": "out", "peer": talk.peer, "message": body["message"]}
                talk.lines.append(line)
            case "Misheard":
                talk.judged = False
            case "BargainEnded":
                talk.outcome = body["state"].lower()
            case _:
                pass

    def _move(self, talk: _Talk, at: int, events: Sequence[str]) -> None:
        if talk.heard is None:
            talk.lines.append({"at": at, "event": next(one for one in events if one[0] in "#@")})
            return
        said = str(talk.heard["message"]["performative"]).removesuffix("-proposal")
        event = next(one for one in events if one.startswith(f"?{said}"))
        talk.lines.append(talk.heard | {"event": event})
        talk.heard = None

    def _settle(self, talk: _Talk) -> None:
        """What was heard and moved nobody is what its act says."""
        if talk.heard is not None:
            message = talk.heard["message"]
            performative = message["performative"]
            kind = "other" if performative == "not-understood" else message["content"].get("kind")
            talk.lines.append(talk.heard | {"event": f"?{performative}" + (f":{kind}" if kind else "")})
            talk.heard = None

    def _judge(self, conversation: str, talk: _Talk) -> Judged:
        self._settle(talk)
        sides = (talk.agent, talk.peer) if talk.side == "initiator" else (talk.peer, talk.agent)
        header = {
            "transcript": conversation,
            "about": "",
            "protocol": "contractnet-bargaining",
            "side": talk.side,
            "initiator": sides[0],
            "participants": [sides[1]],
            "outcome": talk.outcome,
        } | ({} if talk.parent is None else {"parent": talk.parent})
        lines = [header, *talk.lines]
        fault = check((json.dumps(line) for line in lines), self._protocols).fault
        guilty = None if fault is None else guilty_of(fault, lines[fault.line - 1])
        return Judged(conversation, None if guilty else fault, (guilty,) if guilty else ())
