"""Legal conversations in which a winner fails, the user cancels, or one round is not enough."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import ITERATED_CONTRACT_NET
from tests.conformance.transcript_writer import Transcript


def troubled() -> Iterator[Transcript]:
    yield from _winners_that_fail()
    yield from _cancels()
    yield from _rounds()


def _winners_that_fail() -> Iterator[Transcript]:
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
        "zombie", "A lease lapses; the result under the old epoch is stored, not credited.", "ok", "ann", "ben"
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
        "accept-crosses-withdrawal", "A withdrawal crosses the accept: the slot is freed once.", "ok", "ann", "ben"
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


def _cancels() -> Iterator[Transcript]:
    t = Transcript("cancel-while-collecting", "The user cancels; a proposal crosses it.", "cancelled", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(1_000)
    t.own("#cancel")
    t.own("#cancel", "ann", "ben")
    t.cancel("user", "ann", "ben")
    t.wait(20)
    t.propose("ben", 60_000, "?propose:late")
    t.reject_one("cancelled", "ben")
    t.wait(30)
    t.cancelled("ann")
    t.cancelled("ben")
    t.own("=all-settled")
    yield t

    t = Transcript("cancel-crosses-result", "A result crosses the cancel: a late completion.", "cancelled", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(30_000)
    t.own("#cancel")
    t.own("#cancel", "ann")
    t.cancel("user", "ann")
    t.wait(10)
    t.result("ann")
    t.wait(20)
    t.cancel_failure("ann", "already-done")
    t.own("=all-settled")
    yield t


def _rounds() -> Iterator[Transcript]:
    t = Transcript(
        "two-rounds",
        "A revised cfp to the better one; the other is rejected, the standing offer is replaced.",
        "ok",
        "ann",
        "ben",
        protocol=ITERATED_CONTRACT_NET,
        max_rounds=3,
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
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript(
        "standing-offer",
        "Silence in the second round: the offer of the first one stands, and wins.",
        "ok",
        "ann",
        protocol=ITERATED_CONTRACT_NET,
        max_rounds=2,
    )
    t.open()
    t.bids(ann=80_000)
    t.own("=all-answered")
    t.own("#iterate")
    t.own("#reinvite", "ann")
    t.cfp("ann", round=2, offer=t.offer_of("ann"))
    t.wait(20_000)
    t.own("@deadline")
    t.own("@deadline", "ann")
    t.award("ann")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    yield t
