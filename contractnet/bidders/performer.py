"""A model does the work it was awarded: its answer is the result, validated against the task's schema, repaired once.

It sees the task and the input as data, and has no tools: what it answers is a JSON object and nothing else. A result
that repeats what the model was told by its operator is not sent (`outbound`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contractnet.bidders.complaints import Complain
from contractnet.bidders.outbound import leaks
from contractnet.bidders.views import WorkView, task_digest, work_view
from contractnet.clock import LoopClock
from contractnet.contractor.ports import Award
from contractnet.errors import ModelError, ModelLimited, ModelTimeout, ModelUnusable, WorkFailed
from contractnet.llm.ask import Question, ask
from contractnet.llm.model import Asking, Model
from contractnet.llm.prompts import Prompts, data

#: the result where a task does not say what it must look like
FREE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
#: of the time to the deadline, kept for sending the result
MARGIN_PCT: Final = 5
MOST_MARGIN_S: Final = 5.0


class ModelPerformer:
    """The performer of one agent.

    Args:
        most_tokens: of one answer.
        complain: takes what an operator must mend.
    """

    def __init__(self, model: Model, prompts: Prompts, most_tokens: int, complain: Complain) -> None:
        self._model = model
        self._prompts = prompts
        self._most_tokens = most_tokens
        self._complain = complain

    async def __call__(self, award: Award) -> dict[str, Any]:
        """Do the work of an award.

        Raises:
            WorkFailed: the model gave no usable result in time.
        """
        view = work_view(award)
        schema = view.result_schema if view.result_schema is not None else FREE
        left_s = (award.deadline - LoopClock().now()) / 1000
        within_s = left_s - min(MOST_MARGIN_S, left_s * MARGIN_PCT / 100)
        about = task_digest(view.skill, view.task, view.input)
        asking = Asking("perform", self._prompts.digest, award.note, about)
        try:
            question = self._question(view)
            result = await ask(self._model, question, schema, within_s, asking)
            if leaks(result, question.system, self._model.endpoint):
                raise ModelUnusable("the result repeats what the model was told", "leak")
            return result
        except ModelError as error:
            self._complain(error)
            raise WorkFailed(_told(error)) from None

    def _question(self, view: WorkView) -> Question:
        system, user = self._prompts.perform.filled(
            {"persona": self._prompts.persona.care, "skill": view.skill},
            {"task": data("task", view.task), "input": data("input", view.input)},
        )
        return Question(system, user, self._most_tokens)


def _told(error: ModelError) -> str:
    """What the manager hears: nothing of the endpoint, nothing of the answer."""
    match error:
        case ModelTimeout():
            return "the model did not finish in time"
        case ModelLimited():
            return "the model's limits left no room for this work"
        case ModelUnusable():
            return "the model gave no result of the form that is wanted"
        case _:
            return "the model could not be reached"
