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
from typing import cast

from contractnet.ledger.port import Ledger
from contractnet.ledger.records import Heard, Returned, Said, SaidTurn, Sent, Spoken
from contractnet.ledger.scribe import Writing
from contractnet.ledger.waits import AWARD, END
from contractnet.mail.inbox import letters
from contractnet.mail.outbox import Envelope, Outbox
from contractnet.manager.book import STARTS
from contractnet.manager.checks import Checks, awaiting_check
from contractnet.manager.kinds import Fact, TurnFact
from contractnet.manager.reception import ToRecord, ToRepeat, ToStep, envelope, judge
from contractnet.manager.records import Awarded, Ended, Grace, Started
from contractnet.manager.settings import Settings
from contractnet.manager.talking import Talking
from contractnet.manager.tender import Tender
from contractnet.telemetry.failpoints import declare, failpoint
from contractnet.transport.port import Delivery, Down, Lane, Link, Outcome, Standby, Up

ENDED = declare("manager.ended")


class Driver(Talking):
    """The initiator's side of a process.

    Args:
        ledger: this manager's own, open for writing; its owner is the manager's id.
        link: of the manager's party, not yet entered; `run` enters it.
        settings: see there.
    Raises:
        ReplayDifference: the ledger is not what its facts give.
    """

    def __init__(self, ledger: Ledger, link: Link, settings: Settings | None = None) -> None:
        super().__init__(ledger, link, settings or Settings())
        self.state: Up | Down | Standby | None = None  #: of the link, for people
        self._outbox = Outbox(link, self._clock, self._delivered, self.settings.confirm_ms / 1000)
        self._checks = Checks(self.settings.check_ms / 1000, self._step_checked)
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
                self._group = group
                group.create_task(self._outbox.run())
                group.create_task(self._checks.run())
                group.create_task(self._desk.run())
                group.create_task(self._receive())
                for bargain in list(self.book.bargains.values()):
                    self._look(bargain)
                await asyncio.shield(self._recorder.broken)  # else it is cancelled with us, and nobody is told why
        finally:
            self._group = None
            self._alarms.clear()
            self._seats.rest()

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
                case ToStep() if (bargain := self.book.bargains.get(verdict.conversation)) is not None:
                    written += self._turn(bargain, cast(TurnFact, verdict.fact))
                case ToStep():
                    tender = self.book.tenders[verdict.conversation.partition(".")[0]]
                    written += self._advance(tender, verdict.conversation, verdict.fact)
                case ToRecord():
                    written += self.book.loose(verdict.conversation, verdict.stray, self._now())
                case ToRepeat():
                    if verdict.said is not None and verdict.said.message.message_id not in self.book.unsent:
                        self._repeat(verdict.said)
        return written

    def _repeat(self, said: Spoken) -> None:
        """Say the same again."""
        conversation = said.message.conversation_id
        self._outbox.put([envelope(self.book.owner, conversation, said, self._now(), set(said.receivers))])

    def _hear_presence(self, delivery: Delivery) -> list[Writing]:
        gone = self._watch.hear(delivery, self._now())
        self._schedule_directory()
        self.on_change()
        return self._lose(gone)

    def _came_up(self) -> list[Writing]:
        """The broker is there (again): a grace first, then what waits is read and sent (D5)."""
        now, self._there = self._now(), True
        self._grace_until = now + self.settings.grace_ms
        self.directory.renew_all(now, self.settings.presence_lease_ms)
        self._openings.listen_until = now + self.settings.listen_ms
        written: list[Writing] = []
        for tender in self.book.tenders.values():
            if tender.calls and tender.deadline() is not None:
                written += self.book.step(tender.id, Grace(until=now + self.settings.grace_ms), now)
            written += self._follow_up(tender, now)
            self._schedule(tender)
        for said in self._say_again():
            self._repeat(said)
        self._schedule_directory()
        self._alarms.set("listen", self._openings.listen_until, self._open_calls)
        self._outbox.resume()
        self.on_change()
        return written

    # ---- recording

    def _step_checked(self, tender: Tender, conversation: str, fact: Fact) -> None:
        if awaiting_check(tender):
            self._step(tender, conversation, fact)

    def _recorded(self, written: Sequence[Writing]) -> None:
        """It is durable: send what was said, look at what ended or came in."""
        for draft, record in written:
            if isinstance(record, Said | SaidTurn):
                to = set(record.receivers)
                self._outbox.put([envelope(self.book.owner, draft.conversation, record, draft.at, to)])
            elif isinstance(record, Ended):
                failpoint(ENDED)
                self._openings.forget(draft.conversation)
                self._waits.came(draft.conversation, AWARD, END)
            elif isinstance(record, Awarded):
                self._waits.came(draft.conversation.partition(".")[0], AWARD)
            elif isinstance(record, Heard) and draft.conversation not in self.book.bargains:
                self._checks.look(self.book.tenders[draft.conversation.partition(".")[0]])
        self._moved(written)
        self.on_change()

    # ---- sending

    def _delivered(self, envelopes: Sequence[Envelope], outcome: Outcome) -> None:
        """The broker has them, or knows no queue for them: recorded either way, and nothing is owed any more."""
        written: list[Writing] = []
        for sent_one in envelopes:
            if sent_one.message_id in self.book.unsent:
                sent = Sent(message_id=sent_one.message_id, receivers=sent_one.receivers)
                written += self.book.loose(sent_one.conversation, sent, self._now())
            if outcome is Outcome.UNROUTABLE:
                written += self._returned(sent_one)
        self._commit(written)

    def _returned(self, unroutable: Envelope) -> list[Writing]:
        """Nobody waits for those whom a call, or a request to bargain, did not reach."""
        conversation, name = unroutable.conversation, unroutable.message_id
        bargain = self.book.bargains.get(conversation)
        if bargain is not None:
            returned = Returned(agents=unroutable.receivers)
            return self._turn(bargain, returned) if name == bargain.newest and bargain.allows(returned) else []
        tender = self.book.find(conversation)
        agents = () if tender is None else tender.call(conversation).unreached(name, unroutable.receivers)
        return self._advance(tender, conversation, Returned(agents=agents)) if tender is not None and agents else []


def _nothing() -> None:
    """Nobody listens."""
