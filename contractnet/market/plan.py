"""A plan: a large job as tasks that depend on each other. Checked before anything is bought, whoever drafted it.

Rules:

1. Ids are unique; every skill is one that somebody offers; dependencies name tasks of the plan and have no cycle.
2. The reserves together are within the budget.
3. A task sees the results of those it depends on, as `input["results"]`, id -> result, and nothing else of the plan.

Source: task decomposition in Smith 1980; the checks are ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Final, cast

import msgspec

from contractnet.errors import DefinitionError
from contractnet.manager.plans import PlanTask
from contractnet.market.task import Task
from contractnet.messages.given import micros
from contractnet.messages.plainly import in_words
from contractnet.messages.values import plain_text, require, show_amount

#: tasks of one plan at most
MOST_TASKS: Final = 64
#: name under which a task finds the results that it depends on
RESULTS: Final = "results"


class DraftTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task as a drafter writes it; the reserve as a decimal string."""

    id: str
    task: str
    skill: str
    input: dict[str, Any] = {}
    after: Annotated[list[str], msgspec.Meta(max_length=MOST_TASKS)] = []
    reserve: str | None = None


def read_draft(draft: object) -> tuple[PlanTask, ...]:
    """What a drafter gave, `{"tasks": [...]}` or the list alone, as tasks.

    Raises:
        DefinitionError: names the task and what is wrong with it.
    """
    tasks: object = cast("Mapping[str, object]", draft).get("tasks") if isinstance(draft, Mapping) else draft
    if isinstance(tasks, Sized) and len(tasks) > MOST_TASKS:  # told before each is looked at
        raise DefinitionError(f"plan: {len(tasks)} tasks; a plan has 1 to {MOST_TASKS}")
    try:
        found = msgspec.convert(tasks, list[DraftTask])
    except msgspec.ValidationError as error:
        raise DefinitionError(in_words(error, "plan")) from error
    return tuple(_task(one) for one in found)


def _task(one: DraftTask) -> PlanTask:
    where = f"plan, task {one.id[:48]!r}"
    try:
        require("id", one.id, "id")
        Task(one.task, one.skill, input=one.input)  # as strict as where it is bought
        reserve = None if one.reserve is None else micros(one.reserve, "reserve")
    except DefinitionError as error:
        raise DefinitionError(f"{where}: {error}") from error
    after = tuple(dict.fromkeys(one.after))
    return PlanTask(id=one.id, task=one.task, skill=one.skill, input=one.input, after=after, reserve=reserve)


def faults(tasks: Sequence[PlanTask], skills: Collection[str], reserve: int | None, budget: int | None) -> list[str]:
    """What speaks against a plan; nothing where it may be approved.

    Args:
        skills: that somebody offers now.
        reserve: for tasks that name none, micros.
        budget: for all tasks together, micros; None: no limit.
    """
    ids = [one.id for one in tasks]
    found = [f"the id {one} appears twice" for one in sorted(set(ids)) if ids.count(one) > 1]
    if not 1 <= len(tasks) <= MOST_TASKS:
        found.append(f"{len(tasks)} tasks; a plan has 1 to {MOST_TASKS}")
    for one in tasks:
        if one.skill not in skills:
            known = ", ".join(sorted(skills)) or "none"
            found.append(f"{one.id}: nobody offers {one.skill}; there is {known}")
        found += [
            f"{one.id}: it depends on {plain_text(other, 48)}, which is no task of the plan"
            for other in one.after
            if other not in ids
        ]
        if one.after and RESULTS in one.input:
            found.append(f"{one.id}: its input has `{RESULTS}` already, where the results that it depends on go")
    found += _cycle(tasks)
    return found + _money(tasks, reserve, budget)


def _cycle(tasks: Iterable[PlanTask]) -> list[str]:
    try:
        TopologicalSorter({one.id: set(one.after) for one in tasks}).prepare()
    except CycleError as error:
        return [f"these depend on each other: {' -> '.join(map(str, error.args[1]))}"]
    return []


def _money(tasks: Iterable[PlanTask], reserve: int | None, budget: int | None) -> list[str]:
    if budget is None:
        return []
    reserves = [reserve if one.reserve is None else one.reserve for one in tasks]
    known = [one for one in reserves if one is not None]
    if len(known) < len(reserves):
        return ["with a budget every task needs a reserve"]
    if sum(known) > budget:
        return [f"the reserves come to {show_amount(sum(known))}, and the budget is {show_amount(budget)}"]
    return []
