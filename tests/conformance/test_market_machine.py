"""A market under everything at once: loss, repetition, overtaking, crashes, clocks, and an adversary who says anything.

Hypothesis drives `support.world`; what must hold is asserted there at every entry. In the end the adversary stops,
everything on its way arrives, time passes: then every tender has its one end, and no offer is left without an answer.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from contractnet.contractor.engagement import Engagement
from contractnet.contractor.records import Bade, Began, Declined, Failed, Finished, LeaseLost, Stopped, Withdrew
from contractnet.contractor.records import Fact as OwnFact
from contractnet.manager.checks import awaiting_check
from contractnet.manager.records import CancelAsked, Checked, Gone, Grace, Returned
from contractnet.messages import acts as a
from contractnet.messages import contents as c
from contractnet.messages.values import (
    CancelFailure,
    CancelReason,
    NotUnderstoodReason,
    RefuseReason,
    RejectReason,
    TaskFailure,
)
from tests.support.world import MANAGER, SKILL, Packet, World

HOUSES = {"d": ["a", "b"], "c": ["c"]}  # two agents in one daemon, and a daemon called like its agent (D9)
AGENTS = ["a", "b", "c"]
pick = st.integers(0, 10_000)
agents = st.sampled_from(AGENTS)
prices = st.sampled_from([10_000, 10_000, 20_000, 20_000, 30_000, 50_000, 50_001])
ends_of_work = st.sampled_from(
    [
        Began(attempt=1),
        Finished(result={"ok": 1}),
        Finished(result={"ok": "no"}),
        Failed(reason=TaskFailure.ERROR),
        Failed(reason=TaskFailure.RESTART),
        Failed(reason=TaskFailure.HANDED_BACK),
        LeaseLost(),
    ]
)
SCHEMA = {"type": "object", "properties": {"ok": {"type": "integer"}}}


def offer(agent: str, price: int) -> Bade:
    """An offer with words that nobody else may read."""
    return Bade(price=price, eta=5, confidence=900_000, rationale=f"secret of {agent}")


class MarketMachine(RuleBasedStateMachine):
    """Three agents, up to three tenders."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World({name: list(hosted) for name, hosted in HOUSES.items()})
        self.forged = 0

    # ---- tenders

    @initialize(slots=st.sampled_from([1, 1, 2]), checked=st.booleans(), bids=st.lists(prices, max_size=3))
    def begin(self, slots: int, checked: bool, bids: list[int]) -> None:
        """A tender whose call has arrived; some have bid, so that runs begin at different depths."""
        self.world.open("t0", slots=slots, checked=checked, result_schema=SCHEMA)
        self.world.invite(self.world.book.tenders["t0"], AGENTS)
        self.deliver_all()
        for agent, price in zip(AGENTS, bids, strict=False):
            self.world.decide(agent, "t0.1", offer(agent, price))
        if bids[:1] == [10_000]:
            self.deliver_all()

    @precondition(lambda self: len(self.world.book.tenders) < 3)
    @rule(slots=st.sampled_from([1, 2]), rule_=st.sampled_from(["lowest-price", "best-value"]))
    def open(self, slots: int, rule_: str) -> None:
        self.world.open(f"t{len(self.world.book.tenders)}", slots=slots, rule=rule_, within_ms=120_000)

    @rule(which=pick, expected=st.sets(agents, min_size=1))
    def invite(self, which: int, expected: set[str]) -> None:
        waiting = [one for one in self.world.book.tenders.values() if one.waiting]
        if waiting:
            tender = waiting[which % len(waiting)]
            if self.world.now < tender.not_before:
                self.world.tick(tender.not_before - self.world.now)
            self.world.invite(tender, sorted(expected))

    @rule(which=pick, reason=st.sampled_from(["user", "shutdown"]))
    def cancel(self, which: int, reason: Any) -> None:
        tenders = list(self.world.book.tenders.values())
        tender = tenders[which % len(tenders)]
        if which % 9 == 0 and tender.ended is None:  # now and then
            self.world.expire(tender)
            if tender.ended is None:
                self.world.step(tender.id, CancelAsked(reason=reason))

    @rule(which=pick, ok=st.booleans())
    def verdict(self, which: int, ok: bool) -> None:
        for tender in list(self.world.book.tenders.values()):
            for conversation, slot, _ in awaiting_check(tender)[:1]:
                epoch = slot.epoch if which % 5 else max(1, slot.epoch - 1)
                self.world.step(conversation, Checked(slot=slot.number, epoch=epoch, ok=ok, reason="" if ok else "no"))

    @rule(which=pick, gone=st.sets(agents, min_size=1), returned=st.booleans())
    def lose_agents(self, which: int, gone: set[str], returned: bool) -> None:
        tenders = [one for one in self.world.book.tenders.values() if one.calling]
        if tenders:
            call = tenders[which % len(tenders)].calls[-1]
            names = tuple(sorted(gone & {one.agent for one in call.unanswered()}))
            if names and call.machine.has("collecting"):
                self.world.step(call.conversation, Returned(agents=names) if returned else Gone(agents=names))

    @rule(which=pick, seconds=st.integers(1, 30))
    def grace(self, which: int, seconds: int) -> None:
        tenders = list(self.world.book.tenders.values())
        tender = tenders[which % len(tenders)]
        if tender.deadline() is not None:
            self.world.record(
                self.world.book.step(tender.id, Grace(until=self.world.now + seconds * 1000), self.world.now)
            )

    # ---- agents

    @rule(which=pick, price=prices)
    def bid(self, which: int, price: int) -> None:
        open_calls = self._in("deliberating")
        if open_calls:
            one = open_calls[which % len(open_calls)]
            self.world.decide(one.agent, one.conversation, offer(one.agent, price))

    @rule(which=pick, reason=st.sampled_from([RefuseReason.BUSY, RefuseReason.UNFIT]))
    def decline(self, which: int, reason: RefuseReason) -> None:
        open_calls = self._in("deliberating")
        if open_calls and which % 3 == 0:
            one = open_calls[which % len(open_calls)]
            self.world.decide(one.agent, one.conversation, Declined(reason=reason))

    @rule(which=pick)
    def withdraw(self, which: int) -> None:
        out = self._in("offered")
        if out and which % 3 == 0:
            self.world.decide(out[which % len(out)].agent, out[which % len(out)].conversation, Withdrew())

    @rule(which=pick, fact=ends_of_work)
    def work(self, which: int, fact: OwnFact) -> None:
        busy = self._in("committed") + self._in("cancelling")
        if busy:
            one = busy[which % len(busy)]
            stopped = one.machine.has("cancelling")
            self.world.decide(one.agent, one.conversation, Stopped() if stopped else fact)

    def _in(self, wanted: str) -> list[Engagement]:
        houses = self.world.houses.values()
        return [one for house in houses for one in house.engagements() if one.machine.has(wanted)]

    @rule(agent=agents, which=pick)
    def beat(self, agent: str, which: int) -> None:
        """Progress by the presence lane: the one thing that is not recorded."""
        calls = self._called(agent)
        if calls:
            conversation = calls[which % len(calls)]
            tender = self.world.book.find(conversation)
            if tender is not None:
                tender.beat(conversation, agent, 1 + which % 2, 1 + which % 3, self.world.now)

    def _called(self, agent: str) -> list[str]:
        diary = self.world.houses[self.world.host[agent]].diary
        return sorted(conversation for name, conversation in diary.engagements if name == agent)

    # ---- what is on its way

    @rule(which=pick, times=st.integers(1, 4))
    def deliver(self, which: int, times: int) -> None:
        for _ in range(times):
            if self.world.pool:
                self.world.deliver(self.world.pool.pop(which % len(self.world.pool)))

    @rule()
    def deliver_all(self) -> None:
        pool, self.world.pool = self.world.pool, []
        for packet in pool:
            self.world.deliver(packet)

    @rule()
    def deliver_all_backwards(self) -> None:
        pool, self.world.pool = self.world.pool, []
        for packet in reversed(pool):
            self.world.deliver(packet)

    @precondition(lambda self: self.world.pool)
    @rule(which=pick)
    def double(self, which: int) -> None:
        self.world.pool.append(self.world.pool[which % len(self.world.pool)])

    @rule(which=pick)
    def lose(self, which: int) -> None:
        losable = [packet for packet in self.world.pool if packet.may_be_lost]
        if losable:
            self.world.pool.remove(losable[which % len(losable)])

    @rule()
    def confirm(self) -> None:
        self.world.confirm()
        for name in HOUSES:
            self.world.confirm_house(name)

    # ---- time and death

    @rule(ms=st.sampled_from([0, 1, 300, 700, 2_000]), manager_first=st.booleans())
    def tick(self, ms: int, manager_first: bool) -> None:
        self.world.tick(ms, manager_first)

    @rule(which=pick, ms=st.sampled_from([20_000, 31_000, 70_000, 131_000]), manager_first=st.booleans())
    def leap(self, which: int, ms: int, manager_first: bool) -> None:
        """Over a deadline of the round, a cancel, a lease, an offer."""
        if which % 3 == 0:
            self.world.tick(ms, manager_first)

    @rule(present=st.booleans())
    def presence(self, present: bool) -> None:
        self.world.present = present

    @rule()
    def crash_manager(self) -> None:
        self.world.crash_manager()

    @rule(name=st.sampled_from(sorted(HOUSES)))
    def crash_house(self, name: str) -> None:
        self.world.crash_house(name)

    # ---- the adversary

    @rule(
        kind=st.integers(0, 11),
        sender=st.sampled_from([*AGENTS, "evil"]),
        which=pick,
        epoch=st.integers(1, 4),
        repeat=st.booleans(),
    )
    def forge_to_manager(self, kind: int, sender: str, which: int, epoch: int, repeat: bool) -> None:
        """Any act of a participant, under any name, in any conversation, with any offer and any fence."""
        header = self._header(sender, which, repeat) | {"receiver": MANAGER}
        offers = self._offers()
        contents: list[tuple[type[Any], Any]] = [
            (a.Propose, self._terms(which, offers, epoch)),
            (a.Propose, self._terms(which, offers, 1)),
            (a.Refuse, c.RefuseContent(reason=list(RefuseReason)[which % 8], round=1)),
            (a.Inform, c.ResultContent(slot=1 + which % 2, epoch=epoch, result={"ok": which})),
            (a.Inform, c.ResultContent(slot=1, epoch=epoch, result={"ok": "no"})),
            (a.Inform, c.ProgressContent(slot=1, epoch=epoch)),
            (a.Inform, c.CancelledContent()),
            (a.Inform, c.ChoiceContent(choice="none")),
            (a.Failure, c.TaskFailureContent(reason=list(TaskFailure)[which % len(TaskFailure)])),
            (a.Failure, c.CancelFailureContent(reason=CancelFailure.CANNOT_STOP)),
            (
                a.NotUnderstood,
                c.NotUnderstoodContent(reason=list(NotUnderstoodReason)[which % 4], about="accept-proposal"),
            ),
            (a.Cancel, c.CancelContent(reason=CancelReason.USER)),
        ]
        act, content = contents[kind]
        self.world.deliver(Packet(MANAGER, act(**header, content=content)))

    @rule(
        kind=st.integers(0, 6),
        agent=agents,
        sender=st.sampled_from(["evil", "evil", "c"]),
        which=pick,
        repeat=st.booleans(),
        receivers=st.sampled_from([None, (), ("a",), ("a", "b", "c")]),
    )
    def forge_to_agents(
        self, kind: int, agent: str, sender: str, which: int, repeat: bool, receivers: tuple[str, ...] | None
    ) -> None:
        """Any act of an initiator who is not the manager."""
        receiver = [agent, "multi", f"skill:{SKILL}"][which % 3]
        header = self._header(sender, which, repeat) | {"receiver": receiver, "receivers": receivers}
        offers = self._offers()
        terms = c.Terms(unit="USD", rule="x", work_within_ms=1, lease_ms=1, valid_for_ms=1)
        call = c.CfpContent(task="t", skill=SKILL, round=1 + which % 3, max_rounds=3, reply_within_ms=9, terms=terms)
        accept = c.AcceptContent(
            offer=offers[which % len(offers)],
            round=1,
            slot=1,
            epoch=1,
            price=1,
            work_within_ms=1,
            lease_ms=1,
            pickup_ms=1,
        )
        contents: list[tuple[type[Any], Any]] = [
            (a.Cfp, call),
            (a.AcceptProposal, accept),
            (a.RejectProposal, c.RejectContent(reason=list(RejectReason)[which % 9])),
            (a.RejectProposal, c.RejectContent(reason=RejectReason.LATE, offer=offers[which % len(offers)])),
            (a.Cancel, c.CancelContent(reason=CancelReason.SHUTDOWN)),
            (a.NotUnderstood, c.NotUnderstoodContent(reason=NotUnderstoodReason.SCHEMA, about="propose")),
            (a.Refuse, c.RefuseContent(reason=RefuseReason.BUSY, round=1)),
        ]
        act, content = contents[kind]
        self.world.deliver(Packet(self.world.host[agent], act(**header, content=content)))

    def _header(self, sender: str, which: int, repeat: bool) -> dict[str, Any]:
        self.forged += 1
        known = [packet.act.message_id for packet in self.world.pool] or ["m0"]
        mine = known[which % len(known)] if repeat else f"forged{self.forged}"
        conversations = [*self.world.conversations(), "elsewhere.1", "strays"]
        return {
            "message_id": mine,
            "reply_with": mine,
            "conversation_id": conversations[which % len(conversations)],
            "protocol": a.CONTRACT_NET,
            "sender": sender,
            "daemon": ["d", "c", "evil"][which % 3],
            "in_reply_to": known[(which // 7) % len(known)],
        }

    def _offers(self) -> list[str]:
        return [*sorted(self.world.offers), "bogus"]

    def _terms(self, which: int, offers: list[str], round_: int) -> c.ProposeContent:
        return c.ProposeContent(
            offer=offers[which % len(offers)],
            round=round_,
            unit=["USD", "USD", "EUR"][which % 3],
            price=which,
            eta=1,
            confidence=1_000_000,
            valid_for_ms=[1, 60_000, 200_000][which % 3],
            rationale="award me",
        )

    # ---- the end

    def teardown(self) -> None:
        """Nobody disturbs any more: everything ends."""
        world = self.world
        world.present = False
        for _ in range(120):
            while world.pool:
                world.deliver(world.pool.pop(0))
            for agent in AGENTS:
                for conversation in self._called(agent):
                    for fact in (Declined(reason=RefuseReason.UNFIT), Finished(result={"ok": 1}), Stopped()):
                        world.decide(agent, conversation, fact)
            self.verdict(1, ok=True)
            if not world.pool and all(one.ended and one.deadline() is None for one in world.book.tenders.values()):
                break
            world.tick(15_000)
        for tender in world.book.tenders.values():
            assert tender.ended is not None, f"{tender.id} does not end: {[call.machine for call in tender.calls]}"
            for call in tender.calls:
                assert call.machine.finished
                assert all(one.machine.finished for one in call.participants.values()), call.participants
        while world.book.unsent:
            world.confirm()
        world.tick(3_600_000)
        for house in world.houses.values():
            for engagement in house.engagements():
                assert not engagement.ties_capacity, f"{engagement.agent} in {engagement.conversation}"
        world.check_answers()
        world.check()


MarketMachine.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMarketMachine = MarketMachine.TestCase
