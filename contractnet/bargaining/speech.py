"""What one side of a bargaining says: the acts that the rows of table B send. Pure."""

from __future__ import annotations

from typing import Literal, TypedDict

from contractnet.bargaining.state import State
from contractnet.ledger.scribe import Scribe
from contractnet.messages.acts import BARGAINING
from contractnet.messages.bargaining import (
    AcceptanceContent,
    AgreedContent,
    AnyBargainAct,
    BargainAccept,
    BargainAgree,
    BargainCancel,
    BargainFailure,
    BargainInform,
    BargainNotUnderstood,
    BargainPropose,
    BargainRefuse,
    BargainReject,
    BargainRequest,
    BargainRequestContent,
    EndingContent,
    OfferContent,
)
from contractnet.messages.contents import (
    CancelContent,
    CancelFailureContent,
    CancelledContent,
    Content,
    FieldError,
    NotUnderstoodContent,
    RefuseContent,
    TaskFailureContent,
)
from contractnet.messages.values import (
    MAX_TEXT,
    CancelFailure,
    CancelReason,
    EndReason,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)


class Header(TypedDict):
    """The envelope fields that every act of a side shares."""

    message_id: str
    reply_with: str
    conversation_id: str
    protocol: Literal["contractnet-bargaining"]
    sender: str
    daemon: str
    receiver: str
    in_reply_to: str | None


class Speech:
    """The mouth of a side, for one step."""

    def __init__(self, state: State, scribe: Scribe) -> None:
        self._state = state
        self._scribe = scribe

    # ---- decisions of ours; each returns its message id

    def request(self, content: BargainRequestContent, parent: str | None) -> str:
        return self._say(BargainRequest(**self._header(None), parent=parent, content=content), content.reply_within_ms)

    def agree(self) -> str:
        return self._say(BargainAgree(**self._header(self._state.about), content=Content()))

    def refuse(self, reason: RefuseReason, text: str) -> None:
        content = RefuseContent(reason=reason, round=1, text=text[:MAX_TEXT])
        self._say(BargainRefuse(**self._header(self._state.about), content=content))

    def propose(self, content: OfferContent) -> str:
        return self._say(BargainPropose(**self._header(self._state.about), content=content))

    def accept(self, content: AcceptanceContent) -> str:
        return self._say(BargainAccept(**self._header(self._state.about), content=content))

    def end(self, reason: EndReason, text: str = "") -> None:
        """Walk away: names nothing (M4)."""
        self._say(BargainReject(**self._header(None), content=EndingContent(reason=reason, text=text)))

    def cancel(self, reason: CancelReason = CancelReason.RESULT_OVERDUE) -> None:
        self._say(BargainCancel(**self._header(None), content=CancelContent(reason=reason)))

    # ---- answers to what was heard

    def reject(self, about: str | None, reason: EndReason, offer: str | None, late_by_ms: int | None = None) -> None:
        content = EndingContent(reason=reason, offer=offer, late_by_ms=late_by_ms)
        self._say(BargainReject(**self._header(about), content=content))

    def agreed(self, about: str, content: AgreedContent) -> None:
        self._say(BargainInform(**self._header(about), content=content))

    def cancelled(self, about: str) -> None:
        self._say(BargainInform(**self._header(about), content=CancelledContent()))

    def cannot_cancel(self, about: str, reason: CancelFailure) -> None:
        self._say(BargainFailure(**self._header(about), content=CancelFailureContent(reason=reason)))

    def over(self, about: str, reason: TaskFailure) -> None:
        """What they accepted was over."""
        self._say(BargainFailure(**self._header(about), content=TaskFailureContent(reason=reason)))

    def not_understood(
        self,
        about: str | None,
        performative: str,
        reason: NotUnderstoodReason = NotUnderstoodReason.SCHEMA,
        fields: tuple[FieldError, ...] = (),
        time_left_ms: int | None = None,
    ) -> None:
        content = NotUnderstoodContent(
            reason=reason, about=performative[:32], fields=fields[:32], time_left_ms=time_left_ms
        )
        self._say(BargainNotUnderstood(**self._header(about), content=content))

    # ---- parts

    def _header(self, about: str | None) -> Header:
        peer = self._state.peer
        assert peer is not None  # known since the first message
        made = self._scribe.header(self._state.conversation)
        return {
            "message_id": made["message_id"],
            "reply_with": made["reply_with"],
            "conversation_id": made["conversation_id"],
            "protocol": BARGAINING,
            "sender": made["sender"],
            "daemon": made["daemon"],
            "receiver": peer,
            "in_reply_to": about,
        }

    def _say(self, act: AnyBargainAct, expires_ms: int | None = None) -> str:
        self._scribe.say_turn(act, (act.receiver,), expires_ms)
        self._state.said.add(act.message_id)
        if act.in_reply_to is not None:
            self._state.answers[act.in_reply_to] = act.message_id
        return act.message_id
