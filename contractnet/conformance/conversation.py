"""Table C in an initiator's log: the rounds, what they wait for, and whether a derived event follows."""

from __future__ import annotations

from typing import Final

from contractnet.conformance.entries import Entries
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Message
from contractnet.conformance.slots import DONE, FREED, GIVEN_UP, Slots
from contractnet.conformance.tables import Row, Table, after
from contractnet.conformance.walk import no_row

#: how all slots together may have ended -> the states of the slots
ENDINGS: Final = {
    "=slots-all-done": (DONE,),
    "=slots-some-done": (DONE, GIVEN_UP),
    "=slots-none-done": (GIVEN_UP,),
}


class Conversation:
    """Where the conversation stands."""

    def __init__(self, table: Table, entries: Entries, slots: Slots) -> None:
        self.table = table
        self.state = table.start
        self.round = 0
        self.cfp: Message | None = None  #: content of the newest
        self.max_rounds = 0
        self._entries = entries
        self._slots = slots
        self._closes_at = 0
        self._extended = False
        self._mediated = False

    def has(self, wanted: str) -> bool:
        """Whether its state has a property."""
        return self.state in self.table.having[wanted]

    def take(self, event: str, at: int) -> Row:
        """Take an event of table C.

        Raises:
            BrokenRuleError: `no-row`, `untrue` or `early`.
        """
        row = self.table.step(self.state, event, self._guards(at) if event[0] in "#=" else {})
        again = event == "#extend" and self._extended
        if row is None or again:
            early = event == "#award" and self.has("collecting")
            raise no_row("C", event, self.state, self.table.rules_with(event) | ({"G2"} if early else frozenset[str]()))
        if not self._follows(event):
            raise BrokenRuleError("untrue", row.rules, f"{event} does not follow from what was heard")
        if event == "@deadline" and at < self._closes_at:
            rules = row.rules | ({"R14"} if self.round > 1 else frozenset[str]())
            raise BrokenRuleError("early", rules, f"the round has {self._closes_at - at} ms left")
        if event == "=slot-freed":
            self._slots.pass_on("I:#award" in row.fires)
        if "cfp" in row.sends or "I:#reinvite" in row.fires:
            self.round, self._extended = self.round + 1, False
        self._extended = self._extended or event == "#extend"
        self._mediated = self._mediated or event == "#escalate"
        self.state = after(row, self.state)
        return row

    def _guards(self, at: int) -> dict[str, bool]:
        held = [self._entries[peer] for peer in self._entries.having("held")]
        again = not self._slots.any(FREED) or self._slots.may_be_awarded_again
        return {
            "bidders": bool(self._entries.all),
            "more_rounds": self.round < self.max_rounds,
            "mediation_unused": not self._mediated,
            "runner_up_live": again and any(at < one.offer_until for one in held),
        }

    def _follows(self, event: str) -> bool:
        """Whether a derived event is so. What a mediator chose is in a log of its own, and is believed."""
        if event in ENDINGS:
            return self._slots.only(*ENDINGS[event])
        if event == "=all-answered":
            return not self._entries.unanswered(waited_for=True)
        if event == "=no-live-offer":
            return not self._entries.having("offer")
        if event == "=slot-freed":
            return self._slots.any(FREED)
        return event != "=all-settled" or not self._entries.unsettled()

    def due(self) -> frozenset[str]:
        """Rules that are broken when a step ends here: a derived event follows, and did not come."""
        events: list[str] = []
        if self.has("collecting"):
            events = ["=all-answered"]
        elif self.has("awaiting"):
            events = ["=slot-freed", *ENDINGS]
        elif self.has("cancelling"):
            events = ["=all-settled"]
        late = [event for event in events if self._follows(event)]
        return frozenset[str]().union(*(self.table.rules_with(event) for event in late))

    def called(self, message: Message, at: int) -> None:
        """A cfp was said.

        Raises:
            BrokenRuleError: `envelope`: its round, its bound of rounds or its deadline is not that of this round.
        """
        content = message["content"]
        self.max_rounds = self.max_rounds or content["max_rounds"]
        if content["round"] != self.round:
            raise BrokenRuleError("envelope", {"C8", "I22", "R16"}, f"calls for round {content['round']}: {self.round}")
        if content["max_rounds"] != max(self.max_rounds, self.round):
            raise BrokenRuleError("envelope", {"R16", "G15"}, "the bound of the rounds moves")
        if message.get("reply_by", at + 1) <= at:
            raise BrokenRuleError("envelope", {"R14", "R1"}, "the round's deadline is over when it opens")
        if self.round == 1 and "offer" in content:
            raise BrokenRuleError("envelope", {"C1", "G14"}, "the first call names an offer")
        self.cfp, self._closes_at = content, at + content["reply_within_ms"]
