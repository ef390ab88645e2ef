"""The workshop: accepted tasks run here, each in a task of its own; beats renew their leases, cancels and lost leases
stop them.

Rules: a result is validated against the task's schema before it is said; work that raises ends in `failure` (error)
without its text, which may be private; work that a restart interrupted begins again with the next attempt, at most
`max_attempts` times. Cancelled work that comes to its end all the same was done, and says so: it is not called undone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from contractnet.bargaining.opening import BargainOptions
from contractnet.bargaining.result import BargainResult
from contractnet.contractor.bidding import Host
from contractnet.contractor.engagement import Engagement
from contractnet.contractor.guard import RAISED, own_failure
from contractnet.contractor.own_bargains import InWork
from contractnet.contractor.ports import Agent, Award
from contractnet.contractor.records import Began, CannotStop, Failed, Finished, LeaseLost, Stopped
from contractnet.errors import DefinitionError, TransportError, WorkFailed
from contractnet.messages.acts import (
    Inform,
)
from contractnet.messages.codec import MAX_ENVELOPE_BYTES, MAX_LARGE_BYTES, check_size, encode, join
from contractnet.messages.contents import (
    Payload,
    ProgressContent,
)
from contractnet.messages.payload import validate
from contractnet.messages.plain import check_payload
from contractnet.messages.values import MAX_TEXT, TaskFailure, plain_text
from contractnet.transport.port import Link, Outcome, Parcel, ToEveryManager

#: what the transport advises at the end of its words, and nobody does with a beat
AGAIN: Final = "; send again"


#: `OwnBargains.bargain`
Bargains = Callable[[str, str, str, str, BargainOptions, InWork | None], Awaitable[BargainResult]]


class Workshop:
    """The work of all agents of one daemon."""

    def __init__(
        self, agents: dict[str, Agent], daemon: str, host: Host, link: Link, max_attempts: int, bargain: Bargains
    ) -> None:
        self._agents = agents
        self._daemon = daemon
        self._host = host
        self._link = link
        self._max_attempts = max_attempts
        self._bargain = bargain
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._confirmed: dict[tuple[str, str], int] = {}  #: instant of the last confirmed beat

    def look(self, engagement: Engagement) -> None:
        """A conversation has moved: start or stop its work."""
        key = (engagement.agent, engagement.conversation)
        task = self._running.get(key)
        if engagement.machine.has("committed"):
            if task is None:
                self._start(engagement)
        elif task is not None:
            task.cancel()
        elif engagement.machine.has("cancelling"):
            self._host.take(engagement.agent, engagement.conversation, Stopped())

    def hand_back(self) -> None:
        """The daemon's grace is over: what still runs is handed back."""
        for agent, conversation in list(self._running):
            reason = Failed(reason=TaskFailure.HANDED_BACK, text="the daemon is stopping")
            self._host.take(agent, conversation, reason)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._running)

    def renew(self) -> None:
        """After an outage every lease begins anew (D5)."""
        for key in self._confirmed:
            self._confirmed[key] = self._host.now()

    # ---- parts

    def _start(self, engagement: Engagement) -> None:
        key = (engagement.agent, engagement.conversation)
        if engagement.attempt >= self._max_attempts:
            text = f"interrupted {engagement.attempt} times"
            self._host.take(*key, Failed(reason=TaskFailure.RESTART, text=text))
            return
        self._confirmed[key] = self._host.now()
        self._running[key] = self._host.spawn(f"work {engagement.conversation}", self._work(engagement))

    async def _work(self, engagement: Engagement) -> None:
        key = (engagement.agent, engagement.conversation)
        begun = asyncio.Event()
        self._host.take(*key, Began(attempt=engagement.attempt + 1), begun.set)
        beats = asyncio.ensure_future(self._beat_on(engagement))
        outcome: Finished | Failed | None = None
        try:
            await begun.wait()  # on disk first: an attempt that a crash interrupts is counted
            outcome = await self._perform(engagement)
        except asyncio.CancelledError:
            if not engagement.machine.has("cancelling") and engagement.machine.has("committed"):
                raise  # the daemon itself ends: the work goes on after a restart
        finally:
            beats.cancel()
            self._running.pop(key, None)
            self._confirmed.pop(key, None)
        if engagement.machine.has("cancelling"):
            ended = CannotStop(result=outcome.result) if isinstance(outcome, Finished) else Stopped()
            self._host.take(*key, ended)
        elif outcome is not None and engagement.machine.has("committed"):
            self._host.take(*key, outcome)

    async def _perform(self, engagement: Engagement) -> Finished | Failed:
        """The user's code: whatever it raises is a failure."""
        award = self._award(engagement)
        try:
            result: Any = await self._agents[engagement.agent].perform(award)
        except (DefinitionError, WorkFailed) as error:
            return Failed(reason=TaskFailure.ERROR, text=plain_text(str(error)))
        except RAISED as error:  # the user's own code: any failure of it is a failure of the task
            if not own_failure(error, "work", engagement.agent, engagement.conversation):
                raise
            return Failed(reason=TaskFailure.ERROR, text=f"the work raised {type(error).__name__}")
        try:
            check_payload(result, "result")
            check_size(result, MAX_LARGE_BYTES - MAX_ENVELOPE_BYTES, "result")
        except DefinitionError as error:
            return Failed(reason=TaskFailure.ERROR, text=plain_text(str(error)))
        if award.result_schema is not None and (faults := validate(dict(award.result_schema), result)):
            path, text = faults[0]
            return Failed(
                reason=TaskFailure.ERROR, text=f"the result does not fit its schema: {path}: {text}"[:MAX_TEXT]
            )
        return Finished(result=result)

    def _award(self, engagement: Engagement) -> Award:
        cfp, accept = engagement.cfp, engagement.accept
        assert cfp is not None  # an accept of a live offer follows a cfp
        assert accept is not None  # it is committed
        merged: Payload = {**cfp.content.input, **accept.content.private}
        fence = f"{engagement.conversation}/{accept.content.slot}/{accept.content.epoch}"

        async def beat(text: str) -> None:
            await self._beat(engagement, text)

        async def negotiate(agent: str, subject: str, options: BargainOptions) -> BargainResult:
            if not engagement.machine.has("committed"):
                raise WorkFailed("bargain: the work is over")
            work = InWork(engagement.conversation, fence)
            return await self._bargain(engagement.agent, agent, subject, cfp.content.terms.unit, options, work)

        return Award(
            task=cfp.content.task,
            skill=cfp.content.skill,
            input=merged,
            price=accept.content.price,
            items=accept.content.items or cfp.content.terms.items or (),
            parts=accept.content.parts or cfp.content.terms.parts or 1,
            deadline=engagement.result_due,
            fence=fence,
            attempt=engagement.attempt,
            result_schema=cfp.content.result_schema,
            beat=beat,
            note=partial(self._host.note, engagement.agent, engagement.conversation),
            negotiate=negotiate,
        )

    async def _beat_on(self, engagement: Engagement) -> None:
        """Three beats a lease; without a confirmed one for a whole lease, while the broker is there, the work is
        lost (G7).
        """
        accept = engagement.accept
        assert accept is not None  # it is committed
        lease_ms = accept.content.lease_ms
        key = (engagement.agent, engagement.conversation)
        while True:
            await asyncio.sleep(lease_ms / 3000)
            why_not = await self._beat(engagement, "")
            now = self._host.now()
            if why_not is None:
                self._confirmed[key] = now
            elif self._host.calm and (silent_ms := now - self._confirmed[key]) >= lease_ms * 19 // 20:
                text = plain_text(f"no beat was confirmed for {silent_ms} ms; of the last one: {why_not}")
                self._host.take(*key, LeaseLost(text=text[:MAX_TEXT]))
                return

    async def _beat(self, engagement: Engagement, text: str) -> str | None:
        """Say progress; never recorded, may be lost. Returns None where the broker confirmed it, else why not."""
        accept = engagement.accept
        if accept is None or not engagement.machine.has("committed"):
            return "the work is over"
        message_id = secrets.token_hex(16)
        content = ProgressContent(slot=accept.content.slot, epoch=accept.content.epoch, text=text[:MAX_TEXT])
        act = Inform(
            message_id=message_id,
            reply_with=message_id,
            conversation_id=engagement.conversation,
            protocol=accept.protocol,
            sender=engagement.agent,
            daemon=self._daemon,
            receiver=accept.sender,
            in_reply_to=accept.reply_with,
            content=content,
        )
        parcel = Parcel(ToEveryManager(self._daemon), join([encode(act)]), expires_ms=accept.content.lease_ms)
        try:
            outcome = await self._link.send(parcel, timeout_s=accept.content.lease_ms / 6000)
        except TransportError as error:
            return str(error).removesuffix(AGAIN)
        return None if outcome is Outcome.TAKEN else f"the broker's answer was {outcome.name.lower()}"
