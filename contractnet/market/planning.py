"""Planning: somebody drafts how a large job is split, the draft is checked, a person or a policy approves, and the
tasks are bought in the order of their dependencies.

Rules: whoever drafts, the checks are the same, and what they find is told to the drafter once. A draft and the word on
it are recorded before anything is bought, and asked for once: on the same ledger the same key goes on with the plan
that was approved, without a model. Each task is a tender under the key `<plan>/<task>`, so nothing is bought twice.
Where a task does not settle, those that need its result are not bought.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from msgspec import structs

from contractnet.errors import DefinitionError, PlanRefused
from contractnet.ledger.records import Asked
from contractnet.manager.manager import Manager
from contractnet.manager.plans import PREFIX, Approved, Drafted, PlanTask
from contractnet.market.contract import Contract
from contractnet.market.plan import RESULTS, faults, read_draft
from contractnet.market.task import Task
from contractnet.messages.values import plain_text, show_amount

#: characters of a plan's key at most: a task's is that, a slash and its id
MOST_KEY: Final = 150

Note = Callable[[Asked], None]


def _nowhere(_: Asked) -> None:
    """Nobody keeps a record."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a drafter is told."""

    job: str
    skills: tuple[str, ...]  #: that somebody offers now
    reserve: int | None  #: for tasks that name none, micros
    budget: int | None  #: for all tasks together, micros
    unit: str
    errors: tuple[str, ...] = ()  #: what was wrong with the draft before
    note: Note = _nowhere  #: takes the record of each request to a model


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was approved."""

    key: str
    job: str
    tasks: tuple[PlanTask, ...]
    by: str


class Verdict(NamedTuple):
    """The word of a person or a policy on a draft."""

    ok: bool
    by: str
    why: str = ""


#: how soon it is looked again who is there, seconds
LOOK_S = 0.05
#: manager -> key of a plan -> who is at it
_turns: Final[WeakKeyDictionary[Manager, dict[str, asyncio.Lock]]] = WeakKeyDictionary()
Drafter = Callable[[Job], Any]
Approver = Callable[[Drafted], "Verdict | bool | Awaitable[Verdict | bool]"]
Begin = Callable[[Task, str], Awaitable[Contract]]


class Bought(NamedTuple):
    """A task of a plan, and what came of it."""

    task: PlanTask
    contract: Contract | None  #: None: not bought
    why: str = ""  #: why it was not bought


async def offered(skills: Callable[[], tuple[str, ...]], within_s: float) -> tuple[str, ...]:
    """The skills that are offered, once somebody is there: a plan uses no others.

    Raises:
        PlanRefused: nobody came in time.
    """
    end = asyncio.get_running_loop().time() + within_s
    while not (found := skills()):
        if asyncio.get_running_loop().time() >= end:
            raise PlanRefused(
                f"nobody offered a skill within {within_s:g} s; start a worker, or wait for agents longer"
            )
        await asyncio.sleep(LOOK_S)
    return found


async def decompose(manager: Manager, job: Job, key: str, draft: Drafter, by: str, approve: Approver | None) -> Plan:
    """The plan of that key: the one that the ledger holds, or a new one.

    Args:
        by: who drafts, for the record.
        approve: None: whatever passes the checks is approved.
    Raises:
        PlanRefused: the draft was faulty twice, or was not approved.
        DefinitionError: the ledger holds another job under the key.
    """
    if len(key) > MOST_KEY:
        raise DefinitionError(
            f"key: {len(key)} characters; that of a plan has at most {MOST_KEY}, its tasks' are longer"
        )
    async with _turns.setdefault(manager, {}).setdefault(key, asyncio.Lock()):  # who comes second gets that plan
        return await _decompose(manager, job, key, draft, by, approve)


async def _decompose(manager: Manager, job: Job, key: str, draft: Drafter, by: str, approve: Approver | None) -> Plan:
    known = manager.book.plans.get(key)
    if known is not None and known.drafted.job != job.job:
        raise DefinitionError(f"key {key!r}: this ledger holds the plan of another job under it; use another key")
    if known is None:

        def note(asked: Asked) -> None:
            manager.record(stream(key), asked)

        drafted = await _draft(replace(job, note=note), key, draft, by)
        manager.record(stream(key), drafted)
    else:
        drafted = known.drafted
    if known is None or known.approved is None:
        verdict = await _approve(drafted, approve)
        approved = Approved(key=key, ok=verdict.ok, by=verdict.by, why=plain_text(verdict.why))
        manager.record(stream(key), approved)
    else:
        approved = known.approved
    if not approved.ok:
        why = f": {approved.why}" if approved.why else ""
        raise PlanRefused(f"the plan {key!r} was not approved by {approved.by}{why}; use another key to draft it anew")
    return Plan(key, drafted.job, drafted.tasks, drafted.by)


async def buy(plan: Plan, begin: Begin) -> AsyncIterator[Bought]:
    """Buy the tasks of a plan, each when those it depends on have settled; yields them as they end.

    Args:
        begin: puts a task out under a key; the tender is on disk when it returns.
    """
    tasks = {one.id: one for one in plan.tasks}
    order = TopologicalSorter({one.id: set(one.after) for one in plan.tasks})
    order.prepare()
    results: dict[str, dict[str, Any]] = {}
    running: set[asyncio.Task[Bought]] = set()

    async def one(task: PlanTask) -> Bought:
        needed = {name: results[name] for name in task.after}
        try:
            contract = await begin(_task(task, needed), f"{plan.key}/{task.id}")
        except DefinitionError as error:  # such as results that are too large for its input: the others go on
            return Bought(task, None, str(error))
        await contract.ended()
        return Bought(task, contract)

    try:
        while order.is_active():
            for name in order.get_ready():
                if all(other in results for other in tasks[name].after):
                    running.add(asyncio.create_task(one(tasks[name])))
                else:
                    order.done(name)
                    yield Bought(tasks[name], None, "one that it depends on did not settle")
            if running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for ended in done:
                    bought = ended.result()
                    found = bought.contract.result_now() if bought.contract is not None else None
                    if found is not None:
                        results[bought.task.id] = found
                    order.done(bought.task.id)
                    yield bought
    finally:
        for left in running:
            left.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def stream(key: str) -> str:
    """Where the ledger keeps a plan."""
    return PREFIX + hashlib.sha256(key.encode()).hexdigest()[:32]


async def _draft(job: Job, key: str, draft: Drafter, by: str) -> Drafted:
    errors: tuple[str, ...] = ()
    for _ in range(2):  # one repair, told what is wrong
        answer = draft(replace(job, errors=errors))
        given = await answer if inspect.isawaitable(answer) else answer
        try:
            tasks = read_draft(given)
            errors = tuple(faults(tasks, job.skills, job.reserve, job.budget))
        except DefinitionError as error:
            tasks, errors = (), (str(error),)
        if not errors:
            priced = tuple(structs.replace(one, reserve=job.reserve) if one.reserve is None else one for one in tasks)
            return Drafted(key=key, job=job.job, tasks=priced, by=by)  # what was checked is what may be paid
    raise PlanRefused(f"the draft of {by} cannot be used: {'; '.join(errors)[:1_000]}")


async def _approve(drafted: Drafted, approve: Approver | None) -> Verdict:
    if approve is None:
        return Verdict(True, "policy", "it passed the checks")
    answer = approve(drafted)
    verdict = await answer if inspect.isawaitable(answer) else answer
    return verdict if isinstance(verdict, Verdict) else Verdict(verdict is True, "caller")  # a text is no yes


def _task(task: PlanTask, needed: Mapping[str, Any]) -> Task:
    given = {**task.input, RESULTS: dict(needed)} if needed else task.input
    return Task(task.task, task.skill, input=given, reserve=None if task.reserve is None else show_amount(task.reserve))
