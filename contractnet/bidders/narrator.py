"""A model words the public reason for an offer. It sees the task and the offer, and has no way to anything private.

Rules:

1. What it words passes the one test of such words (`wording`): no number but the price and the time of the offer.
2. Else the template stands instead. So it does where the model gave no words in time.
"""

from __future__ import annotations

from typing import Final

from contractnet.bargaining.wording import sendable
from contractnet.bidders.outbound import leaks
from contractnet.bidders.views import PublicOffer
from contractnet.errors import ModelError
from contractnet.llm.ask import Question, say
from contractnet.llm.model import Asking, Model, Note
from contractnet.llm.prompts import Prompts, data

MOST_TOKENS_OUT: Final = 150
#: less time than this is no time for words
LEAST_S: Final = 0.2


class Narrator:
    """The narrator of one agent."""

    def __init__(self, model: Model, prompts: Prompts) -> None:
        self._model = model
        self._prompts = prompts

    async def __call__(self, offer: PublicOffer, within_s: float, note: Note, about: str = "") -> str:
        """The words that go with an offer; never an error, and never late.

        Args:
            about: SHA-256 of the task, for the record.
        """
        if within_s < LEAST_S:
            return template(offer)
        system, user = self._prompts.narrate.filled(
            {"persona": self._prompts.persona.voice},
            {
                "task": data("task", offer.task),
                "skill": offer.skill,
                "price": offer.price,
                "unit": offer.unit,
                "eta": str(offer.eta_s),
            },
        )
        asking = Asking("narrate", self._prompts.digest, note, about)
        try:
            words = await say(self._model, Question(system, user, MOST_TOKENS_OUT), within_s, asking)
        except ModelError:
            return template(offer)
        sent = None if leaks(words, system, self._model.endpoint) else fit(words, offer)
        return sent or template(offer)


def template(offer: PublicOffer) -> str:
    """The words where the model has none: the bound values alone."""
    return f"{offer.skill} within {offer.eta_s} s for {offer.price} {offer.unit}."


def fit(words: str, offer: PublicOffer) -> str | None:
    """The words as they may be sent, or None."""
    return sendable(words, {offer.price, str(offer.eta_s)}, f"{offer.price} {offer.unit}")
