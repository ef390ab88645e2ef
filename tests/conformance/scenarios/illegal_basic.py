"""One round, one slot, broken in one place: rounds closed wrongly, things left unsaid, or said wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.transcript_writer import Transcript


def illegal_basic() -> Iterator[Transcript]:
    yield from _rounds_closed_wrongly()
    yield from _left_unsaid()
    yield from _said_wrongly()
    yield from _participants()


def _rounds_closed_wrongly() -> Iterator[Transcript]:
    t = Transcript("award-on-the-first-bid", "Awards before the round is closed.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.now_breaks("G2", "no-row")
    t.award("ann")
    yield t

    t = Transcript("closed-too-early", "The deadline fires before its time.", "no-award", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.now_breaks("R3", "early")
    t.own("@deadline")
    yield t

    t = Transcript("not-all-have-answered", "Says that all have answered, and one has not.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.now_breaks("C3", "untrue")
    t.own("=all-answered")
    yield t

    t = Transcript("late-bid-wins", "A late bid is rejected, and then awarded all the same.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(19_000)
    t.own("@deadline")
    t.own("@deadline", "ben")
    t.propose("ben", 40_000, "?propose:late")
    t.reject_one("late", "ben")
    t.own("#award")
    t.now_breaks("I19", "no-row")
    t.award_one("ben")
    yield t

    t = Transcript("late-bid-counts", "A late bid is taken for one in time.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(19_000)
    t.own("@deadline")
    t.own("@deadline", "ben")
    t.wait(100)
    t.now_breaks("I1", "misread")
    t.propose("ben", 40_000)
    yield t


def _left_unsaid() -> Iterator[Transcript]:
    t = Transcript("late-bid-unanswered", "A late bid is passed over in silence.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(19_000)
    t.own("@deadline")
    t.own("@deadline", "ben")
    t.award("ann")
    t.wait(1_500)
    t.propose("ben", 40_000, "?propose:late")
    t.wait(30_000)
    t.now_breaks("R6", "owed")
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("loser-not-told", "The conversation closes, and the held bidder never hears.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(30_000)
    t.result("ann")
    t.closed_well()
    t.ends_broken("R3", "owed")
    yield t

    t = Transcript("bad-bid-unanswered", "An invalid bid is ignored instead of being named.", "no-award", "ann")
    t.open()
    t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.wait(20_000)
    t.now_breaks("I2", "owed")
    t.own("@deadline")
    yield t

    t = Transcript("slot-forgotten", "The winner fails and the runner-up is left waiting.", "failed", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(9_000)
    t.task_failure("ann", "error")
    t.ends_broken("G9", "owed")
    yield t


def _said_wrongly() -> Iterator[Transcript]:
    t = Transcript("two-awards-of-one-slot", "Both bidders are accepted for the one slot.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann")
    t.own("#award", "ben")
    t.now_breaks("G17", "envelope")
    t.accept("ben", epoch=2)
    yield t

    t = Transcript(
        "epoch-used-again", "The runner-up is awarded under the epoch of the first winner.", "ok", "ann", "ben"
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(9_000)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.own("#award", "ben")
    t.now_breaks("G8", "envelope")
    t.accept("ben", epoch=1)
    yield t

    t = Transcript(
        "zombie-credited", "The lease lapsed; the result under the old epoch closes the slot.", "ok", "ann", "ben"
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
    t.now_breaks("C16", "untrue")
    t.own("=slots-all-done")
    yield t

    t = Transcript("lease-cut-short", "The winner is cancelled while its lease runs.", "failed", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(40_000)
    t.progress("ann")
    t.wait(59_999)
    t.now_breaks("G7", "early")
    t.own("@lease", "ann")
    yield t

    t = Transcript("not-understood-answered", "A not-understood is answered with a not-understood.", "no-award", "ann")
    t.open()
    about = t.misunderstood("ann", "?not-understood:cfp", "cfp")
    t.now_breaks("R8", "unowed")
    t.not_understood("ann", "not-understood", about)
    yield t

    t = Transcript("another-conversation", "The accept speaks of another conversation.", "ok", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("R7", "envelope")
    t.accept("ann", conversation_id="buyer.2.1")
    yield t

    t = Transcript("reject-with-a-reference", "A reject of the whole conversation names a message.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.own("#reject", "ben")
    t.accept("ann")
    t.now_breaks("M4", "envelope")
    t.reject("outbid", "ben", in_reply_to=t.bid_of("ben"))
    yield t


def _participants() -> Iterator[Transcript]:
    t = Transcript("result-without-an-award", "A bidder informs of a result that nobody awarded.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(500)
    t.now_breaks("P22", "unexplained")
    t.result("ann")
    yield t

    t = Transcript("bid-after-refusal", "A bidder refuses, and proposes in the same round.", "ok", "ann", "ben")
    t.open()
    t.refuse("ann", "busy")
    t.wait(500)
    t.now_breaks("P2", "unexplained")
    t.propose("ann", 50_000, "?propose:ok")
    yield t

    t = Transcript("bid-twice", "A bidder proposes again without being asked to.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.wait(500)
    t.now_breaks("P2", "unexplained")
    t.propose("ann", 40_000)
    yield t

    t = Transcript("failure-for-refuse", "A bidder without a commitment says that the work failed.", "no-award", "ann")
    t.open()
    t.wait(500)
    t.now_breaks("P23", "unexplained")
    t.task_failure("ann", "error")
    yield t

    t = Transcript(
        "in-anothers-name", "A message that came from one bidder names another as its sender.", "ok", "ann", "ben"
    )
    t.open()
    t.wait(500)
    t.now_breaks("M1", "envelope")
    t.propose("ann", 50_000, sender="ben")
    yield t

    t = Transcript("answer-to-nothing", "A proposal answers a message that was never sent to it.", "ok", "ann")
    t.open()
    t.wait(500)
    t.now_breaks("M3", "envelope")
    t.propose("ann", 50_000, in_reply_to="buyer-99")
    yield t
