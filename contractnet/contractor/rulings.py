"""What a mediator says: the acts that the rows of table MP send."""

from __future__ import annotations

from contractnet.contractor.replies import Reply
from contractnet.ledger.scribe import Header
from contractnet.messages.acts import Agree, AnyAct, Failure, Inform, NotUnderstood, Refuse
from contractnet.messages.contents import (
    CancelFailureContent,
    CancelledContent,
    ChoiceContent,
    Content,
    NotUnderstoodContent,
    RefuseContent,
    TaskFailureContent,
)
from contractnet.messages.values import MAX_TEXT, CancelFailure, NotUnderstoodReason, RefuseReason, TaskFailure


def ruling(what: Reply, header: Header, manager: str) -> AnyAct:
    """Build the act; `manager`: whom it is for."""
    about, text = what.about, what.text[:MAX_TEXT]
    match what.kind.partition(":")[0]:
        case "agree":
            return Agree(**header, receiver=manager, in_reply_to=about, content=Content())
        case "inform" if what.choice is not None:
            choice = ChoiceContent(choice=what.choice.choice, offer=what.choice.offer)
            return Inform(**header, receiver=manager, in_reply_to=about, content=choice)
        case "inform":
            content = what.settled or CancelledContent()
            return Inform(**header, receiver=manager, in_reply_to=about, content=content)
        case "refuse":
            assert isinstance(what.reason, RefuseReason)
            return Refuse(
                **header,
                receiver=manager,
                in_reply_to=about,
                content=RefuseContent(reason=what.reason, round=1, text=text),
            )
        case "failure" if isinstance(what.reason, CancelFailure):
            return Failure(
                **header, receiver=manager, in_reply_to=about, content=CancelFailureContent(reason=what.reason)
            )
        case "failure":
            assert isinstance(what.reason, TaskFailure)
            return Failure(
                **header,
                receiver=manager,
                in_reply_to=about,
                content=TaskFailureContent(reason=what.reason, text=text),
            )
        case _:
            assert isinstance(what.reason, NotUnderstoodReason)  # the only other act of this side
            wrong = NotUnderstoodContent(reason=what.reason, about=what.text[:32], fields=what.fields[:32])
            return NotUnderstood(**header, receiver=manager, in_reply_to=about, content=wrong)
