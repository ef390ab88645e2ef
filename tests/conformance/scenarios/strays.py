"""What comes when nothing is waited for: late bids, late answers, acts that nobody asked for.

For each state there is one participant that says everything which may still be said to an initiator in that state.
Most of it no program that keeps the protocol would say, so these participants are `faulty`; the initiator is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.conformance.scenarios.rounds import iterated
from tests.conformance.transcript_writer import Transcript


def strays() -> Iterator[Transcript]:
    yield from _without_an_award()
    yield from _with_an_award()
    yield from _of_an_earlier_round()
    yield from _of_the_gate()


def _late(t: Transcript, reason: str = "late") -> None:
    t.wait(100)
    t.propose("ann", 40_000, "?propose:late")
    t.reject_one(reason, "ann")


def _words_of_a_loser(t: Transcript) -> None:
    """All that may come from one that was not awarded."""
    t.wait(100)
    t.refuse("ann", "busy")
    t.misunderstood("ann", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ann"))
    _late(t)


def _without_an_award() -> Iterator[Transcript]:
    t = Transcript(
        "after-silence",
        "A silent one: errors, a refusal and a not-understood are recorded, a bid makes it LATE.",
        "no-award",
        "ann",
        faulty=("ann",),
        crossing="late bid after everything is closed",
    )
    t.open()
    t.deadline("ann")
    t.own("=no-live-offer")
    t.wait(100)
    t.task_failure("ann", "error", epoch=None, slot=None)
    _words_of_a_loser(t)
    t.wait(100)
    t.task_failure("ann", "error", epoch=None, slot=None)
    _words_of_a_loser(t)
    yield t

    t = Transcript("after-a-refusal", "One that has refused.", "no-award", "ann", faulty=("ann",))
    t.open()
    t.wait(500)
    t.refuse("ann", "unfit")
    t.own("=all-answered")
    t.own("=no-live-offer")
    _words_of_a_loser(t)
    yield t

    t = Transcript(
        "after-a-reject",
        "One that was rejected; it takes its offer back, and bids once more.",
        "no-award",
        "ann",
        faulty=("ann",),
    )
    t.open()
    t.bids(ann=900_000)
    t.own("=all-answered")
    t.own("#no-award")
    t.own("#reject", "ann")
    t.reject("over-reserve", "ann")
    _words_of_a_loser(t)
    yield t

    t = Transcript("after-a-lapse", "One whose offer has ended.", "no-award", "ann", faulty=("ann",))
    t.open()
    t.wait(1_000)
    t.propose("ann", 50_000, valid_for_ms=4_000)
    t.own("=all-answered")
    t.wait(3_000)
    t.own("@offer-lapse", "ann")
    t.reject("offer-lapsed", "ann")
    t.own("=no-live-offer")
    _words_of_a_loser(t)
    yield t

    t = Transcript(
        "while-held", "The runner-up: what it says besides changes nothing.", "ok", "ann", "ben", faulty=("ann",)
    )
    t.open()
    t.bids(ann=70_000)
    first = t.proposal_of("ann")
    t.misunderstood("ann", "?not-understood:cfp", "cfp")
    t.bids(ben=50_000)
    t.own("=all-answered")
    t.award("ben", held="ann")
    t.wait(100)
    t.misunderstood("ann", "?not-understood:cfp", "cfp")
    _late(t)
    t.wait(10_000)
    t.task_failure("ben", "error")
    t.own("=slot-freed")
    t.own("#award", "ann")
    t.accept("ann", epoch=2, bid=first)
    t.wait(30_000)
    t.result("ann", epoch=2)
    t.closed_well()
    yield t


def _words_of_a_winner(t: Transcript, bid: str = "late") -> None:
    """All that may come from one that was awarded, when its award is over."""
    t.wait(100)
    t.result("ann")
    t.result("ann", event="?inform:badresult")
    t.progress("ann")
    t.task_failure("ann", "error")
    t.misunderstood("ann", "?not-understood:accept", "accept-proposal")
    t.misunderstood("ann", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ann"))
    t.refuse("ann", "withdrawn")
    _late(t, bid)


def _late_answers(t: Transcript) -> None:
    """To a cancel that is answered, or was given up."""
    t.wait(100)
    t.cancelled("ann")
    t.cancel_failure("ann", "already-done")


def _awarded(t: Transcript) -> None:
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(10_000)


def _with_an_award() -> Iterator[Transcript]:
    t = Transcript("while-working", "A winner that says other things besides.", "ok", "ann", faulty=("ann",))
    _awarded(t)
    t.misunderstood("ann", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ann"))
    _late(t)
    t.wait(10_000)
    t.result("ann")
    t.closed_well()
    yield t

    t = Transcript("after-the-result", "One whose result was taken.", "ok", "ann", faulty=("ann",))
    _awarded(t)
    t.result("ann")
    t.closed_well()
    _words_of_a_winner(t)
    yield t

    t = Transcript(
        "after-a-failure",
        "One that has failed: a result that follows is never credited.",
        "failed",
        "ann",
        faulty=("ann",),
    )
    _awarded(t)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.own("=slots-none-done")
    _words_of_a_winner(t)
    yield t

    answers: dict[str, Callable[[Transcript], None]] = {
        "confirmed": lambda t: t.cancelled("ann"),
        "refused": lambda t: t.cancel_failure("ann", "cannot-stop"),
        "unanswered": lambda t: t.own("@cancel-timeout", "ann"),
    }
    for how, answer in answers.items():
        t = Transcript(
            f"after-a-cancel-{how}",
            f"A cancel was {how}; then everything comes that may come.",
            "failed",
            "ann",
            faulty=("ann",),
        )
        _awarded(t)
        t.wait(60_000)
        t.own("@lease", "ann")
        t.cancel("lease-expired", "ann")
        t.own("=slot-freed")
        t.own("=slots-none-done")
        if how == "confirmed":
            _words_of_a_winner(t, "cancelled")
        t.wait(30_000)
        answer(t)
        _words_of_a_winner(t)
        _late_answers(t)
        yield t


def _of_an_earlier_round() -> Iterator[Transcript]:
    t = iterated(
        "late-for-the-first-round",
        "In the second round bids for the first one come, before and after another answer, and after the offer's end.",
        "no-award",
        "ann",
        "ben",
        "cem",
        faulty=("ann", "ben", "cem"),
    )
    everybody = ("ann", "ben", "cem")
    t.open()
    t.wait(1_000)
    for peer in everybody:
        t.propose(peer, 80_000, valid_for_ms=10_000)
    t.own("=all-answered")
    t.reinvite(*everybody)
    for peer in ("ann", "ben"):
        t.wait(1_000)
        t.propose(peer, 40_000, "?propose:late", round=1)
        t.reject_one("late", peer)
    t.wait(500)
    bad = t.propose("ben", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ben", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.misunderstood("ben", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ben"))
    t.propose("cem", 75_000)
    for peer in ("ben", "cem"):
        t.propose(peer, 40_000, "?propose:late", round=1)
        t.reject_one("late", peer)
    t.wait(5_500)
    for peer in ("ann", "ben"):
        t.own("@offer-lapse", peer)
        t.reject_one("offer-lapsed", peer, bid=t.first_of(peer))
        t.propose(peer, 40_000, "?propose:late", round=1)
        t.reject_one("late", peer)
    t.misunderstood("ben", "?not-understood:cfp", "cfp", in_reply_to=t.last_cfp("ben"))
    t.deadline("ann", "ben")
    t.own("#no-award")
    t.own("#reject", "cem")
    t.reject("no-award", "cem")
    yield t


def _of_the_gate() -> Iterator[Transcript]:
    t = Transcript(
        "second-bid",
        "A bidder proposes again in the same round: the first valid bid counts.",
        "ok",
        "ann",
        "ben",
        faulty=("ann",),
    )
    t.open()
    t.bids(ann=50_000)
    first = t.proposal_of("ann")
    t.wait(500)
    t.propose("ann", 40_000)
    t.reject_one("duplicate-bid", "ann")
    t.wait(500)
    t.propose("ann", 40_000, "?propose:bad", unit="EUR")
    t.reject_one("duplicate-bid", "ann")
    t.bids(ben=70_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.own("#hold", "ben")
    t.accept("ann", bid=first)
    t.wait(30_000)
    t.result("ann")
    t.closed_well(held="ben")
    yield t

    t = Transcript(
        "errors-instead-of-bids",
        "Failures while bidding, as other implementations send them: no bid, no refusal.",
        "no-award",
        "ann",
        "ben",
        faulty=("ann", "ben"),
    )
    t.open()
    t.wait(500)
    t.task_failure("ann", "error", epoch=None, slot=None)
    bad = t.propose("ben", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ben", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.misunderstood("ben", "?not-understood:cfp", "cfp")
    t.wait(500)
    t.task_failure("ben", "error", epoch=None, slot=None)
    t.own("=all-answered")
    t.own("=no-live-offer")
    yield t

    t = Transcript(
        "out-of-sequence",
        "Acts that no row has, or that are invalid: five are answered, more are recorded; a not-understood always is.",
        "no-award",
        "ann",
        faulty=("ann",),
    )
    t.open()
    t.wait(100)
    t.refuse("ann", "busy")
    t.own("=all-answered")
    t.own("=no-live-offer")
    t.wait(100)
    about = t.result("ann", event="?invalid", in_reply_to="buyer-99")
    t.not_understood("ann", "inform", about, ("$.in_reply_to", "names nothing that was said to ann"))
    t.misunderstood("ann", "?not-understood:other", "cfp", reason="illegal-act")
    for answered in (True, True, True, True, False):
        t.wait(100)
        about = t.result("ann")
        if answered:
            t.not_understood("ann", "inform", about, reason="out-of-sequence")
    yield t
