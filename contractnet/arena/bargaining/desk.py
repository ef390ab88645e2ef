"""A model that sessions ask, from code that does not wait: one loop, one question at a time, everything counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from contractnet.errors import ModelError, ModelUnusable
from contractnet.ledger.records import Asked
from contractnet.llm.ask import Question, ask, say
from contractnet.llm.endpoint import Endpoint
from contractnet.llm.model import Asking, Model

#: the longest that one question may take, its repair included
WITHIN_S: Final = 60.0


class Desk:
    """Where a model is asked.

    Args:
        within_s: the longest that one question may take.
    """

    def __init__(self, model: Model, within_s: float = WITHIN_S) -> None:
        self.requests = 0  #: sent, repairs and probes included
        self.tokens_in = 0
        self.tokens_out = 0
        self.unanswered = 0  #: questions without a usable answer
        self.answered = False  #: whether anything ever came back that was an answer, usable or not
        self.trouble: ModelError | None = None  #: what came in the place of the first one
        self._model = model
        self._within_s = within_s
        self._runner = asyncio.Runner()

    @property
    def endpoint(self) -> Endpoint:
        """Where it is asked."""
        return self._model.endpoint

    def fill(self, question: Question, schema: Mapping[str, Any], prompt: str) -> dict[str, Any] | None:
        """A form of that schema, filled in; None: there was no usable answer in time.

        Args:
            prompt: SHA-256 of the prompt, hex.
        """
        try:
            asking = Asking("estimate", prompt, self._note)
            found = self._runner.run(ask(self._model, question, schema, self._within_s, asking))
        except ModelError as error:
            self._failed(error)
            return None
        self.answered = True
        return found

    def words(self, question: Question, prompt: str) -> str | None:
        """A few words; None: there were none in time."""
        try:
            asking = Asking("narrate", prompt, self._note)
            found = self._runner.run(say(self._model, question, self._within_s, asking))
        except ModelError as error:
            self._failed(error)
            return None
        self.answered = True
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._runner.run(self._model.close())
        self._runner.close()

    def _failed(self, error: ModelError) -> None:
        self.unanswered += 1
        self.answered = self.answered or isinstance(error, ModelUnusable)
        self.trouble = self.trouble or error

    def _note(self, asked: Asked) -> None:
        self.requests += 1
        self.tokens_in += asked.tokens_in
        self.tokens_out += asked.tokens_out
