"""The conversations of a manager's ledger as transcripts, judged by the conformance checker, which knows `protocols/`
and nothing of the package.

What the ledger does not hold a transcript cannot have: bytes that were no act, so a conversation in which such came is
left out. Mediations have logs of their own and are left out too. What a peer's message breaks is told apart, since the
manager may not be guilty of it; an entry that is missing or changed is for the hash chain and for replay to find.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from contractnet.conformance.checker import check
from contractnet.conformance.faults import Fault
from contractnet.conformance.tables import Protocols
from contractnet.interaction.definition import load
from contractnet.ledger.port import Entry
from contractnet.manager.records import Opened

#: kinds of fault that are the peer's, where they are found in a message that was taken
_PEERS: Final = frozenset({"unexplained", "schema", "envelope"})
#: peers of one conversation that are set aside before it is given up
MOST_FAULTY: Final = 20

#: of rows with several events: the event where the fact was this, and where it was another
_BY_FACT: Final = {
    "C3": ("Fired", "@deadline", "=all-answered"),
    "C20": ("Fired", "@cancel-timeout", "=all-settled"),
    "I29": ("LeaseLapsed", "@lease", "@result-due"),
}


class Judged(NamedTuple):
    """What the checker says of one conversation."""

    conversation: str
    fault: Fault | None
    faulty: tuple[str, ...]  #: peers that broke the protocol in it


@dataclass(slots=True)
class _Call:
    tender: _Tender
    participants: list[str]
    slots: list[int]
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    heard: dict[str, Any] | None = None  #: a line whose event is told by the rows after it
    fact: str = ""  #: type of the step's fact
    outcome: str | None = None
    judged: bool = True

    def together(self, award: dict[str, Any]) -> list[int]:
        """The slots of an award: one, those of its items, or as many as it has parts."""
        if "items" in award:
            return [self.tender.items.index(name) + 1 for name in award["items"]]
        first = self.slots.index(award["slot"])
        return self.slots[first : first + award.get("parts", 1)]


@dataclass(slots=True)
class _Tender:
    slots: int  #: that are called for
    most_awards: int  #: of a slot
    checked: bool
    items: list[str]  #: that are bought in bundles, a slot each
    awards: dict[int, int] = field(default_factory=dict[int, int])
    holder: dict[str, list[int]] = field(default_factory=dict[str, list[int]])  #: agent -> slots, in the present call
    done: set[int] = field(default_factory=set[int])

    def left(self) -> list[int]:
        """The slots that a call is for."""
        numbers = range(1, self.slots + 1)
        return [one for one in numbers if one not in self.done and self.awards.get(one, 0) < self.most_awards]


class ProtocolAudit:
    """Takes the entries of a manager's ledger in order; gives a verdict where a call has closed."""

    def __init__(self, protocols: Protocols) -> None:
        self.judged = 0
        self.left_out = 0  #: closed conversations in which something came that was no act
        self._protocols = protocols
        self._events = {row.name: row.events for name in ("conversation", "initiator") for row in load(name).rows}
        self._tenders: dict[str, _Tender] = {}
        self._calls: dict[str, _Call] = {}

    def take(self, entry: Entry) -> Iterator[Judged]:
        """The verdict on the call that this entry closes."""
        tender_id, dot, _ = entry.conversation.partition(".")
        if entry.type == "Opened":
            opened = msgspec.json.decode(entry.body, type=Opened)
            terms, items = opened.terms, [one.name for one in opened.terms.items]
            self._tenders[tender_id] = _Tender(terms.paid_slots, opened.timers.max_awards, opened.checked, items)
        elif dot and tender_id in self._tenders:
            body = json.loads(entry.body)
            if entry.type == "Invited":
                self._invite(entry.conversation, self._tenders[tender_id], body)
            if entry.conversation in self._calls:
                yield from self._follow(self._calls[entry.conversation], entry, body)

    def _invite(self, conversation: str, tender: _Tender, body: dict[str, Any]) -> None:
        tender.slots = body.get("slots") or tender.slots
        tender.holder.clear()
        self._calls[conversation] = _Call(tender, sorted(body["expected"]), tender.left())

    def _follow(self, call: _Call, entry: Entry, body: dict[str, Any]) -> Iterator[Judged]:
        if entry.type != "Moved":
            self._settle(call)
        match entry.type:
            case "Heard":
                message = body["message"]
                call.heard = {"at": entry.at, "dir": "in", "peer": message["sender"], "message": message}
            case "Gone":
                call.lines += [{"at": entry.at, "event": "gone", "peer": agent} for agent in body["agents"]]
            case "Moved":
                self._move(call, entry.at, body["moves"])
            case "Directed" if body["direct"]:
                call.participants = [body["participant"]]
            case "Awarded":
                together = call.together(body)
                for slot in together:
                    call.tender.awards[slot] = call.tender.awards.get(slot, 0) + 1
                call.tender.holder[body["participant"]] = together
            case "Said" if body["message"]["conversation_id"] == entry.conversation:
                peers = body["receivers"] or call.participants
                call.lines.append({"at": entry.at, "dir": "out", "peer": peers, "message": body["message"]})
            case "Misheard":
                call.judged = False
            case "Closed":
                call.outcome = body["outcome"]
                yield from self._close(entry.conversation, call)
            case _:
                pass
        call.fact = "" if entry.type == "Moved" else entry.type

    def _move(self, call: _Call, at: int, moves: list[list[str]]) -> None:
        own: list[dict[str, Any]] = []
        for table, who, row, _ in moves:
            if table not in ("C", "I"):
                continue
            event = self._event(call, row)
            if row.startswith("I25") and who in call.tender.holder:
                call.tender.done.update(call.tender.holder[who])
            if call.heard is not None and "event" not in call.heard and who == call.heard["peer"] and event[0] == "?":
                call.heard["event"] = event
            else:
                own.append({"at": at, "event": event, **({"peer": who} if who else {})})
        self._settle(call)
        call.lines += own

    def _settle(self, call: _Call) -> None:
        """What was heard and moved nobody is what its act says."""
        if call.heard is not None:
            checked = call.tender.checked
            call.lines.append({"event": _plainly(call.heard["message"], checked)} | call.heard)
            call.heard = None

    def _event(self, call: _Call, row: str) -> str:
        events = self._events[row]
        if len(events) == 1:
            return events[0]
        if row in _BY_FACT:
            fact, event, other = _BY_FACT[row]
            return event if call.fact == fact else other
        if call.heard is not None:
            plain = _plainly(call.heard["message"], checked=False)
            return plain if plain in events else events[0]
        return events[0]

    def _close(self, conversation: str, call: _Call) -> Iterator[Judged]:
        del self._calls[conversation]
        cfp = next((line["message"] for line in call.lines if line.get("dir") == "out"), None)
        if not call.judged or cfp is None:
            self.left_out += 1
            return
        self.judged += 1
        header: dict[str, Any] = {
            "transcript": conversation,
            "about": "",
            "protocol": cfp["protocol"],
            "side": "initiator",
            "initiator": cfp["sender"],
            "participants": call.participants,
            "slots": call.slots,
            "awards": call.tender.most_awards,
            "outcome": call.outcome,
            **({"parent": cfp["parent"]} if "parent" in cfp else {}),
        }
        faulty: list[str] = []
        while True:
            lines = [header | {"faulty": faulty}, *call.lines]
            fault = check((json.dumps(line) for line in lines), self._protocols).fault
            guilty = None if fault is None else guilty_of(fault, lines[fault.line - 1])
            if guilty is None:
                yield Judged(conversation, fault, tuple(faulty))
                return
            if guilty in faulty or len(faulty) == MOST_FAULTY:  # what follows cannot be told from it
                yield Judged(conversation, None, tuple(faulty))
                return
            faulty.append(guilty)


def guilty_of(fault: Fault, line: dict[str, Any]) -> str | None:
    """The peer whose fault it is: it said the message that was taken in this line."""
    return str(line["peer"]) if fault.kind in _PEERS and line.get("dir") == "in" else None


def _plainly(message: dict[str, Any], checked: bool) -> str:
    """The event that an act is by itself."""
    performative, content = message["performative"], message["content"]
    kind = content.get("kind", "")
    match performative:
        case "propose":
            return "?propose:ok"
        case "inform":
            return "?inform:checked" if kind == "result" and checked else f"?inform:{kind}"
        case "failure":
            return f"?failure:{kind}"
        case "not-understood":
            about = content.get("about")
            known = {"cfp": "cfp", "accept-proposal": "accept"}.get(str(about), "other")
            return f"?not-understood:{known}"
        case _:
            return f"?{performative}"
