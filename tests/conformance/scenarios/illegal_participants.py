"""A participant that breaks the protocol: as an initiator sees it, and in its own log."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import CONTRACT_NET
from tests.conformance.scenarios.participants import bid, called, called_again, committed, logged, offered, withdraws
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, VALID_FOR_MS, WORK_WITHIN_MS, Transcript


def illegal_participants() -> Iterator[Transcript]:
    yield from _as_others_see_it()
    yield from _bids()
    yield from _answers()
    yield from _work()
    yield from _its_initiator()


def _awarded(t: Transcript) -> None:
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(5_000)


def _as_others_see_it() -> Iterator[Transcript]:
    t = Transcript("failure-after-the-result", "The winner informs of the result, and then of a failure.", "ok", "ann")
    _awarded(t)
    t.result("ann")
    t.closed_well()
    t.wait(1_000)
    t.now_breaks("R5", "unexplained")
    t.task_failure("ann", "error")
    yield t

    t = Transcript("cancel-answered-twice", "A bidder confirms one cancel twice.", "cancelled", "ann")
    t.open()
    t.wait(100)
    t.cancel_all("ann")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    t.now_breaks("R9", "unexplained")
    t.cancelled("ann")
    yield t

    t = Transcript("participant-cancels", "A bidder cancels: it has no such act.", "ok", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.now_breaks("R9", "unexplained")
    t.cancels("ann")
    yield t

    t = Transcript(
        "stops-what-it-finished",
        "The work was done, and the cancel is confirmed as if it was stopped.",
        "cancelled",
        "ann",
    )
    _awarded(t)
    t.cancel_all("ann")
    t.wait(20)
    t.result("ann")
    t.wait(20)
    t.now_breaks("P27", "unexplained")
    t.cancelled("ann")
    yield t

    t = Transcript(
        "result-of-another-slot", "The result names a slot that the winner was not given.", "ok", "ann", slots=2
    )
    _awarded(t)
    t.now_breaks("P22", "unexplained")
    t.result("ann", slot=2, event="?inform:result")
    yield t


def _bids() -> Iterator[Transcript]:
    t = logged("bids-too-late", "Sends a bid that is known to be late.", "offered", protocol=CONTRACT_NET)
    called(t)
    t.wait(REPLY_WITHIN_MS)
    t.now_breaks("P7", "late")
    t.own("#bid")
    yield t

    t = logged("bids-for-another-round", "The proposal names the round before.", "offered")
    offered(t, price=80_000)
    called_again(t)
    t.own("#bid")
    t.now_breaks("P2", "envelope")
    t.propose("ann", 60_000, round=1)
    yield t

    t = logged("uses-an-offer-id-twice", "Two proposals have one offer id.", "offered")
    offered(t, price=80_000)
    called_again(t)
    t.own("#bid")
    t.now_breaks("P2", "envelope")
    t.propose("ann", 60_000, offer=t.offer_of("ann"))
    yield t

    t = logged("bids-in-another-unit", "The call is in USD, the proposal in EUR.", "offered", protocol=CONTRACT_NET)
    called(t)
    t.own("#bid")
    t.now_breaks("R2", "envelope")
    t.propose("ann", 60_000, unit="EUR")
    yield t

    t = logged("repairs-unasked", "Bids again, and nobody has asked.", "offered", protocol=CONTRACT_NET)
    offered(t)
    t.now_breaks("P2", "no-row")
    t.own("#bid")
    yield t

    t = logged("lapses-too-early", "Its offer lapses before its time.", "lapsed", protocol=CONTRACT_NET)
    offered(t)
    t.wait(VALID_FOR_MS - 1_000)
    t.now_breaks("P16", "early")
    t.own("@offer-lapse")
    yield t

    t = logged(
        "refuses-for-a-reason-of-later", "Refuses as withdrawn, and has no offer out.", "closed", protocol=CONTRACT_NET
    )
    called(t)
    t.own("#decline")
    t.now_breaks("P17", "unowed")
    t.refuse("ann", "withdrawn")
    yield t

    t = logged(
        "bids-on-an-old-cfp",
        "The cfp of a round that it has seen is taken for a newer one.",
        "offered",
        faulty=("buyer",),
    )
    offered(t, price=80_000)
    called_again(t)
    t.now_breaks("P8", "misread")
    t.cfp("ann", event="?cfp:next")
    yield t


def _answers() -> Iterator[Transcript]:
    t = logged(
        "denies-its-offer",
        "The accept names a live offer, and is taken for one that is dead.",
        "failed",
        protocol=CONTRACT_NET,
    )
    offered(t)
    t.now_breaks("R4", "misread")
    t.accept("ann", event="?accept:dead")
    yield t

    t = logged(
        "works-on-a-dead-offer",
        "The offer was withdrawn, and its accept is taken for a commitment.",
        "done",
        protocol=CONTRACT_NET,
    )
    offered(t)
    withdraws(t)
    t.wait(20)
    t.now_breaks("P19", "misread")
    t.accept("ann")
    yield t

    t = logged("leaves-a-dead-accept", "An accept of a dead offer is not answered.", "failed", protocol=CONTRACT_NET)
    offered(t)
    withdraws(t)
    t.wait(20)
    t.accept("ann", event="?accept:dead")
    t.ends_broken("P19", "owed")
    yield t

    t = logged(
        "says-the-wrong-why", "The offer was withdrawn, and is said to have expired.", "failed", protocol=CONTRACT_NET
    )
    offered(t)
    withdraws(t)
    t.wait(20)
    t.accept("ann", event="?accept:dead")
    t.now_breaks("G5", "untrue")
    t.task_failure("ann", "offer-expired")
    yield t

    t = logged(
        "withdraws-what-was-accepted", "Takes its offer back when it is committed.", "closed", protocol=CONTRACT_NET
    )
    committed(t)
    t.now_breaks("G5", "no-row")
    t.own("#withdraw")
    yield t

    t = logged(
        "leaves-on-one-reject", "A reject of the newer offer is taken for the end; the older one stands.", "closed"
    )
    offered(t, price=80_000)
    called_again(t, wait=18_900)
    bid(t, price=60_000)
    t.wait(1_200)
    t.now_breaks("P13", "misread")
    t.reject_one("late", "ann", late_by_ms=40, event="?reject:end")
    yield t

    t = logged("ignores-a-cancel", "Every cancel is answered, in every state.", "cancelled", protocol=CONTRACT_NET)
    offered(t)
    t.cancel("user", "ann")
    t.wait(1_000)
    t.ends_broken("P30", "owed")
    yield t

    t = logged(
        "says-it-cannot-stop",
        "Nothing runs, and the cancel is answered with a failure.",
        "cancelled",
        protocol=CONTRACT_NET,
    )
    offered(t)
    t.cancel("user", "ann")
    t.now_breaks("P32", "unowed")
    t.cancel_failure("ann", "already-done")
    yield t

    t = logged(
        "complains-of-a-complaint", "Answers a not-understood with a not-understood.", "offered", protocol=CONTRACT_NET
    )
    called(t)
    about = bid(t)
    t.wait(40)
    t.not_understood("ann", "propose", about, ("$.content.eta", "must be 30 at most"))
    about = t.last_id
    t.now_breaks("R8", "unowed")
    t.misunderstood("ann", "", "not-understood", reason="out-of-sequence", in_reply_to=about)
    yield t

    t = logged(
        "complains-too-often", "Answers a sixth act without a row.", "done", protocol=CONTRACT_NET, faulty=("buyer",)
    )
    committed(t)
    t.own("#finish")
    t.result("ann")
    for last in (False, False, False, False, False, True):
        t.wait(100)
        t.reject("outbid", "ann")
        if last:
            t.now_breaks("R11", "unowed")
        t.misunderstood("ann", "", "reject-proposal", reason="out-of-sequence", in_reply_to=t.last_id)
    yield t


def _work() -> Iterator[Transcript]:
    t = logged("works-without-an-award", "Finishes work that it was not given.", "done", protocol=CONTRACT_NET)
    offered(t)
    t.now_breaks("P22", "no-row")
    t.own("#finish")
    yield t

    t = logged(
        "finishes-too-late", "The result deadline is over, and the result is sent.", "done", protocol=CONTRACT_NET
    )
    offered(t)
    t.accept("ann")
    t.wait(WORK_WITHIN_MS)
    t.now_breaks("G6", "late")
    t.own("#finish")
    yield t

    t = logged("gives-up-too-early", "The first lease runs, and is said to be lost.", "failed", protocol=CONTRACT_NET)
    offered(t)
    t.accept("ann")
    t.wait(59_999)
    t.now_breaks("P24", "early")
    t.own("@lease-lost")
    yield t

    t = logged(
        "result-under-another-epoch", "The result names another epoch than the accept.", "done", protocol=CONTRACT_NET
    )
    committed(t)
    t.own("#finish")
    t.now_breaks("P22", "envelope")
    t.result("ann", epoch=2)
    yield t

    t = logged("beats-after-the-result", "Tells of progress, and the result is out.", "done", protocol=CONTRACT_NET)
    committed(t)
    t.own("#finish")
    t.result("ann")
    t.now_breaks("P21", "no-row")
    t.own("#heartbeat")
    yield t

    t = logged("two-results", "The result is sent again, and is another message.", "done", protocol=CONTRACT_NET)
    committed(t)
    t.own("#finish")
    t.result("ann")
    t.wait(1_000)
    t.now_breaks("G16", "unowed")
    t.result("ann")
    yield t


def _its_initiator() -> Iterator[Transcript]:
    t = logged("awarded-after-a-reject", "Its initiator has rejected it, and awards.", "failed", protocol=CONTRACT_NET)
    offered(t)
    t.reject("outbid", "ann")
    t.wait(100)
    t.now_breaks("I19", "unexplained")
    t.accept("ann", event="?accept:dead")
    yield t

    t = logged("called-again-after-a-refusal", "Its initiator calls it again, and it has made no offer.", "closed")
    called(t)
    t.own("#decline")
    t.refuse("ann", "unfit")
    t.wait(20_000)
    t.now_breaks("I22", "unexplained")
    t.cfp("ann", round=2, event="?cfp:next", offer="ann-offer-1")
    yield t

    t = logged("asked-to-repair-twice", "Its initiator asks for a second repair.", "offered", protocol=CONTRACT_NET)
    called(t)
    about = bid(t)
    t.not_understood("ann", "propose", about, ("$.content.eta", "must be 30 at most"))
    about = bid(t)
    t.now_breaks("I2", "unexplained")
    t.not_understood("ann", "propose", about, ("$.content.eta", "must be 30 at most"))
    yield t

    t = logged(
        "cancelled-twice",
        "Its initiator cancels, and cancels again under another id.",
        "cancelled",
        protocol=CONTRACT_NET,
    )
    called(t)
    t.cancel("user", "ann")
    t.cancelled("ann")
    t.wait(100)
    t.now_breaks("I30", "unexplained")
    t.cancel("user", "ann")
    yield t
