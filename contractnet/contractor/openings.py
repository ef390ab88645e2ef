"""Bargainings that agents of this daemon open: begun once under a key, waited for until they have ended.

Rules: a bargaining's id is made of the journal's seed, the agent and the key, so the same key bargains once, and work
that begins again after a restart finds what its first attempt began. What runs goes on after a restart whether anybody
waits for it or not. A wait that is cancelled calls it off, if nobody else waits and the daemon does not end itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.opening import BargainOptions, opening
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
from contractnet.messages.values import CancelReason, require

#: records a fact of an agent, in a conversation
Take = Callable[[str, str, BargainOpened | BargainCalledOff], None]


class Openings:
    """Of all agents of one daemon.

    Args:
        broken: fails when the journal does; then nothing is waited for any more.
    """

    def __init__(self, diary: Diary, take: Take, broken: asyncio.Future[None]) -> None:
        self.closed = False  #: the daemon stops: nothing is opened any more
        self._diary = diary
        self._take = take
        self._broken = broken
        self._waits = Waits()
        self._players: dict[tuple[str, str], AnyPlayer] = {}
        self._waiting = Counter[str]()  #: conversation -> how many wait for it
        self._begun = False  #: the journal has its seed
        self._over = {one.conversation for one in diary.bargains.values() if one.me == 0 and one.over}  #: durably

    async def bargain(self, agent: str, peer: str, subject: str, unit: str, of: BargainOptions) -> BargainResult:
        """Open one, or find it again under its key; returns when it has ended.

        Args:
            agent: of this daemon, who opens it.
            unit: of a price, where the options name none.
        Raises:
            DefinitionError: an argument is not valid; another agent or subject stands under the key.
            TransportClosed: the daemon stops.
        """
        if peer == agent:
            raise DefinitionError(f"agent: {agent} cannot bargain with itself")
        if not self._begun:
            await self._waits.wait(self._diary.daemon, BEGIN, self._broken)
        key = of.get("key")
        conversation = self._conversation(agent, key)
        held = self._diary.bargains.get((agent, conversation))
        if (words := of.get("words")) is not None:
            self._players[agent, conversation] = Wording(words)
        self._waiting[conversation] += 1
        try:
            if held is None:
                await self._open(agent, conversation, peer, subject, unit, of)
            elif held.request is None or (held.peer, held.request.subject) != (peer, subject):
                raise DefinitionError(f"key {key!r}: {agent} holds another bargaining under it; use another key")
            if conversation not in self._over:
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
        """The daemon ends: whoever waits is told; what runs goes on when it is back."""
        self.closed = True
        self._waits.fail(TransportClosed("the daemon has ended; what is open goes on when it is back"))

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

    def _conversation(self, agent: str, key: str | None) -> str:
        if key is None:
            return secrets.token_hex(16)
        text = f"{self._diary.seed}|{agent}|bargain|{require('key', key, 'key')}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    async def _open(
        self, agent: str, conversation: str, peer: str, subject: str, unit: str, of: BargainOptions
    ) -> None:
        if self.closed:
            raise TransportClosed(f"{agent}: its daemon is stopping and opens no bargaining; ask again when it is back")
        seed = secrets.token_hex(16)
        opened = opening(peer, subject, self._diary.bargain_timers, unit, seed, of, answer_to="agent")
        self._take(agent, conversation, readable(opened))
        await self._waits.wait(conversation, BEGIN, self._broken)

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
