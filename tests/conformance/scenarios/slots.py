"""Several slots: each has its own winner, epoch and runner-up; some filled and some not is an ending of its own."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.transcript_writer import Transcript


def slots() -> Iterator[Transcript]:
    t = Transcript(
        "two-slots", "Two winners, each under the epoch of its own slot.", "ok", "ann", "ben", "cem", slots=2
    )
    _two_winners(t)
    t.wait(20_000)
    t.result("ben", slot=2)
    t.wait(10_000)
    t.result("ann")
    t.closed_well(held="cem")
    yield t

    t = Transcript(
        "runner-up-of-the-second-slot",
        "The second slot is freed: its epoch goes up, that of the first one stays.",
        "ok",
        "ann",
        "ben",
        "cem",
        slots=2,
    )
    _two_winners(t)
    t.wait(10_000)
    t.task_failure("ben", "error", slot=2)
    t.runner_up("cem", slot=2)
    t.wait(20_000)
    t.result("ann")
    t.wait(5_000)
    t.result("cem", epoch=2, slot=2)
    t.closed_well()
    yield t

    t = Transcript(
        "two-runners-up",
        "One is held for each slot; both stand in for the same one, and the other slot is given up.",
        "partial",
        "ann",
        "ben",
        "cem",
        "dora",
        slots=2,
    )
    t.open()
    t.bids(ann=50_000, ben=55_000, cem=60_000, dora=65_000)
    t.own("=all-answered")
    t.own("#award")
    t.award_one("ann")
    t.award_one("ben", slot=2)
    t.own("#hold", "cem", "dora")
    t.wait(5_000)
    t.task_failure("ann", "error")
    t.runner_up("cem")
    t.wait(5_000)
    t.task_failure("cem", "error", epoch=2)
    t.runner_up("dora", epoch=3)
    t.wait(5_000)
    t.task_failure("ben", "restart", slot=2)
    t.own("=slot-freed")
    t.wait(20_000)
    t.result("dora", epoch=3)
    t.own("=slots-some-done")
    yield t

    t = Transcript("one-slot-stays-empty", "One bidder for two slots: partial.", "partial", "ann", slots=2)
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.award("ann")
    t.wait(20_000)
    t.result("ann")
    t.own("=slots-some-done")
    yield t

    t = Transcript(
        "partial-with-a-runner-up",
        "A slot has had its awards: it is given up, and who is still held is rejected at the end.",
        "partial",
        "ann",
        "ben",
        "cem",
        slots=2,
        parent="buyer.1.0",
    )
    t.open()
    t.bids(ann=50_000, ben=55_000, cem=60_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann", "ben")
    t.own("#hold", "cem")
    t.accept("ann", epoch=3)
    t.accept("ben", epoch=2, slot=2)
    t.wait(5_000)
    t.task_failure("ann", "error", epoch=3)
    t.own("=slot-freed")
    t.wait(5_000)
    t.result("ben", epoch=2, slot=2)
    t.own("=slots-some-done")
    t.own("#reject", "cem")
    t.reject("outbid", "cem")
    yield t

    t = Transcript(
        "the-other-slot",
        "The first slot was filled in the conversation before: only the second one is still sought.",
        "ok",
        "ann",
        slots=[2],
        parent="buyer.1.0",
    )
    t.open()
    t.bids(ann=50_000)
    t.own("=all-answered")
    t.own("#award")
    t.award_one("ann", epoch=2, slot=2)
    t.wait(20_000)
    t.result("ann", epoch=2, slot=2)
    t.closed_well()
    yield t


def _two_winners(t: Transcript) -> None:
    t.open()
    t.bids(ann=50_000, ben=55_000, cem=60_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann", "ben")
    t.own("#hold", "cem")
    t.accept("ann")
    t.accept("ben", slot=2)
