"""The player `model` of `contractnet bargain`: an OpenAI-compatible endpoint, asked session by session, and counted."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from contractnet.arena.bargaining.desk import Desk
from contractnet.arena.bargaining.model_player import STAND_IN, ModelPlayer, WordingPlayer
from contractnet.arena.bargaining.narration import Heard
from contractnet.arena.bargaining.trials import Mode
from contractnet.cli.models import KEY
from contractnet.errors import DefinitionError, ModelUnavailable
from contractnet.llm.client import OpenAIChat
from contractnet.llm.endpoint import Endpoint, key_from
from contractnet.llm.model import Model
from contractnet.llm.prompts import load_prompts
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.session import Bargainer


class Seating:
    """Seats the model, in as many sessions as there are.

    Args:
        name: of the model at its endpoint.
        persona: whose voice words are in, where the model words.
    Raises:
        DefinitionError: the URL cannot be used, openai is not installed, or there is no such persona.
    """

    def __init__(self, url: str, name: str, mode: Mode, persona: str) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise DefinitionError(f"--model {url[:80]!r} is no URL of an endpoint; write such as http://HOST:8080/v1")
        self._persona = load_prompts(persona).persona
        self._mode: Mode = mode
        key = key_from(KEY) if os.environ.get(KEY, "").strip() else None
        endpoint = Endpoint(url, name, key=key)
        self._model = Model(endpoint, OpenAIChat(endpoint))
        self.desk = Desk(self._model)
        self.heard: list[Heard] = []

    def side(self, preferences: PricePreferences) -> Bargainer:
        """It, as one side of one bargaining.

        Raises:
            ModelUnavailable: no request of the sessions before was answered.
        """
        self.check()
        mandate = Mandate(preferences=preferences)
        if self._mode == "og":
            self.heard.append(Heard())
            return WordingPlayer(self.desk, mandate, STAND_IN, self._persona, self.heard[-1])
        return ModelPlayer(self.desk, mandate, free=self._mode == "free")

    def check(self) -> None:
        """Refuse to go on, or to show what came of it, where nobody is at the endpoint: a stand-in has played.

        Raises:
            ModelUnavailable: no request was ever answered; says why the first one was not.
        """
        trouble = None if self.desk.answered else self.desk.trouble
        if trouble is not None:
            text = f"player model at {self.desk.endpoint.name}: no request was answered: {trouble}"
            todo = "look at the URL and whether its server runs, with contractnet doctor --model URL"
            raise ModelUnavailable(f"{text}; {todo}", trouble.outcome)

    def close(self) -> None:
        """Let go of connections."""
        self.desk.close()

    def counted(self) -> dict[str, int]:
        """What was asked, and what came of it."""
        desk = self.desk
        return {
            "requests": desk.requests,
            "tokens_in": desk.tokens_in,
            "tokens_out": desk.tokens_out,
            "unanswered": desk.unanswered,
            "sentences_not_sent": sum(one.replaced for one in self.heard),
        }
