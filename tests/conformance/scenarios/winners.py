"""Winners that fail, and who takes their place: the slot is fenced, freed, and awarded again or given up."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.transcript_writer import Transcript


def winners() -> Iterator[Transcript]:
    yield from _runners_up()
    yield from _ended_otherwise()
    yield from _offers_that_end()


def _runners_up() -> Iterator[Transcript]:
    t = Transcript("runner-up", "The winner fails; the runner-up is awarded under the next epoch.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(9_000)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.own("#award", "ben")
    t.accept("ben", epoch=2)
    t.wait(30_000)
    t.result("ben", epoch=2)
    t.closed_well()
    yield t

    t = Transcript(
        "zombie",
        "A lease lapses; the result under the old epoch is stored, not credited.",
        "ok",
        "ann",
        "ben",
        crossing="result after lease or deadline",
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(70_000)
    t.own("@lease", "ann")
    t.cancel("lease-expired", "ann")
    t.own("=slot-freed")
    t.own("#award", "ben")
    t.accept("ben", epoch=2)
    t.wait(5_000)
    t.result("ann")
    t.cancel_failure("ann", "already-done")
    t.wait(30_000)
    t.result("ben", epoch=2)
    t.closed_well()
    yield t

    t = Transcript("bad-result", "A result that does not fit is named, and the slot is given up.", "failed", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    bad = t.result("ann", event="?inform:badresult")
    t.not_understood("ann", "inform", bad, ("$.content.result.words", "is required"))
    t.own("=slot-freed")
    t.own("=slots-none-done")
    yield t

    t = Transcript(
        "accept-crosses-withdrawal",
        "A withdrawal crosses the accept: the slot is freed once.",
        "ok",
        "ann",
        "ben",
        crossing="accept and withdrawal",
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(40)
    t.refuse("ann", "withdrawn", in_reply_to=t.last_cfp("ann"))
    t.own("=slot-freed")
    t.own("#award", "ben")
    t.accept("ben", epoch=2)
    t.wait(60)
    t.task_failure("ann", "withdrawn")
    t.wait(30_000)
    t.result("ben", epoch=2)
    t.closed_well()
    yield t


def _ended_otherwise() -> Iterator[Transcript]:
    t = Transcript("result-overdue", "The result deadline passes, whatever progress was told.", "failed", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    for _ in range(11):
        t.wait(54_000)
        t.progress("ann")
    t.wait(6_000)
    t.own("@result-due", "ann")
    t.cancel("result-overdue", "ann")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    t.wait(20)
    t.cancelled("ann")
    yield t

    t = Transcript(
        "accept-not-understood",
        "The winner cannot interpret the full task; the runner-up is awarded.",
        "ok",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(200)
    t.misunderstood("ann", "?not-understood:accept", "accept-proposal")
    t.runner_up("ben")
    t.wait(30_000)
    t.result("ben", epoch=2)
    t.closed_well()
    yield t

    t = Transcript(
        "awarded-often-enough",
        "The slot had its awards in the conversations before: whoever is held is rejected, and the slot given up.",
        "failed",
        "ann",
        "ben",
        parent="buyer.1.0",
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.own("#hold", "ben")
    t.accept("ann", epoch=3)
    t.wait(5_000)
    t.task_failure("ann", "handed-back", epoch=3)
    t.own("=slot-freed")
    t.own("=slots-none-done")
    t.own("#reject", "ben")
    t.reject("no-award", "ben")
    yield t

    t = Transcript(
        "checked-results",
        "The task's own check judges each result; while it runs no lease lapses, another result is out of sequence.",
        "ok",
        "ann",
        "ben",
        faulty=("ann",),
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(60_000)
    checked = t.result("ann", event="?inform:checked")
    t.wait(500)
    again = t.result("ann")
    t.not_understood("ann", "inform", again, reason="out-of-sequence")
    t.wait(30_000)
    t.own("?inform:badresult", "ann")
    t.not_understood("ann", "inform", checked, ("$.content.result", "the check said no"))
    t.runner_up("ben")
    t.wait(5_000)
    t.result("ben", epoch=2, event="?inform:checked")
    t.wait(5_000)
    t.own("?inform:result", "ben")
    t.closed_well()
    yield t


def _offers_that_end() -> Iterator[Transcript]:
    t = Transcript(
        "accept-crosses-lapse",
        "The offer lapses at the bidder while the accept is on its way.",
        "ok",
        "ann",
        "ben",
        crossing="accept and lapse of the offer",
    )
    t.open()
    t.wait(1_000)
    t.propose("ann", 50_000, valid_for_ms=20_000)
    t.propose("ben", 70_000)
    t.own("=all-answered")
    t.wait(19_900)
    t.award("ann", held="ben")
    t.wait(12_000)
    t.task_failure("ann", "offer-expired")
    t.runner_up("ben")
    t.wait(30_000)
    t.result("ben", epoch=2)
    t.closed_well()
    yield t

    t = Transcript(
        "offers-lapse",
        "One offer ends while it is held, one before anything is decided, one is withdrawn while it is held.",
        "failed",
        "ann",
        "ben",
        "cem",
        "dora",
        slots=2,
    )
    t.open()
    t.wait(1_000)
    t.propose("ann", 50_000)
    t.propose("ben", 60_000, valid_for_ms=40_000)
    t.propose("cem", 70_000)
    t.propose("dora", 55_000, valid_for_ms=5_000)
    t.own("=all-answered")
    t.wait(3_000)
    t.own("@offer-lapse", "dora")
    t.reject("offer-lapsed", "dora")
    t.wait(1_000)
    t.own("#award")
    t.own("#award", "ann")
    t.own("#hold", "ben", "cem")
    t.accept("ann")
    t.wait(10_000)
    t.refuse("cem", "withdrawn")
    t.wait(24_000)
    t.own("@offer-lapse", "ben")
    t.reject("offer-lapsed", "ben")
    t.wait(5_000)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    yield t
