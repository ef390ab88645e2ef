"""A market under everything at once, for Hypothesis to drive: what may happen is a rule, what must hold is looked at.

A manager, three contractors (two in one daemon, one in a daemon called like it), a mediator that may be silent or not
there, up to three tenders of one or two slots over one to three rounds; a transport that loses calls, doubles,
reorders and delays; crashes of every process; cancels, checks that say no, graces, lapsed leases and offers, results
that are late, invalid or overdue; and somebody who sends anything. In the end nobody disturbs any more: everything on
its way arrives, time passes, and all must be over.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from contractnet.contractor.mediating import Mediating
from contractnet.contractor.records import (
    Bade,
    Began,
    CannotStop,
    Chose,
    Declined,
    Failed,
    Finished,
    LeaseLost,
    Stopped,
    Took,
    Withdrew,
)
from contractnet.contractor.records import Fact as OwnFact
from contractnet.contractor.replay import AnySide
from contractnet.manager.checks import awaiting_check
from contractnet.manager.records import CancelAsked, Checked, Gone
from contractnet.manager.tender import Tender
from contractnet.messages.values import RefuseReason, TaskFailure
from tests.support.adversary import Adversary
from tests.support.examples import often
from tests.support.world import MANAGER, World

HOUSES = {"d": ["anna", "bert"], "carl": ["carl"], "m": ["arbiter"]}
BIDDERS = ["anna", "bert", "carl"]
#: added to a price, so that nobody else's is the same number, but where the price is round
OWN = {"anna": 1, "bert": 2, "carl": 3, "arbiter": 4}
SCHEMA = {"type": "object", "properties": {"ok": {"type": "integer"}}}

pick = st.integers(0, 10_000)
#: after whatever happens, so much of what is possible happens too
picks = st.lists(pick, min_size=1, max_size=6)
#: under the reserve of 50,017; over it, and within what a mediator may award; over that too
CHEAP, DEAR = (10_000, 20_000, 30_000, 50_000), (60_000, 60_010, 62_000, 80_000)
ENDS_OF_WORK: tuple[OwnFact, ...] = (
    Began(attempt=1),
    Finished(result={"ok": 1}),
    Finished(result={"ok": 1}),
    Finished(result={"ok": 1}),
    Finished(result={"ok": "no"}),
    Failed(reason=TaskFailure.ERROR),
    Failed(reason=TaskFailure.RESTART),
    Failed(reason=TaskFailure.HANDED_BACK),
    LeaseLost(),
    CannotStop(result={"ok": 1}),
)
#: of the first tender: its rounds, slots, mediator and so on
terms_of_a_tender = st.fixed_dictionaries(
    {
        "slots": st.sampled_from([1, 2]),
        "max_rounds": st.sampled_from([1, 2, 3]),
        "shortlist": st.sampled_from([None, 1, 2]),
        "feedback": st.sampled_from(["nothing", "reason", "rank", "best-score"]),
        "mediator": st.sampled_from([None, "arbiter", "arbiter", "nobody"]),
        "mediation_limit": st.sampled_from([None, 65_000]),
        "public_reserve": st.booleans(),
        "rule": st.sampled_from(["lowest-price", "best-value"]),
        "checked": st.booleans(),
        "lease_ms": st.sampled_from([60_000, 8_000]),
        "work_within_ms": st.sampled_from([600_000, 40_000]),
        "valid_for_extra_ms": st.sampled_from([40_000, 0]),
        "max_awards": st.sampled_from([3, 2, 1]),
    }
)
#: of tenders that follow
TERMS: tuple[dict[str, Any], ...] = (
    {"max_rounds": 2, "slots": 2, "within_ms": 120_000, "max_awards": 1},
    {"max_rounds": 3, "mediator": "arbiter", "mediation_limit": 65_000, "checked": True, "lease_ms": 8_000},
    {"max_rounds": 1, "mediator": "arbiter", "mediation_limit": 65_000, "slots": 2, "feedback": "rank"},
    {"max_rounds": 2, "shortlist": 2, "mediator": "arbiter", "work_within_ms": 40_000, "valid_for_extra_ms": 0},
)
NORMAL = settings(
    max_examples=often(300),
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # to explain takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class MarketMachine(RuleBasedStateMachine):
    """Everything that may happen, one thing a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(HOUSES, mediators=["arbiter"], skew_ms=-600_000)
        self.adversary = Adversary(self.world)
        self._moved = 0
        self._outside = sys.exc_info()[1]  #: what is being handled where the run begins

    # ---- tenders

    @initialize(given=terms_of_a_tender, rounds=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), max_size=4))
    def begin(self, given: dict[str, Any], rounds: list[list[bool]]) -> None:
        """A tender whose call has arrived; some rounds have been bid in, so that runs begin at different depths."""
        self._open(given)
        for dear in rounds:
            self._deliver_all()
            for one, agent in zip(dear, BIDDERS, strict=True):
                for conversation in self._called(agent):
                    self._bid(agent, conversation, (DEAR if one else CHEAP)[len(conversation) % 4])
        self._deliver_all()

    @precondition(lambda self: self._room)
    @rule(given=terms_of_a_tender, moves=picks)
    def open(self, given: dict[str, Any], moves: list[int]) -> None:
        self._open(given | {"within_ms": 120_000})
        self.go(moves)

    @property
    def _room(self) -> bool:
        """At most two at a time, six in all."""
        tenders = self.world.book.tenders.values()
        return len(tenders) < 6 and sum(one.ended is None for one in tenders) < 2

    def _open(self, given: dict[str, Any]) -> None:
        given = dict(given)
        if given.get("mediator") is None and "mediation_limit" in given:
            del given["mediation_limit"]
        tender = f"t{len(self.world.book.tenders)}"
        self.world.open(tender, result_schema=SCHEMA, **given)
        self.world.invite(self.world.book.tenders[tender], BIDDERS)

    @rule(
        what=st.sampled_from(["invite", "verdict", "verdict", "gone", "cancel"]),
        which=pick,
        ok=st.booleans(),
        moves=picks,
    )
    def manage(self, what: str, which: int, ok: bool, moves: list[int]) -> None:
        """What the manager's side does beside hearing and timers."""
        tenders = [one for one in self.world.book.tenders.values() if one.ended is None]
        if what == "invite":
            self._invite([one for one in tenders if one.waiting], which)
        elif what == "verdict":
            self._verdict(which, ok)
        elif what == "gone":
            self._lose_agents([one for one in tenders if one.calling], which)
        elif tenders and which % 3:
            self._cancel(tenders[which % len(tenders)], which, "user" if ok else "shutdown")
        self.go(moves)

    def _invite(self, waiting: list[Tender], which: int) -> None:
        if waiting:
            tender = waiting[which % len(waiting)]
            if self.world.now < tender.not_before:
                self.world.tick(tender.not_before - self.world.now)
            self.world.invite(tender, BIDDERS if which % 3 else BIDDERS[which % 2 :])

    def _cancel(self, tender: Tender, which: int, reason: Any) -> None:
        self.world.expire(tender)
        if tender.ended is None:
            within = 3_000 if which % 2 else None
            self.world.step(tender.id, CancelAsked(reason=reason, within_ms=within))

    def _verdict(self, which: int, ok: bool) -> None:
        for tender in list(self.world.book.tenders.values()):
            for conversation, slot, _ in awaiting_check(tender)[:1]:
                epoch = slot.epoch if which % 5 else max(1, slot.epoch - 1)
                self.world.step(conversation, Checked(slot=slot.number, epoch=epoch, ok=ok, reason="" if ok else "no"))

    def _lose_agents(self, tenders: list[Tender], which: int) -> None:
        """Somebody says goodbye, or its presence lease lapses."""
        if tenders:
            call = tenders[which % len(tenders)].calls[-1]
            names = [one.agent for one in call.unanswered()]
            if names and call.machine.has("collecting"):
                self.world.step(call.conversation, Gone(agents=(names[which % len(names)],)))

    # ---- agents

    @rule(moves=picks)
    def go(self, moves: list[int]) -> None:
        """A few things that are possible now: of each number, a message arrives or an agent decides."""
        for number in moves:
            self._moved += 1
            which = random.Random(f"{number}|{self._moved}").randrange(10_000)  # small numbers are drawn too often
            able = self._able()
            if able and which % 17 == 0:  # whoever is to do something does nothing, until time is over for somebody
                self.world.tick(min(self.world.next_deadlines(), default=0))
            elif able and which % 3:
                self._decide(able[which % len(able)], which // 7)
            elif self.world.pool:
                self.world.deliver(self.world.pool.pop(which % len(self.world.pool)))
            elif not able:
                self._idle(which)

    def _idle(self, which: int) -> None:
        """Nobody has to do anything: an offer is withdrawn, a check answers, a call opens again, or time passes."""
        out = self.world.having("offered")
        if out and which % 20 == 0:
            one = out[which % len(out)]
            self.world.decide(one.agent, one.conversation, Withdrew())
        waiting = [one for one in self.world.book.tenders.values() if one.waiting]
        if waiting:
            self._invite(waiting, which)
        elif self._room and which % 5 == 0:
            self._open(TERMS[which % len(TERMS)])
        elif which % 4:
            self._verdict(which, which % 3 > 0)
        else:
            self.world.tick(min(self.world.next_deadlines(), default=0))

    def _able(self) -> list[AnySide]:
        wanted = ("deliberating", "committed", "cancelling", "thinking")
        return [side for one in wanted for side in self.world.having(one)]

    def _decide(self, side: AnySide, which: int) -> None:
        """What somebody who has to decide may decide."""
        agent, conversation = side.agent, side.conversation
        if isinstance(side, Mediating):
            self._mediate(side, which)
        elif side.machine.has("deliberating"):
            if which % 8 == 0:
                reason = RefuseReason.BUSY if which % 3 else RefuseReason.UNFIT
                self.world.decide(agent, conversation, Declined(reason=reason))
            else:
                self._bid(agent, conversation, (DEAR if which % 3 else CHEAP)[which % 4])
        elif side.machine.has("committed"):
            self.world.decide(agent, conversation, ENDS_OF_WORK[which % len(ENDS_OF_WORK)])
        elif which % 3:
            self.world.decide(agent, conversation, CannotStop(result={"ok": 1}) if which % 3 == 1 else Stopped())

    def _bid(self, agent: str, conversation: str, price: int) -> None:
        mine = price if price % 20_000 == 0 else price + OWN[agent]  # so that some are equal
        words = f"secret of {agent}"
        self.world.decide(agent, conversation, Bade(price=mine, eta=5, confidence=900_000, rationale=words))

    def _mediate(self, side: Mediating, which: int) -> None:
        known = [one.offer for one in side.offers] + ["bogus"]
        facts: list[OwnFact] = [
            *(Chose(choice="offer", offer=known[which % len(known)]) for _ in range(4)),
            *(Chose(choice="round"), Chose(choice="round"), Chose(choice="none"), Chose(choice="none", offer="bogus")),
            *(Took(), Took(), Declined(reason=RefuseReason.POLICY), Failed(reason=TaskFailure.ERROR)),
        ]
        self.world.decide(side.agent, side.conversation, facts[which // 5 % len(facts)])

    @rule(agent=st.sampled_from(BIDDERS), which=pick, moves=picks)
    def beat(self, agent: str, which: int, moves: list[int]) -> None:
        """Progress by the presence lane: the one thing that is not recorded."""
        calls = self._called(agent)
        if calls:
            conversation = calls[which % len(calls)]
            tender = self.world.book.find(conversation)
            if tender is not None:
                tender.beat(conversation, agent, 1 + which % 2, 1 + which % 3, self.world.now)
        self.go(moves)

    def _called(self, agent: str) -> list[str]:
        mine = self.world.houses[self.world.host[agent]].diary.engagements
        return sorted(conversation for name, conversation in mine if name == agent)

    # ---- what is on its way

    @rule(
        what=st.sampled_from(["all", "backwards", "double", "lose", "confirm", "unroutable"]), which=pick, moves=picks
    )
    def transport(self, what: str, which: int, moves: list[int]) -> None:
        """What the broker and the ways to it do."""
        pool = self.world.pool
        if what in ("all", "backwards"):
            self._deliver_all(what == "backwards")
        elif what == "double" and pool:
            pool.append(pool[which % len(pool)])
        elif what == "lose":
            losable = [packet for packet in pool if packet.may_be_lost]
            if losable:
                pool.remove(losable[which % len(losable)])
        else:
            self.world.confirm(what == "unroutable")
            for name in HOUSES:
                self.world.confirm_house(name)
        self.go(moves)

    def _deliver_all(self, backwards: bool = False) -> None:
        pool, self.world.pool = self.world.pool, []
        for packet in reversed(pool) if backwards else pool:
            self.world.deliver(packet)

    # ---- time and death

    @rule(
        ms=st.sampled_from([0, 1, 300, 700, 2_000, 8_000, 20_000, 70_000]),
        which=pick,
        manager_first=st.booleans(),
        moves=picks,
    )
    def tick(self, ms: int, which: int, manager_first: bool, moves: list[int]) -> None:
        """Time passes; seldom over a deadline of the round, a cancel, a lease, an offer."""
        if ms < 8_000 or which % 3 == 0:
            self.world.tick(ms, manager_first)
        if which % 10 == 0:
            self.world.present = manager_first
        self.go(moves)

    @rule(name=st.sampled_from([MANAGER, MANAGER, *sorted(HOUSES)]), published=st.booleans(), which=pick, moves=picks)
    def crash(self, name: str, published: bool, which: int, moves: list[int]) -> None:
        """A process dies and starts again; or the manager was without its broker."""
        tenders = list(self.world.book.tenders.values())
        if which % 4 == 0:
            self.world.grace(tenders[which % len(tenders)], 25_000 if published else 10_000)
        elif name == MANAGER:
            self.world.crash_manager(published)
        else:
            self.world.crash_house(name, published)
        self.go(moves)

    # ---- the adversary

    @rule(numbers=st.lists(st.integers(0, 2**32), min_size=1, max_size=4), moves=picks)
    def attack(self, numbers: list[int], moves: list[int]) -> None:
        self.adversary.eavesdrop()
        for number in numbers:
            self.adversary.send(number)
        self.go(moves)

    # ---- the end

    def teardown(self) -> None:
        """Nobody disturbs any more: everything ends. A run that has failed already ends where it failed."""
        if sys.exc_info()[1] is not self._outside:
            return
        world = self.world
        world.present = False
        for _ in range(120):
            while world.pool:
                world.deliver(world.pool.pop(0))
            for agent in BIDDERS:
                for conversation in self._called(agent):
                    for fact in (Declined(reason=RefuseReason.UNFIT), Finished(result={"ok": 1}), Stopped()):
                        world.decide(agent, conversation, fact)
            self._verdict(1, ok=True)
            if not world.pool and all(one.ended and one.deadline() is None for one in world.book.tenders.values()):
                break
            world.tick(15_000)
        while world.book.unsent:
            world.confirm()
        world.tick(3_600_000)
        while world.pool:
            world.deliver(world.pool.pop(0))
        world.check()
