"""A divisible task: its parts are slots, an award takes several of them, and is paid for each (G17)."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import CONTRACT_NET
from tests.conformance.scenarios.participants import finishes, logged, offered
from tests.conformance.transcript_writer import Transcript


def parts() -> Iterator[Transcript]:
    """The legal ones."""
    about = "Three parts go to the cheapest, the other two to the next; each is paid for all it does."
    t = _five("five-parts", about, "ok", "ann", "ben")
    _both(t)
    t.wait(20_000)
    t.result("ben", slot=4)
    t.wait(10_000)
    t.result("ann")
    t.closed_well()
    yield t

    about = "Who got three parts fails: they are given up together, and the other two are done."
    t = _five("parts-are-lost", about, "partial", "ann", "ben")
    _both(t)
    t.wait(5_000)
    t.task_failure("ann", "error")
    t.own("=slot-freed")
    t.wait(20_000)
    t.result("ben", slot=4)
    t.own("=slots-some-done")
    yield t

    t = _five("parts-are-left", "Nobody does the other two parts: partial.", "partial", "ann")
    t.accept("ann", parts=3)
    t.wait(20_000)
    t.result("ann")
    t.own("=slots-some-done")
    yield t


def parts_of_participants() -> Iterator[Transcript]:
    """A participant's side: an award is what was offered, or it is of no offer."""
    for name, about, wrong in (
        ("fewer-parts", "Fewer parts than offered are a commitment, too.", {"parts": 2, "price": 100_000}),
        ("parts-below-their-price", "Three parts at the price of one: nobody offered that.", {"price": 50_000}),
        ("more-parts-than-offered", "Four parts, and three were offered.", {"parts": 4, "price": 200_000}),
    ):
        dead = name != "fewer-parts"
        t = logged(name, about, "failed" if dead else "done", protocol=CONTRACT_NET, faulty=("buyer",) if dead else ())
        t.parts = 5
        offered(t, parts=3)
        t.accept("ann", parts=3, wrong=wrong, event="?accept:dead" if dead else "?accept:live")
        if dead:
            t.task_failure("ann", "unknown-offer")
        else:
            finishes(t)
        yield t


def illegal_parts() -> Iterator[Transcript]:
    """What breaks G17."""
    for name, about, rule, accept in (
        ("parts-for-less-than-asked", "Three parts, and two are paid for.", "R2", {"parts": 3, "price": 100_000}),
        ("parts-over-the-reserve", "Three parts at more than three times the reserve.", "G12", {"price": 180_001}),
        ("more-parts-than-were-offered", "Four parts, and three were offered.", "G17", {"parts": 4, "price": 200_000}),
        ("parts-are-not-said", "The accept does not say for how many parts it is.", "G17", {"parts": None}),
    ):
        t = _five(name, about, "ok", "ann")
        t.now_breaks(rule, "envelope")
        t.accept("ann", parts=3, wrong=accept)
        yield t

    about = "Three parts are given, and then three of the two that are left."
    t = _five("more-parts-than-are-left", about, "ok", "ann", "ben")
    t.accept("ann", parts=3)
    t.now_breaks("G17", "envelope")
    t.accept("ben", slot=4, parts=3)
    yield t

    t = Transcript("a-part-is-held", "Nobody is held for the parts of a divisible task.", "ok", "ann", "ben", slots=5)
    t.parts = 5
    t.open()
    t.bids(ann=50_000, ben=55_000)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann")
    t.now_breaks("G9", "unasked")
    t.own("#hold", "ben")
    yield t


def _five(name: str, about: str, outcome: str, *bidders: str) -> Transcript:
    """A task of five parts, with a published reserve: the bids are in, and it comes to an award of all bidders."""
    t = Transcript(name, about, outcome, *bidders, slots=5)
    t.parts, t.reserve = 5, 60_000
    t.open()
    for peer in bidders:
        t.wait(1_000)
        t.propose(peer, 50_000 if peer == "ann" else 55_000, parts=3 if peer == "ann" else None)
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", *bidders)
    return t


def _both(t: Transcript) -> None:
    t.accept("ann", parts=3)
    t.accept("ben", slot=4, parts=2)
