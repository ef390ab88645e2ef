"""Iterated contract net: revised calls to a subset, standing offers, repairs and offers that end in a later round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contractnet.messages.acts import ITERATED_CONTRACT_NET
from contractnet.messages.contents import Feedback
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, Transcript


def iterated(name: str, about: str, outcome: str, *participants: str, **also: Any) -> Transcript:
    options: dict[str, Any] = {"protocol": ITERATED_CONTRACT_NET, "max_rounds": 3}
    return Transcript(name, about, outcome, *participants, **(options | also))


def rounds() -> Iterator[Transcript]:
    yield from _subsets()
    yield from _standing_offers()
    yield from _repairs()
    yield from _ends_of_offers()
    yield from _crossings()


def _won(t: Transcript, winner: str, held: str | None = None) -> None:
    t.award(winner, held=held)
    t.wait(30_000)
    t.result(winner)
    t.closed_well(held=held)


def _subsets() -> Iterator[Transcript]:
    t = iterated(
        "two-rounds",
        "A revised cfp to the better one; the other is rejected, the standing offer is replaced.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=80_000, ben=95_000)
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.own("#reject", "ben")
    t.cfp("ann", round=2, offer=t.offer_of("ann"))
    t.reject("not-shortlisted", "ben")
    t.bids(ann=60_000)
    t.own("=all-answered")
    _won(t, "ann")
    yield t

    t = iterated(
        "three-rounds",
        "Two are called again, each told its own offer and rank; the last round is the third, and somebody is awarded.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=80_000, ben=95_000)
    t.own("=all-answered")
    for ann, ben in ((70_000, 72_000), (65_000, 64_000)):
        t.own("#iterate")
        t.own("#reinvite", "ann", "ben")
        again, offers = t.round + 1, {"ann": t.offer_of("ann"), "ben": t.offer_of("ben")}
        t.cfp("ann", round=again, offer=offers["ann"], feedback=Feedback(rank=1))
        t.cfp("ben", round=again, offer=offers["ben"], feedback=Feedback(rank=2))
        t.bids(ann=ann, ben=ben)
        t.own("=all-answered")
    _won(t, "ben", held="ann")
    yield t

    t = iterated(
        "nobody-bids-any-more", "In the second round the only one refuses: its offer is void.", "no-award", "ann"
    )
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.wait(500)
    t.refuse("ann", "over-reserve")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = iterated("refuse-instead-of-a-repair-later", "The same after a proposal that was invalid.", "no-award", "ann")
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.reinvite("ann")
    _bad(t)
    t.wait(500)
    t.refuse("ann", "invalid-proposal")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t


def _bad(t: Transcript, peer: str = "ann") -> None:
    t.wait(2_000)
    bad = t.propose(peer, 50_000, "?propose:bad", unit="EUR")
    t.not_understood(peer, "propose", bad, ("$.content.unit", "the call is in USD"))


def _second_round(t: Transcript) -> None:
    """One bidder, called again."""
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.reinvite("ann")


def _standing_offers() -> Iterator[Transcript]:
    about = "Silence in the second round: the offer of the first one stands, and wins."
    t = iterated("standing-offer", about, "ok", "ann", max_rounds=2)
    _second_round(t)
    first = t.proposal_of("ann")
    t.deadline("ann")
    _won(t, "ann")
    assert t.proposal_of("ann") is first
    yield t

    t = iterated("standing-after-not-understood", "The revised cfp is not understood: the offer stands.", "ok", "ann")
    _second_round(t)
    t.wait(500)
    t.misunderstood("ann", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ann"))
    t.own("=all-answered")
    _won(t, "ann")
    yield t

    t = iterated(
        "standing-after-failure",
        "Errors while bidding again, as other implementations send them: both offers stand.",
        "ok",
        "ann",
        "ben",
        faulty=("ann", "ben"),
    )
    t.open()
    t.bids(ann=80_000, ben=81_000)
    t.own("=all-answered")
    t.reinvite("ann", "ben")
    t.wait(500)
    t.task_failure("ann", "error", epoch=None, slot=None)
    first = t.proposal_of("ben")
    _bad(t, "ben")
    t.wait(500)
    t.task_failure("ben", "error", epoch=None, slot=None)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ben")
    t.own("#hold", "ann")
    t.accept("ben", bid=first)
    t.wait(30_000)
    t.result("ben")
    t.closed_well(held="ann")
    yield t

    t = iterated("standing-after-undeliverable", "The revised cfp reaches nobody: the offer stands.", "ok", "ann")
    _second_round(t)
    t.wait(20)
    t.own("#returned", "ann")
    t.own("=all-answered")
    _won(t, "ann")
    yield t


def _repairs() -> Iterator[Transcript]:
    t = iterated(
        "repair-later", "An invalid proposal in the second round is repaired, and replaces the first.", "ok", "ann"
    )
    _second_round(t)
    _bad(t)
    t.wait(1_000)
    t.propose("ann", 60_000)
    t.own("=all-answered")
    _won(t, "ann")
    yield t

    t = iterated(
        "repair-later-in-vain", "No second repair; the offer of the first round stands, and wins.", "ok", "ann"
    )
    _second_round(t)
    first = t.proposal_of("ann")
    _bad(t)
    t.wait(1_000)
    t.propose("ann", 60_000, "?propose:bad", unit="GBP")
    t.reject_one("invalid", "ann")
    t.own("=all-answered")
    _won_with(t, first)
    yield t

    t = iterated("repair-later-missing", "Silence where a repair was due: the offer stands.", "ok", "ann")
    _second_round(t)
    first = t.proposal_of("ann")
    _bad(t)
    t.deadline("ann")
    _won_with(t, first)
    yield t


def _won_with(t: Transcript, bid: Any) -> None:
    """The award of an offer that is not the last one made."""
    t.own("#award")
    t.own("#award", "ann")
    t.accept("ann", bid=bid)
    t.wait(30_000)
    t.result("ann")
    t.closed_well()


def _ends_of_offers() -> Iterator[Transcript]:
    t = iterated(
        "lapse-in-a-revised-round",
        "The standing offer ends while the revised cfp is out; the bidder may still bid, and wins.",
        "ok",
        "ann",
        crossing="an offer lapses while a revised cfp is out",
    )
    _second_round_of_a_short_offer(t)
    t.own("@offer-lapse", "ann")
    t.reject_one("offer-lapsed", "ann")
    t.wait(1_000)
    t.propose("ann", 60_000)
    t.own("=all-answered")
    _won(t, "ann")
    yield t

    t = iterated("lapse-before-a-repair", "The same after an invalid proposal; the repair comes in time.", "ok", "ann")
    t.open()
    t.wait(1_000)
    t.propose("ann", 80_000, valid_for_ms=10_000)
    first = t.proposal_of("ann")
    t.own("=all-answered")
    t.reinvite("ann")
    _bad(t)
    t.wait(6_000)
    t.own("@offer-lapse", "ann")
    t.reject_one("offer-lapsed", "ann", bid=first)
    t.wait(1_000)
    t.propose("ann", 60_000)
    t.own("=all-answered")
    _won(t, "ann")
    yield t

    t = iterated("silent-after-a-lapse", "The standing offer ends and no other comes: silent.", "no-award", "ann")
    _second_round_of_a_short_offer(t)
    t.own("@offer-lapse", "ann")
    t.reject_one("offer-lapsed", "ann")
    t.deadline("ann")
    t.own("=no-live-offer")
    yield t


def _second_round_of_a_short_offer(t: Transcript) -> None:
    t.open()
    t.wait(1_000)
    t.propose("ann", 80_000, valid_for_ms=10_000)
    t.own("=all-answered")
    t.reinvite("ann")
    t.wait(9_000)


def _crossings() -> Iterator[Transcript]:
    t = iterated(
        "late-in-a-later-round",
        "A new bid comes late and is rejected by its id; the standing one is accepted.",
        "ok",
        "ann",
        "ben",
        crossing="accept of a standing offer overtakes the late reject of a newer one",
    )
    t.open()
    t.bids(ann=80_000, ben=90_000)
    t.own("=all-answered")
    t.reinvite("ann", "ben")
    first = t.proposal_of("ann")
    t.bids(ben=85_000)
    t.wait(REPLY_WITHIN_MS - 1_000)
    t.own("@deadline")
    t.own("@deadline", "ann")
    t.own("#award")
    t.own("#award", "ann")
    t.own("#hold", "ben")
    t.accept("ann", bid=first)
    t.wait(40)
    t.propose("ann", 60_000, "?propose:late", in_reply_to=t.last_cfp("ann"))
    t.reject_one("late", "ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t

    t = iterated(
        "accept-overtakes-the-revised-cfp",
        "The standing offer is accepted; its bidder saw neither the revised cfp nor its deadline.",
        "ok",
        "ann",
        crossing="accept overtakes a revised cfp",
    )
    _second_round(t)
    t.deadline("ann")
    _won(t, "ann")
    yield t

    t = iterated(
        "not-understood-after-the-award",
        "A not-understood of the revised cfp comes after the award: the winner keeps the contract.",
        "ok",
        "ann",
        crossing="not-understood of a revised cfp comes after the award",
    )
    _second_round(t)
    t.deadline("ann")
    t.award("ann")
    t.wait(30)
    t.misunderstood("ann", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ann"))
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t
