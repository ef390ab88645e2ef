"""What a manager does with its bargainings: those that stand alone, and those that a call's decision waits for.

Rules: the time of an own turn runs always, since what is said later is late; the other side's only while the broker is
there, and not within a grace after it came back (D5). What a call waits for opens with its decision, and goes on after
a restart; where the call waits no longer, what still runs is called off. A turn that is owed is played by the strategy
of the plan, or worded by who was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, cast

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.records import BargainCalledOff, BargainEnded, BargainMediated
from contractnet.bargaining.records import Fact as BargainFact
from contractnet.bargaining.seats import Seats
from contractnet.bargaining.side import Bargain
from contractnet.ledger.port import Ledger
from contractnet.ledger.records import Asked, Heard, HeardTurn, Misheard, Spoken
from contractnet.ledger.scribe import Writing
from contractnet.ledger.waits import END, Waits
from contractnet.manager.bargains import openings, talked
from contractnet.manager.kinds import TurnFact
from contractnet.manager.pace import Pace
from contractnet.manager.records import BargainsEnded
from contractnet.manager.settings import Settings
from contractnet.manager.tender import Tender
from contractnet.messages.values import CancelReason
from contractnet.transport.port import Link

#: how soon a timer that may not fire now is looked at again, milliseconds
RECHECK_MS: Final = 500


class Talking(Pace):
    """The driver's part for bargainings."""

    def __init__(self, ledger: Ledger, link: Link, settings: Settings) -> None:
        super().__init__(ledger, link, settings)
        self._waits = Waits()
        self._group: asyncio.TaskGroup | None = None
        self._players: dict[str, AnyPlayer] = {}  #: conversation -> who words it; else the strategy plays alone
        self._over = {name for name, one in self.book.bargains.items() if one.over}  #: durably
        self._seats = Seats(self._take, self._spawn, self._now, self._noted)

    # ---- a side moves

    def _turn(self, bargain: Bargain, fact: TurnFact | Misheard) -> list[Writing]:
        """Step a fact of a bargaining after whatever was due before it; what its call makes of that follows."""
        now = self._now()
        written = self._overdue(bargain, now)
        if isinstance(fact, Heard | HeardTurn | Misheard) or bargain.allows(fact):
            written += self.book.step(bargain.conversation, fact, now)
        return written + self._of_call(bargain, now)

    def _take(self, bargain: Bargain, fact: BargainFact) -> None:
        """A decision of ours."""
        if not self._recorder.broken.done():
            self._commit(self._turn(bargain, cast(TurnFact, fact)))  # a manager is never asked
            self._open_calls()

    def _overdue(self, bargain: Bargain, now: int) -> list[Writing]:
        """Fire what is due, and may fire now."""
        written: list[Writing] = []
        calm = self._calm and now >= self._grace_until
        while (timer := bargain.due(now)) is not None and (calm or timer.timer == "turn-window"):
            written += self.book.step(bargain.conversation, timer, now)
        return written

    def _of_call(self, bargain: Bargain, now: int) -> list[Writing]:
        tender = self.book.tenders.get(bargain.conversation.partition(".")[0])
        if tender is None:
            return []
        written = self._expire(tender, now) + self._follow_up(tender, now)
        self._schedule(tender)
        return written

    def _follow_up(self, tender: Tender, now: int) -> list[Writing]:
        """What a tender's bargainings need: to be opened, to be called off, or their call to go on."""
        call = tender.calls[-1] if tender.calls else None
        if call is None or call.talks is None:
            return []
        written: list[Writing] = []
        for conversation, opening in openings(call).items():
            if conversation not in self.book.bargains:
                written += self.book.step(conversation, opening, now)
        if talked(call):
            written += self.book.step(call.conversation, BargainsEnded(), now)
        if not call.bargaining:
            written += self._call_off([talk.conversation for talk in call.talks.by_agent.values()], now)
        return written

    def _call_off(
        self, conversations: Sequence[str], now: int, reason: CancelReason = CancelReason.USER
    ) -> list[Writing]:
        """What of these still runs is not wanted any more."""
        written: list[Writing] = []
        for bargain in (self.book.bargains.get(name) for name in conversations):
            if bargain is not None and bargain.allows(BargainCalledOff(reason=reason)):
                written += self.book.step(bargain.conversation, BargainCalledOff(reason=reason), now)
        return written

    def _desert(self, gone: frozenset[str]) -> list[Writing]:
        """No decision waits for a bargaining with an agent that is gone (D6)."""
        written: list[Writing] = []
        for bargain in list(self.book.talking.values()) if gone else ():
            if bargain.parent is not None and bargain.peer in gone:
                written += self._turn(bargain, BargainCalledOff(reason=CancelReason.LEASE_EXPIRED))
        return written

    # ---- what is durable

    def _moved(self, written: Sequence[Writing]) -> None:
        """It is durable: who is to move does, and the timers follow."""
        moved: dict[str, Bargain] = {}
        for draft, record in written:
            bargain = self.book.bargains.get(draft.conversation)
            if bargain is not None:
                moved[draft.conversation] = bargain
            if isinstance(record, BargainEnded | BargainMediated) and bargain is not None:
                ended = bargain.bargain if isinstance(bargain, Appeal) else bargain
                if ended.over:  # no mediator has to answer yet
                    self._over.add(ended.conversation)
                    self._waits.came(ended.conversation, END)
        for bargain in moved.values():
            self._look(bargain)

    def _look(self, bargain: Bargain) -> None:
        if self._group is None:
            return
        self._seats.look(bargain, self._players.get(bargain.conversation))
        self._set_alarm(bargain)

    def _set_alarm(self, bargain: Bargain) -> None:
        deadline = bargain.deadline()
        if deadline is None:
            return self._alarms.drop(bargain.conversation)
        if bargain.machine.has("theirs") or bargain.machine.has("accepting"):
            deadline = max(deadline, self._grace_until)
        return self._alarms.set(bargain.conversation, deadline, lambda: self._on_turn(bargain))

    def _on_turn(self, bargain: Bargain) -> None:
        now = self._now()
        written = self._overdue(bargain, now)
        if written:
            self._commit(written + self._of_call(bargain, now))
            self._open_calls()
        else:  # the broker is away
            self._alarms.set(bargain.conversation, now + RECHECK_MS, lambda: self._on_turn(bargain))

    def _say_again(self) -> list[Spoken]:
        """The broker is back: acceptances that nobody has answered."""
        found: list[Spoken] = []
        for bargain in self.book.bargains.values():
            name = self._seats.again(bargain)
            said = self.book.answer(bargain.peer or "", bargain.about)
            if name is not None and said is not None and said.message.message_id == name:
                found.append(said)
        return found

    # ---- the seats

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._group is not None  # a side is looked at only while the driver runs
        return self._group.create_task(work, name=name)

    def _noted(self, agent: str, conversation: str, asked: Asked) -> None:
        self._commit(self.book.loose(conversation, asked, self._now()))
