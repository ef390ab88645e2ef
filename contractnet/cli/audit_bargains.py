"""The bargainings of a manager's ledger as transcripts, judged by the conformance checker like its other conversations.

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
    initiator: str
    parent: str | None  #: conversation that it belongs to
    lines: list[Line] = field(default_factory=list[Line])
    heard: Line | None = None  #: a line whose event the rows after it tell
    outcome: str | None = None  #: None: it is still open
    judged: bool = True  #: nothing came in it that was no act


class BargainAudit:
    """Takes the entries of a manager's ledger in order."""

    def __init__(self, protocols: Protocols) -> None:
        self._protocols = protocols
        self._events: Mapping[str, Sequence[str]] = {row.name: row.events for row in load("bargaining").rows}
        self._talks: dict[str, _Talk] = {}

    def take(self, entry: Entry) -> bool:
        """Whether the entry belongs to a bargaining."""
        talk = self._talks.get(entry.conversation)
        if entry.type == "BargainOpened":
            body = json.loads(entry.body)
            self._talks[entry.conversation] = _Talk(body["peer"], entry.agent, body.get("parent"))
            return True
        if talk is None:
            return False
        self._follow(talk, entry, json.loads(entry.body))
        return True

    def verdicts(self) -> Iterator[Judged | None]:
        """On each that has ended; None: one that cannot be judged."""
        for conversation, talk in self._talks.items():
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
        header = {
            "transcript": conversation,
            "about": "",
            "protocol": "contractnet-bargaining",
            "side": "initiator",
            "initiator": talk.initiator,
            "participants": [talk.peer],
            "outcome": talk.outcome,
        } | ({} if talk.parent is None else {"parent": talk.parent})
        lines = [header, *talk.lines]
        fault = check((json.dumps(line) for line in lines), self._protocols).fault
        guilty = None if fault is None else guilty_of(fault, lines[fault.line - 1])
        return Judged(conversation, None if guilty else fault, (guilty,) if guilty else ())
