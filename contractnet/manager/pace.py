"""The pace of a manager: what is stepped when. What is due fires first, then facts are stepped, then calls are opened.

While the broker is away no timer of a tender fires, and after it came back a grace is recorded first (D5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contractnet.clock import Alarms, LoopClock
from contractnet.directory.directory import Directory
from contractnet.ledger.port import Ledger
from contractnet.ledger.questions import DECISIONS, Answered
from contractnet.ledger.scribe import Writing
from contractnet.mail.recorder import Recorder
from contractnet.manager.book import Book
from contractnet.manager.desk import Desk
from contractnet.manager.kinds import Fact
from contractnet.manager.openings import Openings
from contractnet.manager.records import CancelAsked, Grace
from contractnet.manager.replay import replay
from contractnet.manager.settings import Settings
from contractnet.manager.tender import Tender
from contractnet.manager.watch import Watch
from contractnet.transport.port import Link


class Pace:
    """The base of the driver: book, clock and recorder, and the steps between them."""

    def __init__(self, ledger: Ledger, link: Link, settings: Settings) -> None:
        self.settings = settings
        self.directory = Directory()
        self.book: Book = replay(ledger.owner, ledger.entries())
        self._link = link
        self._there = False  #: between an Up that was taken and the next Down
        self._grace_until = 0  #: instant before which, after the broker came back, no timer of another side fires
        self._clock = LoopClock(self.book.at)
        self._recorder = Recorder(ledger, self._recorded)
        self._commit = self._recorder.commit
        self._alarms = Alarms(self._clock)
        self._openings = Openings(self.book, self.directory, self.settings)
        self._desk = Desk(self.book, self._openings, self._answer)
        self._watch = Watch(self.book, self.directory, self._openings)

    def _recorded(self, written: Sequence[Writing]) -> None:
        """What was written is durable."""
        raise NotImplementedError

    def _follow_up(self, tender: Tender, now: int) -> list[Writing]:
        """What the bargainings of a tender need now."""
        raise NotImplementedError

    def _desert(self, gone: frozenset[str]) -> list[Writing]:
        """Agents are gone with whom somebody bargains."""
        raise NotImplementedError

    # ---- stepping

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

    def _advance(self, tender: Tender, conversation: str, fact: Fact) -> list[Writing]:
        """Step a fact at one instant, after whatever was due before it."""
        now = self._now()
        written = self._expire(tender, now)
        if isinstance(fact, CancelAsked) and tender.ended is not None:
            return written
        written += self.book.step(conversation, fact, now)
        written += self._follow_up(tender, now)
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
        return written + self._follow_up(tender, now)

    def _lose(self, gone: frozenset[str]) -> list[Writing]:
        """Nobody waits for agents that are gone (D6); who waits for agents begins to count."""
        for tender in self._openings.live if gone else ():
            if tender.waiting:
                self._schedule(tender)
        return [one for lost in self._watch.missing(gone) for one in self._advance(*lost)] + self._desert(gone)

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
