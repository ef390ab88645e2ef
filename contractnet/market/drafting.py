"""A model drafts how a large job is split. It fills in a form; the checks, the prices and the word on it are others'.

Rules: the job's text is data, never an instruction; skills are those of a closed list; shares of the budget are whole
percents, and what a task may cost is computed from them here; every request is noted in the manager's ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contractnet.llm.ask import Question, ask
from contractnet.llm.model import Asking, Model
from contractnet.llm.prompts import data, load_prompt
from contractnet.market.planning import Job
from contractnet.messages.values import show_amount

#: tasks that a model is let split a job into at most
MOST_DRAFTED: Final = 16
MOST_TOKENS_OUT: Final = 4_000
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 24}


class ModelDrafter:
    """Drafts with a model.

    Args:
        within_s: for one draft, its repair by the validator included.
    """

    def __init__(self, model: Model, within_s: float = 120.0) -> None:
        self._model = model
        self._within_s = within_s
        self._prompt, self._digest = load_prompt("split")

    @property
    def name(self) -> str:
        """For the record: the endpoint and its model."""
        return self._model.endpoint.name

    async def __call__(self, job: Job) -> dict[str, Any]:
        """A draft.

        Raises:
            ModelError: there was no usable one in time.
        """
        facts = "" if job.budget is None else "Give each task its share of the budget, in percent of all.\n"
        errors = "" if not job.errors else "Your plan before had these faults:\n- " + "\n- ".join(job.errors) + "\n"
        given = {"skills": ", ".join(job.skills), "facts": facts, "job": data("job", job.job) + "\n", "errors": errors}
        question = Question(*self._prompt.filled({}, given), MOST_TOKENS_OUT)
        asking = Asking("split", self._digest, job.note)
        answer = await ask(self._model, question, form(job), self._within_s, asking)
        return {"tasks": _priced(answer["tasks"], job.budget, job.reserve)}


def form(job: Job) -> Mapping[str, Any]:
    """What a model fills in."""
    task: dict[str, Any] = {
        "id": _ID,
        "task": {"type": "string", "minLength": 1, "maxLength": 1_000},
        "skill": {"type": "string", "enum": list(job.skills)},
        "text": {"type": "string", "maxLength": 4_000},
        "after": {"type": "array", "items": _ID, "maxItems": 8},
    }
    if job.budget is not None:
        task["share_pct"] = {"type": "integer", "minimum": 1, "maximum": 100}
    one = {"type": "object", "properties": task, "required": list(task), "additionalProperties": False}
    tasks = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_DRAFTED}
    return {"type": "object", "properties": {"tasks": tasks}, "required": ["tasks"], "additionalProperties": False}


def _priced(tasks: list[dict[str, Any]], budget: int | None, most: int | None) -> list[dict[str, Any]]:
    """The form as a draft: the text becomes input, shares become reserves that come to no more than the budget, and
    none to more than what was said to be the most for a task.
    """
    shares = sum(int(one.get("share_pct", 0)) for one in tasks)
    drafted: list[dict[str, Any]] = []
    for one in tasks:
        draft = {name: one[name] for name in ("id", "task", "skill", "after")}
        if one["text"]:
            draft["input"] = {"text": one["text"]}
        if budget is not None:
            share = budget * int(one["share_pct"]) // shares
            draft["reserve"] = show_amount(share if most is None else min(share, most))
        drafted.append(draft)
    return drafted
