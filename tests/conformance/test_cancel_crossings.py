"""A cancel crosses whatever a participant may do: each state of table I at which it is asked, each state of table P at
which it arrives, by the user, by a shutdown, by a lapsed lease, by a result that is overdue.

A story of one participant is played; the cancel is asked after one of its steps and arrives after a later one, while
what the participant says meanwhile is still on its way. Both sides' ledgers are then held against each other: what is
known of the participant is what its journal says, the cancel was answered once, and nothing was credited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import msgspec
import pytest

from contractnet.contractor.engagement import Engagement
from contractnet.contractor.records import (
    Bade,
    Began,
    CannotStop,
    Declined,
    Fact,
    Failed,
    Finished,
    LeaseLost,
    Stopped,
    Withdrew,
)
from contractnet.interaction.definition import load
from contractnet.ledger.port import Entry
from contractnet.manager.records import CancelAsked
from contractnet.messages import acts as a
from contractnet.messages.values import RefuseReason, TaskFailure
from tests.support import cancels
from tests.support.audit import Row
from tests.support.world import MANAGER, World

CONVERSATION: Final = "t.1"
#: those who are told; of malformed bids see tests/unit/manager/test_tender_cancel.py
TOLD: Final = {"INVITED", "REINVITED", "PROPOSED", "HELD", "AWARDED"}
#: cheaper than the rival's, dearer, and over the reserve
CHEAP, DEAR, OVER = 10_001, 30_001, 60_001
RIVAL: Final = 20_001

AnyKind = type[a.Envelope]


@dataclass(frozen=True)
class To:
    """The oldest message of a kind arrives at somebody."""

    name: str
    act: AnyKind


@dataclass(frozen=True)
class Own:
    """A decision of the participant."""

    fact: Fact


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    ms: int


@dataclass(frozen=True)
class Rival:
    """The rival is called again, and declines."""


Step = To | Own | Wait | Rival
CALLED: Final = To("x", a.Cfp)
BID: Final = To(MANAGER, a.Propose)


@dataclass(frozen=True)
class Story:
    """What happens to the participant x if nobody cancels; its rival z did `rival` before."""

    steps: tuple[Step, ...]
    rival: Fact | None = None
    terms: dict[str, Any] = field(default_factory=dict)


def offer(price: int, by: str = "x") -> Bade:
    return Bade(price=price, eta=5, confidence=900_000, rationale=f"words of {by}")


def bid(price: int) -> Own:
    return Own(offer(price))


NO = Declined(reason=RefuseReason.UNFIT)
AWARDED: Final = (CALLED, bid(CHEAP), BID, To("x", a.AcceptProposal), Own(Began(attempt=1)))
RESULT, FAILURE, REFUSAL = To(MANAGER, a.Inform), To(MANAGER, a.Failure), To(MANAGER, a.Refuse)
DEARER = offer(OVER, "z")

STORIES: dict[str, Story] = {
    "does the work": Story((*AWARDED, Own(Finished(result={"n": 1})), RESULT), NO),
    "fails": Story((*AWARDED, Own(Failed(reason=TaskFailure.ERROR)), FAILURE), NO),
    "loses its lease": Story((*AWARDED, Own(LeaseLost()), FAILURE), NO),
    "is overdue": Story((*AWARDED, Wait(59_000), Wait(2_000), FAILURE), NO, {"work_within_ms": 60_000}),
    "is asked for a check": Story((*AWARDED, Own(Finished(result={"n": 1})), RESULT), NO, {"checked": True}),
    "waits as a runner-up": Story((CALLED, bid(DEAR), BID, Own(Withdrew()), REFUSAL), offer(RIVAL, "z")),
    "waits in the round": Story((CALLED, bid(CHEAP), BID, Own(Withdrew()), REFUSAL)),
    "declines": Story((CALLED, Own(Declined(reason=RefuseReason.BUSY)), REFUSAL)),
    "lets the window pass": Story((CALLED, Wait(19_500))),
    "lets its offer lapse": Story((CALLED, bid(CHEAP), BID, Wait(135_000))),
    "withdraws when it is accepted": Story(
        (CALLED, bid(CHEAP), BID, Own(Withdrew()), To("x", a.AcceptProposal), REFUSAL, FAILURE), NO
    ),
    "bids again": Story(
        (CALLED, bid(OVER), BID, CALLED, bid(CHEAP), BID, Rival(), To("x", a.AcceptProposal), Own(Began(attempt=1))),
        DEARER,
        {"max_rounds": 2},
    ),
    "declines the second round": Story(
        (CALLED, bid(OVER), BID, CALLED, Own(Declined(reason=RefuseReason.UNFIT)), REFUSAL), DEARER, {"max_rounds": 2}
    ),
    "is put before a mediator": Story((CALLED, bid(OVER), BID), DEARER, {"mediator": "m", "mediate_within_ms": 60_000}),
}


def crash_and_stop(world: World) -> None:
    world.crash_house("x")
    world.decide("x", CONVERSATION, Stopped())


#: how cancelled work ends
STOPS: dict[str, Callable[[World], object]] = {
    "stopped": lambda world: world.decide("x", CONVERSATION, Stopped()),
    "done all the same": lambda world: world.decide("x", CONVERSATION, CannotStop(result={"n": 2})),
    "not in time": lambda world: world.tick(10_000),
    "after a crash": crash_and_stop,
}


class Crossing:
    """One run."""

    def __init__(self, story: Story) -> None:
        self.world = World({"x": ["x"], "z": ["z"]}, ["m"])
        self.world.open("t", **story.terms)
        self.world.invite(self.world.book.tenders["t"], ["x", "z"])
        if story.rival is not None:
            self._rival(story.rival)

    def play(self, step: Step) -> bool:
        """Whether that could happen; if so it has."""
        match step:
            case Own():
                return self.world.decide("x", CONVERSATION, step.fact)
            case Wait():
                self.world.tick(step.ms)
            case Rival():
                self._rival(NO)
            case To():
                packets = (one for one in self.world.pool if one.to == step.name and isinstance(one.act, step.act))
                packet = next(packets, None)
                if packet is None:
                    return False
                self.world.pool.remove(packet)
                self.world.deliver(packet)
        return True

    def _rival(self, fact: Fact) -> None:
        self.play(To("z", a.Cfp))
        self.world.decide("z", CONVERSATION, fact)
        self.play(To(MANAGER, type(self.world.pool[-1].act)))

    @property
    def i(self) -> str:
        return self.world.book.tenders["t"].calls[0].participants["x"].machine.state

    @property
    def p(self) -> str:
        return self.engagement.machine.state

    @property
    def engagement(self) -> Engagement:
        return self.world.houses["x"].diary.engagement("x", CONVERSATION)

    # ---- the cancel

    def ask(self, cause: str) -> bool:
        """Whether x is told to stop."""
        world = self.world
        if cause in ("user", "shutdown"):
            world.step("t", CancelAsked(reason="user" if cause == "user" else "shutdown"))
        else:  # the manager's timer is first
            world.now += 70_000
            world.expire(world.book.tenders["t"])
        return any(one.to == "x" and isinstance(one.act, a.Cancel) for one in world.pool)

    def arrive(self) -> None:
        """Twice, as everything may."""
        cancel = next(one for one in self.world.pool if one.to == "x" and isinstance(one.act, a.Cancel))
        self.play(To("x", a.Cancel))
        self.world.deliver(cancel)

    def end(self, *, newest_first: bool, late: bool) -> None:
        """All that is on its way arrives, and time passes until everything has its end."""
        world = self.world
        if late:
            world.tick(31_000)
        for _ in range(12):
            while world.pool:
                world.deliver(world.pool.pop(-1 if newest_first else 0))
                world.decide("z", CONVERSATION, Stopped())
            world.present = False
            world.tick(60_000)
        world.check()

    # ---- what must hold

    def look(self) -> None:
        ledger, journal = rows(self.world.manager.entries), rows(self.world.houses["x"].entries)
        rival = rows(self.world.houses["z"].entries)
        assert cancels.lies(ledger, [journal, rival], []) == []
        assert cancels.credited_late(ledger) == []
        assert cancels.twice_answered([journal, rival]) == []
        call = self.world.book.tenders["t"].calls[0]
        said = cancels.said([journal])[cancels.Cancelled(CONVERSATION, "x")]
        assert call.truth["x"] == cancels.truth(said) != "unanswered"


def rows(entries: list[Entry]) -> list[Row]:
    """As the auditor reads them."""
    names = [name for name in Row._fields if name != "body"]
    return [Row(**{name: getattr(one, name) for name in names}, body=msgspec.json.decode(one.body)) for one in entries]


def cross(story: Story, cause: str, asked: int, arrives: int) -> tuple[Crossing, str, str] | None:
    """The run up to the cancel's arrival, and the states of tables I and P that it met; None: there is no such run.

    Args:
        asked: after so many steps of the story. From then on no message of x arrives.
        arrives: after so many.
    """
    crossing = Crossing(story)
    for step in story.steps[:asked]:
        assert crossing.play(step), f"{step} is not possible"
    i = crossing.i
    checking = any(slot.checking for slot in crossing.world.book.tenders["t"].slots)
    if i not in (TOLD if cause != "time" else {"AWARDED"}) or (cause == "time" and checking):
        return None  # time stands still for a result that is being checked (D11)
    assert crossing.ask(cause), f"in {i} nobody was told"
    for step in story.steps[asked:arrives]:
        elsewhere = isinstance(step, Rival) or (isinstance(step, To) and step.name == MANAGER)
        if not elsewhere and not crossing.play(step):
            return None
    p = crossing.p
    crossing.arrive()
    return crossing, i, p


def crossings(story: Story) -> Iterator[tuple[str, int, int]]:
    """Every (cause, asked, arrives)."""
    for asked in range(len(story.steps) + 1):
        yield from product(("user", "shutdown", "time"), (asked,), range(asked, len(story.steps) + 1))


#: (how work stops, whether the newest message comes first, whether after the cancel's time)
ENDS: Final = (
    ("stopped", False, False),
    ("stopped", True, True),
    ("done all the same", True, False),
    ("not in time", False, False),
    ("after a crash", True, False),
)
#: (state of I when the cancel was asked, state of P when it arrived), over all stories
MET: set[tuple[str, str]] = set()


@pytest.mark.parametrize("name", sorted(STORIES))
def test_what_is_known_is_what_was_said(name: str) -> None:
    story = STORIES[name]
    runs = 0
    for cause, asked, arrives in crossings(story):
        for stop, newest_first, late in ENDS:
            found = cross(story, cause, asked, arrives)
            if found is None:
                break
            crossing, i, p = found
            MET.add((i, p))
            if crossing.p == "CANCELLING":
                STOPS[stop](crossing.world)
            elif stop != "stopped":
                break  # nothing was to be stopped
            crossing.end(newest_first=newest_first, late=late)
            crossing.look()
            runs += 1
            if cause == "shutdown":
                break  # the same by another name
    print(f"{name}: {runs} runs")
    assert runs > 10


def test_every_state_was_met() -> None:
    """After the stories; alone it plays them."""
    for name in STORIES if not MET else ():
        test_what_is_known_is_what_was_said(name)
    told, met = {i for i, _ in MET}, {p for _, p in MET}
    assert told == TOLD
    assert met == set(load("participant").states) - {"CANCELLING", "CANCELLED", "CANCEL_FAILED"}  # where it leads to
    for i in sorted(told):
        print(i, *sorted(p for one, p in MET if one == i))
