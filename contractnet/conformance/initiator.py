"""An initiator's log: tables C and I together, in steps.

A step begins with a message taken, a timer, `#open`, `#extend`, `#cancel`, the answer of a mediator, or when the clock
moves. What one row of table C raises in table I happens within the step, and so does what is derived. Before the next
one begins all that its rows send has been said, and nothing that follows from it is left undone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from contractnet.conformance.conversation import Conversation
from contractnet.conformance.entries import CHECKED_LATER, Entries
from contractnet.conformance.envelope import OPEN_CALL
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.hidden import Hidden
from contractnet.conformance.hidden_participant import HiddenParticipant
from contractnet.conformance.lines import Header, Line, Message
from contractnet.conformance.slots import Slots
from contractnet.conformance.tables import Protocols, Row, Table
from contractnet.conformance.terms import judge_accept, judge_reject
from contractnet.conformance.walk import Walk, misread, no_row

#: how an event begins with which a step does
BEGINNINGS: Final = ("@", "#open", "#cancel", "#extend", "=choice", "=mediation")
#: events of table I that only a row of table C raises
RAISED: Final = frozenset({"#award", "#hold", "#reject", "#reinvite", "#cancel", "@deadline"})
#: what the task's own check says of a result
RESULTS: Final = frozenset({"?inform:result", "?inform:badresult"})
#: no event of a table: this participant's presence has ended, and nobody waits for it any more (D6)
GONE: Final = "gone"


class InitiatorWalk(Walk):
    """Where an initiator stands."""

    def __init__(self, header: Header, protocols: Protocols) -> None:
        super().__init__(header, protocols, "C", "I")
        self._p: Table = protocols.table("P", header.protocol)
        self._entries = Entries(protocols.table("I", header.protocol), protocols.schema, header.participants)
        self._slots = Slots(header.slots, header.awards)
        self._c = Conversation(protocols.table("C", header.protocol), self._entries, self._slots)
        self._hidden: dict[str, Hidden[Any]] = {peer: HiddenParticipant(self._p) for peer in header.participants}
        self._open_call: Message | None = None
        self._row: Row | None = None  #: of table C, the last one taken in this step
        self._decided = False  #: that row was taken where offers are decided on
        self._raised: Counter[str] = Counter()  #: events of table I in this step
        self._step_at = 0

    def hidden(self, peer: str) -> Hidden[Any]:
        if peer not in self._hidden:
            if self._open_call is None:
                raise BrokenRuleError("envelope", {"M1"}, f"{peer} was not called")
            self._hidden[peer] = HiddenParticipant(self._p)
            self._hidden[peer].told(self._open_call)
        return self._hidden[peer]

    # ---- a message is taken

    def heard(self, line: Line) -> None:
        self._begin(line.at)
        (peer,), event, message = line.peers, str(line.event), line.spoken
        collecting, table = self._c.has("collecting"), self._entries.table
        if peer not in self._entries:
            self._entries.join(peer, collecting and self._c.round == 1)
        unit = None if self._c.cfp is None else self._c.cfp["terms"]["unit"]
        possible = self._entries.read(line, self._c.round, collecting, unit)
        if event not in possible:
            rules = frozenset[str]().union(*(table.rules_with(one) for one in possible))
            raise misread(message, event, rules | table.rules_with(event))
        entry = self._entries[peer]
        if event == CHECKED_LATER:
            entry.checking = message
            return
        row = table.step(entry.state, event)
        awarded = entry.state in table.having["awarded"]
        if awarded and event == "?failure:task" and not entry.fenced(message["content"]):
            row = None  # of no award that runs
        if awarded and entry.checking is not None and event in RESULTS:
            row = None  # a result is in already
        if row is None:
            self.without_row(line)
            return
        if awarded and event == "?inform:result" and not entry.fenced(message["content"]):
            raise misread(message, event, {"G8", "I25"})
        if event == "?propose:ok" and not row.sends:
            entry.offer, entry.price = message, message["content"]["price"]
            entry.offer_until = line.at + message["content"]["valid_for_ms"]
        if event == "?inform:progress" and awarded and entry.fenced(message["content"]) and entry.award is not None:
            entry.lease_until = line.at + entry.award["content"]["lease_ms"]
        if message["performative"] == "propose":
            entry.offers.add(str(message["content"].get("offer")))
        self._move(peer, row, event, message)

    # ---- something of its own

    def own(self, line: Line) -> None:
        event, at = str(line.event), line.at
        if (line.peers or event == GONE) and not any(peer in self._entries for peer in line.peers):
            raise BrokenRuleError("format", {"format"}, f"{', '.join(line.peers) or 'nobody'} is no participant")
        if event == GONE:
            self._begin(at)
            self._entries[line.peers[0]].gone = True
        elif line.peers:
            self._own_of_one(line.peers[0], event, at)
        else:
            if event.startswith(BEGINNINGS) or at > self._step_at:
                self._begin(at)
            elif self._row is not None:
                self._all_done(self._row)
            deciding = self._c.has("evaluating") or self._c.has("mediating")
            state, row = self._c.state, self._c.take(event, at)
            self.note(row, state, event)
            self._row, self._decided = row, deciding
            for peer in self._entries.all:
                self.debts.add(peer, row)

    def _own_of_one(self, peer: str, event: str, at: int) -> None:
        entry, table = self._entries[peer], self._entries.table
        if event in RAISED:
            if self._row is None or f"I:{event}" not in self._row.fires or at != self._step_at:
                rules = self._c.table.rules_firing(f"I:{event}")
                rules |= self._row.rules if self._row is not None else frozenset()
                raise BrokenRuleError("unasked", rules, f"no row of table C asks for {event} now")
        elif event != "@offer-lapse" or at > self._step_at:
            self._begin(at)  # an offer may end within a step: it is looked at where it is to be used
        row, verdict_on = table.step(entry.state, event), entry.checking if event in RESULTS else None
        if row is None or (event.startswith("?") and verdict_on is None):
            raise no_row("I", event, entry.state, table.rules_with(event))
        self._entries.early(peer, event, at)
        if event == "#hold" and len(self._entries.having("held")) >= self._runners_up:
            raise BrokenRuleError("unasked", row.rules | {"G9"}, "more are held than there are slots")
        self._raised[event] += 1
        self._move(peer, row, event, verdict_on)
        entry.checking = None if verdict_on is not None else entry.checking
        entry.gone = entry.gone or event == "#returned"  # what reaches nobody finds nobody there
        entry.waited_for = entry.waited_for or event == "#reinvite"

    @property
    def _runners_up(self) -> int:
        """How many may be held: nobody where a winner may take several slots (G17)."""
        shared = self._c.cfp is not None and {"parts", "items"} & self._c.cfp["terms"].keys()
        return 0 if shared else self._slots.number

    def _move(self, peer: str, row: Row, event: str, message: Message | None) -> None:
        """Take a row of table I; `message` is what it was taken for."""
        entry = self._entries[peer]
        self.note(row, entry.state, event)
        offer, about = entry.on_file, None
        if message is not None:
            offer, about = message["content"].get("offer"), message["reply_with"]
        elif "accept-proposal" in row.sends and entry.offer is not None:
            about = entry.offer["reply_with"]
        names_it = row.one_offer or {"accept-proposal", "cfp"} & set(row.sends)
        self.debts.add(peer, row, offer=offer if names_it else None, about=about)
        award = entry.award
        if self._entries.move(peer, row) and award is not None:
            credited = entry.state in self._entries.table.having["credited"]
            self._slots.left(award["content"], credited)

    # ---- a message is said

    def said(self, line: Line) -> None:
        message, at = line.spoken, line.at
        self.debts.pay(message, line.peers)
        self._entries.said(message)
        if message["performative"] == "cfp":
            self._c.called(message, at)
            if str(message["receiver"]).startswith(OPEN_CALL):
                self._open_call = message
        elif message["performative"] == "accept-proposal":
            entry = self._entries[line.peers[0]]
            chosen = self._row is not None and "=choice-award" in self._row.events
            judge_accept(message, entry.offer, self._c.cfp, chosen)
            items = () if self._c.cfp is None else self._c.cfp["terms"].get("items", ())
            self._slots.award(message["content"], items)
            terms = message["content"]
            entry.award, entry.awarded_at = message, at
            entry.lease_until = at + terms["lease_ms"] + terms["pickup_ms"]
        elif message["performative"] == "reject-proposal":
            judge_reject(message, [self._entries[peer].price for peer in line.peers], self._c.cfp)

    # ---- what must hold when a step is over

    def _begin(self, at: int) -> None:
        self._end_of_step()
        self._row, self._raised, self._step_at = None, Counter(), at

    def _end_of_step(self) -> None:
        self.debts.settled()
        row = self._row
        if row is not None:
            self._all_done(row)
        if rules := self._c.due():
            raise BrokenRuleError("owed", rules, f"something follows in {self._c.state}, and did not come")
        if self._c.has("closed") or self._c.has("cancelling"):
            over = self._entries.table.final | self._entries.table.having["cancelling"]
            left = [peer for peer in self._entries.all if self._entries[peer].state not in over]
            if left:
                raise BrokenRuleError("owed", {"R3", "C16", "C19", "R9"}, f"{', '.join(left)}: left without an answer")

    def _all_done(self, row: Row) -> None:
        """Whether all that a row of table C raises in table I has happened."""
        if "I:@deadline" in row.fires and (left := self._entries.unanswered()):
            raise BrokenRuleError("owed", row.rules | {"R3", "I13", "I14"}, f"{', '.join(left)}: not found silent")
        if self._decided and "I:#reject" in row.fires and (left := self._entries.having("biddable")):
            raise BrokenRuleError("owed", row.rules | {"R3"}, f"{', '.join(left)}: not decided on")
        for event in ("#award", "#reinvite"):
            if f"I:{event}" in row.fires and not self._raised[event]:
                raise BrokenRuleError("owed", row.rules | {"R3"}, f"nobody got {event}")
        if self._decided and "I:#award" in row.fires:
            self._slots.give_up_open()

    def end(self) -> None:
        self._end_of_step()
        outcome = self._c.table.outcomes.get(self._c.state)
        if outcome != self.header.outcome:
            text = f"ends in {self._c.state}, the header says {self.header.outcome}"
            raise BrokenRuleError("open-end", {"R15"}, text)
