"""Outcomes: what the awards of a ledger came to, in its order, as probabilities for the awards that follow. Pure.

What counts as an outcome, one for each award (D15):

1. A slot with a credited result: good, as its tender ends; so it ended with a valid `inform`, and its `check`, where
   there is one, said yes. A later verdict (`Judged`) stands before that, the last one first; it speaks of every
   credited result of the tender, whenever it comes.
2. A slot that was lost, at once: bad, whatever the holder says of it: a failure, a lapsed lease, a result that is late,
   not valid, or does not pass the check; also work that was handed back, so that nobody does that to keep a record
   clean.
3. No outcome: the manager took the slot away itself, or the offer had ended while its award was on the way.

It reads records alone: `Opened`, `Awarded`, `Freed`, `Ended`, `Judged`, `Started`; the book feeds it, and so may
whoever reads a ledger. Every number follows from the entries before it.
Source: D15; the maths is in `mechanisms.calibration`.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct, field

from contractnet.ledger.records import Record
from contractnet.manager.records import Awarded, Ended, Freed, Judged, Opened, Started
from contractnet.mechanisms.calibration.records import Calibrated, Policy, Records
from contractnet.messages.values import TaskFailure

#: what an outcome rests on: a later verdict; the task's check; a valid result; or the slot was lost
Basis = Literal["verdict", "check", "inform", "lost"]
#: what a slot is lost to that says nothing of its holder: an offer that ended while its award was on the way
_CROSSED: Final = frozenset({TaskFailure.WITHDRAWN.value, TaskFailure.OFFER_EXPIRED.value})


class Outcome(NamedTuple):
    """The place of one outcome among the records."""

    agent: str
    skill: str
    which: int  #: of the agent's outcomes at the skill, from 0


class _Tender(Struct, kw_only=True):
    """What is known of one tender."""

    skill: str
    checked: bool
    awards: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])  #: slot -> (agent, stated)
    good: list[Outcome] = field(default_factory=list[Outcome])  #: of its credited results
    verdict: bool | None = None  #: the last one


class Outcomes:
    """The records of one ledger, and how they came to be."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.records = Records(policy)
        self.bases: dict[tuple[str, str], dict[Basis, int]] = {}  #: (agent, skill) -> how many rest on what
        self._tenders: dict[str, _Tender] = {}

    def probability(self, agent: str, skill: str, stated: int) -> Calibrated:
        """What an award uses in the place of a stated confidence, ppm."""
        return self.records.probability(agent, skill, stated)

    def follow(self, conversation: str, record: Record) -> None:
        """The next entry of the ledger.

        Args:
            conversation: of the entry: of a call, or a tender's id.
        """
        match record:
            case Started() if record.calibration is not None and record.calibration != self.records.policy:
                self.records = self.records.under(record.calibration)
            case Opened():
                self._tenders[conversation] = _Tender(skill=record.spec.skill, checked=record.checked)
            case Awarded():
                self._of(conversation).awards[record.slot] = (record.participant, record.confidence)
            case Freed():
                self._lost(self._of(conversation), record)
            case Ended():
                self._ended(self._of(conversation), record)
            case Judged():
                self._judged(self._of(conversation), record.ok)
            case _:
                pass

    # ---- parts

    def _of(self, conversation: str) -> _Tender:
        return self._tenders[conversation.partition(".")[0]]

    def _lost(self, tender: _Tender, lost: Freed) -> None:
        agent, stated = tender.awards.pop(lost.slot)
        if counts(lost):
            self._learn(tender, agent, stated, "lost", ok=False)

    def _ended(self, tender: _Tender, ended: Ended) -> None:
        for filled in ended.filled:
            agent, stated = tender.awards[filled.slot]
            ok = tender.verdict is not False
            basis = _basis(tender) if tender.verdict is None else "verdict"
            tender.good.append(self._learn(tender, agent, stated, basis, ok=ok))
        tender.awards.clear()

    def _judged(self, tender: _Tender, ok: bool) -> None:
        for one in tender.good:
            self.records.turn(one.agent, one.skill, one.which, ok)
            if tender.verdict is None:
                self._count(one.agent, one.skill, _basis(tender), -1)
                self._count(one.agent, one.skill, "verdict", 1)
        tender.verdict = ok

    def _learn(self, tender: _Tender, agent: str, stated: int, basis: Basis, *, ok: bool) -> Outcome:
        self._count(agent, tender.skill, basis, 1)
        return Outcome(agent, tender.skill, self.records.learn(agent, tender.skill, stated, ok))

    def _count(self, agent: str, skill: str, basis: Basis, more: int) -> None:
        bases = self.bases.setdefault((agent, skill), {})
        bases[basis] = bases.get(basis, 0) + more


def _basis(tender: _Tender) -> Basis:
    return "check" if tender.checked else "inform"


def counts(lost: Freed) -> bool:
    """Whether a lost slot is a bad outcome of its holder: rule 3 says when it is none."""
    return lost.reason != "user" and lost.detail not in _CROSSED
