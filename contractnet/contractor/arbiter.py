"""The arbiter: requests for mediation go to the daemon's mediators, each in a task of its own.

Rules: a request is taken (agree) before the mediator looks; its time is the request's; an agent that is no mediator
refuses; a mediator that raises, or answers what cannot be, is a failure, not a crash. A bargaining has two requests and
one task, which begins when both are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from contractnet.contractor.bidding import Host
from contractnet.contractor.consulting import Consulting
from contractnet.contractor.disputes import Choice, Dispute, Impasse, Mediator, Settlement, Settler
from contractnet.contractor.guard import RAISED, own_failure
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.persons import check_person
from contractnet.contractor.ports import Agent
from contractnet.contractor.records import Chose, Declined, Failed, Passed, Settled, Took
from contractnet.errors import ContractNetError
from contractnet.ledger.questions import Answered
from contractnet.ledger.readable import readable
from contractnet.mechanisms.bargaining.mediation.joint import outcome
from contractnet.messages.contents import RequestContent
from contractnet.messages.refusal import Refusal
from contractnet.messages.values import RefuseReason, TaskFailure, plain_text

Decision = Chose | Settled | Declined | Failed


def _possible(impasse: Impasse, answer: Settlement) -> bool:
    """By no rung, or by one that both agreed on."""
    if not answer.rung:
        return True
    return answer.rung in impasse.ladder and outcome(impasse.case, answer.rung, answer.offer) is not None


class Arbiter:
    """The mediating of all agents of one daemon."""

    def __init__(self, agents: Mapping[str, Agent], host: Host) -> None:
        self._agents = agents
        self._host = host
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self.consulting = Consulting(host)

    def look(self, mediating: Mediating) -> None:
        """A mediation has moved: start or stop its mediator."""
        for one in mediating.sides:
            if one.thinking:
                self._take(one)
        first = mediating.sides[0]
        key = (first.agent, first.conversation)
        running = self._running.get(key)
        if all(one.thinking for one in first.sides) and (first.asks is None or first.partner is not None):
            if running is None:
                self._start(first, key)
            return
        if running is not None:
            del self._running[key]
            running.cancel()
        if not first.thinking:
            self.consulting.close(first.conversation)

    def _take(self, mediating: Mediating) -> None:
        """Somebody looks at it, or nobody here can."""
        key, agent = (mediating.agent, mediating.conversation), self._agents[mediating.agent]
        if (agent.mediate if mediating.asks is None else agent.settle) is None:
            what = "is no mediator" if agent.mediate is None else "settles calls alone"
            self._host.take(*key, Declined(reason=RefuseReason.UNSUPPORTED, text=f"this agent {what}"))
        elif mediating.repair is None and mediating.about not in mediating.answers:  # taken before a restart
            self._host.take(*key, Took())

    def _start(self, mediating: Mediating, key: tuple[str, str]) -> None:
        agent = self._agents[mediating.agent]
        if mediating.asks is None and agent.mediate is not None:
            work = _choose(mediating, agent.mediate, self._dispute(mediating))
        elif mediating.asks is not None and agent.settle is not None:
            work = _settle(mediating, agent.settle, self._impasse(mediating))
        else:
            return
        self._running[key] = self._host.spawn(f"mediate {key[1]}", self._run(key, work))

    async def _run(self, key: tuple[str, str], work: Any) -> None:
        answer: Decision = await work
        if self._running.get(key) is asyncio.current_task():
            del self._running[key]
            self._host.take(*key, self._checked(key[1], answer))

    def _checked(self, conversation: str, answer: Decision) -> Decision:
        """The same, where a record can hold it, and a person's decision that it names is the one on record."""
        try:
            answer = readable(answer)
            check_person(self._host.diary.questions, conversation, answer)
        except Exception as error:  # the mediator may have put anything into it
            why = str(error) if isinstance(error, ContractNetError) else "no record can hold what it is made of"
            return Failed(reason=TaskFailure.ERROR, text=plain_text(f"the mediator's answer: {why}"))
        return answer

    def _dispute(self, mediating: Mediating) -> Dispute:
        request = mediating.request
        assert request is not None  # THINKING is entered by one
        assert isinstance(request.content, RequestContent)
        return Dispute(
            offers=mediating.offers,
            choices=request.content.choices,
            limit=request.content.limit,
            terms=request.content.terms,
            conversation=request.parent or request.conversation_id,
            request=request.message_id,
            manager=request.sender,
            time_left_s=max(0.0, (mediating.until - self._host.now()) / 1000),
            errors=mediating.repair.content.fields if mediating.repair else (),
            note=partial(self._host.note, mediating.agent, mediating.conversation),
            climb=_Climb(mediating, self._host, self.consulting),
        )

    def _impasse(self, mediating: Mediating) -> Impasse:
        request, asked = mediating.request, mediating.asks
        assert request is not None  # both have asked
        assert asked is not None
        return Impasse(
            case=mediating.case,
            subject=asked.subject,
            ladder=asked.ladder,
            conversation=request.parent or request.conversation_id,
            time_left_s=max(0.0, ((mediating.deadline() or 0) - self._host.now()) / 1000),
            note=partial(self._host.note, mediating.agent, mediating.conversation),
            climb=_Climb(mediating, self._host, self.consulting),
        )


class _Climb:
    """What the journal knows of one ladder."""

    def __init__(self, mediating: Mediating, host: Host, consulting: Consulting) -> None:
        self._mediating = mediating
        self._host = host
        self._consulting = consulting

    @property
    def passed(self) -> Sequence[str]:
        return tuple(self._mediating.passed)

    def pass_on(self, rung: str, why: str) -> None:
        self._host.take(self._mediating.agent, self._mediating.conversation, Passed(rung=rung, why=why))

    async def consult(
        self, choices: Sequence[str], told: dict[str, Any], within_s: float, left_s: float
    ) -> Answered | None:
        repair = self._mediating.repair
        about = self._mediating.conversation + (f"/{repair.message_id}" if repair else "")
        return await self._consulting.ask(about, choices, told, within_s, left_s)


async def _choose(mediating: Mediating, mediate: Mediator, dispute: Dispute) -> Decision:
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
        return Chose(choice=answer.choice, offer=answer.offer, rung=answer.rung, decision=answer.decision)
    if isinstance(answer, Refusal):
        return Declined(reason=answer.reason, text=answer.text)
    text = f"the mediator returned {type(answer).__name__}, not a Choice or a Refusal"
    return Failed(reason=TaskFailure.ERROR, text=text)


async def _settle(mediating: Mediating, settle: Settler, impasse: Impasse) -> Decision:
    """As `_choose`, of a bargaining. What it raises may hold what a side told: it is not told on."""
    try:
        answer = await settle(impasse)
        fits = isinstance(answer, Settlement) and _possible(impasse, answer)
    except RAISED as error:
        if not own_failure(error, "mediator", mediating.agent, mediating.conversation):
            raise
        return Failed(reason=TaskFailure.ERROR, text=f"the mediator raised {type(error).__name__}")
    if not fits:
        return Failed(reason=TaskFailure.ERROR, text="the mediator gave nothing that can be settled by")
    return Settled(rung=answer.rung, offer=answer.offer, decision=answer.decision)
