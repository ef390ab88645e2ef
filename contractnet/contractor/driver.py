"""The contractor: one process's agents behind one link and one journal. A thin loop: take, step, record, then send.

Rules: a delivery is acked as soon as all its envelopes are journalled, before any bidder runs (D3); what is said is
sent when it is durable; mail for an agent that is not hosted here is recorded and not answered (D9); an envelope
without `receivers` moves an agent only if exactly one of the daemon's is in that conversation (D10).

It owns the tasks of receiving, sending and presence; its crew owns those of bidders, work and mediators. It ends by
`stop` (orderly), by cancellation, or by an error of the journal or of the transport's configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from contractnet.bargaining.player import AnyPlayer, Player
from contractnet.bargaining.seats import Decided, Seats
from contractnet.bargaining.side import Bargain
from contractnet.contractor.addresses import envelope
from contractnet.contractor.arbiter import Arbiter
from contractnet.contractor.bidding import Desk, nothing
from contractnet.contractor.crew import Crew, close_all, until
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.own_bargains import OwnBargains
from contractnet.contractor.pace import Pace
from contractnet.contractor.ports import Agent
from contractnet.contractor.presence import Announcer
from contractnet.contractor.reception import Reception, ToRepeat, ToStep
from contractnet.contractor.records import Fact
from contractnet.contractor.replay import STRAYS, AnySide, together
from contractnet.contractor.settings import Settings
from contractnet.contractor.work import Workshop
from contractnet.ledger.port import Ledger
from contractnet.ledger.records import Heard, Record, Returned, Sent, Spoken
from contractnet.ledger.scribe import Writing
from contractnet.mail.inbox import letters
from contractnet.mail.outbox import Envelope, Outbox
from contractnet.messages.acts import AcceptProposal
from contractnet.transport.port import Delivery, Down, Link, Outcome, Standby, Up


class Contractor(Pace):
    """The participants' side of a process.

    Args:
        agents: those hosted here, ids distinct.
        journal: this daemon's own, open for writing; its owner is the daemon's name.
        link: of the daemon's party, not yet entered; `run` enters it.
    Raises:
        ReplayDifference: the journal is not what its facts give.
    """

    def __init__(self, agents: Sequence[Agent], journal: Ledger, link: Link, settings: Settings | None = None) -> None:
        super().__init__(journal, settings or Settings())
        self.name = journal.owner
        self.agents = {agent.id: agent for agent in agents}
        self.state: Up | Down | Standby | None = None  #: of the link, for people
        self.on_change: Callable[[], None] = nothing  #: called on the loop when something moved
        self._link = link
        self._group: asyncio.TaskGroup | None = None
        self._crew = Crew(self._recorder.broken, agents, self.diary.spent)
        self._desks = {agent.id: Desk(agent, self) for agent in agents}
        self.own = OwnBargains(self.diary, self.take, self._recorder.broken)  #: bargainings that these agents open
        self._workshop = Workshop(self.agents, self.name, self, link, self.settings.max_attempts, self.own.bargain)
        self.arbiter = Arbiter(self.agents, self)
        self._seats = Seats(self._take_turn, self.spawn, self.now, self.note, self.diary.task_of)
        self._outbox = Outbox(link, self._clock, self._delivered, self.settings.confirm_ms / 1000)
        self._open: dict[str, dict[str, Engagement]] = {agent.id: {} for agent in agents}
        self._reception = Reception(self.diary, self.agents)
        self._announcer = Announcer(self.name, self.agents, link, self.settings, self.places_free, self._clock.now())
        self._stopped = asyncio.Event()

    # ---- the loop

    async def run(self) -> None:
        """Work until stopped or cancelled.

        Raises:
            LedgerBroken, VersionConflict: the journal failed; the process must end.
            TransportRefused: an operator must mend something first.
        """
        self._begin()
        try:
            async with self._link, asyncio.TaskGroup() as group:
                self._group = group
                tasks = [group.create_task(one) for one in (self._outbox.run(), self._receive(), self._announcer.run())]
                for side in self.diary.sides():
                    self._look(side)
                stopped = group.create_task(self._stopped.wait())
                ends: list[asyncio.Future[Any]] = [stopped, self._recorder.broken]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if self._recorder.broken.done():
                    self._recorder.broken.result()
                for task in (*tasks, stopped):
                    task.cancel()
        finally:
            self._end()
            await self._crew.dismiss(self.settings.timers.stop_ms / 1000)
            await close_all(self.agents.values())

    def _end(self) -> None:
        """From here on nothing moves by itself."""
        self._group = None
        self._alarms.clear()
        for desk in self._desks.values():
            desk.rest()
        self._seats.rest()
        self.own.close()

    async def stop(self, grace_s: float) -> None:
        """An orderly end: no new work; what runs may finish within the grace, the rest is handed back; all is sent."""
        self.own.closed = True
        for desk in self._desks.values():
            desk.close()
        self._seats.decline(self._hosted_bargains())
        goodbye = self.spawn("goodbye", self._announcer.goodbye())  # a blocked connection holds it up, and nothing else
        try:
            async with asyncio.timeout(grace_s):
                await until(lambda: not self._workshop.busy and not self._seats.busy)
        except TimeoutError:
            self._workshop.hand_back()
        self._seats.close(self._hosted_bargains())
        with contextlib.suppress(TimeoutError):  # it is journalled: the next start sends it
            async with asyncio.timeout(max(1.0, self.settings.confirm_ms / 1000)):
                await until(lambda: not self.diary.unsent and self._outbox.empty and goodbye.done())
        self._stopped.set()

    def _hosted_bargains(self) -> list[Bargain]:
        return [one for one in self.diary.bargains.values() if one.agent in self.agents]

    def _begin(self) -> None:
        """The journal's first entries, and what it still owes."""
        hosted, seed = {agent.id: list(agent.skills) for agent in self.agents.values()}, secrets.token_hex(16)
        self._commit(self.diary.begin(seed, self.settings.timers, hosted, self.now()))
        self.own.begin()
        for (agent, conversation), engagement in self.diary.engagements.items():
            if agent in self._open and not engagement.machine.finished:
                self._open[agent][conversation] = engagement
        for (agent, _), (conversation, said) in self.diary.unsent.items():
            self._outbox.put([self._envelope(agent, conversation, said)])

    async def _receive(self) -> None:
        while True:
            written: list[Writing] = []
            mail: list[Delivery] = []
            touched: dict[tuple[str, str], AnySide] = {}
            for event in await self._link.receive():
                match event:
                    case Up():
                        self.state = event
                        self._came_up()
                    case Down() | Standby():
                        self.state, self.calm = event, False
                        self.on_change()
                    case _:
                        mail.append(event)
                        written += self._hear(event, touched)
            self._commit(written, mail, list(touched.values()))

    def _came_up(self) -> None:
        self.calm, self._grace_until = True, self.now() + self.settings.grace_ms
        self._workshop.renew()
        self._outbox.resume()
        for bargain in self.diary.bargains.values():
            self._repeat(self._seats.again(bargain) if bargain.agent in self.agents else None)
        self.spawn("presence", self._announcer.say())
        self.on_change()

    # ---- hearing

    def _hear(self, delivery: Delivery, touched: dict[tuple[str, str], AnySide]) -> list[Writing]:
        written: list[Writing] = []
        for item in letters(delivery):
            for verdict in self._reception.judge(item, delivery.lane):
                match verdict:
                    case ToStep():
                        side = self.diary.side(verdict.agent, verdict.conversation, verdict.fact)
                        written += self._due(side)
                        written += self.diary.step(verdict.agent, verdict.conversation, verdict.fact, self.now())
                        touched[verdict.agent, verdict.conversation] = side
                        if isinstance(side, Engagement):
                            self._open[verdict.agent][verdict.conversation] = side
                        if isinstance(verdict.fact, Heard) and isinstance(verdict.fact.message, AcceptProposal):
                            self._repeat(side.answers.get(verdict.fact.message.message_id))
                    case ToRepeat():
                        self._repeat(verdict.answer)
                    case _:
                        written += self.diary.loose(self.name, STRAYS, verdict, self.now())
        return written

    def _repeat(self, answer: str | None) -> None:
        """Heard before: the recorded answer is given again, unless it is still on its way (the gate, step 2)."""
        if answer is not None:
            agent, conversation, said = self.diary.said[answer]
            if (agent, answer) not in self.diary.unsent:
                self._outbox.put([self._envelope(agent, conversation, said)])

    # ---- what the desk and the workshop call

    def engagements_of(self, agent: str) -> list[Engagement]:
        """All conversations of one agent that are not over."""
        return list(self._open[agent].values())

    def places_free(self, agent: str) -> int:
        """How many more tasks the agent could take now."""
        return self._desks[agent].free

    def take(self, agent: str, conversation: str, fact: Fact, then: Callable[[], None] = nothing) -> None:
        """A decision of one of our agents: step it, record, send, look at what follows, and call `then`."""

        def look() -> None:
            self._look(side)
            then()

        if self._crew.dismissed:
            return
        side = self.diary.side(agent, conversation, fact)
        written = self._due(side)
        if side.allows(fact):
            written += self.diary.step(agent, conversation, fact, self.now())
        self._recorder.commit(written, (), look)

    def _take_turn(self, bargain: Bargain, fact: Decided) -> None:
        self.take(bargain.agent, bargain.conversation, fact)

    def note(self, agent: str, conversation: str, record: Record, then: Callable[[], None] = nothing) -> None:
        if not self._crew.dismissed:
            self._recorder.commit(self.diary.loose(agent, conversation, record, self.now()), (), then)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends with the daemon, or is left behind (`Crew`)."""
        return self._crew.spawn(name, work)

    # ---- recording and sending

    def _recorded(self, written: Sequence[Writing]) -> None:
        self.own.recorded(written)
        said = [(one, record) for one, record in written if isinstance(record, Spoken)]
        self._outbox.put([self._envelope(one.agent, one.conversation, record) for one, record in said])

    def _look(self, side: AnySide) -> None:
        """A conversation has moved: bidding, work, mediating or bargaining, and its timer, follow."""
        if side.agent not in self.agents or self._group is None or self._stopped.is_set():
            return
        for one in together(side):
            self._schedule(one)
        if isinstance(side, Mediating):
            self.arbiter.look(side)
        elif isinstance(side, Bargain):
            self._seats.look(side, self._player(side))
        elif isinstance(side, Engagement):
            if side.machine.finished:
                self._open[side.agent].pop(side.conversation, None)
                self.own.work_over(side.agent, side.conversation)
            self._workshop.look(side)
            self._desks[side.agent].look(side)
        self.on_change()

    def _player(self, side: Bargain) -> AnyPlayer | None:
        """Who plays it. What we opened goes by the strategy that its opener named: nobody moves its numbers."""
        answers = self.agents[side.agent].bargain
        if side.me != 0:
            return answers
        return self.own.player(side) or (answers if isinstance(answers, Player) else None)

    def _envelope(self, agent: str, conversation: str, said: Spoken) -> Envelope:
        by_inbox = said.message.message_id in self.diary.misheard.by_inbox
        return envelope(agent, conversation, said, self.diary.known(agent, conversation), by_inbox=by_inbox)

    def _delivered(self, envelopes: Sequence[Envelope], outcome: Outcome) -> None:
        """The broker has them, or knows no queue for them: recorded either way."""
        written: list[Writing] = []
        moved: list[AnySide] = []
        for one in envelopes:
            if (one.agent, one.message_id) in self.diary.unsent:
                sent = Sent(message_id=one.message_id, receivers=one.receivers)
                written += self.diary.loose(one.agent, one.conversation, sent, self.now())
            bargain = self.diary.bargains.get((one.agent, one.conversation))
            if outcome is Outcome.UNROUTABLE and bargain is not None:
                written += self._returned(bargain, one)
                moved.append(bargain)
        self._commit(written, (), moved)
        self.on_change()

    def _returned(self, bargain: Bargain, unroutable: Envelope) -> list[Writing]:
        """Nobody waits for one whom a request to bargain did not reach."""
        returned = Returned(agents=unroutable.receivers)
        if unroutable.message_id != bargain.newest or not bargain.allows(returned):
            return []
        return self.diary.step(bargain.agent, bargain.conversation, returned, self.now())
