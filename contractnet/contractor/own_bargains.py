"""Bargainings that agents of this daemon open: begun once under a key, waited for until they have ended.

Rules: a bargaining's id is made of the journal's seed, the agent and the key, so the same key bargains once, and work
that begins again after a crash finds what its first attempt began. What a crash interrupts goes on when the daemon is
back, whether anybody waits for it or not; an orderly stop calls off what has not ended by then. What was opened in the
work of an award is called off when that work is over, however it ended. A wait that is cancelled calls it off, if
nobody else waits.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.opening import BargainOptions, opening, require_same
from contractnet.bargaining.player import AnyPlayer
from contractnet.bargaining.records import BargainCalledOff, BargainEnded, BargainMediated, BargainOpened
from contractnet.bargaining.result import BargainResult, result_of
from contractnet.bargaining.side import Bargain
from contractnet.bargaining.strategist import Wording
from contractnet.contractor.replay import Diary
from contractnet.errors import DefinitionError, TransportClosed
from contractnet.ledger.readable import readable
from contractnet.ledger.scribe import Writing
from contractnet.ledger.waits import BEGIN, END, Waits
from contractnet.messages.codec import canonical
from contractnet.messages.values import CancelReason, require

#: records a fact of an agent, in a conversation
Take = Callable[[str, str, BargainOpened | BargainCalledOff], None]


class InWork(NamedTuple):
    """The award in whose work it is opened."""

    conversation: str
    fence: str


class OwnBargains:
    """Of all agents of one daemon.

    Args:
        broken: fails when the journal does; then nothing is waited for any more.
    """

    def __init__(self, diary: Diary, take: Take, broken: asyncio.Future[None]) -> None:
        self.closed = False  #: the daemon stops: nothing is opened any more, but in work that has its grace
        self._diary = diary
        self._take = take
        self._broken = broken
        self._waits = Waits()
        self._players: dict[tuple[str, str], AnyPlayer] = {}
        self._waiting = Counter[str]()  #: conversation -> how many wait for it
        self._begun = False  #: the journal has its seed
        own = [one for one in diary.bargains.values() if one.me == 0 and not isinstance(one, Appeal)]
        self._over = {one.conversation for one in own if one.over}  #: durably
        #: (agent, conversation of an award) -> the bargainings of its work that may have to be called off
        self._of_work: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for one in own:
            if one.work is not None and not one.over:
                self._of_work[one.agent, one.work].add(one.conversation)

    async def bargain(
        self, agent: str, peer: str, subject: str, unit: str, of: BargainOptions, work: InWork | None = None
    ) -> BargainResult:
        """Open one, or find it again under its key; returns when it has ended.

        Args:
            agent: of this daemon, who opens it.
            unit: of a price, where the options name none.
            work: what it belongs to; its own keys count there alone. Without a key it is known by peer and subject.
        Raises:
            DefinitionError: an argument is not valid; another agent, subject or other terms stand under the key.
            TransportClosed: the daemon stops.
        """
        if peer == agent:
            raise DefinitionError(f"agent: {agent} cannot bargain with itself")
        if not self._begun:
            await self._waits.wait(self._diary.daemon, BEGIN, self._broken)
        conversation = self._conversation(agent, peer, subject, of.get("key"), work)
        self._waiting[conversation] += 1
        try:
            held = self._diary.bargains.get((agent, conversation))
            if held is None:
                await self._open(agent, conversation, peer, subject, unit, of, work)
            else:
                require_same(held, agent, peer, subject, unit, of)
            if conversation not in self._over:
                self._words(agent, conversation, of)
                await self._waits.wait(conversation, END, self._broken)
        except asyncio.CancelledError:
            if self._waiting[conversation] == 1 and not self.closed:
                self._call_off(agent, conversation)
            raise
        finally:
            self._waiting -= Counter([conversation])  # of those above 0 alone
        found = self._diary.bargains[agent, conversation]
        return result_of(found, self._diary.acts[agent, conversation])

    def begin(self) -> None:
        """The daemon has begun: its journal has its seed."""
        self._begun = True
        self._waits.came(self._diary.daemon, BEGIN)

    def close(self) -> None:
        """The daemon has ended: whoever waits is told."""
        self.closed = True
        self._waits.fail(TransportClosed("the daemon has ended; what it left open goes on when it is back"))

    def work_over(self, agent: str, conversation: str) -> None:
        """The work of an award is over, and with it what was opened there."""
        for one in self._of_work.pop((agent, conversation), ()):
            self._call_off(agent, one)

    def player(self, bargain: Bargain) -> AnyPlayer | None:
        """Who words it, where its opener has said."""
        return self._players.get((bargain.agent, bargain.conversation))

    def recorded(self, written: Sequence[Writing]) -> None:
        """It is durable: whoever waits for what it ends goes on."""
        for draft, record in written:
            if isinstance(record, BargainOpened):
                self._waits.came(draft.conversation, BEGIN)
            elif isinstance(record, BargainEnded | BargainMediated):
                self._ended(self._diary.bargains[draft.agent, draft.conversation])

    # ---- parts

    def _conversation(self, agent: str, peer: str, subject: str, key: str | None, work: InWork | None) -> str:
        if key is not None:
            require("key", key if isinstance(key, str) else "", "key")
        elif work is None:
            return secrets.token_hex(16)
        place = None if work is None else work.fence
        named = [str(peer), str(subject)] if key is None else key
        raw = canonical([self._diary.seed, agent, place, named])
        return hashlib.sha256(raw).hexdigest()[:32]

    async def _open(
        self,
        agent: str,
        conversation: str,
        peer: str,
        subject: str,
        unit: str,
        of: BargainOptions,
        work: InWork | None,
    ) -> None:
        if self.closed and work is None:
            raise TransportClosed(f"{agent}: its daemon is stopping and opens no bargaining; ask again when it is back")
        timers, seed = self._diary.bargain_timers, secrets.token_hex(16)
        opened = readable(opening(peer, subject, timers, unit, seed, of, answer_to="agent"))
        if work is not None:
            opened = msgspec.structs.replace(opened, work=work.conversation)
            self._of_work[agent, work.conversation].add(conversation)
        self._words(agent, conversation, of)
        self._take(agent, conversation, opened)
        await self._waits.wait(conversation, BEGIN, self._broken)

    def _words(self, agent: str, conversation: str, of: BargainOptions) -> None:
        if (words := of.get("words")) is not None:
            self._players[agent, conversation] = Wording(words)

    def _call_off(self, agent: str, conversation: str) -> None:
        bargain = self._diary.bargains.get((agent, conversation))
        if bargain is not None:
            self._take(agent, conversation, BargainCalledOff(reason=CancelReason.USER))

    def _ended(self, side: Bargain) -> None:
        bargain = side.bargain if isinstance(side, Appeal) else side
        if bargain.me == 0 and bargain.over:  # no mediator has to answer yet
            self._over.add(bargain.conversation)
            self._waits.came(bargain.conversation, END)
            self._players.pop((bargain.agent, bargain.conversation), None)
            self._of_work[bargain.agent, bargain.work or ""].discard(bargain.conversation)
