"""Whole conversations as one side would log them: the words of a transcript, built with the package's own acts.

Every word is either side's: where the other side says it, it is logged as taken, with the event that it is.
"""

from __future__ import annotations

from typing import Any

from contractnet.messages.acts import (
    AcceptProposal,
    Agree,
    Cancel,
    Cfp,
    Failure,
    Inform,
    NotUnderstood,
    Propose,
    Refuse,
    RejectProposal,
    Request,
)
from contractnet.messages.codec import spec_digest
from contractnet.messages.contents import (
    AcceptContent,
    Bundle,
    CancelContent,
    CancelFailureContent,
    CancelledContent,
    CfpContent,
    ChoiceContent,
    Content,
    Feedback,
    FieldError,
    LiveOffer,
    NotUnderstoodContent,
    ProgressContent,
    ProposeContent,
    RefuseContent,
    RejectContent,
    RequestContent,
    ResultContent,
    TaskFailureContent,
    Terms,
)
from contractnet.messages.joint import JointRequestContent, SettledContent
from contractnet.messages.values import (
    CancelFailure,
    CancelReason,
    NotUnderstoodReason,
    RefuseReason,
    RejectReason,
    TaskFailure,
)
from tests.conformance.transcript_lines import CONVERSATION, INITIATOR, Extra, Lines

REPLY_WITHIN_MS, WORK_WITHIN_MS, LEASE_MS, PICKUP_MS, VALID_FOR_MS = 20_000, 600_000, 60_000, 10_000, 120_000
TASK = "Summarise the text in three sentences."
INPUT: dict[str, Any] = {"text": "It rained. Then it did not. The picnic took place."}
PRIVATE: dict[str, Any] = {"token": "only for the winner"}
SALT = "5a" * 32


class Transcript(Lines):
    """What both sides of a conversation say, in words."""

    reserve: int | None = None  #: micros, published; None: secret, or there is none
    parts: int | None = None  #: the task is divisible into so many (G17)
    items: tuple[str, ...] | None = None  #: are bought in bundles (G17)
    two_stages = False  #: the cfp has a digest of the full task, the accept the task and the salt (G10)

    # ---- the initiator speaks

    def _terms(self) -> Terms:
        return Terms(
            unit="USD",
            rule="lowest-price",
            work_within_ms=WORK_WITHIN_MS,
            lease_ms=LEASE_MS,
            valid_for_ms=VALID_FOR_MS,
            reserve=self.reserve,
            parts=self.parts,
            items=self.items,
        )

    def cfp(
        self,
        *peers: str,
        offer: str | None = None,
        round: int = 1,
        event: str = "?cfp",
        feedback: Feedback | None = None,
        max_rounds: int | None = None,
        **extra: Any,
    ) -> None:
        content = CfpContent(
            task=TASK,
            skill="text.summarise",
            round=round,
            max_rounds=max_rounds or max(self.max_rounds, round),
            reply_within_ms=REPLY_WITHIN_MS,
            terms=self._terms(),
            input=INPUT,
            spec_digest=spec_digest(TASK, INPUT, PRIVATE, SALT) if self.two_stages else None,
            offer=offer,
            feedback=feedback,
        )
        receiver = peers[0] if round > 1 else "skill:text.summarise"
        following = {"parent": self.header.get("parent")} | extra
        head = self._head(INITIATOR, following, receiver=receiver, reply_by=self.at + REPLY_WITHIN_MS)
        self.round = max(round, self.round)
        act = Cfp(**head, content=content)
        self._from_initiator(act, event, *peers)
        self._last_cfp |= dict.fromkeys(peers, act.reply_with)

    def accept(
        self,
        peer: str,
        epoch: int = 1,
        slot: int = 1,
        event: str = "?accept:live",
        bid: Propose | None = None,
        parts: int | None = None,
        wrong: Extra | None = None,
        **extra: Any,
    ) -> None:
        bid = bid or self._bids[peer]
        terms: Extra = {
            "offer": bid.content.offer,
            "round": bid.content.round,
            "slot": slot,
            "epoch": epoch,
            "price": bid.content.price,
            "work_within_ms": WORK_WITHIN_MS,
            "lease_ms": LEASE_MS,
            "pickup_ms": PICKUP_MS,
        }
        if self.two_stages:
            terms |= {"private": PRIVATE, "salt": SALT}
        if parts is not None:
            terms |= {"parts": parts, "price": parts * bid.content.price}
        content = AcceptContent(**(terms | (wrong or {})))
        head = self._head(
            INITIATOR, extra, receiver=peer, reply_by=self.at + WORK_WITHIN_MS, in_reply_to=bid.reply_with
        )
        act = AcceptProposal(**head, content=content)
        self._accepts[peer] = act
        self._from_initiator(act, event, peer)

    def reject(
        self,
        reason: str,
        *peers: str,
        event: str = "?reject:end",
        score: int | None = None,
        wrong: Extra | None = None,
        **extra: Any,
    ) -> None:
        """The whole conversation, equal bytes for all."""
        head = self._head(INITIATOR, extra, receiver="multi")
        act = RejectProposal(**head, content=RejectContent(reason=RejectReason(reason), score=score))
        self._from_initiator(act, event, *peers, wrong=wrong)

    def reject_one(
        self,
        reason: str,
        peer: str,
        late_by_ms: int | None = None,
        event: str = "?reject:one",
        bid: Propose | None = None,
        wrong: Extra | None = None,
        **extra: Any,
    ) -> None:
        """One proposal of this peer, its last one where none is named."""
        bid = bid or self._bids[peer]
        if reason == "late" and late_by_ms is None:
            late_by_ms = self.at - self._closed[bid.content.round]
        content = RejectContent(reason=RejectReason(reason), offer=bid.content.offer, late_by_ms=late_by_ms)
        head = self._head(INITIATOR, extra, receiver=peer, in_reply_to=bid.reply_with)
        self._from_initiator(RejectProposal(**head, content=content), event, peer, wrong=wrong)

    def cancel(self, reason: str, *peers: str, **extra: Any) -> None:
        head = self._head(INITIATOR, extra, receiver="multi")
        act = Cancel(**head, content=CancelContent(reason=CancelReason(reason)))
        self._from_initiator(act, "?cancel", *peers)
        self._cancel = act.reply_with

    def not_understood(
        self,
        peer: str,
        about: str,
        in_reply_to: str,
        *fields: tuple[str, str],
        reason: str = "schema",
        offers: tuple[LiveOffer, ...] = (),
        event: str = "?not-understood",
    ) -> None:
        content = NotUnderstoodContent(
            reason=NotUnderstoodReason(reason),
            about=about,
            fields=tuple(FieldError(path=path, text=text) for path, text in fields),
            time_left_ms=15_000 if fields else None,
            offers=offers,
        )
        head = self._head(INITIATOR, {}, receiver=peer, in_reply_to=in_reply_to)
        self._from_initiator(NotUnderstood(**head, content=content), event, peer)

    # ---- a participant speaks

    def _answer(self, peer: str, extra: Extra) -> Extra:
        accept = self._accepts.get(peer)
        about = accept.reply_with if accept else self._last_cfp.get(peer)
        return self._head(peer, {"in_reply_to": about} | extra, receiver=INITIATOR)

    def propose(
        self,
        peer: str,
        price: int,
        event: str = "?propose:ok",
        unit: str = "USD",
        valid_for_ms: int = VALID_FOR_MS,
        round: int | None = None,
        offer: str | None = None,
        parts: int | None = None,
        bundles: tuple[Bundle, ...] = (),
        wrong: Extra | None = None,
        **extra: Any,
    ) -> str:
        """A proposal, for the newest round where none is named; returns its message id."""
        head = self._answer(peer, {"in_reply_to": self._last_cfp[peer]} | extra)
        content = ProposeContent(
            offer=offer or f"{peer}-offer-{self._said[peer]}",
            round=round or self.round,
            unit=unit,
            price=price,
            eta=40,
            confidence=900_000,
            valid_for_ms=valid_for_ms,
            parts=parts,
            bundles=bundles,
        )
        self._bids[peer] = Propose(**head, content=content)
        self._first.setdefault(peer, self._bids[peer])
        self._from_participant(self._bids[peer], event, peer, wrong)
        return self._bids[peer].reply_with

    def refuse(self, peer: str, reason: str, wrong: Extra | None = None, **extra: Any) -> None:
        content = RefuseContent(reason=RefuseReason(reason), round=max(self.round, 1))
        about = {"in_reply_to": self._last_cfp[peer]}
        act = Refuse(**self._answer(peer, about | extra), content=content)
        self._from_participant(act, "?refuse", peer, wrong)

    def progress(self, peer: str, epoch: int = 1, slot: int = 1) -> None:
        content = ProgressContent(slot=slot, epoch=epoch, text="half done")
        self._inform(peer, content, "?inform:progress", {})

    def result(self, peer: str, epoch: int = 1, slot: int = 1, event: str = "?inform:result", **extra: Any) -> str:
        """A result; returns its message id."""
        content = ResultContent(slot=slot, epoch=epoch, result={"summary": "A picnic, after rain."})
        return self._inform(peer, content, event, extra)

    def cancelled(self, peer: str, **extra: Any) -> None:
        self._inform(peer, CancelledContent(), "?inform:cancelled", {"in_reply_to": self._cancel} | extra)

    def _inform(self, peer: str, content: Content, event: str, extra: Extra, wrong: Extra | None = None) -> str:
        assert isinstance(content, ResultContent | ProgressContent | CancelledContent | ChoiceContent | SettledContent)
        act = Inform(**self._answer(peer, extra), content=content)
        self._from_participant(act, event, peer, wrong)
        return act.reply_with

    def task_failure(
        self,
        peer: str,
        reason: str,
        epoch: int | None = 1,
        slot: int | None = 1,
        event: str = "?failure:task",
        **extra: Any,
    ) -> str:
        content = TaskFailureContent(reason=TaskFailure(reason), slot=slot, epoch=epoch)
        act = Failure(**self._answer(peer, extra), content=content)
        self._from_participant(act, event, peer)
        return act.reply_with

    def cancel_failure(self, peer: str, reason: str, event: str = "?failure:cancel", **extra: Any) -> None:
        content = CancelFailureContent(reason=CancelFailure(reason))
        head = self._answer(peer, {"in_reply_to": self._cancel} | extra)
        self._from_participant(Failure(**head, content=content), event, peer)

    def misunderstood(self, peer: str, event: str, about: str, reason: str = "schema", **extra: Any) -> str:
        """A not-understood from a participant; returns its message id."""
        content = NotUnderstoodContent(reason=NotUnderstoodReason(reason), about=about)
        act = NotUnderstood(**self._answer(peer, extra), content=content)
        self._from_participant(act, event, peer)
        return act.reply_with

    def cancels(self, peer: str) -> None:
        """A participant says what it never may."""
        act = Cancel(**self._answer(peer, {"in_reply_to": None}), content=CancelContent(reason=CancelReason.USER))
        self._from_participant(act, "?cancel", peer)

    # ---- a mediation

    def request(
        self, peer: str, *offers: LiveOffer, event: str = "?request", limit: int | None = None, **extra: Any
    ) -> None:
        content = RequestContent(
            offers=offers,
            choices=("offer", "round", "none"),
            reply_within_ms=REPLY_WITHIN_MS,
            terms=self._terms(),
            limit=limit,
        )
        head = self._head(
            INITIATOR, {"parent": CONVERSATION} | extra, receiver=peer, reply_by=self.at + REPLY_WITHIN_MS
        )
        act = Request(**head, content=content)
        self._last_cfp[peer] = act.reply_with
        self._from_initiator(act, event, peer)

    def joint_request(self, peer: str, asked: JointRequestContent, event: str = "?request", **extra: Any) -> None:
        """One side of a bargaining asks a mediator."""
        due = self.at + asked.reply_within_ms
        head = self._head(INITIATOR, {"parent": CONVERSATION} | extra, receiver=peer, reply_by=due)
        act = Request(**head, content=asked)
        self._last_cfp[peer] = act.reply_with
        self._from_initiator(act, event, peer)

    def settled(self, peer: str, content: SettledContent, event: str = "?inform:choice") -> str:
        """How it ended; returns its message id."""
        return self._inform(peer, content, event, {})

    def agree(self, peer: str) -> None:
        self._from_participant(Agree(**self._answer(peer, {}), content=Content()), "?agree", peer)

    def choice(
        self,
        peer: str,
        choice: str,
        offer: str | None = None,
        event: str = "?inform:choice",
        wrong: Extra | None = None,
    ) -> str:
        """A mediator's choice; returns its message id."""
        content = ChoiceContent(choice=choice, offer=offer)  # type: ignore[arg-type]
        return self._inform(peer, content, event, {}, wrong)

    # ---- phrases

    def open(self) -> None:
        """Everybody is called."""
        self.own("#open")
        self.cfp(*self.header["participants"])

    def bids(self, **prices: int) -> None:
        """Valid proposals, one second apart."""
        for peer, price in prices.items():
            self.wait(1_000)
            self.propose(peer, price)

    def deadline(self, *silent: str) -> None:
        """The rest of the window passes; these have not answered."""
        self.wait(REPLY_WITHIN_MS)
        self.own("@deadline")
        if silent:
            self.own("@deadline", *silent)

    def award(self, winner: str, held: str | None = None, outbid: tuple[str, ...] = ()) -> None:
        """The round has closed: the winner is accepted, one is held, the others are rejected."""
        self.own("#award")
        self.own("#award", winner)
        if held:
            self.own("#hold", held)
        if outbid:
            self.own("#reject", *outbid)
        self.accept(winner)
        if outbid:
            self.reject("outbid", *outbid)

    def award_one(self, peer: str, epoch: int = 1, slot: int = 1) -> None:
        """One participant of those that table C awards."""
        self.own("#award", peer)
        self.accept(peer, epoch, slot)

    def runner_up(self, peer: str, epoch: int = 2, slot: int = 1) -> None:
        """A slot is free, and goes to one who was held."""
        self.own("=slot-freed")
        self.award_one(peer, epoch, slot)

    def reinvite(self, *peers: str, told: Feedback | None = None, event: str = "#iterate") -> None:
        """The next round, for these."""
        self.own(event)
        self.own("#reinvite", *peers)
        again = self.round + 1
        for peer in peers:
            self.cfp(peer, round=again, offer=self.offer_of(peer), feedback=told, in_reply_to=self.bid_of(peer))

    def cancel_all(self, *peers: str, reason: str = "user") -> None:
        """The user cancels; these are told."""
        self.own("#cancel")
        if peers:
            self.own("#cancel", *peers)
            self.cancel(reason, *peers)

    def overheard(self, peer: str) -> None:
        """The open call was for this one as well, though nobody waits for it."""
        self._last_cfp[peer] = next(iter(self._last_cfp.values()))

    def offer_of(self, peer: str) -> str:
        return self._bids[peer].content.offer

    def bid_of(self, peer: str) -> str:
        return self._bids[peer].reply_with

    def proposal_of(self, peer: str) -> Propose:
        return self._bids[peer]

    def first_of(self, peer: str) -> Propose:
        """The first proposal of this peer."""
        return self._first[peer]

    def last_cfp(self, peer: str) -> str:
        return self._last_cfp[peer]

    def accept_of(self, peer: str) -> str:
        return self._accepts[peer].reply_with

    def closed_well(self, held: str | None = None) -> None:
        """The result is in; whoever was held is rejected."""
        self.own("=slots-all-done")
        if held:
            self.own("#reject", held)
            self.reject("outbid", held)

    _cancel = ""
