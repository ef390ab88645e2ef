"""The participants of an initiator's log: where each stands in table I, its offer and its award."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from contractnet.conformance.envelope import OTHER
from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.lines import Line, Message
from contractnet.conformance.schema import Schema
from contractnet.conformance.tables import Row, Table, after
from contractnet.conformance.walk import plain_event

#: an offer is used no more at most so long before its end, milliseconds (G4)
OFFER_MARGIN_MS: Final = 2_000
#: the event of a result that the task's own check is to judge: the row is taken with its verdict (D11)
CHECKED_LATER: Final = "?inform:checked"


@dataclass
class Entry:
    """One participant."""

    state: str
    waited_for: bool = True  #: in the open round; not an agent that joined an open call, until it is called again (D6)
    gone: bool = False  #: its presence has ended, or a call did not reach it: not waited for either
    offer: Message | None = None  #: the proposal on file
    price: int = 0  #: of its last valid proposal
    offer_until: int = 0
    offers: set[str] = field(default_factory=set[str])  #: ids it has used
    award: Message | None = None  #: the accept-proposal
    awarded_at: int = 0
    lease_until: int = 0
    checking: Message | None = None  #: a result of which the task's own check has not spoken yet (D11)

    @property
    def on_file(self) -> str | None:
        """Id of the offer on file."""
        return None if self.offer is None else str(self.offer["content"]["offer"])

    def fenced(self, content: Message) -> bool:
        """Whether a message about work names slot and epoch of the award; what it leaves out it does not deny."""
        award = self.award
        named = [name for name in ("slot", "epoch") if name in content]
        return award is not None and all(content[name] == award["content"][name] for name in named)


class Entries:
    """All of them."""

    def __init__(self, table: Table, schema: Schema, expected: Iterable[str]) -> None:
        self.table = table
        self._schema = schema
        self._by_name = {name: Entry(table.start) for name in expected}
        self._acts: dict[str, str] = {}  #: reply_with -> performative, of what the initiator said

    def __getitem__(self, peer: str) -> Entry:
        return self._by_name[peer]

    def __contains__(self, peer: str) -> bool:
        return peer in self._by_name

    @property
    def all(self) -> tuple[str, ...]:
        """Every participant, in the order of its appearance."""
        return tuple(self._by_name)

    def having(self, wanted: str) -> list[str]:
        """Participants in a state with this property."""
        return [name for name, entry in self._by_name.items() if entry.state in self.table.having[wanted]]

    def unanswered(self, waited_for: bool = False) -> list[str]:
        """Participants that have not answered; only those that the round waits for, if so asked."""
        answered = self.table.having["answered"]
        return [
            name
            for name, entry in self._by_name.items()
            if entry.state not in answered and ((entry.waited_for and not entry.gone) or not waited_for)
        ]

    def unsettled(self) -> list[str]:
        """Participants in no final state."""
        return [name for name, entry in self._by_name.items() if entry.state not in self.table.final]

    def join(self, peer: str, in_time: bool) -> None:
        """An agent answers an open call that did not wait for it (D6); after the first round it begins as silent."""
        silent = next(row.next for row in self.table.rows if "@deadline" in row.events)
        self._by_name[peer] = Entry(self.table.start if in_time else silent, waited_for=False)

    def said(self, message: Message) -> None:
        """The initiator said this."""
        self._acts[message["reply_with"]] = message["performative"]

    def move(self, peer: str, row: Row) -> bool:
        """Take a row; returns whether the participant has left an award."""
        entry = self._by_name[peer]
        was, entry.state = entry.state, after(row, entry.state)
        awarded = self.table.having["awarded"]
        if entry.state not in self.table.having["offer"] | awarded:
            entry.offer = None
        return was in awarded and entry.state not in awarded and entry.award is not None

    # ---- the gate's classification (README, section 3)

    def read(self, line: Line, open_round: int, collecting: bool, unit: str | None) -> tuple[str, ...]:
        """What a message may be; several where a schema or the task's own check decides that the log does not hold.

        Args:
            open_round: number of the newest round.
            collecting: whether it is open.
            unit: that its cfp asks for.
        """
        message, entry = line.spoken, self._by_name[line.peers[0]]
        performative, content = message["performative"], message["content"]
        if performative == "propose":
            if not collecting or _number(content.get("round")) < open_round:
                return ("?propose:late",)
            fits = content.get("round") == open_round and content.get("unit") == unit
            new = content.get("offer") not in entry.offers
            good = fits and new and not self._schema.misfits(message)
            return ("?propose:ok", "?propose:bad") if good else ("?propose:bad",)
        if performative == "inform" and content["kind"] == "result":
            checkable = entry.state in self.table.having["awarded"] and entry.checking is None
            later = (CHECKED_LATER,) if checkable and entry.fenced(content) else ()
            return ("?inform:result", "?inform:badresult", *later)
        if performative == "not-understood":
            about = self._acts.get(message.get("in_reply_to", ""))
            meant = {"accept-proposal": "accept", "cfp": "cfp"}.get(about or "")
            return (f"?not-understood:{meant}",) if content["reason"] == "schema" and meant else (OTHER,)
        return (plain_event(message),)

    def early(self, peer: str, event: str, at: int) -> None:
        """Raises BrokenRuleError (`early`) where an own event of table I comes before its time."""
        entry = self._by_name[peer]
        if event in ("@lease", "@result-due") and entry.checking is not None:
            raise BrokenRuleError("early", {"D11", "I29"}, "the result is in, and is being checked")
        terms: Message = entry.award["content"] if entry.award is not None else {}
        if event == "@offer-lapse" and at < entry.offer_until - OFFER_MARGIN_MS:
            raise BrokenRuleError("early", {"G4", "I15", "I16", "I23"}, "the offer stands")
        if event == "@lease" and at < entry.lease_until:
            raise BrokenRuleError("early", {"G7", "I29"}, "the lease has not lapsed")
        if event == "@result-due" and at < entry.awarded_at + terms["work_within_ms"]:
            raise BrokenRuleError("early", {"G6", "R10", "I29"}, "the result is not overdue")
        if event == "#award" and at >= entry.offer_until:
            raise BrokenRuleError("late", {"G4", "I19"}, "the offer is over")


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1_000_000
