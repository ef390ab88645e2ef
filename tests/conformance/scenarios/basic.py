"""One round, one slot: who is called, who answers, who wins, and what is said to the others."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.scenarios.rounds import iterated
from tests.conformance.transcript_writer import Transcript


def basic() -> Iterator[Transcript]:
    yield from _awards()
    yield from _no_awards()
    yield from _who_is_called()
    yield from _terms()
    yield from _bad_bids()


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
    t.reject_one("late", "ben")
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

    t = Transcript(
        "duplicates", "Messages that come twice change nothing.", "ok", "ann", "ben", crossing="any message twice"
    )
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
    t.wait(300)
    t.again(back=4)
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

    t = Transcript("evaluation-takes-too-long", "The evaluation does not come to an end.", "no-award", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.wait(10_000)
    t.own("@eval-timeout")
    t.own("#reject", "ann")
    t.reject("no-award", "ann")
    yield t


def _who_is_called() -> Iterator[Transcript]:
    t = Transcript(
        "uninvited", "An open call: a bidder that nobody waits for bids in time, and wins.", "ok", "ann", "ben"
    )
    t.open()
    t.wait(1_000)
    t.overheard("eve")
    t.propose("eve", 40_000)
    t.bids(ann=50_000)
    t.refuse("ben", "busy")
    t.own("=all-answered")
    t.award("eve", held="ann")
    t.wait(30_000)
    t.result("eve")
    t.closed_well(held="ann")
    yield t

    t = iterated(
        "uninvited-called-again", "A bidder that nobody waited for is called again: now it is waited for.", "ok", "ann"
    )
    t.open()
    t.wait(1_000)
    t.overheard("eve")
    t.propose("eve", 40_000)
    t.refuse("ann", "busy")
    t.own("=all-answered")
    t.reinvite("eve")
    t.deadline("eve")
    t.award("eve")
    t.wait(30_000)
    t.result("eve")
    t.closed_well()
    yield t

    t = Transcript("uninvited-late", "The same, after the end of the round: it was silent, and is late.", "ok", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(2_000)
    t.overheard("eve")
    t.propose("eve", 40_000, "?propose:late")
    t.reject_one("late", "eve")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript(
        "gone",
        "The presence of one ends: nobody waits for it any more, and its bid would still count.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=50_000)
    t.wait(9_000)
    t.own("gone", "ben")
    t.own("=all-answered")
    t.own("@deadline", "ben")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("undeliverable", "The cfp reaches nobody: no bid, and no refusal.", "no-award", "ann")
    t.open()
    t.wait(20)
    t.own("#returned", "ann")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "grace",
        "The initiator was away at the deadline: one grace, so that the bid that waited in its queue counts.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=50_000)
    t.wait(25_000)
    t.own("#extend")
    t.wait(100)
    t.propose("ben", 40_000)
    t.own("=all-answered")
    t.award("ben", held="ann")
    t.wait(30_000)
    t.result("ben")
    t.closed_well(held="ann")
    yield t


def _terms() -> Iterator[Transcript]:
    t = Transcript(
        "published-reserve", "Everybody knows the most that is paid: one refuses because of it.", "ok", "ann", "ben"
    )
    t.reserve = 60_000
    t.open()
    t.wait(500)
    t.refuse("ann", "over-reserve")
    t.bids(ben=55_000)
    t.own("=all-answered")
    t.award("ben")
    t.wait(30_000)
    t.result("ben")
    t.closed_well()
    yield t

    t = Transcript(
        "two-stages", "The cfp has a digest of the full task; the task itself goes to the winner alone.", "ok", "ann"
    )
    t.two_stages = True
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript(
        "another-try",
        "Nobody was awarded in the conversation before: this one names it.",
        "ok",
        "ann",
        parent="buyer.1.0",
    )
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t


def _bad_bids() -> Iterator[Transcript]:
    t = Transcript("malformed-bid", "A proposal that breaks the schema is a bad one, and may be repaired.", "ok", "ann")
    t.open()
    t.wait(2_000)
    bad = t.propose("ann", 50_000, "?propose:bad", wrong={"price": "0.05", "colour": "red", "eta": ...})
    t.not_understood("ann", "propose", bad, ("$.content.price", "must be an integer"), ("$.content.eta", "is missing"))
    t.wait(2_000)
    t.propose("ann", 50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript(
        "repair-in-vain", "The repaired proposal is invalid too: there is no second repair.", "no-award", "ann"
    )
    t.open()
    t.wait(2_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(2_000)
    t.propose("ann", 50_000, "?propose:bad", unit="GBP")
    t.reject_one("invalid", "ann")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "refuse-instead-of-a-repair", "Told what is wrong with its proposal, the bidder refuses.", "no-award", "ann"
    )
    t.open()
    t.wait(2_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(2_000)
    t.refuse("ann", "invalid-proposal")
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "late-repair",
        "The repair comes after the deadline.",
        "no-award",
        "ann",
        crossing="repair comes after the deadline",
    )
    t.open()
    t.wait(15_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(5_000)
    t.own("@deadline")
    t.own("@deadline", "ann")
    t.own("=no-live-offer")
    t.wait(700)
    t.propose("ann", 50_000, "?propose:late")
    t.reject_one("late", "ann")
    yield t
