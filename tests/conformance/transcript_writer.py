"""Whole conversations as an initiator would log them: the words of a transcript, built with the package's own acts."""

from __future__ import annotations

from typing import Any

from contractnet.messages.acts import (
    AcceptProposal,
    Cancel,
    Cfp,
    Failure,
    Inform,
    NotUnderstood,
    Propose,
    Refuse,
    RejectProposal,
)
from contractnet.messages.contents import (
    AcceptContent,
    CancelContent,
    CancelFailureContent,
    CancelledContent,
    CfpContent,
    FieldError,
    NotUnderstoodContent,
    ProgressContent,
    ProposeContent,
    RefuseContent,
    RejectContent,
    ResultContent,
    TaskFailureContent,
    Terms,
)
from contractnet.messages.values import (
    CancelFailure,
    CancelReason,
    NotUnderstoodReason,
    RefuseReason,
    RejectReason,
    TaskFailure,
)
from tests.conformance.transcript_lines import INITIATOR, Extra, Lines

REPLY_WITHIN_MS, WORK_WITHIN_MS, LEASE_MS, PICKUP_MS, VALID_FOR_MS = 20_000, 600_000, 60_000, 10_000, 120_000


class Transcript(Lines):
    """What both sides of a conversation say, in words."""

    # ---- the initiator speaks

    def cfp(self, *peers: str, offer: str | None = None, round: int = 1, **extra: Any) -> None:
        content = CfpContent(
            task="Summarise the text in three sentences.",
            skill="text.summarise",
            round=round,
            max_rounds=self.max_rounds,
            reply_within_ms=REPLY_WITHIN_MS,
            terms=Terms(
                unit="USD",
                rule="lowest-price",
                work_within_ms=WORK_WITHIN_MS,
                lease_ms=LEASE_MS,
                valid_for_ms=VALID_FOR_MS,
            ),
            input={"text": "It rained. Then it did not. The picnic took place."},
            offer=offer,
        )
        receiver = peers[0] if offer else "skill:text.summarise"
        head = self._head(INITIATOR, extra, receiver=receiver, reply_by=self.at + REPLY_WITHIN_MS)
        self.round = round
        self._out(act := Cfp(**head, content=content), *peers)
        self._last_cfp |= dict.fromkeys(peers, act.reply_with)

    def accept(self, peer: str, epoch: int = 1, **extra: Any) -> None:
        bid = self._bids[peer]
        content = AcceptContent(
            offer=bid.content.offer,
            round=bid.content.round,
            slot=1,
            epoch=epoch,
            price=bid.content.price,
            work_within_ms=WORK_WITHIN_MS,
            lease_ms=LEASE_MS,
            pickup_ms=PICKUP_MS,
        )
        head = self._head(
            INITIATOR, extra, receiver=peer, reply_by=self.at + WORK_WITHIN_MS, in_reply_to=bid.reply_with
        )
        self._accepts[peer] = AcceptProposal(**head, content=content)
        self._out(self._accepts[peer], peer)

    def reject(self, reason: str, *peers: str, **extra: Any) -> None:
        """The whole conversation, equal bytes for all."""
        head = self._head(INITIATOR, extra, receiver="multi")
        self._out(RejectProposal(**head, content=RejectContent(reason=RejectReason(reason))), *peers)

    def reject_one(self, reason: str, peer: str, late_by_ms: int | None = None) -> None:
        """The last proposal of this peer only."""
        bid = self._bids[peer]
        content = RejectContent(reason=RejectReason(reason), offer=bid.content.offer, late_by_ms=late_by_ms)
        head = self._head(INITIATOR, {}, receiver=peer, in_reply_to=bid.reply_with)
        self._out(RejectProposal(**head, content=content), peer)

    def cancel(self, reason: str, *peers: str) -> None:
        head = self._head(INITIATOR, {}, receiver="multi")
        self._out(Cancel(**head, content=CancelContent(reason=CancelReason(reason))), *peers)

    def not_understood(
        self, peer: str, about: str, in_reply_to: str, *fields: tuple[str, str], reason: str = "schema"
    ) -> None:
        content = NotUnderstoodContent(
            reason=NotUnderstoodReason(reason),
            about=about,
            fields=tuple(FieldError(path=path, text=text) for path, text in fields),
            time_left_ms=15_000 if fields else None,
        )
        head = self._head(INITIATOR, {}, receiver=peer, in_reply_to=in_reply_to)
        self._out(NotUnderstood(**head, content=content), peer)

    # ---- a participant speaks

    def _answer(self, peer: str, extra: Extra) -> Extra:
        accept = self._accepts.get(peer)
        about = accept.reply_with if accept else self._last_cfp[peer]
        return self._head(peer, extra, receiver=INITIATOR, in_reply_to=about)

    def propose(self, peer: str, price: int, event: str = "?propose:ok", unit: str = "USD", **extra: Any) -> str:
        """A proposal for the newest round; returns its message id."""
        head = self._answer(peer, extra)
        content = ProposeContent(
            offer=f"{peer}-offer-{self._said[peer]}",
            round=self.round,
            unit=unit,
            price=price,
            eta=40,
            confidence=900_000,
            valid_for_ms=VALID_FOR_MS,
        )
        self._bids[peer] = Propose(**head, content=content)
        self._in(peer, event, self._bids[peer])
        return self._bids[peer].reply_with

    def refuse(self, peer: str, reason: str, **extra: Any) -> None:
        content = RefuseContent(reason=RefuseReason(reason), round=self.round)
        self._in(peer, "?refuse", Refuse(**self._answer(peer, extra), content=content))

    def progress(self, peer: str, epoch: int = 1) -> None:
        content = ProgressContent(slot=1, epoch=epoch, text="half done")
        self._in(peer, "?inform:progress", Inform(**self._answer(peer, {}), content=content))

    def result(self, peer: str, epoch: int = 1, event: str = "?inform:result", **extra: Any) -> str:
        """A result; returns its message id."""
        content = ResultContent(slot=1, epoch=epoch, result={"summary": "A picnic, after rain."})
        act = Inform(**self._answer(peer, extra), content=content)
        self._in(peer, event, act)
        return act.reply_with

    def cancelled(self, peer: str) -> None:
        self._in(peer, "?inform:cancelled", Inform(**self._answer(peer, {}), content=CancelledContent()))

    def task_failure(self, peer: str, reason: str, epoch: int = 1) -> None:
        content = TaskFailureContent(reason=TaskFailure(reason), slot=1, epoch=epoch)
        self._in(peer, "?failure:task", Failure(**self._answer(peer, {}), content=content))

    def cancel_failure(self, peer: str, reason: str) -> None:
        content = CancelFailureContent(reason=CancelFailure(reason))
        self._in(peer, "?failure:cancel", Failure(**self._answer(peer, {}), content=content))

    def misunderstood(self, peer: str, event: str, about: str, reason: str = "schema") -> str:
        """A not-understood from a participant; returns its message id."""
        content = NotUnderstoodContent(reason=NotUnderstoodReason(reason), about=about)
        act = NotUnderstood(**self._answer(peer, {}), content=content)
        self._in(peer, event, act)
        return act.reply_with

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

    def award_one(self, peer: str) -> None:
        """One participant of those that table C awards."""
        self.own("#award", peer)
        self.accept(peer)

    def offer_of(self, peer: str) -> str:
        return self._bids[peer].content.offer

    def bid_of(self, peer: str) -> str:
        return self._bids[peer].reply_with

    def last_cfp(self, peer: str) -> str:
        return self._last_cfp[peer]

    def closed_well(self, held: str | None = None) -> None:
        """The result is in; whoever was held is rejected."""
        self.own("=slots-all-done")
        if held:
            self.own("#reject", held)
            self.reject("outbid", held)
