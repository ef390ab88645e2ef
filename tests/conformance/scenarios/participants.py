"""A participant's own log: it bids, wins, loses, withdraws; what comes when it is at something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contractnet.messages.acts import CONTRACT_NET, ITERATED_CONTRACT_NET
from tests.conformance.transcript_writer import REPLY_WITHIN_MS, VALID_FOR_MS, WORK_WITHIN_MS, Transcript

GRACE_MS = 10_000


def logged(name: str, about: str, outcome: str, **also: Any) -> Transcript:
    """A log of `ann`."""
    options: dict[str, Any] = {"side": "participant", "protocol": ITERATED_CONTRACT_NET, "max_rounds": 3}
    return Transcript(f"participant-{name}", about, outcome, "ann", **(options | also))


def participants() -> Iterator[Transcript]:
    yield from _one_round()
    yield from _no_bid()
    yield from _work()
    yield from _ends_of_offers()
    yield from _later_rounds()
    yield from _two_offers()


# ---- words


def called(t: Transcript) -> None:
    t.cfp("ann")
    t.wait(1_000)


def bid(t: Transcript, price: int = 50_000, **also: Any) -> str:
    t.own("#bid")
    return t.propose("ann", price, **also)


def offered(t: Transcript, **also: Any) -> None:
    called(t)
    bid(t, **also)
    t.wait(500)


def called_again(t: Transcript, wait: int = 500) -> None:
    """The next round's cfp, which names the offer on file."""
    t.cfp("ann", round=t.round + 1, offer=t.offer_of("ann"), event="?cfp:next", in_reply_to=t.bid_of("ann"))
    t.wait(wait)


def window_passes(t: Transcript) -> None:
    t.wait(REPLY_WITHIN_MS - 2_000)
    t.own("@bid-window")


def committed(t: Transcript, **also: Any) -> None:
    offered(t, **also)
    t.accept("ann")
    t.wait(5_000)


def finishes(t: Transcript) -> None:
    t.wait(20_000)
    t.own("#finish")
    t.result("ann")


def withdraws(t: Transcript) -> None:
    t.own("#withdraw")
    t.refuse("ann", "withdrawn")


def lapses(t: Transcript) -> None:
    t.wait(VALID_FOR_MS + GRACE_MS)
    t.own("@offer-lapse")


# ---- one round


def _one_round() -> Iterator[Transcript]:
    t = logged("wins", "Bids, wins, tells its progress, informs of the result.", "done", protocol=CONTRACT_NET)
    committed(t)
    t.own("#heartbeat")
    t.progress("ann")
    finishes(t)
    yield t

    t = logged("loses", "Bids, and is rejected.", "closed", protocol=CONTRACT_NET)
    offered(t)
    t.reject("outbid", "ann")
    yield t

    t = logged(
        "repairs", "Its proposal is invalid; it is told what is wrong, and repairs it.", "done", protocol=CONTRACT_NET
    )
    called(t)
    bad = bid(t)
    t.wait(40)
    t.not_understood("ann", "propose", bad, ("$.content.eta", "must be 30 at most"))
    t.wait(1_000)
    bid(t)
    t.wait(2_000)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged("repairs-in-vain", "The repaired proposal is invalid too.", "closed", protocol=CONTRACT_NET)
    called(t)
    bad = bid(t)
    t.wait(40)
    t.not_understood("ann", "propose", bad, ("$.content.eta", "must be 30 at most"))
    t.wait(1_000)
    bid(t)
    t.wait(40)
    t.reject_one("invalid", "ann", event="?reject:end")
    yield t

    t = logged(
        "repairs-too-late",
        "The repair comes after the deadline.",
        "closed",
        protocol=CONTRACT_NET,
        crossing="repair comes after the deadline",
    )
    called(t)
    t.wait(14_000)
    bad = bid(t)
    t.wait(40)
    t.not_understood("ann", "propose", bad, ("$.content.eta", "must be 30 at most"))
    t.wait(4_900)
    bid(t)
    t.wait(200)
    t.reject_one("late", "ann", late_by_ms=30, event="?reject:end")
    yield t

    t = logged(
        "hears-twice",
        "Every message comes twice: the recorded answer is said again.",
        "done",
        protocol=CONTRACT_NET,
        crossing="any message twice",
    )
    t.cfp("ann")
    t.wait(300)
    t.again()
    t.wait(700)
    bid(t)
    t.wait(200)
    t.again(back=4)
    t.again(back=2)
    t.accept("ann")
    t.wait(500)
    t.again()
    finishes(t)
    t.wait(100)
    t.again(back=3)
    t.again(back=2)
    yield t


def _no_bid() -> Iterator[Transcript]:
    t = logged("refuses", "Refuses, with a reason.", "closed", protocol=CONTRACT_NET)
    called(t)
    t.own("#decline")
    t.refuse("ann", "unfit")
    yield t

    t = logged("does-not-understand", "Cannot interpret the cfp, and says so once.", "closed", protocol=CONTRACT_NET)
    called(t)
    t.own("#cannot-parse")
    t.misunderstood("ann", "", "cfp")
    yield t

    t = logged(
        "lets-the-window-pass", "Finds no bid in time, and sends none that is late.", "closed", protocol=CONTRACT_NET
    )
    called(t)
    window_passes(t)
    yield t

    t = logged(
        "strays-before-the-cfp",
        "A reject comes before anything else; then the cfp, of a conversation that is known.",
        "closed",
        faulty=("buyer",),
    )
    t.reject("no-award", "ann")
    t.wait(200)
    t.reject("offer-lapsed", "ann", event="?reject:end")
    t.wait(200)
    t.cfp("ann", event="?cfp:next")
    t.wait(500)
    t.own("#decline")
    t.refuse("ann", "busy")
    yield t

    t = logged(
        "forgot",
        "An accept comes for an offer that is not known here: the journal was lost.",
        "failed",
        faulty=("buyer",),
    )
    other = logged("", "", "")
    offered(other)
    t.reject_one("late", "ann", late_by_ms=5, bid=other.proposal_of("ann"))
    t.accept("ann", event="?accept:dead", bid=other.proposal_of("ann"))
    t.task_failure("ann", "unknown-offer")
    yield t


# ---- work


def _work() -> Iterator[Transcript]:
    t = logged("fails", "The work cannot be done.", "failed", protocol=CONTRACT_NET)
    committed(t)
    t.own("#fail")
    t.task_failure("ann", "error")
    yield t

    t = logged(
        "finds-another-task",
        "The full task is not the one that was announced: nobody's fault.",
        "failed",
        protocol=CONTRACT_NET,
    )
    t.two_stages = True
    offered(t)
    t.accept("ann", wrong={"private": {"token": "another"}})
    t.own("#fail")
    t.task_failure("ann", "spec-changed")
    yield t

    t = logged("cannot-interpret-the-accept", "The full task cannot be interpreted.", "failed", protocol=CONTRACT_NET)
    offered(t)
    t.accept("ann")
    t.own("#cannot-parse")
    t.misunderstood("ann", "", "accept-proposal")
    yield t

    t = logged("is-overdue", "The result deadline passes: work stops.", "failed", protocol=CONTRACT_NET)
    offered(t)
    t.accept("ann")
    t.wait(WORK_WITHIN_MS)
    t.own("@result-due")
    t.task_failure("ann", "overdue")
    yield t

    t = logged("loses-its-lease", "No beat was confirmed for one lease: work stops.", "failed", protocol=CONTRACT_NET)
    offered(t)
    t.accept("ann")
    t.wait(60_000)
    t.own("@lease-lost")
    t.task_failure("ann", "lease-lost")
    yield t


# ---- offers that end


def _ends_of_offers() -> Iterator[Transcript]:
    t = logged(
        "lapse-crosses-accept",
        "The offer lapses; then it is accepted.",
        "failed",
        protocol=CONTRACT_NET,
        crossing="accept and lapse of the offer",
    )
    offered(t)
    lapses(t)
    t.wait(20)
    t.accept("ann", event="?accept:dead")
    t.task_failure("ann", "offer-expired")
    yield t

    t = logged(
        "withdrawal-crosses-accept",
        "Takes its offer back; then it is accepted.",
        "failed",
        protocol=CONTRACT_NET,
        crossing="accept and withdrawal",
    )
    offered(t)
    withdraws(t)
    t.wait(20)
    t.accept("ann", event="?accept:dead")
    t.task_failure("ann", "withdrawn")
    yield t

    t = logged(
        "withdrawal-crosses-reject", "Takes its offer back; then it is rejected.", "closed", protocol=CONTRACT_NET
    )
    offered(t)
    withdraws(t)
    t.wait(20)
    t.reject("outbid", "ann")
    yield t

    t = logged("lapse-crosses-reject", "The offer lapses; then it is rejected.", "lapsed", protocol=CONTRACT_NET)
    offered(t)
    lapses(t)
    t.wait(20)
    t.reject("offer-lapsed", "ann")
    yield t

    t = logged(
        "accepted-below-its-price",
        "The accept names less than was asked: nobody offered that.",
        "failed",
        protocol=CONTRACT_NET,
        faulty=("buyer",),
    )
    offered(t)
    t.accept("ann", event="?accept:dead", wrong={"price": 49_999})
    t.task_failure("ann", "unknown-offer")
    yield t

    t = logged("bids-after-a-lapse", "The offer lapses; a newer round invites again.", "done")
    offered(t)
    lapses(t)
    t.wait(20)
    called_again(t)
    bid(t)
    t.wait(500)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged("left-before-the-next-round", "Takes its offer back; then it is called again.", "closed")
    offered(t)
    withdraws(t)
    t.wait(20)
    called_again(t, wait=0)
    t.refuse("ann", "closed")
    yield t


# ---- later rounds


def _later_rounds() -> Iterator[Transcript]:
    t = logged("two-rounds", "Called again; the new offer replaces the old one, and wins.", "done")
    offered(t, price=80_000)
    called_again(t)
    bid(t, price=60_000)
    t.wait(500)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged(
        "stands-by-its-offer", "Lets the second window pass: the offer of the first round stands, and wins.", "done"
    )
    offered(t, price=80_000)
    called_again(t, wait=0)
    window_passes(t)
    t.wait(3_000)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged(
        "does-not-understand-the-second-cfp",
        "The offer of the first round stands, and wins.",
        "done",
        crossing="not-understood of a revised cfp comes after the award",
    )
    offered(t, price=80_000)
    called_again(t)
    t.own("#cannot-parse")
    t.misunderstood("ann", "", "cfp")
    t.wait(500)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged("third-cfp-before-the-second-bid", "A newer round opens while it deliberates: it begins anew.", "done")
    offered(t, price=80_000)
    called_again(t, wait=19_900)
    called_again(t)
    bid(t, price=60_000)
    t.wait(500)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged(
        "rejected-while-deliberating",
        "The round is closed and somebody else awarded before it has found a bid.",
        "closed",
    )
    offered(t, price=80_000)
    called_again(t, wait=20_100)
    t.reject("outbid", "ann")
    yield t

    t = logged("refuses-in-a-later-round", "Refuses to go down: all its offers are void.", "closed")
    offered(t, price=80_000)
    called_again(t)
    t.own("#decline")
    t.refuse("ann", "over-reserve")
    yield t

    t = logged(
        "hears-a-round-again",
        "The cfp of the first round comes again after that of the second: it is recorded.",
        "closed",
        faulty=("buyer",),
    )
    offered(t, price=80_000)
    called_again(t)
    t.cfp("ann", event="?cfp:seen")
    t.wait(500)
    t.own("#decline")
    t.refuse("ann", "busy")
    yield t


def _two_offers() -> Iterator[Transcript]:
    t = logged(
        "accepted-while-deliberating",
        "The standing offer is accepted before a new one is found.",
        "done",
        crossing="accept of a standing offer overtakes the late reject of a newer one",
    )
    offered(t, price=80_000)
    called_again(t, wait=20_100)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged(
        "accepted-at-the-old-terms",
        "The standing offer is accepted, the newer one was late: works on the accepted terms.",
        "done",
        crossing="accept of a standing offer overtakes the late reject of a newer one",
    )
    offered(t, price=80_000)
    first = t.proposal_of("ann")
    called_again(t, wait=18_900)
    bid(t, price=60_000)
    t.wait(1_200)
    t.accept("ann", bid=first)
    t.wait(20)
    t.reject_one("late", "ann", late_by_ms=40)
    finishes(t)
    yield t

    t = logged(
        "newer-offer-is-late",
        "The newer offer is rejected alone, the standing one stays, and is rejected in the end.",
        "closed",
    )
    offered(t, price=80_000)
    called_again(t, wait=18_900)
    bid(t, price=60_000)
    t.wait(1_200)
    t.reject_one("late", "ann", late_by_ms=40)
    t.wait(5_000)
    t.reject("outbid", "ann")
    yield t

    t = logged(
        "standing-offer-ends",
        "The offer on file is rejected while a new one is sought: bids, and wins.",
        "done",
        crossing="an offer lapses while a revised cfp is out",
    )
    offered(t, price=80_000, valid_for_ms=10_000)
    called_again(t, wait=9_000)
    t.reject_one("offer-lapsed", "ann")
    t.wait(1_000)
    bid(t, price=60_000)
    t.wait(500)
    t.accept("ann")
    finishes(t)
    yield t

    t = logged(
        "told-of-an-older-bid",
        "What was wrong with the second round's bid comes after the third round's cfp.",
        "closed",
    )
    offered(t, price=80_000)
    first = t.proposal_of("ann")
    called_again(t)
    bad = bid(t, price=60_000)
    t.wait(20_000)
    t.cfp("ann", round=3, offer=first.content.offer, event="?cfp:next", in_reply_to=first.reply_with)
    t.wait(30)
    t.not_understood("ann", "propose", bad, ("$.content.eta", "must be 30 at most"))
    window_passes(t)
    t.wait(3_000)
    t.reject("no-award", "ann")
    yield t

    t = logged(
        "standing-offer-lapses-here",
        "The standing offer lapses while a new one is sought; then the old one is accepted.",
        "failed",
    )
    offered(t, price=80_000, valid_for_ms=10_000)
    called_again(t, wait=19_600)
    t.own("@offer-lapse", offer=t.offer_of("ann"))
    t.accept("ann", event="?accept:dead")
    t.task_failure("ann", "offer-expired")
    yield t

    t = logged("older-offer-lapses-here", "The older of two offers lapses; then it is accepted.", "failed")
    offered(t, price=80_000, valid_for_ms=10_000)
    first = t.proposal_of("ann")
    called_again(t, wait=5_000)
    bid(t, price=60_000)
    t.wait(14_700)
    t.own("@offer-lapse", offer=first.content.offer)
    t.wait(200)
    t.accept("ann", event="?accept:dead", bid=first)
    t.task_failure("ann", "offer-expired")
    yield t
