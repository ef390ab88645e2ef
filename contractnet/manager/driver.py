"""The manager: a thin loop around its book. It takes what comes, steps the core, records, then sends.

It owns three tasks (receiving, sending, running checks) and one timer a tender. It ends when it is cancelled, or by
an error: of the ledger (the process must end, nothing pending is acked) or of the transport's configuration.

Rules: what is heard is acked when it is durable; what is said is sent when it is durable; while the broker is away no
timer fires, and after it came back a grace is recorded first (D5); a call opens when somebody is there, a place is
free and the money fits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from contractnet.clock import Alarms, LoopClock
from contractnet.directory.directory import Directory
from contractnet.ledger.port import Ledger
from contractnet.ledger.records import Heard, Said, Sent
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import letters
from contractnet.mail.outbox import Envelope, Outbox
from contractnet.mail.recorder import Recorder
from contractnet.manager.book import STARTS, Book
from contractnet.manager.checks import Checks, awaiting_check
from contractnet.manager.desk import Desk
from contractnet.manager.kinds import Fact
from contractnet.manager.openings import Openings
from contractnet.manager.questions import DECISIONS, Answered
from contractnet.manager.reception import ToRecord, ToRepeat, ToStep, envelope, judge
from contractnet.manager.records import Awarded, CancelAsked, Ended, Grace, Returned, Started
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings
from contractnet.manager.tender import Tender
from contractnet.manager.waits import AWARD, END, Waits
from contractnet.manager.watch import Watch
from contractnet.telemetry.failpoints import declare, failpoint
from contractnet.transport.port import Delivery, Down, Lane, Link, Outcome, Standby, Up

ENDED = declare("manager.ended")


class Driver:
    """The initiator's side of a process.

    Args:
        ledger: this manager's own, open for writing; its owner is the manager's id.
        link: of the manager's party, not yet entered; `run` enters it.
        settings: see there.
    Raises:
        ReplayDifference: the ledger is not what its facts give.
    """

    def __init__(self, ledger: Ledger, link: Link, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.directory = Directory()
        self.book: Book = replay(ledger.owner, ledger.entries())
        self.state: Up | Down | Standby | None = None  #: of the link, for people
        self._link = link
        self._there = False  #: between an Up that was taken and the next Down
        self._clock = LoopClock(self.book.at)
        self._waits = Waits()
        self._recorder = Recorder(ledger, self._recorded)
        self._commit = self._recorder.commit
        self._outbox = Outbox(link, self._clock, self._delivered, self.settings.confirm_ms / 1000)
        self._checks = Checks(self.settings.check_ms / 1000, self._step_checked)
        self._alarms = Alarms(self._clock)
        self._openings = Openings(self.book, self.directory, self.settings)
        self._desk = Desk(self.book, self._openings, self._answer)
        self._watch = Watch(self.book, self.directory, self._openings)
        self.on_change: Callable[[], None] = _nothing  #: called on the loop when a tender or the link changed

    # ---- the loop

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            LedgerBroken, VersionConflict: the ledger failed; the process must end.
            TransportRefused: an operator must mend something first.
        """
        started = Started(manager_epoch=self.book.manager_epoch + 1, calibration=self.settings.calibration)
        self._commit(self.book.loose(STARTS, started, self._now()))
        self._outbox.put(
            [
                envelope(self.book.owner, one.conversation, one.said, one.at, one.receivers)
                for one in self.book.unsent.values()
            ]
        )
        for tender in self.book.tenders.values():
            self._checks.look(tender)
        try:
            async with self._link, asyncio.TaskGroup() as group:
                group.create_task(self._outbox.run())
                group.create_task(self._checks.run())
                group.create_task(self._desk.run())
                group.create_task(self._receive())
                await asyncio.shield(self._recorder.broken)  # else it is cancelled with us, and nobody is told why
        finally:
            self._alarms.clear()

    async def _receive(self) -> None:
        while True:
            written: list[Writing] = []
            mail: list[Delivery] = []
            for event in await self._link.receive():
                match event:
                    case Up():
                        self.state = event
                        written += self._came_up()
                    case Down() | Standby():
                        self.state, self._there = event, False
                        self.on_change()
                    case _ if event.lane is Lane.PRESENCE:
                        written += self._hear_presence(event)
                        event.ack()
                    case _:
                        mail.append(event)
                        written += self._hear(event)
            self._commit(written, mail)
            self._open_calls()

    def _hear(self, delivery: Delivery) -> list[Writing]:
        written: list[Writing] = []
        for item in letters(delivery):
            verdict = judge(self.book, item, delivery.lane, self.settings.timers.max_faults)
            match verdict:
                case ToStep():
                    tender = self.book.tenders[verdict.conversation.partition(".")[0]]
                    written += self._advance(tender, verdict.conversation, verdict.fact)
                case ToRecord():
                    written += self.book.loose(verdict.conversation, verdict.stray, self._now())
                case ToRepeat():
                    if verdict.said is not None and verdict.said.message.message_id not in self.book.unsent:
                        said = verdict.said
                        conversation = said.message.conversation_id
                        again = envelope(self.book.owner, conversation, said, self._now(), set(said.receivers))
                        self._outbox.put([again])
        return written

    def _hear_presence(self, delivery: Delivery) -> list[Writing]:
        gone = self._watch.hear(delivery, self._now())
        self._schedule_directory()
        self.on_change()
        return self._lose(gone)

    def _lose(self, gone: frozenset[str]) -> list[Writing]:
        """Nobody waits for agents that are gone (D6); who waits for agents begins to count."""
        for tender in self._openings.live if gone else ():
            if tender.waiting:
                self._schedule(tender)
        return [one for lost in self._watch.missing(gone) for one in self._advance(*lost)]

    def _came_up(self) -> list[Writing]:
        """The broker is there (again): a grace first, then what waits is read and sent (D5)."""
        now, self._there = self._now(), True
        self.directory.renew_all(now, self.settings.presence_lease_ms)
        self._openings.listen_until = now + self.settings.listen_ms
        written: list[Writing] = []
        for tender in self.book.tenders.values():
            if tender.calls and tender.deadline() is not None:
                written += self.book.step(tender.id, Grace(until=now + self.settings.grace_ms), now)
            self._schedule(tender)
        self._schedule_directory()
        self._alarms.set("listen", self._openings.listen_until, self._open_calls)
        self._outbox.resume()
        self.on_change()
        return written

    # ---- stepping and recording

    @property
    def _calm(self) -> bool:
        """Whether time counts: the broker is there, and we have said so to ourselves, with its grace (D5)."""
        return self._there and self._link.up

    def _now(self) -> int:
        return max(self._clock.now(), self.book.at)

    def _step(self, tender: Tender, conversation: str, fact: Fact) -> None:
        self._commit(self._advance(tender, conversation, fact))
        self._open_calls()

    def _answer(self, answered: Answered, then: Callable[[], None] | None = None) -> None:
        """It was decided: recorded, and what fits now opens.

        Raises:
            DefinitionError: nobody asked that, or the money for it is not there.
        """
        self.book.standing.allow(answered)
        self._commit(self.book.loose(DECISIONS, answered, self._now()), then=then)
        self._open_calls()

    def _step_checked(self, tender: Tender, conversation: str, fact: Fact) -> None:
        if awaiting_check(tender):
            self._step(tender, conversation, fact)

    def _advance(self, tender: Tender, conversation: str, fact: Fact) -> list[Writing]:
        """Step a fact at one instant, after whatever was due before it."""
        now = self._now()
        written = self._expire(tender, now)
        if isinstance(fact, CancelAsked) and tender.ended is not None:
            return written
        written += self.book.step(conversation, fact, now)
        self._schedule(tender)
        return written

    def _expire(self, tender: Tender, now: int) -> list[Writing]:
        """Fire what is due; while the broker is away nothing fires, and that is recorded as a grace (D5)."""
        written: list[Writing] = []
        if not self._calm:
            if tender.due(now, anyone_there=True) is not None:
                written += self.book.step(tender.id, Grace(until=now + self.settings.grace_ms), now)
            return written
        while (due := tender.due(now, self._openings.hopeful(tender, now))) is not None:
            written += self.book.step(due[0], due[1], now)
        return written

    def _recorded(self, written: Sequence[Writing]) -> None:
        """It is durable: send what was said, look at what ended or came in."""
        for draft, record in written:
            if isinstance(record, Said):
                to = set(record.receivers)
                self._outbox.put([envelope(self.book.owner, draft.conversation, record, draft.at, to)])
            elif isinstance(record, Ended):
                failpoint(ENDED)
                self._openings.forget(draft.conversation)
                self._waits.came(draft.conversation, AWARD, END)
            elif isinstance(record, Awarded):
                self._waits.came(draft.conversation.partition(".")[0], AWARD)
            elif isinstance(record, Heard):
                self._checks.look(self.book.tenders[draft.conversation.partition(".")[0]])
        self.on_change()

    # ---- sending

    def _delivered(self, envelopes: Sequence[Envelope], outcome: Outcome) -> None:
        """The broker has them, or knows no queue for them: recorded either way, and nothing is owed any more."""
        written: list[Writing] = []
        for sent_one in envelopes:
            if sent_one.message_id in self.book.unsent:
                sent = Sent(message_id=sent_one.message_id, receivers=sent_one.receivers)
                written += self.book.loose(sent_one.conversation, sent, self._now())
            tender = self.book.find(sent_one.conversation)
            if outcome is Outcome.UNROUTABLE and tender is not None:
                call = tender.call(sent_one.conversation)
                agents = call.unreached(sent_one.message_id, sent_one.receivers)
                if agents:
                    written += self._advance(tender, sent_one.conversation, Returned(agents=agents))
        self._commit(written)

    # ---- time and openings

    def _schedule(self, tender: Tender) -> None:
        """One alarm a tender, at its next instant; what waits for a place or money is looked at as they come free."""
        now = self._clock.now()
        instants = [instant for instant, _, _ in tender.timers(anyone_there=True)]
        instants += self._openings.instants(tender, now)
        if not instants:
            return self._alarms.drop(tender.id)
        deadline = max(min(instants), tender.grace_until)
        deadline = deadline if deadline > now else now + self.settings.recheck_ms  # the broker is away
        return self._alarms.set(tender.id, deadline, lambda: self._on_alarm(tender))

    def _on_alarm(self, tender: Tender) -> None:
        if self._calm:
            self._commit(self._expire(tender, self._now()))
        self._schedule(tender)
        self._open_calls()

    def _schedule_directory(self) -> None:
        deadline = self.directory.deadline()
        if deadline is not None:
            self._alarms.set("directory", deadline, self._on_directory)

    def _on_directory(self) -> None:
        if self._calm:
            self._commit(self._lose(self.directory.expire(self._now())))
            self._schedule_directory()

    def _open_calls(self) -> None:
        """Open what may be opened now."""
        now = self._now()
        if not self._calm or self._recorder.broken.done():
            return
        for tender in self._openings.ready(now):
            written = self._expire(tender, now)
            if tender.waiting:
                written += self._openings.open(tender, now)
            self._commit(written)
            self._schedule(tender)
        self._desk.look()


def _nothing() -> None:
    """Nobody listens."""
