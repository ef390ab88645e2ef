"""Conversations that keep the protocol."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.transcript_writer import Transcript
from tests.conformance.troubled_transcripts import troubled


def legal() -> Iterator[Transcript]:
    """Every legal transcript, in the order of their files' names."""
    yield from _awards()
    yield from _no_awards()
    yield from troubled()


def _awards() -> Iterator[Transcript]:
    t = Transcript("settle", "One bidder, one offer, one result.", "ok", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(20_000)
    t.progress("ann")
    t.wait(15_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("two-bidders", "The cheaper one wins; the other is held until the result is in.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t

    t = Transcript("three-bidders", "Winner, runner-up, and one that is rejected at once.", "ok", "ann", "ben", "cem")
    t.open()
    t.bids(ann=50_000, ben=70_000, cem=90_000)
    t.own("=all-answered")
    t.award("ann", held="ben", outbid=("cem",))
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t

    t = Transcript(
        "refuse-and-silent", "One refuses, one is silent: silence is recorded as silence.", "ok", "ann", "ben", "cem"
    )
    t.open()
    t.bids(ann=50_000)
    t.refuse("ben", "busy")
    t.wait(19_000)
    t.own("@deadline")
    t.own("@deadline", "cem")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript(
        "late-bid", "A bid after the deadline is rejected, with by how much it was late.", "ok", "ann", "ben"
    )
    t.open()
    t.bids(ann=50_000)
    t.wait(19_000)
    t.own("@deadline")
    t.own("@deadline", "ben")
    t.award("ann")
    t.wait(1_500)
    t.propose("ben", 40_000, "?propose:late")
    t.reject_one("late", "ben", late_by_ms=1_500)
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("repair", "An invalid proposal is told what is wrong, once; the second one is good.", "ok", "ann")
    t.open()
    t.wait(5_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(2_000)
    t.propose("ann", 50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("duplicates", "Messages that come twice change nothing.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(300)
    t.again()
    t.bids(ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t


def _no_awards() -> Iterator[Transcript]:
    t = Transcript("no-bidders", "Nobody is there: the conversation ends without a message.", "no-award")
    t.own("#open")
    yield t

    t = Transcript("all-refuse", "Everybody refuses: nothing is left to answer.", "no-award", "ann", "ben")
    t.open()
    t.wait(500)
    t.refuse("ann", "unfit")
    t.refuse("ben", "busy")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript("over-the-reserve", "The only offer is over the secret reserve.", "no-award", "ann")
    t.open()
    t.bids(ann=900_000)
    t.own("=all-answered")
    t.own("#no-award")
    t.own("#reject", "ann")
    t.reject("over-reserve", "ann")
    yield t

    t = Transcript("withdrawal", "An offer is taken back while the round is open.", "no-award", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(3_000)
    t.refuse("ann", "withdrawn")
    t.wait(1_000)
    t.refuse("ben", "unfit")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "not-understood-cfp", "A cfp that one bidder cannot interpret; the other goes on.", "ok", "ann", "ben"
    )
    t.open()
    t.wait(500)
    t.misunderstood("ben", "?not-understood:cfp", "cfp")
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t
