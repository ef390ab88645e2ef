"""What the participant says: the acts that the rows of table P send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contractnet.contractor.records import Bade, Chose
from contractnet.ledger.scribe import Header
from contractnet.messages.acts import (
    AnyAct,
    Cfp,
    Failure,
    Inform,
    NotUnderstood,
    Propose,
    Refuse,
)
from contractnet.messages.contents import (
    AcceptContent,
    CancelFailureContent,
    CancelledContent,
    FieldError,
    NotUnderstoodContent,
    ProposeContent,
    RefuseContent,
    ResultContent,
    TaskFailureContent,
)
from contractnet.messages.joint import SettledContent
from contractnet.messages.values import (
    MAX_TEXT,
    CancelFailure,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An act to be said: its kind as a row's `sends` names it, what it answers, and its terms."""

    kind: str
    about: str | None
    reason: RefuseReason | TaskFailure | CancelFailure | NotUnderstoodReason | None = None
    text: str = ""
    offer: str = ""
    bid: Bade | None = None
    choice: Chose | None = None
    settled: SettledContent | None = None
    result: dict[str, Any] | None = None
    fence: AcceptContent | None = None
    fields: tuple[FieldError, ...] = ()


def reply(what: Reply, header: Header, manager: str, cfp: Cfp | None, accept: AcceptContent | None) -> AnyAct:
    """Build the act.

    Args:
        what: its kind and terms.
        header: of this side's next message in the conversation.
        manager: whom it is for.
        cfp: the call of the newest round, where one was heard.
        accept: the award, where there is one.
    """
    performative, _, _ = what.kind.partition(":")
    match performative:
        case "propose":
            assert cfp is not None  # a bid answers a call
            assert what.bid is not None  # a bid has terms
            offered = ProposeContent(
                offer=what.offer,
                round=cfp.content.round,
                unit=cfp.content.terms.unit,
                price=what.bid.price,
                eta=what.bid.eta,
                confidence=what.bid.confidence,
                valid_for_ms=cfp.content.terms.valid_for_ms,
                rationale=what.bid.rationale,
                model=what.bid.model,
                parts=None if cfp.content.terms.parts is None else what.bid.parts,
                bundles=() if cfp.content.terms.items is None else what.bid.bundles,
            )
            return Propose(**header, receiver=manager, in_reply_to=what.about, content=offered)
        case "refuse":
            reason = what.reason if isinstance(what.reason, RefuseReason) else RefuseReason(what.kind.split(":")[1])
            round_ = cfp.content.round if cfp else 1
            refused = RefuseContent(reason=reason, round=round_, text=what.text[:MAX_TEXT])
            return Refuse(**header, receiver=manager, in_reply_to=what.about, content=refused)
        case "inform":
            informed = _informed(what, accept)
            return Inform(**header, receiver=manager, in_reply_to=what.about, content=informed)
        case "failure":
            return Failure(**header, receiver=manager, in_reply_to=what.about, content=_failed(what))
        case _:
            assert isinstance(what.reason, NotUnderstoodReason)  # the only other act of this side
            content = NotUnderstoodContent(reason=what.reason, about=what.text[:32], fields=what.fields[:32])
            return NotUnderstood(**header, receiver=manager, in_reply_to=what.about, content=content)


def _informed(what: Reply, accept: AcceptContent | None) -> ResultContent | CancelledContent:
    if what.kind == "inform:cancelled":
        return CancelledContent(text=what.text[:MAX_TEXT])
    assert accept is not None  # a result belongs to an award
    return ResultContent(slot=accept.slot, epoch=accept.epoch, result=what.result or {})


def _failed(what: Reply) -> TaskFailureContent | CancelFailureContent:
    if isinstance(what.reason, CancelFailure):
        return CancelFailureContent(reason=what.reason, text=what.text[:MAX_TEXT], result=what.result)
    assert isinstance(what.reason, TaskFailure)  # the only other failure
    slot, epoch = (what.fence.slot, what.fence.epoch) if what.fence else (None, None)
    return TaskFailureContent(reason=what.reason, slot=slot, epoch=epoch, text=what.text[:MAX_TEXT])
