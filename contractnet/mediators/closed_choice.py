"""A model chooses among what is possible: a recorded offer, one more round, or no award. It writes nothing that binds.

Rules:

1. Offers stand under letters, in an order drawn by the request's id, so that neither their place nor a name says
   who is behind them. What comes back is a letter; the offer's terms are those on record, copied by its id.
2. An answer that is no letter of the list is told to the model once (`llm.ask`); then the rung has passed it on.
3. The model sees price, time and the contractor's own confidence of each offer, as whole numbers; no rationale, no id.

Source: negotiation by a closed choice; G15.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Final

from contractnet.contractor.ports import Choice, Dispute
from contractnet.errors import ModelError
from contractnet.llm.ask import Question, ask
from contractnet.llm.model import Asking, Model
from contractnet.llm.prompts import load_prompt
from contractnet.mechanisms.ties import draw
from contractnet.messages.contents import LiveOffer
from contractnet.messages.values import PPM, show_amount

MOST_TOKENS_OUT: Final = 60
_OTHERS: Final = {"round": "one more round: the bidders may come down", "none": "no award"}


class ClosedChoice:
    """The rung `closed-choice`.

    Args:
        within_s: the longest that the model may take.
    """

    name = "closed-choice"
    reveals = "to the model's endpoint: price, time and confidence of each offer, without names"

    def __init__(self, model: Model, within_s: float) -> None:
        self._model = model
        self._within_s = within_s
        self._prompt, self._digest = load_prompt("mediate")

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """Ask; None: the model gave nothing usable."""
        listed = dict(zip(ascii_uppercase, shuffled(dispute), strict=False))
        others = [one for one in _OTHERS if one in dispute.choices]
        keys = [*listed, *others]
        lines = [_line(letter, offer, dispute.terms.unit) for letter, offer in listed.items()]
        lines += [f"{name}: {_OTHERS[name]}" for name in others]
        system, user = self._prompt.filled({}, {"choices": "\n".join(lines)})
        schema = {
            "type": "object",
            "properties": {"choice": {"enum": keys}},
            "required": ["choice"],
            "additionalProperties": False,
        }
        asking = Asking("mediate", self._digest, dispute.note)
        try:
            found = await ask(self._model, Question(system, user, MOST_TOKENS_OUT), schema, self._within_s, asking)
        except ModelError:
            return None
        chosen = str(found["choice"])
        return Choice("offer", listed[chosen].offer) if chosen in listed else _other(chosen)


def shuffled(dispute: Dispute) -> list[LiveOffer]:
    """What may be chosen, at most one for each letter, the best of the list; drawn by the id of the request, which no
    contractor knows when it names its offer.
    """
    best = dispute.possible[: len(ascii_uppercase)]
    return sorted(best, key=lambda one: draw(dispute.request, "mediation", one.offer))


def _line(letter: str, offer: LiveOffer, unit: str) -> str:
    sure = offer.confidence * 100 // PPM
    return f"{letter}: {show_amount(offer.price)} {unit}, {offer.eta} seconds, {sure} percent sure of itself"


def _other(chosen: str) -> Choice:
    return Choice("round") if chosen == "round" else Choice("none")
