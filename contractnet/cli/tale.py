"""What became of one tender, read from its entries: who bid what in which round, why each lost, what went wrong.

Nothing is known here but what a ledger holds, so a table made of tales says what was recorded and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import msgspec

from contractnet.ledger import records as common
from contractnet.ledger.port import Entry
from contractnet.manager import kinds
from contractnet.manager import records as manager
from contractnet.messages.acts import Failure, NotUnderstood, Propose, Refuse, RejectProposal
from contractnet.messages.contents import TaskFailureContent
from contractnet.messages.values import RejectReason, show_amount

_UNCLEAR: Final = "not understood"
_REPAIRED: Final = ", then repaired"
_CHOICES: Final = {"offer": "takes the offer", "round": "grants one more round", "none": "takes none"}
#: how a winner lost its slot
_LOSSES: Final = {
    "check": "failed the check",
    "invalid-result": "gave a result outside its schema",
    "lease": "was silent for a whole lease",
    "result-deadline": "was overdue",
}
_KINDS: Final[dict[str, type[common.Record]]] = {**kinds.FACTS, **kinds.CONCLUSIONS}


class Mark(Enum):
    """How it ended for a bidder."""

    WON = "won"
    LOST = "lost"
    NO_BID = "no bid"
    TROUBLE = "trouble"


@dataclass(slots=True)
class Part:
    """What one agent did in a tender."""

    agent: str
    prices: list[int] = field(default_factory=list[int])  #: asked in each round, micros
    eta: int | None = None  #: seconds
    confidence: int | None = None  #: ppm, as stated
    verdict: str = ""  #: of the rule, in the last round
    mark: Mark = Mark.NO_BID
    notes: list[str] = field(default_factory=list[str])  #: what happened on the way, in order
    excuse: str = ""  #: why its work failed, in its own words

    def words(self) -> str:
        """What became of it."""
        before = [f"asked {', '.join(map(show_amount, self.prices[:-1]))} before"] if len(self.prices) > 1 else []
        return ", ".join([*self.notes, *([self.verdict] if self.verdict else []), *before])


@dataclass(slots=True)
class Tale:
    """What became of one tender."""

    tender: str
    task: str = ""
    skill: str = ""
    unit: str = ""
    rule: str = ""
    reserve: int | None = None  #: micros a slot
    slots: int = 1
    rounds: int = 0
    parts: dict[str, Part] = field(default_factory=dict[str, Part])  #: by agent, those with a score first
    events: list[str] = field(default_factory=list[str])  #: of the tender as a whole, in order
    bids: tuple[manager.Assessed, ...] = ()  #: as the rule judged them last
    objection: str = ""  #: of the last check that said no
    ended: manager.Ended | None = None
    conversation: str | None = None  #: of its last call

    @property
    def saved(self) -> int:
        """What was held for the slots that were filled and not paid, micros."""
        if self.ended is None or self.reserve is None:
            return 0
        return sum(self.reserve - one.price for one in self.ended.filled)

    def part(self, agent: str) -> Part:
        """What that agent did."""
        return self.parts.setdefault(agent, Part(agent))


def tales(entries: Iterable[Entry]) -> list[Tale]:
    """The tales of a manager's ledger, in the order in which its tenders were opened."""
    found: dict[str, Tale] = {}
    for entry in entries:
        kind = _KINDS.get(entry.type)
        if kind is None:
            continue
        tender = entry.conversation.partition(".")[0]
        if entry.type == manager.Opened.__name__:
            found[tender] = Tale(tender)
        if tender in found:
            _tell(found[tender], entry, msgspec.json.decode(entry.body, type=kind))
    return list(found.values())


def _tell(tale: Tale, entry: Entry, record: common.Record) -> None:
    match record:
        case manager.Opened():
            terms = record.terms
            tale.task, tale.skill, tale.unit, tale.rule = record.spec.task, record.spec.skill, terms.unit, terms.rule
            tale.reserve, tale.slots = terms.reserve, terms.slots
        case manager.Invited():
            tale.conversation = entry.conversation
            if record.number > 1:
                tale.events.append(f"called again, call {record.number}")
        case common.Heard():
            _heard(tale, record)
        case common.Misheard():
            tale.part(record.sender)  # it is answered: see what is said to it
        case common.Said():
            _said(tale, record)
        case manager.Decided():
            _decided(tale, record)
        case manager.Bargained():
            deals = ", ".join(f"{agent} at {show_amount(one.price)}" for agent, one in record.agreed.items())
            tale.events.append(
                f"the price was bargained over: {f'agreed with {deals}' if deals else 'nothing was agreed'}"
            )
        case manager.Mediated():
            whose = next((f" of {bid.participant}" for bid in tale.bids if bid.offer == record.offer), "")
            tale.events.append(f"a deadlock: {record.mediator} {_CHOICES[record.choice]}{whose}{_because(record.why)}")
        case _:
            _outcome(tale, record)


def _heard(tale: Tale, record: common.Heard) -> None:
    act = record.message
    if isinstance(act, Propose):
        part = tale.part(act.sender)
        part.eta, part.confidence, part.mark = act.content.eta, act.content.confidence, Mark.LOST
        del part.prices[act.content.round - 1 :]
        part.prices.append(act.content.price)
        if part.notes and part.notes[-1].startswith(_UNCLEAR) and not part.notes[-1].endswith(_REPAIRED):
            part.notes[-1] += _REPAIRED
    elif isinstance(act, Refuse):
        part = tale.part(act.sender)
        part.mark = Mark.NO_BID if not part.prices else part.mark
        part.notes.append(f"refuses: {act.content.reason.value}{_because(act.content.text)}")
    elif isinstance(act, Failure) and isinstance(act.content, TaskFailureContent):
        tale.part(act.sender).excuse = act.content.text


def _said(tale: Tale, record: common.Said) -> None:
    act = record.message
    for agent in record.receivers:
        if isinstance(act, NotUnderstood) and act.content.about == "propose":
            faults = "; ".join(f"{fault.path.removeprefix('$.content.')}: {fault.text}" for fault in act.content.fields)
            tale.part(agent).notes.append(f"{_UNCLEAR} ({faults})")
        elif isinstance(act, RejectProposal) and act.content.reason is RejectReason.LATE:
            part = tale.part(agent)
            part.verdict = f"late by {(act.content.late_by_ms or 0) / 1000:.2f} s"
            part.mark = Mark.TROUBLE


def _decided(tale: Tale, record: manager.Decided) -> None:
    tale.rounds, tale.bids = record.round, record.bids
    tale.parts = {**{bid.participant: tale.part(bid.participant) for bid in record.bids}, **tale.parts}
    for bid in record.bids:
        part = tale.part(bid.participant)
        part.mark = Mark.LOST
        part.verdict = "wins" if bid.reason is None else bid.reason.value
        if bid.reason is RejectReason.OUTBID and bid.margin < 0:
            part.verdict += f" by {show_amount(-bid.margin)}"
        if bid.participant == record.runner_up:
            part.verdict += ", runner-up"
    for agent in record.silent:
        part = tale.part(agent)
        part.verdict, part.mark = "silent", Mark.TROUBLE
    if record.ties:
        tale.events.append(f"a tie of {', '.join(record.ties)}, drawn by the recorded seed")


def _outcome(tale: Tale, record: common.Record) -> None:
    match record:
        case manager.Awarded():
            part = tale.part(record.participant)
            taken = part.verdict.startswith("outbid")
            part.mark, part.verdict = Mark.WON, "takes over" if taken else "wins"
        case manager.Checked() if not record.ok:
            tale.objection = record.reason
        case manager.Freed() if record.reason != "user":  # of a cancelled one its truth is told
            part = tale.part(record.participant)
            part.mark = Mark.TROUBLE
            how = _LOSSES.get(record.reason, record.reason)
            why = tale.objection if record.reason == "check" else part.excuse or record.detail
            part.verdict = f"won, then {how}{_because(why)}"
        case manager.CancelAsked():
            tale.events.append("no longer wanted" if record.reason == "user" else f"to be stopped: {record.reason}")
        case manager.Closed():
            for agent, truth in record.truth.items():
                part = tale.part(agent)
                before = f"{part.verdict}, then " if part.verdict else ""
                part.verdict, part.mark = f"{before}cancelled: {truth}", Mark.TROUBLE
        case manager.Ended():
            tale.ended = record
        case _:
            pass


def _because(why: str) -> str:
    return f" ({why})" if why else ""
