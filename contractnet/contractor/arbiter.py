"""The arbiter: requests of managers go to the daemon's mediators, each in a task of its own.

Rules: a request is taken (agree) before the mediator looks; its time is the request's; an agent that is no mediator
refuses; a mediator that raises is a failure, not a crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from contractnet.contractor.bidding import Host
from contractnet.contractor.guard import RAISED, own_failure
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.ports import Agent, Choice, Dispute, Mediator, Refusal
from contractnet.contractor.records import Chose, Declined, Failed, Took
from contractnet.errors import ContractNetError
from contractnet.messages.values import RefuseReason, TaskFailure, plain_text


class Arbiter:
    """The mediating of all agents of one daemon."""

    def __init__(self, agents: Mapping[str, Agent], host: Host) -> None:
        self._agents = agents
        self._host = host
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    def look(self, mediating: Mediating) -> None:
        """A mediation has moved: start or stop its mediator."""
        key = (mediating.agent, mediating.conversation)
        running = self._running.get(key)
        if mediating.machine.has("thinking"):
            if running is None:
                self._start(mediating, key)
        elif running is not None:
            del self._running[key]
            running.cancel()

    def _start(self, mediating: Mediating, key: tuple[str, str]) -> None:
        mediate = self._agents[mediating.agent].mediate
        if mediate is None:
            self._host.take(*key, Declined(reason=RefuseReason.UNSUPPORTED, text="this agent is no mediator"))
            return
        if mediating.repair is None and mediating.about not in mediating.answers:  # taken before a restart
            self._host.take(*key, Took())
        self._running[key] = self._host.spawn(f"mediate {key[1]}", self._run(mediating, mediate))

    async def _run(self, mediating: Mediating, mediate: Mediator) -> None:
        key = (mediating.agent, mediating.conversation)
        request = mediating.request
        assert request is not None  # THINKING is entered by one
        dispute = Dispute(
            offers=mediating.offers,
            choices=request.content.choices,
            limit=request.content.limit,
            terms=request.content.terms,
            conversation=request.parent or request.conversation_id,
            request=request.message_id,
            manager=request.sender,
            time_left_s=max(0.0, (mediating.until - self._host.now()) / 1000),
            errors=mediating.repair.content.fields if mediating.repair else (),
            note=partial(self._host.note, *key),
        )
        answer = await _ask(mediating, mediate, dispute)
        if self._running.get(key) is asyncio.current_task():
            del self._running[key]
            self._host.take(*key, answer)


async def _ask(mediating: Mediating, mediate: Mediator, dispute: Dispute) -> Chose | Declined | Failed:
    """The user's code: whatever it raises or returns beside a choice is no answer."""
    try:
        answer = await mediate(dispute)
    except ContractNetError as error:
        return Failed(reason=TaskFailure.ERROR, text=plain_text(str(error)))
    except RAISED as error:  # the user's own code: any failure of it is a failure of the mediation
        if not own_failure(error, "mediator", mediating.agent, mediating.conversation):
            raise
        return Failed(reason=TaskFailure.ERROR, text=f"the mediator raised {type(error).__name__}")
    if isinstance(answer, Choice):
        return Chose(choice=answer.choice, offer=answer.offer)
    if isinstance(answer, Refusal):
        return Declined(reason=answer.reason, text=answer.text)
    text = f"the mediator returned {type(answer).__name__}, not a Choice or a Refusal"
    return Failed(reason=TaskFailure.ERROR, text=text)
