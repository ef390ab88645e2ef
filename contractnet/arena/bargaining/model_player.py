"""A language model at the table, in experiments: it proposes acts in bounded integers, or words acts that code decided.

Rules:

1. Modes. `og`: a strategy decides and the model words it, knowing nothing private. `bounded`: the model proposes, its
   form has no price past its own limit, and the guard is the last test of what it offers and of what it takes. `free`:
   what it says is said as it is; only the boundary looks at it. For experiments alone: it may deal past its limit.
2. Where no usable answer comes, an `og` side says the template, a `bounded` one plays `linear` for that turn, and a
   `free` one quits.
"""

from __future__ import annotations

from typing import Final, cast

from contractnet.arena.bargaining.desk import Desk
from contractnet.arena.bargaining.narration import Heard
from contractnet.bargaining.words import Spoken, template
from contractnet.bidders.moves import move_form, move_question, price_in, wording_question
from contractnet.bidders.wording import of_model
from contractnet.llm.prompts import Persona, load_prompt
from contractnet.mechanisms.bargaining.boundary import Said
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.guard import Decision, bounded, decide
from contractnet.mechanisms.bargaining.issues import Terms
from contractnet.mechanisms.bargaining.preferences import Mandate
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View, fit, price_of
from contractnet.messages.values import show_amount

#: what decides for a model that words, and for one that gave no usable answer
STAND_IN: Final = STRATEGIES["linear"]


class ModelPlayer:
    """One side whose acts a model proposes: `bounded` or `free`."""

    def __init__(self, desk: Desk, mandate: Mandate, *, free: bool) -> None:
        self.mandate = mandate
        self._desk = desk
        self._free = free
        self._prompt, self._digest = load_prompt("bargain")

    def check(self, rules: Rules, me: int) -> None:
        fit(self.mandate, rules, me)
        price_of(self.mandate, rules, "model")

    def move(self, view: View) -> Decision:
        issue = view.rules.agenda.issues[0]
        form = move_form(view, free=self._free)
        found = None if form is None else self._desk.fill(move_question(view, self._prompt), form, self._digest)
        if found is None:
            return Decision(Said(act="quit")) if self._free else decide(STAND_IN, view)
        act, terms = str(found["act"]), price_in(found, issue)
        return _free(view, act, terms) if self._free else bounded(view, act, terms)


class WordingPlayer:
    """One side whose acts a strategy decides and a model words: `og`. The words come after the act."""

    def __init__(self, desk: Desk, mandate: Mandate, strategy: Strategy, persona: Persona, heard: Heard) -> None:
        self.mandate = mandate
        self._desk = desk
        self._strategy = strategy
        self._voice = persona.voice
        self._heard = heard
        self._prompt, self._digest = load_prompt("wording")

    def check(self, rules: Rules, me: int) -> None:
        fit(self.mandate, rules, me)
        self._strategy.generator.check(rules, self.mandate)

    def move(self, view: View) -> Decision:
        decision = decide(self._strategy, view)
        terms = decision.said.terms
        price = show_amount(cast("Terms", terms)[0]) if isinstance(terms, tuple) else None  # the guard's own
        unit = view.rules.agenda.issues[0].unit
        spoken = Spoken(act=decision.said.act, price=price, unit=unit, turn=view.turn)
        question = wording_question(spoken, self._voice, self._prompt)
        words = self._desk.words(question, self._digest)
        text = None if words is None else of_model(words, question.system, self._desk.endpoint, spoken)
        self._heard.replaced += words is not None and text is None
        self._heard.texts[view.me].append(text or template(spoken))
        return decision


def _free(view: View, act: str, proposed: Terms) -> Decision:
    """As it was said."""
    unit = view.rules.agenda.issues[0].unit
    if act == "accept" and view.live:
        offer = view.live[-1]
        return Decision(Said(act="accept", of=offer.turn, terms=offer.terms, unit=unit))
    return Decision(Said(act="quit") if act == "quit" else Said(act="offer", terms=proposed, unit=unit))
