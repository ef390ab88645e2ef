"""Asking a model for JSON of a schema, or for a few words.

Rules:

1. What comes is validated, always; what is wrong is told to the model once, with the validator's words, and the second
   answer counts.
2. Which rung of the ladder works is found out once for an endpoint (`probe`). A rung that the endpoint refuses for one
   schema (400, 422) is passed over for that question.
3. The system's words are the operator's alone; what others wrote comes as data in the user's turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contractnet.errors import ModelRefused, ModelUnusable
from contractnet.llm.chat import Message, Said, request
from contractnet.llm.endpoint import Rung
from contractnet.llm.ladder import RUNGS, form, meets, words
from contractnet.llm.model import Asking, Model
from contractnet.llm.probe import best_rung

#: of an answer that was wrong, characters told again
MOST_REPEATED: Final = 4_000


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
    sent = request(model.endpoint.model, turns, question.most_tokens, {}, model.limit_as)
    return await model.call(sent, within_s, asking, _words_in)


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
            return meets(said, self.schema, rung)

        user = Message("user", self.question.user + words(rung, self.schema))
        turns = [Message("system", self.question.system), user, *self.before]
        how = form(rung, self.schema)
        sent = request(self.model.endpoint.model, turns, self.question.most_tokens, how, self.model.limit_as)
        within_s = self.end - asyncio.get_running_loop().time()
        return await self.model.call(sent, within_s, self.asking, judge, rung)


def _words_in(said: Said) -> str:
    if said.call is not None:
        raise ModelUnusable("the model called a function that it was not offered", "tool-call")
    if said.refusal or not said.content.strip():
        raise ModelUnusable("the model said nothing", "declined")
    return said.content
