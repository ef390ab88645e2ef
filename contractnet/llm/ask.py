"""Asking a model for JSON of a schema, or for a few words.

Rules:

1. What comes is validated, always; what is wrong is told to the model once, with the validator's words, and the second
   answer counts.
2. Which rung of the ladder works is found out once for an endpoint, by a schema that no answer meets by chance. A rung
   that the endpoint refuses for one schema (400, 422) is passed over for that question.
3. The system's words are the operator's alone; what others wrote comes as data in the user's turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from contractnet.errors import ModelRefused, ModelTimeout, ModelUnusable
from contractnet.llm.chat import Message, Said, request
from contractnet.llm.endpoint import Rung
from contractnet.llm.ladder import RUNGS, answer_in, form, words
from contractnet.llm.model import Asking, Model
from contractnet.messages.payload import validate

#: statuses by which an endpoint says that it does not know a form
_NOT_TAKEN: Final = (400, 404, 415, 422)
_FAULTS_SHOWN: Final = 5
PROBE_TOKENS: Final = 200
#: of an answer that was wrong, characters told again
MOST_REPEATED: Final = 4_000
#: an answer meets this by chance about never: a name nobody says, and a number of three
PROBE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"quorl_count": {"type": "integer", "minimum": 7411, "maximum": 7413}},
    "required": ["quorl_count"],
    "additionalProperties": False,
}
PROBE_WORDS: Final = (
    Message("system", "You fill in forms."),
    Message("user", "Fill in the form."),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked."""

    system: str  #: the operator's words
    user: str  #: the question, with others' words as data
    most_tokens: int  #: of the answer


async def ask(
    model: Model, question: Question, schema: Mapping[str, Any], within_s: float, asking: Asking
) -> dict[str, Any]:
    """A JSON object of the schema.

    Args:
        schema: of the subset (`messages.subset`).
        within_s: all in all, the repair included.
    Raises:
        ModelError: there was none in time; ModelUnusable: what came was wrong twice.
    """
    end = asyncio.get_running_loop().time() + within_s
    task = _Task(model, question, schema, end, asking)
    try:
        return await task.ask(await best_rung(model, within_s, asking))
    except _WrongError as wrong:
        said = wrong.said.call[1] if wrong.said.call else wrong.said.content
        repair = f"That was not usable: {wrong.error} Answer again, with the JSON object alone."
        task.before = (Message("assistant", said[:MOST_REPEATED] or "(nothing)"), Message("user", repair))
        return await task.ask(wrong.rung)


async def say(model: Model, question: Question, within_s: float, asking: Asking) -> str:
    """A few words.

    Raises:
        ModelError: there were none in time.
    """
    turns = [Message("system", question.system), Message("user", question.user)]
    sent = request(model.endpoint.model, turns, question.most_tokens, {})
    return await model.call(sent, within_s, asking, _words_in)


async def best_rung(model: Model, within_s: float, asking: Asking) -> Rung:
    """The rung that works at the endpoint: as configured, or found out once and remembered.

    Raises:
        ModelError: the endpoint could not be asked; the next who comes asks again.
    """
    if model.endpoint.structured is not None:
        return model.endpoint.structured
    end = asyncio.get_running_loop().time() + within_s
    try:
        async with asyncio.timeout(within_s), model.probing:
            if model.rung is None:
                model.rung = await _probe(model, end, asking)
            return model.rung
    except TimeoutError:
        raise ModelTimeout("what the endpoint can do was not found out in time", "timeout") from None


async def _probe(model: Model, end: float, asking: Asking) -> Rung:
    loop = asyncio.get_running_loop()
    told = Asking("probe", asking.prompt, asking.note)  # about no task: whoever comes first asks for all
    missing = 0
    for rung in RUNGS[:-1]:
        try:
            sent = request(model.endpoint.model, PROBE_WORDS, PROBE_TOKENS, form(rung, PROBE))
            judge = partial(_meets, schema=PROBE, rung=rung)
            await model.call(sent, end - loop.time(), told, judge, rung)
            return rung
        except ModelRefused as error:
            missing += error.status == 404  # of one form, or of the model altogether
            if error.status not in _NOT_TAKEN or missing == len(RUNGS) - 1:
                raise
        except ModelUnusable as error:
            if error.outcome in ("garbage", "too-large"):
                raise
    return "prompt"


class _WrongError(Exception):
    """An answer that is not what was asked for, and why."""

    def __init__(self, said: Said, rung: Rung, error: ModelUnusable) -> None:
        self.said = said
        self.rung: Rung = rung
        self.error = error
        super().__init__(str(error))


@dataclass(slots=True)
class _Task:
    """One question until it is answered."""

    model: Model
    question: Question
    schema: Mapping[str, Any]
    end: float  #: of its time, on the loop's clock
    asking: Asking
    before: tuple[Message, ...] = ()  #: the answer that was wrong, and what was

    async def ask(self, first: Rung) -> dict[str, Any]:
        """Ask on the first rung, and on lower ones where the endpoint does not take the schema on it.

        Raises:
            _WrongError: the first answer was wrong; of the second ModelUnusable.
        """
        for rung in RUNGS[RUNGS.index(first) :]:
            heard: list[Said] = []
            try:
                return await self._once(rung, heard)
            except ModelRefused as error:
                if error.status not in (400, 422) or rung == RUNGS[-1]:
                    raise
            except ModelUnusable as error:
                if not heard or self.before:
                    raise
                raise _WrongError(heard[0], rung, error) from None
        raise AssertionError("the last rung returns or raises")

    async def _once(self, rung: Rung, heard: list[Said]) -> dict[str, Any]:
        def judge(said: Said) -> dict[str, Any]:
            heard.append(said)
            return _meets(said, self.schema, rung)

        user = Message("user", self.question.user + words(rung, self.schema))
        turns = [Message("system", self.question.system), user, *self.before]
        sent = request(self.model.endpoint.model, turns, self.question.most_tokens, form(rung, self.schema))
        within_s = self.end - asyncio.get_running_loop().time()
        return await self.model.call(sent, within_s, self.asking, judge, rung)


def _meets(said: Said, schema: Mapping[str, Any], rung: Rung) -> dict[str, Any]:
    found = answer_in(said, rung)
    if wrong := validate(dict(schema), found):
        shown = "; ".join(f"{path}: {text}" for path, text in wrong[:_FAULTS_SHOWN])
        raise ModelUnusable(f"the answer does not fit its schema: {shown}", "invalid")
    return found


def _words_in(said: Said) -> str:
    if said.call is not None:
        raise ModelUnusable("the model called a function that it was not offered", "tool-call")
    if said.refusal or not said.content.strip():
        raise ModelUnusable("the model said nothing", "declined")
    return said.content
