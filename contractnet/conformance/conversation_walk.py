"""The initiator's side of a transcript on tables C and I: what it heard, decided, owed and said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.tables import Row, after, is_what_is_sent, table

Message = dict[str, Any]
#: events of table C that begin a step; those derived from table I, and the decisions, belong to the step before
BEGINS_A_STEP = ("@", "#open", "#cancel", "#extend")


@dataclass
class Entry:
    """One participant in table I."""

    state: str
    offer: Message | None = None  #: the proposal on file
    offer_until: int = 0
    award: Message | None = None  #: the accept-proposal
    awarded_at: int = 0
    lease_until: int = 0


@dataclass
class Slot:
    """One of the winners sought."""

    epoch: int = 0
    holder: str | None = None
    state: str = "open"  #: open, held, freed, done, given up


@dataclass
class Owed:
    """An act that a row sends and that has not been said."""

    peer: str
    sent: str
    row: Row


@dataclass
class Walk:
    """Tables C and I over one transcript."""

    header: dict[str, Any]
    owed: list[Owed] = field(default_factory=list)
    fired: frozenset[str] = frozenset()  #: events of table I that the last row of table C raises

    def __post_init__(self) -> None:
        self.c, self.i = table("C", self.header["protocol"]), table("I", self.header["protocol"])
        self.state = self.c.start
        self.entries = {peer: Entry(self.i.start) for peer in self.header["participants"]}
        self.slots = {number: Slot() for number in range(1, self.header["slots"] + 1)}
        self.round = 0
        self.cfp: Message | None = None
        self.closes_at = 0
        self.said_ids: dict[str, str] = {}  #: reply_with -> performative
        self.mediated = False

    # ---- what comes in

    def heard(self, message: Message, peer: str, event: str, at: int) -> None:
        self._end_of_step()
        entry = self.entries[peer]
        if event != self._read(message, event):
            raise BrokenRuleError("misread", self.i.rows_with(event), f"{message['performative']} is no {event}")
        row = self.i.step(entry.state, event)
        if row is None:
            if message["performative"] != "not-understood":
                default = Row("gate", (), (), "=", "R11", None, (), (), False, ())
                self.owed.append(Owed(peer, "not-understood:out-of-sequence", default))
            return
        if row.name == "I25" and not self._fenced(entry, message):
            raise BrokenRuleError("misread", {"G8", "I25"}, "a result under another slot or epoch is credited")
        if event == "?propose:ok":
            entry.offer, entry.offer_until = message, at + message["content"]["valid_for_ms"]
        if event == "?inform:progress" and entry.award is not None:
            entry.lease_until = at + entry.award["content"]["lease_ms"]
        self._apply(peer, row)

    def _read(self, message: Message, event: str) -> str:
        """What the event must be; where a schema or a check decides, what the transcript says is taken."""
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            open_now = self.state in self.c.having["collecting"] and content.get("round") == self.round
            return (
                (event if event in ("?propose:ok", "?propose:bad") else "?propose:ok") if open_now else "?propose:late"
            )
        if performative == "inform" and content["kind"] == "result":
            return event if event == "?inform:badresult" else "?inform:result"
        if performative in ("inform", "failure"):
            return f"?{performative}:{content['kind']}"
        if performative == "not-understood":
            about = self.said_ids.get(message.get("in_reply_to", ""))
            meant = "accept" if about == "accept-proposal" else "cfp"
            return f"?not-understood:{meant}" if content["reason"] == "schema" else "?not-understood:other"
        return f"?{performative}"

    def _fenced(self, entry: Entry, message: Message) -> bool:
        award = entry.award
        fence = ("slot", "epoch")
        return award is not None and all(message["content"][name] == award["content"][name] for name in fence)

    # ---- what the initiator does by itself

    def own(self, event: str, peer: str | None, at: int) -> None:
        if peer is not None:
            self._own_of_one(event, peer, at)
            return
        if event.startswith(BEGINS_A_STEP):
            self._end_of_step()
        if event == "@deadline" and at < self.closes_at:
            raise BrokenRuleError(
                "early", {"C3", "R3"}, f"the round closes {self.closes_at - at} ms before its deadline"
            )
        held = [one for one in self.entries.values() if one.state in self.i.having["held"]]
        guards = {
            "bidders": bool(self.entries),
            "more_rounds": self.cfp is not None and self.round < self.cfp["content"]["max_rounds"],
            "mediation_unused": not self.mediated,
            "runner_up_live": any(at < one.offer_until for one in held),
        }
        row = self.c.step(self.state, event, guards)
        if row is None:
            raise BrokenRuleError("no-row", self.c.rows_with(event), f"table C has no row for {event} in {self.state}")
        self._derived(event, row)
        self.state = after(row, self.state)
        self.mediated = self.mediated or event == "#escalate"
        self.fired = frozenset(fired[2:] for fired in row.fires if fired.startswith("I:"))
        self.owed += [Owed(peer, sent, row) for sent in row.sends for peer in self.entries]
        if event == "=slot-freed":
            freed = next(slot for slot in self.slots.values() if slot.state == "freed")
            freed.state = "open" if guards["runner_up_live"] else "given up"

    def _derived(self, event: str, row: Row) -> None:
        """A derived event must follow from table I and the slots."""
        states = [slot.state for slot in self.slots.values()]
        over = set(states) <= {"done", "given up"}
        true = {
            "=all-answered": not self._those_not("answered"),
            "=no-live-offer": not self._those("offer"),
            "=slot-freed": "freed" in states,
            "=slots-all-done": set(states) == {"done"},
            "=slots-some-done": over and set(states) == {"done", "given up"},
            "=slots-none-done": set(states) == {"given up"},
            "=all-settled": all(entry.state in self.i.final for entry in self.entries.values()),
        }
        if not true.get(event, True):
            raise BrokenRuleError("untrue", row.cited, f"{event} does not follow from what was heard")

    def _own_of_one(self, event: str, peer: str, at: int) -> None:
        entry = self.entries[peer]
        if event in self.fired:
            pass
        elif event in ("#award", "#hold", "#reject", "#reinvite", "#cancel", "@deadline"):
            raise BrokenRuleError("unasked", self._rows_firing(event), f"no row of table C asks for {event} now")
        else:
            self._end_of_step()
        row = self.i.step(entry.state, event)
        if row is None:
            raise BrokenRuleError("no-row", self.i.rows_with(event), f"table I has no row for {event} in {entry.state}")
        if event == "@lease" and at < entry.lease_until:
            raise BrokenRuleError("early", {"G7", "I29"}, "the lease has not lapsed")
        if event == "@result-due" and entry.award and at < entry.awarded_at + entry.award["content"]["work_within_ms"]:
            raise BrokenRuleError("early", {"G6", "I29"}, "the result is not overdue")
        if event == "#award" and at >= entry.offer_until:
            raise BrokenRuleError("early", {"G4", "I19"}, "the offer is over")
        self._apply(peer, row)

    def _rows_firing(self, event: str) -> frozenset[str]:
        return frozenset[str]().union(*(row.cited for row in self.c.rows if f"I:{event}" in row.fires))

    def _apply(self, peer: str, row: Row) -> None:
        entry = self.entries[peer]
        was, entry.state = entry.state, after(row, entry.state)
        self.owed += [Owed(peer, sent, row) for sent in row.sends]
        if entry.state not in self.i.having["offer"] | self.i.having["awarded"]:
            entry.offer = None
        if was in self.i.having["awarded"] and entry.state not in self.i.having["awarded"] and entry.award:
            slot = self.slots[entry.award["content"]["slot"]]
            slot.state, slot.holder = "done" if entry.state in self.i.having["credited"] else "freed", None

    # ---- what is said

    def said(self, message: Message, peers: list[str], at: int) -> None:
        for peer in peers:
            due = [one for one in self.owed if one.peer == peer and is_what_is_sent(one.sent, one.row, message)]
            if not due:
                breaks = self.i.rows_sending(message["performative"]) | self.c.rows_sending(message["performative"])
                if message["performative"] == "not-understood":
                    breaks |= {"R8"}
                raise BrokenRuleError(
                    "unowed", breaks, f"{message['performative']} to {peer}, which no row has asked for"
                )
            self.owed.remove(due[0])
        self.said_ids[message["reply_with"]] = message["performative"]
        content = message["content"]
        if message["performative"] == "cfp":
            self.cfp, self.round = message, content["round"]
            self.closes_at = at + content["reply_within_ms"]
        if message["performative"] == "accept-proposal":
            self._awarded(message, peers[0], at)

    def _awarded(self, message: Message, peer: str, at: int) -> None:
        content, entry = message["content"], self.entries[peer]
        if entry.offer is None or content["offer"] != entry.offer["content"]["offer"]:
            raise BrokenRuleError("envelope", {"I19"}, "the offer accepted is not the one on file")
        slot = self.slots.get(content["slot"])
        if slot is None or slot.state != "open" or slot.holder is not None:
            raise BrokenRuleError("envelope", {"G8", "G17"}, "the slot does not exist or is taken")
        if content["epoch"] <= slot.epoch:
            raise BrokenRuleError("envelope", {"G8"}, "the slot's epoch does not go up")
        slot.state, slot.holder, slot.epoch = "held", peer, content["epoch"]
        entry.award, entry.awarded_at = message, at
        entry.lease_until = at + content["lease_ms"] + content["pickup_ms"]

    # ---- what must hold when a step is over

    def _end_of_step(self) -> None:
        self.fired = frozenset()
        if self.owed:
            one = self.owed[0]
            raise BrokenRuleError("owed", one.row.cited, f"{one.sent} to {one.peer} was not said")
        freed = any(slot.state == "freed" for slot in self.slots.values())
        if self.state in self.c.having["awaiting"] and freed:
            raise BrokenRuleError("owed", {"C14", "C15", "G9"}, "a slot is free, and nothing followed")
        undecided = self.c.having["collecting"] | self.c.having["evaluating"] | self.c.having["mediating"]
        if self.state in undecided | {self.c.start}:
            return
        for wanted, peers in (("answered", self._those_not("answered")), ("decided", self._those("biddable"))):
            if peers:
                raise BrokenRuleError(
                    "owed", {"R3", "C3", "C5"}, f"{', '.join(peers)}: not {wanted} and the decision is taken"
                )
        if self.state in self.c.having["closed"] | self.c.having["cancelling"]:
            over = self.i.final | self.i.having["cancelling"]
            left = [peer for peer, entry in self.entries.items() if entry.state not in over]
            if left:
                raise BrokenRuleError("owed", {"R3", "C16", "C19"}, f"{', '.join(left)}: left without an answer")

    def end(self) -> None:
        """The transcript is over."""
        self._end_of_step()
        if self.c.outcomes.get(self.state) != self.header["outcome"]:
            raise BrokenRuleError(
                "open-end", {"R15"}, f"ends in {self.state}, the header says {self.header['outcome']}"
            )

    def _those(self, wanted: str) -> list[str]:
        return [peer for peer, entry in self.entries.items() if entry.state in self.i.having[wanted]]

    def _those_not(self, wanted: str) -> list[str]:
        return [peer for peer, entry in self.entries.items() if entry.state not in self.i.having[wanted]]
