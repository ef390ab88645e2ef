"""Bargainings as either side would log them; one script makes both logs: who speaks says, the other one hears."""

from __future__ import annotations

import json
from typing import Any

from contractnet.messages.acts import BARGAINING, Envelope
from contractnet.messages.bargaining import (
    AcceptanceContent,
    AgreedContent,
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
    IssueContent,
    OfferContent,
)
from contractnet.messages.codec import encode
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
    CancelFailure,
    CancelReason,
    EndReason,
    NotUnderstoodReason,
    RefuseReason,
    TaskFailure,
)
from tests.conformance.transcript_lines import INITIATOR, Extra, Lines, spoil

REPLY_WITHIN_MS, TURN_WITHIN_MS = 20_000, 10_000
BUYER, SELLER = INITIATOR, "ann"
PRICE = IssueContent(name="price", low=0, high=100_000_000, tick=10_000, unit="USD")


class Bargain(Lines):
    """What both sides of a bargaining say, in words; each takes half a second."""

    issues: tuple[IssueContent, ...] = (PRICE,)
    turns = 4
    unit: str | None = "USD"
    rules: Extra

    def __init__(self, name: str, about: str, outcome: str, side: str, **also: Any) -> None:
        super().__init__(name, about, outcome, SELLER, protocol=BARGAINING, side=side, **also)
        self.conversation = f"{self.conversation}.b1"
        self.me = BUYER if side == "initiator" else SELLER
        self.rules = {}
        self.turn = 0
        self._last: dict[str, str] = {}
        self._sent: dict[str, dict[str, str]] = {BUYER: {}, SELLER: {}}  #: performative -> reply_with of the last one
        self._offers: dict[str, OfferContent] = {}

    @property
    def other(self) -> str:
        """Who did not log it."""
        return SELLER if self.me == BUYER else BUYER

    def fires(self, who: str, event: str, wait: int = 0) -> None:
        """A timer or decision without a message; only its owner logs it."""
        self.wait(wait)
        if who == self.me:
            self.own(event)

    def say(self, by: str, act: Envelope, event: str, decision: str | None = None, wrong: Extra | None = None) -> str:
        """A message, as said or as heard; returns its id."""
        message = json.loads(encode(act))
        spoil(message, wrong)
        if by == self.me and decision is not None:
            self.own(decision)
        self._line(message, self.other, None if by == self.me else event)
        self._last[by] = self._sent[by][message["performative"]] = act.reply_with
        return act.reply_with

    def head(self, by: str, extra: Extra, answers: bool = True) -> Extra:
        """The envelope; what is answered is the last message of the other side, unless told otherwise."""
        self.wait(500)
        to = SELLER if by == BUYER else BUYER
        about = {"in_reply_to": self._last.get(to)} if answers else {}
        return self._head(by, about | extra, receiver=to)

    # ---- the opening

    def request(self, event: str = "?request", wrong: Extra | None = None, **extra: Any) -> None:
        fields: Extra = {
            "subject": "The picnic in three sentences, and the right to print them.",
            "issues": self.issues,
            "turns": self.turns,
            "reply_within_ms": REPLY_WITHIN_MS,
            "turn_within_ms": TURN_WITHIN_MS,
            "buyer": "initiator" if self.unit else None,
        }
        content = BargainRequestContent(**(fields | self.rules))
        head = self.head(
            BUYER, {"parent": self.header.get("parent"), "reply_by": self.at + REPLY_WITHIN_MS} | extra, False
        )
        self.say(BUYER, BargainRequest(**head, content=content), event, "#open", wrong)

    def agree(self, event: str = "?agree", decision: str | None = "#agree", **extra: Any) -> None:
        self.say(SELLER, BargainAgree(**self.head(SELLER, extra), content=Content()), event, decision)

    def refuse(
        self, reason: str = "busy", event: str = "?refuse", decision: str | None = "#refuse", **extra: Any
    ) -> None:
        content = RefuseContent(reason=RefuseReason(reason), round=1)
        self.say(SELLER, BargainRefuse(**self.head(SELLER, extra), content=content), event, decision)

    def begin(self, **extra: Any) -> None:
        """The request is taken."""
        self.request(**extra)
        self.agree()

    # ---- turns

    def offer(
        self,
        by: str,
        *terms: int,
        event: str = "?propose:ok",
        decision: str | None = "#offer",
        turn: int | None = None,
        name: str | None = None,
        life: int | None = None,
        wrong: Extra | None = None,
        **extra: Any,
    ) -> str:
        """An offer of the turn that is due; of a price in cents. The turn is over where it is heard as good."""
        head = self.head(by, extra)
        values = tuple(value * 10_000 for value in terms) if self.unit else terms
        content = OfferContent(
            offer=name or f"{by}-offer-{self._said[by]}",
            turn=self.turn if turn is None else turn,
            terms=values,
            unit=self.unit,
            valid_for_ms=life,
        )
        self._offers[by] = content
        if event in ("?propose:ok", "?propose:last"):
            self.turn += 1
        return self.say(by, BargainPropose(**head, content=content), event, decision, wrong)

    def accept(
        self,
        by: str,
        event: str = "?accept:live",
        decision: str | None = "#accept",
        offer: OfferContent | None = None,
        wrong: Extra | None = None,
        **extra: Any,
    ) -> str:
        """The last offer of the other side."""
        taken = offer or self._offers[SELLER if by == BUYER else BUYER]
        content = AcceptanceContent(offer=taken.offer, turn=self.turn, terms=taken.terms, unit=taken.unit)
        self._accepted = content
        return self.say(by, BargainAccept(**self.head(by, extra), content=content), event, decision, wrong)

    def agreed(self, by: str, event: str = "?inform:agreed", wrong: Extra | None = None, **extra: Any) -> None:
        content = AgreedContent(offer=self._accepted.offer, terms=self._accepted.terms)
        self.say(by, BargainInform(**self.head(by, extra), content=content), event, None, wrong)

    def walk_away(
        self, by: str, reason: str = "walked-away", decision: str | None = "#walk-away", **extra: Any
    ) -> None:
        content = EndingContent(reason=EndReason(reason))
        self.say(by, BargainReject(**self.head(by, extra, False), content=content), "?reject", decision)

    def reject_offer(
        self, by: str, reason: str, late_by_ms: int | None = None, wrong: Extra | None = None, **extra: Any
    ) -> None:
        """The last offer of the other side came after the end."""
        taken = self._offers[SELLER if by == BUYER else BUYER]
        content = EndingContent(reason=EndReason(reason), offer=taken.offer, late_by_ms=late_by_ms)
        self.say(by, BargainReject(**self.head(by, extra), content=content), "?reject", None, wrong)

    def not_understood(
        self,
        by: str,
        text: str = "tick: 0 and whole steps of 10000",
        event: str = "?not-understood",
        about: str = "propose",
        reason: str = "schema",
        decision: str | None = None,
        path: str = "$.content.terms[0]",
        **extra: Any,
    ) -> None:
        fields = (FieldError(path=path, text=text),) if reason == "schema" else ()
        content = NotUnderstoodContent(reason=NotUnderstoodReason(reason), about=about, fields=fields)
        self.say(by, BargainNotUnderstood(**self.head(by, extra), content=content), event, decision)

    def failure(self, by: str, reason: str = "offer-expired", event: str = "?failure:task", **extra: Any) -> None:
        content = TaskFailureContent(reason=TaskFailure(reason))
        self.say(by, BargainFailure(**self.head(by, extra), content=content), event)

    # ---- cancel

    def cancel(self, by: str, decision: str | None = "#cancel", reason: str = "user", **extra: Any) -> None:
        content = CancelContent(reason=CancelReason(reason))
        self.say(by, BargainCancel(**self.head(by, extra, False), content=content), "?cancel", decision)

    def cancelled(self, by: str, **extra: Any) -> None:
        self.say(by, BargainInform(**self.head(by, extra), content=CancelledContent()), "?inform:cancelled")

    def cancel_failure(self, by: str, **extra: Any) -> None:
        content = CancelFailureContent(reason=CancelFailure.ALREADY_DONE)
        self.say(by, BargainFailure(**self.head(by, extra), content=content), "?failure:cancel")

    # ---- what is looked up

    def take(self, offer: OfferContent) -> None:
        """Somebody pretends that this one was accepted."""
        self._accepted = AcceptanceContent(offer=offer.offer, turn=offer.turn, terms=offer.terms, unit=offer.unit)

    def sent(self, by: str, performative: str) -> str:
        """`reply_with` of the last such message."""
        return self._sent[by][performative]

    def offer_of(self, by: str) -> OfferContent:
        return self._offers[by]

    def repaired(self) -> None:
        """The offer of the turn was not understood: the turn is due once more."""
        self.turn -= 1
