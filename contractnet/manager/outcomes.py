"""Outcomes: what the awards of a ledger came to, in its order, as probabilities for the awards that follow. Pure.

What counts as an outcome, one for each award (D15):

1. A slot with a credited result: good, as its tender ends; so it ended with a valid `inform`, and its `check`, where
   there is one, said yes. A later verdict (`Judged`) stands before that, the last one first; it speaks of every
   credited result of the tender, whenever it comes.
2. A slot that was lost, at once: bad, whatever the holder says of it: a failure, a lapsed lease, a result that is late,
   not valid, or does not pass the check; also work that was handed back, so that nobody does that to keep a record
   clean.
3. No outcome: the manager took the slot away itself, or the offer had ended while its award was on the way.

It reads records alone: `Opened`, `Awarded`, `Freed`, `Ended`, `Judged`, `Started`, and what is granted for exploration
and given up by it; the book feeds it, and so may whoever reads a ledger. Every number follows from the entries before.
Source: D15; the maths is in `mechanisms.calibration`.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from contractnet.ledger.records import Record
from contractnet.manager.paid import ExplorationGranted
from contractnet.manager.records import Awarded, Decided, Ended, Freed, Judged, Opened, Started
from contractnet.mechanisms.calibration.known import Basis, Known, Outcome
from contractnet.mechanisms.calibration.records import Calibrated
from contractnet.messages.values import TaskFailure

#: what a slot is lost to that says nothing of its holder: an offer that ended while its award was on the way
_CROSSED: Final = frozenset({TaskFailure.WITHDRAWN.value, TaskFailure.OFFER_EXPIRED.value})


class _Tender(Struct, kw_only=True):
    """What is known of one tender."""

    skill: str
    checked: bool
    awards: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])  #: slot -> (agent, stated)
    good: list[Outcome] = field(default_factory=list[Outcome])  #: of its credited results
    verdict: bool | None = None  #: the last one


class Exploration(Struct, kw_only=True):
    """What may be given up to learn, and what was."""

    granted: int = 0  #: micros
    unit: str = ""  #: empty: nothing was granted
    spent: int = 0  #: micros, in whatever unit: a ledger explores in one


class Outcomes(Known):
    """What is known of the bidders of one ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.exploration = Exploration()
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
            case ExplorationGranted():
                self.exploration.granted, self.exploration.unit = record.amount, record.unit
            case Decided() if record.explored is not None:
                self.exploration.spent += record.explored.cost
            case _:
                pass

    # ---- parts

    def _of(self, conversation: str) -> _Tender:
        return self._tenders[conversation.partition(".")[0]]

    def _lost(self, tender: _Tender, lost: Freed) -> None:
        agent, stated = tender.awards.pop(lost.slot)
        if counts(lost):
            self.learn(agent, tender.skill, stated, False, "lost")

    def _ended(self, tender: _Tender, ended: Ended) -> None:
        for filled in ended.filled:
            agent, stated = tender.awards[filled.slot]
            tender.good.append(self.learn(agent, tender.skill, stated, tender.verdict is not False, _basis(tender)))
        tender.awards.clear()

    def _judged(self, tender: _Tender, ok: bool) -> None:
        for one in tender.good:
            self.turn(one, ok, _basis(tender), "verdict")
        tender.verdict = ok


def _basis(tender: _Tender) -> Basis:
    """What its credited results rest on."""
    if tender.verdict is not None:
        return "verdict"
    return "check" if tender.checked else "inform"


def counts(lost: Freed) -> bool:
    """Whether a lost slot is a bad outcome of its holder: rule 3 says when it is none."""
    return lost.reason != "user" and lost.detail not in _CROSSED
