"""A model chooses among what is possible: a recorded offer, one more round, or no award. It writes nothing that binds.

Rules:

1. Offers stand under letters, in an order drawn by the request's id, so that neither their place nor a name says
   who is behind them. What comes back is a letter; the offer's terms are those on record, copied by its id.
2. An answer that is no letter of the list is told to the model once (`llm.ask`); then the rung has passed it on.
3. Of a call the model sees price, time and the contractor's own confidence of each offer, as whole numbers; no
   rationale, no id. Of a bargaining the subject, the issues and the recorded offers that both would take; nothing that
   a side told in confidence.

Source: negotiation by a closed choice; G15.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Final

from contractnet.contractor.disputes import Choice, Dispute, Impasse, Settlement
from contractnet.errors import ModelError
from contractnet.llm.ask import Question, ask
from contractnet.llm.model import Asking, Model
from contractnet.llm.prompts import data, load_prompt
from contractnet.mechanisms.bargaining.issues import Issue
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.joint import candidates
from contractnet.mechanisms.ties import draw
from contractnet.mediators.rung import BuiltIn
from contractnet.messages.contents import LiveOffer
from contractnet.messages.values import PPM, show_amount

MOST_TOKENS_OUT: Final = 60
_OTHERS: Final = {"round": "one more round: the bidders may come down", "none": "no award"}


class ClosedChoice(BuiltIn):
    """The rung `closed-choice`.

    Args:
        within_s: the longest that the model may take.
    """

    def __init__(self, model: Model, within_s: float) -> None:
        super().__init__(Rung.CLOSED_CHOICE)
        self._model = model
        self._within_s = within_s
        self._prompt, self._digest = load_prompt("mediate")
        self._settle, self._settle_digest = load_prompt("settle")

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """A call; None: the model gave nothing usable."""
        listed = dict(zip(ascii_uppercase, shuffled(dispute), strict=False))
        others = [one for one in _OTHERS if one in dispute.choices]
        keys = [*listed, *others]
        lines = [_line(letter, offer, dispute.terms.unit) for letter, offer in listed.items()]
        lines += [f"{name}: {_OTHERS[name]}" for name in others]
        question = Question(*self._prompt.filled({}, {"choices": "\n".join(lines)}), MOST_TOKENS_OUT)
        chosen = await self._choose(question, keys, Asking("mediate", self._digest, dispute.note))
        if chosen is None:
            return None
        return Choice("offer", listed[chosen].offer) if chosen in listed else _other(chosen)

    async def between(self, impasse: Impasse) -> Settlement | None:
        """A bargaining; None: as well, or there is no offer that both would take."""
        listed = dict(zip(ascii_uppercase, candidates(impasse.case), strict=False))
        if not listed:
            return None
        issues = impasse.case.rules.agenda.issues
        shown = {
            "subject": impasse.subject,
            "offers": {
                letter: {issue.name: _value(issue, value) for issue, value in zip(issues, one.terms, strict=True)}
                for letter, one in listed.items()
            },
        }
        question = Question(*self._settle.filled({}, {"offers": data("offers", shown)}), MOST_TOKENS_OUT)
        asking = Asking("mediate", self._settle_digest, impasse.note)
        chosen = await self._choose(question, [*listed, "none"], asking)
        return None if chosen is None else Settlement(offer=listed[chosen].id if chosen in listed else None)

    async def _choose(self, question: Question, keys: list[str], asking: Asking) -> str | None:
        schema = {
            "type": "object",
            "properties": {"choice": {"enum": keys}},
            "required": ["choice"],
            "additionalProperties": False,
        }
        try:
            found = await ask(self._model, question, schema, self._within_s, asking)
        except ModelError:
            return None
        return str(found["choice"])


def shuffled(dispute: Dispute) -> list[LiveOffer]:
    """What may be chosen, at most one for each letter, the best of the list; drawn by the id of the request, which no
    contractor knows when it names its offer.
    """
    best = dispute.possible[: len(ascii_uppercase)]
    return sorted(best, key=lambda one: draw(dispute.request, "mediation", one.offer))


def _line(letter: str, offer: LiveOffer, unit: str) -> str:
    sure = offer.confidence * 100 // PPM
    return f"{letter}: {show_amount(offer.price)} {unit}, {offer.eta} seconds, {sure} percent sure of itself"


def _value(issue: Issue, value: int) -> str:
    """As a person would write it."""
    if issue.options:
        return issue.options[value]
    return f"{show_amount(value)} {issue.unit}" if issue.unit else str(value)


def _other(chosen: str) -> Choice:
    return Choice("round") if chosen == "round" else Choice("none")
