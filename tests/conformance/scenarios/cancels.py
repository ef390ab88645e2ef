"""Cancel in every state of a participant, with every answer that may come, and those that cross it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.scenarios.rounds import iterated
from tests.conformance.transcript_writer import Transcript


def cancels() -> Iterator[Transcript]:
    yield from _while_bids_are_awaited()
    yield from _after_the_round()
    yield from _crossings()


def _while_bids_are_awaited() -> Iterator[Transcript]:
    t = Transcript(
        "cancel-while-collecting",
        "The user cancels; a proposal crosses it.",
        "cancelled",
        "ann",
        "ben",
        crossing="cancel and proposal",
    )
    t.open()
    t.bids(ann=50_000)
    t.wait(1_000)
    t.cancel_all("ann", "ben")
    t.wait(20)
    t.propose("ben", 60_000, "?propose:late")
    t.reject_one("cancelled", "ben")
    t.wait(30)
    t.cancelled("ann")
    t.cancelled("ben")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-overtakes-the-cfp",
        "The cancel is taken before the cfp: the bidder confirms it, and never bids.",
        "cancelled",
        "ann",
        crossing="cancel overtakes the cfp",
    )
    t.open()
    t.wait(10)
    t.cancel_all("ann", reason="shutdown")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-during-a-repair",
        "One was told to repair its proposal, the others have answered.",
        "cancelled",
        "ann",
        "ben",
    )
    t.open()
    t.wait(1_000)
    bad = t.propose("ann", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ann", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.refuse("ben", "busy")
    t.wait(1_000)
    t.cancel_all("ann")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    yield t

    t = iterated(
        "cancel-in-a-later-round",
        "Two are called again; one of them was told to repair its proposal.",
        "cancelled",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=80_000, ben=85_000)
    t.own("=all-answered")
    t.reinvite("ann", "ben")
    t.wait(1_000)
    bad = t.propose("ben", 50_000, "?propose:bad", unit="EUR")
    t.not_understood("ben", "propose", bad, ("$.content.unit", "the call is in USD"))
    t.wait(1_000)
    t.cancel_all("ann", "ben")
    t.wait(20)
    t.cancelled("ann")
    t.cancelled("ben")
    t.own("=all-settled")
    yield t


def _after_the_round() -> Iterator[Transcript]:
    t = Transcript("cancel-while-evaluating", "The round is closed, and nothing decided.", "cancelled", "ann", "ben")
    t.open()
    t.bids(ann=50_000)
    t.deadline("ben")
    t.wait(100)
    t.cancel_all("ann")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-while-working",
        "The winner stops, the runner-up is released, the second winner cannot stop.",
        "cancelled",
        "ann",
        "ben",
        "cem",
        slots=2,
    )
    t.open()
    t.bids(ann=50_000, ben=55_000, cem=60_000)
    t.own("=all-answered")
    t.own("#award")
    t.award_one("ann")
    t.award_one("ben", slot=2)
    t.own("#hold", "cem")
    t.wait(10_000)
    t.cancel_all("ann", "ben", "cem")
    t.wait(20)
    t.cancelled("cem")
    t.wait(2_000)
    t.cancelled("ann")
    t.wait(8_000)
    t.cancel_failure("ben", "cannot-stop")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-unanswered",
        "One never answers: its outcome is unknown, and the conversation is over all the same. Then it answers.",
        "cancelled",
        "ann",
        "ben",
    )
    t.open()
    t.bids(ann=50_000, ben=70_000)
    t.own("=all-answered")
    t.award("ann", held="ben")
    t.wait(10_000)
    t.cancel_all("ann", "ben")
    t.wait(20)
    t.cancelled("ben")
    t.wait(30_000)
    t.own("@cancel-timeout")
    t.own("@cancel-timeout", "ann")
    t.wait(40_000)
    t.cancelled("ann")
    yield t

    t = Transcript(
        "cancel-unanswered-by-all", "The last timer of a participant settles the conversation.", "cancelled", "ann"
    )
    t.open()
    t.wait(100)
    t.cancel_all("ann")
    t.wait(30_000)
    t.own("@cancel-timeout", "ann")
    t.own("=all-settled")
    yield t


def _crossings() -> Iterator[Transcript]:
    t = Transcript(
        "cancel-crosses-result",
        "A result crosses the cancel: a late completion.",
        "cancelled",
        "ann",
        crossing="cancel and result",
    )
    _one_at_work(t)
    t.result("ann")
    t.wait(20)
    t.cancel_failure("ann", "already-done")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-crosses-failure",
        "A failure crosses the cancel: nothing runs, and the cancel is confirmed.",
        "cancelled",
        "ann",
        crossing="cancel and failure",
    )
    _one_at_work(t)
    t.task_failure("ann", "error")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    yield t

    t = Transcript(
        "cancel-overtakes-the-accept",
        "The bidder takes the cancel before the accept: it confirms, and says that all is closed.",
        "cancelled",
        "ann",
        crossing="cancel overtakes the accept",
    )
    _one_at_work(t, after=10)
    t.cancelled("ann")
    t.own("=all-settled")
    t.wait(30)
    t.task_failure("ann", "closed")
    yield t

    t = Transcript("cancel-crosses-withdrawal", "A withdrawal crosses the cancel, and is recorded.", "cancelled", "ann")
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.cancel_all("ann")
    t.wait(20)
    t.refuse("ann", "withdrawn")
    t.wait(20)
    t.cancelled("ann")
    t.own("=all-settled")
    yield t


def _one_at_work(t: Transcript, after: int = 30_000) -> None:
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(after)
    t.cancel_all("ann")
    t.wait(10)
