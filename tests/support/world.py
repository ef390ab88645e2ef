"""A whole market without tasks, clocks or brokers: one manager's book, daemons' diaries, and the messages between them.

Everything that may happen is a method; what must always hold is asserted on the way:

- every entry gets its place: versions without gaps, no message recorded twice (`Places`);
- what is recorded is derived again by a shadow, entry by entry (promise 4);
- every row taken stands in its table and leaves from the state that the one before it led to (promise 2);
- one award for each slot and epoch, one credited result for each slot, one end for each tender (promise 2);
- granted = held + spent + released (promise 10);
- no offer is awarded after its end, or at another price than its own;
- no word of one bidder reaches another (promise 7).

Messages wait in a pool; nothing but calls may be lost from it, anything may come twice and in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contractnet.contractor.engagement import Engagement, Timers
from contractnet.contractor.ports import Agent, Award, Call, Refusal
from contractnet.contractor.reception import Reception, ToRepeat, ToStep
from contractnet.contractor.records import Fact as OwnFact
from contractnet.contractor.records import Seeded
from contractnet.contractor.replay import DAEMON, STRAYS, Diary
from contractnet.contractor.replay import replay as replay_journal
from contractnet.interaction.definition import load
from contractnet.ledger.compare import compare
from contractnet.ledger.founding import Kind, founding_draft
from contractnet.ledger.places import Places
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Heard, Moved, Said, Sent
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import Letter
from contractnet.manager.book import MONEY, STARTS, Book
from contractnet.manager.reception import ToRecord, judge
from contractnet.manager.reception import ToRepeat as Again
from contractnet.manager.reception import ToStep as Fit
from contractnet.manager.records import FACTS, LOOSE, Awarded, Ended, Fact, Grace, Granted, Held, Invited, Started
from contractnet.manager.replay import replay
from contractnet.manager.tender import Tender
from contractnet.messages import acts as a
from contractnet.messages.codec import canonical, digest, encode
from contractnet.transport.port import Lane
from tests.support import bench, side

NOW = bench.NOW
MANAGER = bench.MANAGER
SKILL = bench.SKILL
GRANT = 1_000_000
OFFER_MARGIN_MS = 2_000
TABLES = {"C": load("conversation"), "I": load("initiator"), "P": load("participant")}


async def _no(_: Call) -> Refusal:
    return Refusal("unfit")


async def _nothing(_: Award) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Packet:
    """A message on its way to one process."""

    to: str  #: the manager, or a daemon
    act: a.AnyAct
    may_be_lost: bool = False


@dataclass
class Runs:
    """Whether the rows taken are a legal run of their tables, told from what was recorded alone."""

    states: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def follow(self, conversation: str, moved: Moved) -> None:
        for move in moved.moves:
            table = TABLES[move.table]
            key = (conversation, move.table, move.who)
            before = self.states.get(key, table.start)
            rows = [row for row in table.rows if row.name == move.row and before in row.states]
            assert rows, f"{move} from {before}: no such row"
            assert move.state in {before if row.next == "=" else row.next for row in rows}, f"{move} from {before}"
            self.states[key] = move.state


class Process:
    """What manager and daemons have in common: a ledger, and what may be checked of it."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.runs = Runs()
        self.entries: list[Entry] = []
        self._places = Places()
        self.entries += self._places.place([founding_draft(kind, name, NOW)])

    def place(self, written: Sequence[Writing]) -> list[Writing]:
        new = self._places.place([draft for draft, _ in written])
        self.entries += new
        for draft, record in written:
            if isinstance(record, Moved):
                self.runs.follow(f"{draft.agent}|{draft.conversation}", record)
        return list(written)


class House(Process):
    """A daemon: its diary and its gate."""

    def __init__(self, name: str, agents: Sequence[str]) -> None:
        super().__init__(name, Kind.JOURNAL)
        self.agents = {one: Agent(id=one, skills=(SKILL,), capacity=9, bid=_no, perform=_nothing) for one in agents}
        self.diary = Diary(name, Timers())
        self.reception = Reception(self.diary, self.agents)
        self.place(self.diary.loose(name, DAEMON, Seeded(seed=f"{len(name):02x}{ord(name[0]):02x}" * 8), NOW))

    def engagements(self) -> list[Engagement]:
        return list(self.diary.engagements.values())

    def crash(self) -> None:
        again = replay_journal(self.name, self.entries, Timers())
        assert side.picture(again) == side.picture(self.diary)
        self.diary = again
        self.reception = Reception(self.diary, self.agents)


class World:
    """One manager, its daemons, and what is on its way."""

    def __init__(self, houses: dict[str, Sequence[str]]) -> None:
        self.now = NOW
        self.present = True
        self.book = Book(MANAGER)
        self.manager = Process(MANAGER, Kind.LEDGER)
        self.shadow = Book(MANAGER)
        self.houses = {name: House(name, agents) for name, agents in houses.items()}
        self.host = {agent: name for name, agents in houses.items() for agent in agents}
        self.pool: list[Packet] = []
        self.words: dict[str, set[str]] = {}  #: agent -> what it alone may read: the words of its offers
        self.offers: set[str] = set()  #: the ids of all offers, which an adversary may know
        self._usable: dict[tuple[str, str, str], tuple[int, int]] = {}  #: offer -> (instant of its end, price)
        self._awarded: set[tuple[str, int, int]] = set()
        self._credited: dict[str, int] = {}
        self._ended: set[str] = set()
        self._held: dict[str, int] = {}
        self.record(self.book.loose(MONEY, Granted(amount=GRANT, unit="USD"), NOW))
        self.record(self.book.loose(STARTS, Started(manager_epoch=1), NOW))

    # ---- the manager

    def record(self, written: list[Writing]) -> None:
        """Place, hold against the shadow and the invariants, and send."""
        start = len(self.manager.entries)
        self.manager.place(written)
        self._follow(self.manager.entries[start:])
        for draft, record in written:
            self._look(draft.conversation, record)
            if isinstance(record, Said):
                self._send(record, set(record.receivers))
        self._money()

    def _follow(self, new: Sequence[Entry]) -> None:
        """The shadow steps the recorded facts, and must conclude what was recorded."""
        expected: list[Writing] = []
        for entry in new:
            if not expected:
                kind = FACTS.get(entry.type) or LOOSE[entry.type]
                fact: Any = msgspec.json.decode(entry.body, type=kind)
                follow = self.shadow.step if entry.type in FACTS else self.shadow.loose
                expected = list(follow(entry.conversation, fact, entry.at))
            compare(entry, expected.pop(0).draft)
        assert not expected

    def _look(self, conversation: str, record: Any) -> None:
        tender = conversation.partition(".")[0]
        if isinstance(record, Awarded):
            key = (tender, record.slot, record.epoch)
            assert key not in self._awarded, f"{key} is awarded twice"
            self._awarded.add(key)
            until, price = self._usable[conversation, record.participant, record.offer]
            assert self.now < until, f"{record} uses an offer that has ended"
            assert record.price == price <= (self.book.tenders[tender].opened.terms.reserve or 0)
        elif isinstance(record, Heard) and isinstance(record.message, a.Propose):
            act, content = record.message, record.message.content
            end = (self.now + content.valid_for_ms - OFFER_MARGIN_MS, content.price)
            self._usable.setdefault((conversation, act.sender, content.offer), end)
        elif isinstance(record, Moved):
            self._credited[tender] = self._credited.get(tender, 0) + sum(one.row == "I25" for one in record.moves)
            slots = self.book.tenders[tender].opened.terms.slots
            assert self._credited[tender] <= slots, f"{tender} has more results than slots"
        elif isinstance(record, Held):
            self._held[tender] = record.amount
        elif isinstance(record, Ended):
            assert tender not in self._ended, f"{tender} ended twice"
            self._ended.add(tender)
            assert record.spent + record.released == self._held.get(tender, 0)

    def _money(self) -> None:
        money = self.book.accounts
        assert money.released is not None
        assert money.released >= 0
        assert money.held + money.spent + money.released == GRANT
        live = {tender.id for tender in self.book.tenders.values() if tender.ended is None}
        assert set(money.holds) <= live

    def step(self, conversation: str, fact: Fact) -> None:
        """What is due, then the fact."""
        tender = self.book.tenders.get(conversation.partition(".")[0])
        if tender is not None:
            self.expire(tender)
        self.record(self.book.step(conversation, fact, self.now))

    def expire(self, tender: Tender) -> None:
        while (due := tender.due(self.now, self.present)) is not None:
            self.record(self.book.step(due[0], due[1], self.now))

    def open(self, tender_id: str, **given: Any) -> None:
        self.step(tender_id, bench.opened(seed=tender_id.encode().hex().ljust(32, "0")[:32], **given))

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

    def crash_manager(self) -> None:
        """Its process dies and starts again: state from the ledger, what was unsent again, a grace (D5)."""
        again = replay(MANAGER, self.manager.entries)
        assert bench.picture(again, beaten=True) == bench.picture(self.book, beaten=True)
        self.book = again
        self.record(self.book.loose(STARTS, Started(manager_epoch=self.book.manager_epoch + 1), self.now))
        for owed in list(self.book.unsent.values()):
            self._send(owed.said, set(owed.receivers))
        for tender in self.book.tenders.values():
            if tender.deadline() is not None:
                self.record(self.book.step(tender.id, Grace(until=self.now + 10_000), self.now))

    def confirm(self) -> None:
        """The broker confirms what the manager has said first of all that is unsent."""
        owed = next(iter(self.book.unsent.values()), None)
        if owed is not None:
            sent = Sent(message_id=owed.said.message.message_id, receivers=owed.said.receivers)
            self.record(self.book.loose(owed.conversation, sent, self.now))

    def _send(self, said: Said, receivers: set[str]) -> None:
        act = said.message
        daemons = {self.host[name] for name in receivers if name in self.host} or (
            set() if said.receivers else set(self.houses)
        )
        for name in said.receivers:
            self._sealed(act, name)
        for daemon in sorted(daemons):
            self.pool.append(Packet(daemon, act, may_be_lost=isinstance(act, a.Cfp)))

    def _sealed(self, act: a.AnyAct, receiver: str) -> None:
        """No receiver reads what only another may know; names of others only where they live with it."""
        text = canonical(act).decode()
        for agent, secrets in self.words.items():
            if agent != receiver:
                assert not [one for one in secrets if one in text], f"{receiver} reads of {agent}: {text}"
        if act.receivers is not None:
            assert {self.host.get(name) for name in act.receivers} == {self.host.get(receiver)}

    # ---- the daemons

    def decide(self, agent: str, conversation: str, fact: OwnFact) -> bool:
        """A decision of an agent, if it is possible now."""
        house = self.houses[self.host[agent]]
        engagement = house.diary.engagements.get((agent, conversation))
        if engagement is None:
            return False
        self._expire_one(house, engagement)
        if not engagement.allows(fact):
            return False
        self._own(house, house.diary.step(agent, conversation, fact, self.now))
        return True

    def _expire_one(self, house: House, engagement: Engagement) -> None:
        while (timer := engagement.due(self.now)) is not None:
            self._own(house, house.diary.step(engagement.agent, engagement.conversation, timer, self.now))

    def _own(self, house: House, written: list[Writing]) -> None:
        for _, record in house.place(written):
            if isinstance(record, Said):
                act = record.message
                if isinstance(act, a.Propose):
                    self.offers.add(act.content.offer)
                    self.words.setdefault(act.sender, set()).add(act.content.rationale)
                self.pool.append(Packet(MANAGER, act))

    def crash_house(self, name: str) -> None:
        house = self.houses[name]
        house.crash()
        self.pool += [Packet(MANAGER, said.message) for _, said in house.diary.unsent.values()]

    def confirm_house(self, name: str) -> None:
        house = self.houses[name]
        for (agent, message_id), (conversation, said) in list(house.diary.unsent.items())[:1]:
            sent = Sent(message_id=message_id, receivers=said.receivers)
            house.place(house.diary.loose(agent, conversation, sent, self.now))

    # ---- messages and time

    def deliver(self, packet: Packet) -> None:
        """A message arrives."""
        letter = Letter(packet.act, digest(encode(packet.act)))
        if packet.to == MANAGER:
            self._deliver_to_manager(letter)
        else:
            self._deliver_to_house(self.houses[packet.to], letter)

    def _deliver_to_manager(self, letter: Letter) -> None:
        verdict = judge(self.book, letter, Lane.BID, 5)
        if isinstance(verdict, Fit):
            self.step(verdict.conversation, verdict.fact)
        elif isinstance(verdict, ToRecord):
            self.record(self.book.loose(verdict.conversation, verdict.stray, self.now))
        elif isinstance(verdict, Again) and verdict.said is not None:
            self._send(verdict.said, set(verdict.said.receivers))

    def _deliver_to_house(self, house: House, letter: Letter) -> None:
        for verdict in house.reception.judge(letter, Lane.INBOX):
            if isinstance(verdict, ToStep):
                engagement = house.diary.engagement(verdict.agent, verdict.conversation)
                self._expire_one(house, engagement)
                self._own(house, house.diary.step(verdict.agent, verdict.conversation, verdict.fact, self.now))
            elif isinstance(verdict, ToRepeat):
                if verdict.answer is not None:
                    self.pool.append(Packet(MANAGER, house.diary.said[verdict.answer][2].message))
            else:
                house.place(house.diary.loose(house.name, STRAYS, verdict, self.now))

    def tick(self, ms: int, manager_first: bool = True) -> None:
        """Time passes; whatever is due fires."""
        self.now += ms
        if manager_first:
            self._expire_all()
        for house in self.houses.values():
            for engagement in house.engagements():
                self._expire_one(house, engagement)
        self._expire_all()

    def _expire_all(self) -> None:
        for tender in list(self.book.tenders.values()):
            self.expire(tender)

    def conversations(self) -> Iterator[str]:
        for tender in self.book.tenders.values():
            for call in tender.calls:
                yield call.conversation

    # ---- the end

    def check_answers(self) -> None:
        """Everyone who offered heard accept, reject, cancel or what was wrong, or took the offer back (promise 2)."""
        ends = (a.AcceptProposal, a.RejectProposal, a.Cancel, a.NotUnderstood)
        offered: set[tuple[str, str]] = set()
        answered: set[tuple[str, str]] = set()
        for entry in self.manager.entries:
            if entry.type == "Heard":
                act = msgspec.json.decode(entry.body, type=Heard).message
                where = (entry.conversation, act.sender)
                (offered if isinstance(act, a.Propose) else answered if isinstance(act, a.Refuse) else set()).add(where)
            elif entry.type == "Said":
                said = msgspec.json.decode(entry.body, type=Said)
                if isinstance(said.message, ends):
                    answered |= {(entry.conversation, name) for name in said.receivers}
        assert offered <= answered

    def check(self) -> None:
        """Everything from the ledgers alone, once more."""
        again = replay(MANAGER, self.manager.entries)
        assert bench.picture(again, beaten=True) == bench.picture(self.book, beaten=True)
        for house in self.houses.values():
            house.crash()
