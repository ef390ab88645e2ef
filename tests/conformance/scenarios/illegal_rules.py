"""An initiator that breaks a rule between the rows: messages, terms, slots, cancels."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import ITERATED_CONTRACT_NET
from tests.conformance.transcript_writer import Transcript


def illegal_rules() -> Iterator[Transcript]:
    yield from _messages()
    yield from _terms()
    yield from _bids()
    yield from _awards()
    yield from _slots()
    yield from _cancels()


def _bid(t: Transcript, **prices: int) -> None:
    """Everybody is called, and all answer."""
    t.open()
    t.bids(**(prices or {"ann": 50_000}))
    t.own("=all-answered")


def _at_work(t: Transcript, held: str | None = None, **prices: int) -> None:
    _bid(t, **prices)
    t.award("ann", held=held)
    t.wait(5_000)


def _messages() -> Iterator[Transcript]:
    t = Transcript("protocol-changes", "The accept is of another protocol than the cfp.", "ok", "ann")
    _bid(t)
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("M2", "envelope")
    t.accept("ann", protocol=ITERATED_CONTRACT_NET)
    yield t

    t = Transcript(
        "message-id-used-twice", "A refusal has the message id of the proposal before it.", "ok", "ann", "ben"
    )
    t.open()
    t.bids(ann=50_000)
    t.wait(500)
    t.now_breaks("M5", "envelope")
    t.refuse("ann", "withdrawn", message_id="ann-1")
    yield t

    t = Transcript("price-with-a-fraction", "A price that is no integer is taken for a valid one.", "ok", "ann")
    t.open()
    t.wait(500)
    t.now_breaks("M6", "schema")
    t.propose("ann", 50_000, wrong={"price": 0.05})
    yield t

    t = Transcript("clock-goes-back", "A line is before the one that it follows.", "ok", "ann")
    t.open()
    t.wait(-1)
    t.now_breaks("M7", "order")
    t.propose("ann", 50_000)
    yield t

    t = Transcript(
        "score-to-all", "The losers' common reject gives a score, which can be that of one only.", "ok", "ann", "ben"
    )
    _bid(t, ann=50_000, ben=70_000)
    t.own("#award")
    t.own("#award", "ann")
    t.own("#reject", "ben")
    t.accept("ann")
    t.now_breaks("M4", "envelope")
    t.reject("outbid", "ben", score=12_000)
    yield t

    t = Transcript("rival-named", "The loser is told who has won.", "ok", "ann", "ben")
    _bid(t, ann=50_000, ben=70_000)
    t.own("#award")
    t.own("#award", "ann")
    t.own("#reject", "ben")
    t.accept("ann")
    t.now_breaks("M4", "schema")
    t.reject("outbid", "ben", wrong={"winner": "ann"})
    yield t

    t = Transcript("reason-of-its-own", "A refusal with a reason that is not on the list.", "no-award", "ann")
    t.open()
    t.wait(500)
    t.now_breaks("G11", "schema")
    t.refuse("ann", "busy", wrong={"reason": "on-holiday"})
    yield t

    t = Transcript("said-under-two-ids", "The cfp is sent again, and gets another message id.", "no-award", "ann")
    t.open()
    t.wait(1_000)
    t.now_breaks("G16", "unowed")
    t.cfp("ann", reply_by=t.at + 20_000)
    yield t

    t = Transcript(
        "another-try-does-not-say-so",
        "A conversation that follows another one does not name it.",
        "ok",
        "ann",
        parent="buyer.1.0",
    )
    t.own("#open")
    t.now_breaks("G13", "envelope")
    t.cfp("ann", parent=None)
    yield t

    t = Transcript(
        "stray-unanswered",
        "A result that nobody awarded is passed over in silence.",
        "no-award",
        "ann",
        faulty=("ann",),
    )
    t.open()
    t.result("ann")
    t.wait(20_000)
    t.now_breaks("R11", "owed")
    t.own("@deadline")
    yield t


def _terms() -> Iterator[Transcript]:
    t = Transcript("cfp-leaves-one-out", "One of those invited is never called.", "ok", "ann", "ben")
    t.own("#open")
    t.cfp("ann")
    t.wait(1_000)
    t.now_breaks("R1", "owed")
    t.propose("ann", 50_000)
    yield t

    t = Transcript("pays-less-than-asked", "The accept names a lower price than the offer.", "ok", "ann")
    _bid(t)
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("R2", "envelope")
    t.accept("ann", wrong={"price": 49_999})
    yield t

    t = Transcript("pays-over-the-reserve", "The reserve is published, and the accept goes over it.", "ok", "ann")
    t.reserve = 40_000
    _bid(t)
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("G12", "envelope")
    t.accept("ann")
    yield t

    t = Transcript(
        "within-the-reserve", "An offer is rejected as over the published reserve, and it is not.", "no-award", "ann"
    )
    t.reserve = 60_000
    _bid(t)
    t.own("#no-award")
    t.own("#reject", "ann")
    t.now_breaks("G12", "untrue")
    t.reject("over-reserve", "ann")
    yield t

    t = Transcript(
        "accept-without-salt", "The cfp has a digest of the full task, and the accept not its salt.", "ok", "ann"
    )
    t.two_stages = True
    _bid(t)
    t.own("#award")
    t.own("#award", "ann")
    t.two_stages = False
    t.now_breaks("G10", "envelope")
    t.accept("ann")
    yield t


def _bids() -> Iterator[Transcript]:
    t = Transcript("repaired-twice", "A second invalid proposal gets a second chance.", "no-award", "ann")
    t.open()
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(1_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="GBP")
    t.now_breaks("G1", "unowed")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    yield t

    t = Transcript(
        "second-bid-counts", "The second proposal of the round is awarded.", "ok", "ann", "ben", faulty=("ann",)
    )
    t.open()
    t.bids(ann=50_000)
    t.propose("ann", 40_000)
    t.reject_one("duplicate-bid", "ann")
    t.bids(ben=60_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("I19", "envelope")
    t.accept("ann")
    yield t

    t = Transcript(
        "failure-taken-for-a-refusal",
        "An error while bidding is recorded as a refusal.",
        "no-award",
        "ann",
        faulty=("ann",),
    )
    t.open()
    t.wait(500)
    t.now_breaks("G3", "misread")
    t.task_failure("ann", "error", epoch=None, slot=None, event="?refuse")
    yield t

    t = Transcript("invalid-bid-counts", "A proposal in another unit is taken for a valid one.", "ok", "ann")
    t.open()
    t.wait(500)
    t.now_breaks("I2", "misread")
    t.propose("ann", 50_000, unit="EUR")
    yield t

    t = Transcript("late-and-no-word-how-late", "A late bid is rejected, and not told by how much.", "ok", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.deadline("ben")
    t.award("ann")
    t.wait(500)
    t.propose("ben", 40_000, "?propose:late")
    t.now_breaks("I35", "envelope")
    t.reject_one("late", "ben", late_by_ms=0, wrong={"late_by_ms": ...})
    yield t

    t = Transcript(
        "silent-one-forgotten", "The round closes, and one that has not answered is left in it.", "ok", "ann", "ben"
    )
    t.open()
    t.bids(ann=50_000)
    t.deadline()
    t.now_breaks("I13", "owed")
    t.own("#award")
    yield t

    t = Transcript("grace-twice", "A round is extended twice.", "no-award", "ann")
    t.open()
    t.wait(21_000)
    t.own("#extend")
    t.wait(10_000)
    t.now_breaks("C4", "no-row")
    t.own("#extend")
    yield t

    t = Transcript("offer-lapses-too-early", "An offer is no more used while it has long to stand.", "no-award", "ann")
    _bid(t)
    t.wait(1_000)
    t.now_breaks("I23", "early")
    t.own("@offer-lapse", "ann")
    yield t

    t = Transcript("nobody-left-and-one-is", "Says that no offer is left, and one stands.", "no-award", "ann")
    _bid(t)
    t.now_breaks("C7", "untrue")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "one-proposer-not-rejected", "Nobody is awarded, and one of two is never told.", "no-award", "ann", "ben"
    )
    _bid(t, ann=50_000, ben=70_000)
    t.own("#no-award")
    t.own("#reject", "ann")
    t.reject("no-award", "ann")
    t.ends_broken("C6", "owed")
    yield t


def _awards() -> Iterator[Transcript]:
    t = Transcript("accept-after-the-lapse", "An offer is accepted when its time is over.", "ok", "ann")
    t.open()
    t.wait(500)
    t.propose("ann", 50_000, valid_for_ms=5_000)
    t.own("=all-answered")
    t.wait(5_000)
    t.own("#award")
    t.now_breaks("G4", "late")
    t.own("#award", "ann")
    yield t

    t = Transcript("winner-again", "The winner has failed, and is awarded once more.", "ok", "ann", "ben")
    _at_work(t, held="ben", ann=50_000, ben=70_000)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.now_breaks("G13", "no-row")
    t.own("#award", "ann")
    yield t

    t = Transcript("two-runners-up-of-one-slot", "Two are held for the one slot.", "ok", "ann", "ben", "cem")
    _bid(t, ann=50_000, ben=60_000, cem=70_000)
    t.own("#award")
    t.own("#award", "ann")
    t.own("#hold", "ben")
    t.now_breaks("G9", "unasked")
    t.own("#hold", "cem")
    yield t

    t = Transcript("overdue-too-early", "The result deadline fires before its time.", "failed", "ann")
    _at_work(t)
    for _ in range(11):
        t.wait(54_000)
        t.progress("ann")
    t.now_breaks("R10", "early")
    t.own("@result-due", "ann")
    yield t

    t = Transcript(
        "result-of-another-epoch",
        "A result under another epoch than the award's is credited.",
        "ok",
        "ann",
        faulty=("ann",),
    )
    _at_work(t)
    t.now_breaks("G8", "misread")
    t.result("ann", epoch=2)
    yield t

    t = Transcript("bad-result-unanswered", "What is wrong with a result is not said.", "failed", "ann")
    _at_work(t)
    t.result("ann", event="?inform:badresult")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    t.ends_broken("I26", "owed")
    yield t

    t = Transcript(
        "lease-lapses-during-the-check", "The result is in and is checked; the lease ends it.", "failed", "ann"
    )
    _at_work(t)
    t.result("ann", event="?inform:checked")
    t.wait(70_000)
    t.now_breaks("I29", "early")
    t.own("@lease", "ann")
    yield t

    t = Transcript("credited-without-a-result", "A result is credited, and none has come.", "ok", "ann")
    _at_work(t)
    t.now_breaks("I25", "no-row")
    t.own("?inform:result", "ann")
    yield t

    t = Transcript("fenced-without-a-word", "The lease has lapsed, and the winner is not told.", "failed", "ann")
    _at_work(t)
    t.wait(65_000)
    t.own("@lease", "ann")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    t.ends_broken("I29", "owed")
    yield t

    t = Transcript(
        "loser-told-of-another-reason", "A loser is told that it was late, and it was not.", "ok", "ann", "ben"
    )
    _bid(t, ann=50_000, ben=70_000)
    t.own("#award")
    t.own("#award", "ann")
    t.own("#reject", "ben")
    t.accept("ann")
    t.now_breaks("I20", "unowed")
    t.reject("late", "ben")
    yield t

    t = Transcript("nobody-awarded", "The decision is an award, and nobody gets it.", "ok", "ann")
    _bid(t)
    t.own("#award")
    t.own("#reject", "ann")
    t.reject("outbid", "ann")
    t.ends_broken("C5", "owed")
    yield t


def _slots() -> Iterator[Transcript]:
    t = Transcript(
        "ok-with-an-empty-slot", "One of two slots stayed empty, and all is said to be done.", "ok", "ann", slots=2
    )
    _at_work(t)
    t.result("ann")
    t.now_breaks("C16", "untrue")
    t.own("=slots-all-done")
    yield t

    t = Transcript(
        "partial-and-nothing-is", "Both slots are given up, and some are said to be done.", "partial", "ann", slots=2
    )
    _at_work(t)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.now_breaks("C17", "untrue")
    t.own("=slots-some-done")
    yield t

    t = Transcript("failed-while-at-work", "Nothing is said to be done while a winner works.", "failed", "ann")
    _at_work(t)
    t.now_breaks("C18", "untrue")
    t.own("=slots-none-done")
    yield t

    t = Transcript("slot-that-there-is-not", "An award of a third slot of two.", "ok", "ann", slots=2)
    _bid(t)
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("G17", "envelope")
    t.accept("ann", slot=3)
    yield t

    t = Transcript("slot-freed-and-none-is", "A runner-up is awarded while the winner works.", "ok", "ann", "ben")
    _at_work(t, held="ben", ann=50_000, ben=70_000)
    t.now_breaks("C14", "untrue")
    t.own("=slot-freed")
    yield t

    t = Transcript("never-said-to-be-over", "The result is in, and the conversation goes on.", "ok", "ann")
    _at_work(t)
    t.result("ann")
    t.wait(1_000)
    t.now_breaks("C16", "owed")
    t.own("#cancel")
    yield t

    t = Transcript("ends-otherwise", "The conversation ends as failed, and is called ok.", "ok", "ann")
    _at_work(t)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    t.ends_broken("R15", "open-end")
    yield t


def _cancels() -> Iterator[Transcript]:
    t = Transcript(
        "cancel-leaves-one-out", "The runner-up is never told that all is cancelled.", "cancelled", "ann", "ben"
    )
    _at_work(t, held="ben", ann=50_000, ben=70_000)
    t.cancel_all("ann")
    t.wait(20)
    t.now_breaks("C19", "owed")
    t.cancelled("ann")
    yield t

    t = Transcript("settled-too-early", "One has still to answer the cancel.", "cancelled", "ann", "ben")
    _at_work(t, held="ben", ann=50_000, ben=70_000)
    t.cancel_all("ann", "ben")
    t.wait(20)
    t.cancelled("ben")
    t.now_breaks("C20", "untrue")
    t.own("=all-settled")
    yield t

    t = Transcript("cancel-names-a-message", "A cancel is not equal bytes for all.", "cancelled", "ann")
    _at_work(t)
    t.own("#cancel")
    t.own("#cancel", "ann")
    t.now_breaks("M4", "envelope")
    t.cancel("user", "ann", in_reply_to=t.bid_of("ann"))
    yield t

    t = Transcript("cancel-for-no-reason", "The user's cancel says that the lease has expired.", "cancelled", "ann")
    _at_work(t)
    t.own("#cancel")
    t.own("#cancel", "ann")
    t.now_breaks("I29", "unowed")
    t.cancel("lease-expired", "ann")
    yield t

    t = Transcript("cancel-after-the-end", "What is over is cancelled.", "ok", "ann")
    _at_work(t)
    t.result("ann")
    t.closed_well()
    t.wait(1_000)
    t.now_breaks("C19", "no-row")
    t.own("#cancel")
    yield t

    t = Transcript("undone-that-is-not", "A bidder could not stop, and is recorded as cancelled.", "cancelled", "ann")
    _at_work(t)
    t.cancel_all("ann")
    t.wait(20)
    t.now_breaks("I32", "misread")
    t.cancel_failure("ann", "cannot-stop", event="?inform:cancelled")
    yield t
