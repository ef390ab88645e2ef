"""A whole market without tasks, clocks or brokers: one manager's book, daemons' diaries, and the messages between them.

Everything that may happen is a method. What must hold is looked at with every entry: by `invariants`, from what is
recorded alone, and here:

- every entry gets its place: versions without gaps, no message recorded twice (I5);
- what a manager records is derived again by a shadow, entry by entry, and replay gives the live state of every process
  after each crash and at the end (I6);
- one message id is always the same bytes (I5, M5);
- no word, price or name of one participant reaches another, and nothing private anybody but the winner.

Messages wait in a pool; calls and requests, which expire, may be lost from it; anything may come twice and in any
order. Each process has a clock of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from contractnet.contractor.engagement import Timers
from contractnet.contractor.ports import Agent, Award, Call, Refusal
from contractnet.contractor.reception import Reception, ToRepeat, ToStep
from contractnet.contractor.records import Fact as OwnFact
from contractnet.contractor.records import Seeded
from contractnet.contractor.replay import DAEMON, STRAYS, AnySide, Diary
from contractnet.contractor.replay import replay as replay_journal
from contractnet.errors import ReplayDifference, VersionConflict
from contractnet.ledger.compare import compare
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Returned, Said, Sent, Spoken
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import Letter, Scrap, letters
from contractnet.manager.book import MONEY, STARTS, Book
from contractnet.manager.kinds import FACTS, LOOSE, Fact
from contractnet.manager.reception import ToRecord, judge
from contractnet.manager.reception import ToRepeat as Again
from contractnet.manager.reception import ToStep as Fit
from contractnet.manager.records import Grace, Granted, Invited, LeaseLapsed, Started
from contractnet.manager.replay import replay
from contractnet.manager.tender import Tender
from contractnet.messages import acts as a
from contractnet.messages.bargaining import AnyMessage
from contractnet.messages.codec import canonical, digest, encode
from contractnet.transport.port import Lane
from tests.support import bench
from tests.support.invariants import Broken, JournalWatch, LedgerWatch
from tests.support.picture import difference, picture

Replayed = TypeVar("Replayed")

NOW = bench.NOW
MANAGER = bench.MANAGER
SKILL = bench.SKILL
GRANT = 2_000_000
#: in the private part of every task
CANARY = "canary of the task"
GRACE_MS = 10_000
#: that one tender fires at one instant
MOST_TIMERS = 100
#: leases, which beats renew that are not recorded; and what is only kept to find the next timer
LEFT_OUT = frozenset({"lease_due", "offer_ends", "cancel_ends"})


@functools.cache
def a_member(value: int) -> re.Pattern[str]:
    """A member with this value, or its negative, in canonical JSON."""
    return re.compile(f":-?{value}[,}}]")


async def _no(_: Call) -> Refusal:
    return Refusal("unfit")


async def _nothing(_: Award) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Packet:
    """A message on its way to one process."""

    to: str  #: the manager, or a daemon
    act: AnyMessage
    sent_by: str  #: the process that said it; empty: an adversary

    @property
    def may_be_lost(self) -> bool:
        """Calls wait in queues that drop their oldest; they and requests expire."""
        return isinstance(self.act, a.Cfp | a.Request)


@dataclass(frozen=True)
class Raw:
    """A delivery as the transport hands it over."""

    body: bytes
    lane: Lane
    user_id: str | None = None
    undecodable: str | None = None

    def ack(self) -> None: ...
    def reject(self) -> None: ...


class Process:
    """What manager and daemons have in common: a ledger that grows."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.entries: list[Entry] = []
        self._places = Places()
        self.entries += self._places.place([founding_draft(kind, name, 0)])

    def place(self, written: Sequence[Writing]) -> list[Entry]:
        """Give entries their places."""
        try:
            new = self._places.place([draft for draft, _ in written])
        except VersionConflict as error:
            raise Broken("I5", f"{self.name}: {error}") from error
        self.entries += new
        return new


class House(Process):
    """A daemon: its diary and its gate, by a clock of its own."""

    def __init__(self, name: str, agents: Sequence[str], skew_ms: int = 0) -> None:
        super().__init__(name, Kind.JOURNAL)
        self.agents = {one: Agent(id=one, skills=(SKILL,), capacity=9, bid=_no, perform=_nothing) for one in agents}
        self.skew_ms = skew_ms
        self.watch = JournalWatch()
        self.diary = Diary(name, Timers())
        self.reception = Reception(self.diary, self.agents)
        self.place(self.diary.loose(name, DAEMON, Seeded(seed=digest(name.encode())[:32]), NOW + skew_ms))

    def record(self, written: Sequence[Writing]) -> None:
        """Place, and look."""
        self.place(written)
        self.watch.step(written)

    def crash(self) -> None:
        """Its process dies and starts again."""
        again = derived(lambda: replay_journal(self.name, self.entries, Timers()))
        same(self.name, picture(again), picture(self.diary))
        self.diary = again
        self.reception = Reception(self.diary, self.agents)


class World:
    """One manager, its daemons, and what is on its way.

    Args:
        houses: daemon -> the agents that it hosts.
        mediators: agents that bid on nothing.
        skew_ms: how much later the clock of each next daemon is.
    """

    def __init__(self, houses: Mapping[str, Sequence[str]], mediators: Sequence[str] = (), skew_ms: int = 0) -> None:
        self.now = NOW
        self.present = True
        self.book = Book(MANAGER)
        self.manager = Process(MANAGER, Kind.LEDGER)
        self.shadow = Book(MANAGER)
        self.watch = LedgerWatch(MANAGER)
        self.houses = {name: House(name, agents, skew_ms * at) for at, (name, agents) in enumerate(houses.items())}
        self.host = {agent: name for name, agents in houses.items() for agent in agents}
        self.bidders = [agent for agent in self.host if agent not in mediators]
        for agent in mediators:
            if agent in self.host:
                mine = self.houses[self.host[agent]].agents
                mine[agent] = Agent(id=agent, skills=("mediate.disputes",), capacity=9, bid=_no, perform=_nothing)
        self.pool: list[Packet] = []
        self.bytes: dict[tuple[str, str], str] = {}  #: (sender, message id) -> the digest of what was sent
        self.told: dict[tuple[str, str], list[str]] = {}  #: (receiver, conversation) -> what its answers may name
        self.words: dict[str, set[str]] = {}  #: agent -> what nobody else may read: the words of its offers
        self.prices: dict[str, set[int]] = {}  #: as well: its prices
        self.offers: set[str] = set()  #: the ids of all offers, which an adversary may know
        self.record(self.book.loose(MONEY, Granted(amount=GRANT, unit="USD"), NOW))
        self.record(self.book.loose(STARTS, Started(manager_epoch=1), NOW))

    # ---- the manager

    def record(self, written: list[Writing]) -> None:
        """Place, hold against the shadow and the invariants, and send."""
        self._follow(self.manager.place(written))
        self.watch.step(written)
        for _, record in written:
            if isinstance(record, Said):
                self._send(record, set(record.receivers))
        money = self.book.accounts
        self.watch.money(money.held, money.spent, money.released)

    def _follow(self, new: Sequence[Entry]) -> None:
        """The shadow steps the recorded facts, and must conclude what was recorded."""
        expected: list[Writing] = []
        for entry in new:
            if not expected:
                kind = FACTS.get(entry.type) or LOOSE[entry.type]
                fact: Any = msgspec.json.decode(entry.body, type=kind)
                follow = self.shadow.step if entry.type in FACTS else self.shadow.loose
                expected = list(follow(entry.conversation, fact, entry.at))
            try:
                compare(entry, expected.pop(0).draft)
            except ReplayDifference as error:
                raise Broken("I6", str(error)) from error
        if expected:
            raise Broken("I6", f"{expected[0].draft} is not recorded")

    def step(self, conversation: str, fact: Fact) -> None:
        """What is due, then the fact."""
        tender = self.book.tenders.get(conversation.partition(".")[0])
        if tender is not None:
            self.expire(tender)
        self.record(self.book.step(conversation, fact, self.now))

    def expire(self, tender: Tender) -> None:
        """Fire what is due."""
        for _ in range(MOST_TIMERS):
            due = tender.due(self.now, self.present)
            if due is None:
                return
            self.record(self.book.step(due[0], due[1], self.now))
        raise Broken("fires", f"{tender.id} fires without an end at {self.now}: {tender.due(self.now)}")

    def open(self, tender_id: str, **given: Any) -> None:
        """A tender begins."""
        mine = {"private": {"key": CANARY}, "reserve": 50_017}
        self.step(tender_id, bench.opened(seed=tender_id.encode().hex().ljust(32, "0")[:32], **mine | given))

    def invite(self, tender: Tender, agents: Sequence[str]) -> bool:
        """The next call, if it may open now."""
        terms = tender.opened.terms
        hold = 0 if tender.first_opened is not None else (terms.hold or 0)
        self.expire(tender)
        wait = max(tender.not_before, tender.grace_until)
        if not tender.waiting or self.now < wait or self.book.accounts.room(hold).value != "fits":
            return False
        expected = {agent: self.host[agent] for agent in agents}
        fact = Invited(number=len(tender.calls) + 1, expected=expected, manager_epoch=self.book.manager_epoch)
        self.record(self.book.step(tender.next_conversation(), fact, self.now))
        return True

    def grace(self, tender: Tender, ms: int = GRACE_MS) -> None:
        """The manager was away, or without the broker (D5)."""
        if tender.deadline() is not None:
            self.record(self.book.step(tender.id, Grace(until=self.now + ms), self.now))

    def crash_manager(self, published: bool = True) -> None:
        """Its process dies and starts again: state from the ledger, what was unsent again, a grace (D5).

        Args:
            published: whether what is unconfirmed had reached the broker before.
        """
        self._same_book()
        if not published:
            self.pool = [one for one in self.pool if one.act.message_id not in self.book.unsent]
        self.record(self.book.loose(STARTS, Started(manager_epoch=self.book.manager_epoch + 1), self.now))
        for owed in list(self.book.unsent.values()):
            self._send(owed.said, set(owed.receivers))
        for tender in self.book.tenders.values():
            if tender.calls:
                self.grace(tender)

    def _same_book(self) -> None:
        """From the ledger comes the live state, but for leases, which beats renew that are not recorded."""
        again = derived(lambda: replay(MANAGER, self.manager.entries))
        same(MANAGER, picture(again, LEFT_OUT), picture(self.book, LEFT_OUT))
        same(MANAGER, _timers(again), _timers(self.book))
        self.book = again

    def confirm(self, unroutable: bool = False) -> None:
        """The broker confirms what the manager has said first of all that is unsent, or knows no queue for it."""
        owed = next(iter(self.book.unsent.values()), None)
        if owed is None:
            return
        act, receivers = owed.said.message, owed.said.receivers
        self.record(self.book.loose(owed.conversation, Sent(message_id=act.message_id, receivers=receivers), self.now))
        tender = self.book.find(owed.conversation)
        if unroutable and tender is not None:
            agents = tender.call(owed.conversation).unreached(act.message_id, receivers)
            self.expire(tender)
            if agents:
                self.record(self.book.step(owed.conversation, Returned(agents=agents), self.now))

    def _send(self, said: Spoken, receivers: set[str]) -> None:
        act = said.message
        self._same_bytes(act)
        daemons = {self.host[name] for name in receivers if name in self.host} or (
            set() if said.receivers else {self.host[name] for name in self.bidders}
        )
        for name in said.receivers or self.bidders:
            self.told.setdefault((name, act.conversation_id), []).append(act.reply_with)
            self._sealed(act, name)
        for daemon in sorted(daemons):
            self.pool.append(Packet(daemon, act, MANAGER))

    def _same_bytes(self, act: AnyMessage) -> None:
        key, mine = (act.sender, act.message_id), digest(canonical(act))
        if self.bytes.setdefault(key, mine) != mine:
            raise Broken("I5", f"{act} was sent with other bytes before")

    def _sealed(self, act: AnyMessage, receiver: str) -> None:
        """No receiver reads what only another may know; names of others only where they live with it."""
        text = canonical(act).decode()
        mediates = receiver not in self.bidders
        tender = self.book.tenders.get(act.conversation_id.partition(".")[0])
        best = getattr(getattr(getattr(act, "content", None), "feedback", None), "best_score", None)
        if best is not None and tender is not None and tender.opened.terms.feedback == "best-score":
            text = text.replace(f'"best_score":{best}', '"best_score":0')  # told on purpose
        for agent in self.bidders:
            if agent == receiver:
                continue
            if [one for one in self.words.get(agent, ()) if one in text]:
                raise Broken("sealed", f"{receiver} reads words of {agent}: {text}")
            mine = self.prices.get(agent, set()) - self.prices.get(receiver, set())
            if not mediates and [one for one in mine if a_member(one).search(text)]:
                raise Broken("sealed", f"{receiver} reads a price of {agent}: {text}")
            neighbour = self.host[agent] == self.host.get(receiver) and agent in (act.receivers or ())
            if f'"{agent}"' in text and not neighbour:
                raise Broken("sealed", f"{receiver} reads the name of {agent}: {text}")
        if CANARY in text and not isinstance(act, a.AcceptProposal):
            raise Broken("private", f"{receiver} reads what only a winner may: {text}")
        if tender is not None and not tender.opened.terms.public_reserve and not mediates:
            reserve = tender.opened.terms.reserve
            if reserve is not None and a_member(reserve).search(text):
                raise Broken("private", f"{receiver} reads the secret reserve: {text}")

    # ---- the daemons

    def sides(self) -> list[AnySide]:
        """Every agent's side of every conversation."""
        return [side for house in self.houses.values() for side in house.diary.sides()]

    def having(self, wanted: str) -> list[AnySide]:
        """Those whose state has a property; `thinking` is one of mediations alone."""
        return [side for side in self.sides() if wanted in side.machine.table.properties and side.machine.has(wanted)]

    def decide(self, agent: str, conversation: str, fact: OwnFact) -> bool:
        """A decision of an agent, if it is possible now."""
        house = self.houses[self.host[agent]]
        key = (agent, conversation)
        side = house.diary.engagements.get(key) or house.diary.mediations.get(key)
        if side is None:
            return False
        self._expire_one(house, side)
        if not side.allows(fact):
            return False
        self._own(house, house.diary.step(agent, conversation, fact, self.now + house.skew_ms))
        return True

    def _expire_one(self, house: House, side: AnySide) -> None:
        now = self.now + house.skew_ms
        while (timer := side.due(now)) is not None:
            self._own(house, house.diary.step(side.agent, side.conversation, timer, now))

    def _own(self, house: House, written: list[Writing]) -> None:
        house.record(written)
        for _, record in written:
            if isinstance(record, Said):
                act = record.message
                self._same_bytes(act)
                self.told.setdefault((MANAGER, act.conversation_id), []).append(act.reply_with)
                if isinstance(act, a.Propose):
                    self.offers.add(act.content.offer)
                    self.words.setdefault(act.sender, set()).add(act.content.rationale)
                    if act.content.price % 10:  # a round number may mean anything
                        self.prices.setdefault(act.sender, set()).add(act.content.price)
                self.pool.append(Packet(act.receiver, act, house.name))

    def crash_house(self, name: str, published: bool = True) -> None:
        """As `crash_manager`."""
        house = self.houses[name]
        house.crash()
        unsent = {message_id for _, message_id in house.diary.unsent}
        if not published:
            self.pool = [one for one in self.pool if one.sent_by != name or one.act.message_id not in unsent]
        self.pool += [Packet(said.message.receiver, said.message, name) for _, said in house.diary.unsent.values()]

    def confirm_house(self, name: str) -> None:
        """The broker confirms what the daemon has said first of all that is unsent."""
        house = self.houses[name]
        for (agent, message_id), (conversation, said) in list(house.diary.unsent.items())[:1]:
            sent = Sent(message_id=message_id, receivers=said.receivers)
            house.place(house.diary.loose(agent, conversation, sent, self.now + house.skew_ms))

    # ---- messages and time

    def deliver(self, packet: Packet) -> None:
        """A message arrives; at a process that is none of ours it is gone."""
        self._hear(packet.to, Letter(packet.act, digest(encode(packet.act))))

    def deliver_raw(self, to: str, body: bytes, lane: Lane = Lane.BID) -> None:
        """Any bytes arrive."""
        for item in letters(Raw(body, lane)):
            self._hear(to, item)

    def _hear(self, to: str, item: Letter | Scrap) -> None:
        if to == MANAGER:
            self._deliver_to_manager(item)
        elif to in self.houses:
            self._deliver_to_house(self.houses[to], item)

    def _deliver_to_manager(self, item: Letter | Scrap) -> None:
        verdict = judge(self.book, item, Lane.BID, 5)
        if isinstance(verdict, Fit):
            self.step(verdict.conversation, verdict.fact)
        elif isinstance(verdict, ToRecord):
            self.record(self.book.loose(verdict.conversation, verdict.stray, self.now))
        elif isinstance(verdict, Again) and verdict.said is not None:
            self._send(verdict.said, set(verdict.said.receivers))

    def _deliver_to_house(self, house: House, item: Letter | Scrap) -> None:
        for verdict in house.reception.judge(item, Lane.INBOX):
            if isinstance(verdict, ToStep):
                side = house.diary.side(verdict.agent, verdict.conversation, verdict.fact)
                self._expire_one(house, side)
                at = self.now + house.skew_ms
                self._own(house, house.diary.step(verdict.agent, verdict.conversation, verdict.fact, at))
            elif isinstance(verdict, ToRepeat):
                if verdict.answer is not None:
                    act = house.diary.said[verdict.answer][2].message
                    self._same_bytes(act)
                    self.pool.append(Packet(act.receiver, act, house.name))
            else:
                house.record(house.diary.loose(house.name, STRAYS, verdict, self.now + house.skew_ms))

    def tick(self, ms: int, manager_first: bool = True) -> None:
        """Time passes; whatever is due fires."""
        self.now += ms
        if manager_first:
            self._expire_all()
        for house in self.houses.values():
            for side in house.diary.sides():
                self._expire_one(house, side)
        self._expire_all()

    def _expire_all(self) -> None:
        for tender in list(self.book.tenders.values()):
            self.expire(tender)
        self.watch.fires(self.now)

    def next_deadlines(self) -> list[int]:
        """How long until the next timer of each tender."""
        instants = [tender.deadline() for tender in self.book.tenders.values()]
        return [max(0, instant - self.now) for instant in instants if instant is not None]

    def conversations(self) -> Iterator[str]:
        """Of all calls, and of their mediations."""
        for tender in self.book.tenders.values():
            for call in tender.calls:
                yield call.conversation
                if call.mediation is not None:
                    yield call.mediation.conversation

    # ---- the end

    def check(self) -> None:
        """Everything is quiet: each end, everything heard, and everything from the ledgers alone once more."""
        self.watch.ends()
        self._heard()
        self._same_book()
        for house in self.houses.values():
            house.watch.ends()
            house.crash()

    def _heard(self) -> None:
        """Whatever was said to somebody who is there, and may not be lost, is heard, or kept apart with its reason."""
        for house in self.houses.values():
            for _, _, said in house.diary.said.values():
                act = said.message
                if act.receiver == MANAGER and (act.sender, act.message_id) not in self.book.seen:
                    raise Broken("heard", f"{act} never came to the manager")
        for entry in self.manager.entries:
            if entry.type != "Said":
                continue
            told = msgspec.json.decode(entry.body, type=Said)
            act = told.message
            for agent in told.receivers if not isinstance(act, a.Cfp | a.Request) else ():
                if agent not in self.host:
                    continue
                seen, daemon = self.houses[self.host[agent]].diary.seen, self.host[agent]
                if not {(who, act.sender, act.message_id) for who in (agent, daemon)} & seen.keys():
                    raise Broken("heard", f"{act} never came to {agent}")


def _timers(book: Book) -> list[Any]:
    """What will fire, leases aside."""
    return [
        (tender.id, *timer)
        for tender in book.tenders.values()
        for timer in tender.timers()
        if not isinstance(timer[2], LeaseLapsed)
    ]


def derived(replayed: Callable[[], Replayed]) -> Replayed:
    """I6: what the entries give once more."""
    try:
        return replayed()
    except ReplayDifference as error:
        raise Broken("I6", str(error)) from error


def same(whose: str, one: Any, other: Any) -> None:
    """I6: both pictures are the same."""
    if one != other:
        raise Broken("I6", f"{whose} after its restart: {'; '.join(difference(one, other))[:2_000]}")
