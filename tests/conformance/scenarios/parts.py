"""Parts of a divisible task, and items bought in bundles: each is a slot, and an award may take several (G17)."""

from __future__ import annotations

from collections.abc import Iterator

from contractnet.messages.acts import CONTRACT_NET
from contractnet.messages.contents import Bundle
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


def bundles() -> Iterator[Transcript]:
    """Items that are bought in bundles."""
    about = "Two of three items go to one in a bundle, the third to another; each is paid for its bundle."
    t = _three("bundles", about, "ok")
    t.accept("ann", wrong={"items": ("x", "z"), "price": 50_000})
    t.accept("ben", slot=2, wrong={"items": ("y",), "price": 35_000})
    t.wait(20_000)
    t.result("ben", slot=2)
    t.result("ann")
    t.closed_well()
    yield t

    t = logged(
        "a-bundle", "One of the bundles that were offered, at more than its price.", "done", protocol=CONTRACT_NET
    )
    t.items = ("x", "y", "z")
    offered(t, bundles=_BUNDLES)
    t.accept("ann", wrong={"items": ("z", "x"), "price": 50_000})
    finishes(t)
    yield t

    t = logged(
        "no-such-bundle", "Items that were not offered together.", "failed", protocol=CONTRACT_NET, faulty=("buyer",)
    )
    t.items = ("x", "y", "z")
    offered(t, bundles=_BUNDLES)
    t.accept("ann", wrong={"items": ("x", "y"), "price": 90_000}, event="?accept:dead")
    t.task_failure("ann", "unknown-offer")
    yield t


def illegal_bundles() -> Iterator[Transcript]:
    """What breaks the rules of bundles."""
    for name, about, rule, accept in (
        (
            "bundle-for-less-than-asked",
            "A bundle, and less than was asked.",
            "R2",
            {"items": ("x", "z"), "price": 1},
        ),
        ("bundle-that-was-not-offered", "Items that were not offered together.", "G17", {"items": ("x", "y")}),
        ("items-are-not-said", "The accept does not say for which items it is.", "G17", {}),
        ("slot-of-another-item", "The slot is that of none of the items.", "G17", {"items": ("x", "z"), "slot": 2}),
    ):
        t = _three(name, about, "ok")
        t.now_breaks(rule, "envelope")
        t.accept("ann", wrong={"price": 90_000} | accept)
        yield t

    t = _three("item-given-twice", "An item is given to two.", "ok")
    t.accept("ann", wrong={"items": ("x", "z"), "price": 50_000})
    t.now_breaks("G17", "envelope")
    t.accept("ben", slot=2, wrong={"items": ("y", "z"), "price": 70_000})
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


_BUNDLES = (Bundle(items=("x", "z"), price=45_000), Bundle(items=("y",), price=40_000))


def _three(name: str, about: str, outcome: str) -> Transcript:
    """Three items are called for: the bids are in, and it comes to an award of both bidders."""
    t = Transcript(name, about, outcome, "ann", "ben", slots=3)
    t.items = ("x", "y", "z")
    t.open()
    t.wait(1_000)
    t.propose("ann", 40_000, bundles=_BUNDLES)
    t.wait(1_000)
    t.propose("ben", 30_000, bundles=(Bundle(items=("y",), price=30_000), Bundle(items=("y", "z"), price=60_000)))
    t.own("=all-answered")
    t.own("#award")
    t.own("#award", "ann", "ben")
    return t


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
