"""What a daemon's journal says of its own agents: what they stated, and how their awards ended as far as they know.

The manager has the last word, and may say it elsewhere: a verdict (`judge`) never comes here, and that a result did not
pass comes only where somebody says so. So these numbers are what an agent can know of its own curve; the manager's
ledger has those that awards go by.

Rules:

1. A result that was said is good, until it is called wrong, or a cancel says that it came too late.
2. Accepted work that failed, was handed back, or was cancelled because its lease or its deadline was over is bad.
3. A cancel for another reason, and an award of an offer that had ended, is no outcome (D15).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from contractnet.ledger.records import Heard, Record, Said
from contractnet.mechanisms.calibration.brier import BrierScore, brier
from contractnet.mechanisms.calibration.known import Known, Outcome
from contractnet.messages.acts import AcceptProposal, Cancel, Cfp, Failure, Inform, NotUnderstood, Propose
from contractnet.messages.contents import ResultContent, TaskFailureContent
from contractnet.messages.values import CancelReason, NotUnderstoodReason, TaskFailure

_CROSSED: Final = frozenset({TaskFailure.WITHDRAWN, TaskFailure.OFFER_EXPIRED})
_OVERDUE: Final = frozenset({CancelReason.LEASE_EXPIRED, CancelReason.RESULT_OVERDUE})


class _Part(Struct, kw_only=True):
    """What is known of one agent's part in one conversation."""

    skill: str = ""
    stated: dict[str, int] = field(default_factory=dict[str, int])  #: offer id -> confidence, ppm
    award: int | None = None  #: the confidence of the offer that was accepted, while its work is due
    outcome: Outcome | None = None  #: of the result that was said
    result: str = ""  #: what an answer to that names
    good: bool = False


class OwnOutcomes(Known):
    """The records of the agents of one journal."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[tuple[str, str], _Part] = {}

    def score(self, agent: str, skill: str) -> BrierScore | None:
        """What its statements at a skill were worth; None: nothing has come of any."""
        track = self.records.track(agent, skill)
        return None if track is None else brier(track.whole)

    def follow(self, agent: str, conversation: str, record: Record) -> None:
        """The next entry of an agent's."""
        if not isinstance(record, Heard | Said):
            return
        part = self._parts.setdefault((agent, conversation), _Part())
        act = record.message
        match act:
            case Cfp():
                part.skill = act.content.skill
            case Propose():
                part.stated[act.content.offer] = act.content.confidence
            case AcceptProposal() if part.outcome is None and part.award is None:
                part.award = part.stated.get(act.content.offer)
            case Inform(content=ResultContent()) if part.award is not None:
                part.outcome = self.learn(agent, part.skill, part.award, True, "inform")
                part.award, part.result, part.good = None, act.reply_with, True
            case Failure(content=TaskFailureContent() as content) if content.reason not in _CROSSED:
                self._lose(agent, part)
            case Cancel() if act.content.reason in _OVERDUE:
                self._lose(agent, part)
            case NotUnderstood() if act.in_reply_to == part.result and isinstance(record, Heard):
                if act.content.reason is NotUnderstoodReason.SCHEMA:
                    self._lose(agent, part)
            case Cancel() | Failure():
                part.award = None
            case _:
                pass

    def _lose(self, agent: str, part: _Part) -> None:
        if part.award is not None:
            self.learn(agent, part.skill, part.award, False, "lost")
            part.award = None
        elif part.outcome is not None and part.good:
            self.turn(part.outcome, False, "inform", "lost")
            part.good = False
