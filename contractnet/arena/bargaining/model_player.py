"""A language model at the table, in experiments: it proposes acts in bounded integers, or words acts that code decided.

Rules:

1. Modes. `og`: a strategy decides and the model words it, knowing nothing private. `bounded`: the model proposes, its
   form has no price past its own limit, and the guard is the last test of what it offers and of what it takes. `free`:
   what it says is said as it is; only the boundary looks at it. For experiments alone: it may deal past its limit.
2. A price is a whole number of steps: the tick, or a multiple by a power of ten, so that there are at most MOST_STEPS.
3. Where no usable answer comes, an `og` side says the template, a `bounded` one plays `linear` for that turn, and a
   `free` one quits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from contractnet.arena.bargaining.desk import Desk
from contractnet.arena.bargaining.narration import Heard, Spoken, bound, template
from contractnet.bidders.narrator import fit as fit_words
from contractnet.bidders.outbound import leaks
from contractnet.bidders.views import PublicOffer
from contractnet.llm.ask import Question
from contractnet.llm.prompts import Persona, load_prompt
from contractnet.mechanisms.bargaining.boundary import Said
from contractnet.mechanisms.bargaining.catalogue import STRATEGIES
from contractnet.mechanisms.bargaining.guard import Decision, bounded, decide
from contractnet.mechanisms.bargaining.issues import Issue, Terms
from contractnet.mechanisms.bargaining.preferences import Mandate, PricePreferences
from contractnet.mechanisms.bargaining.shape import Rules, Strategy, View, fit, price_of
from contractnet.messages.values import show_amount

MOST_STEPS: Final = 10_000
MOST_TOKENS_OUT: Final = 120
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
        low, high = _range(issue, price_of(view.mandate, view.rules, "model"), free=self._free)
        acts = ["offer", "quit", *(["accept"] if view.live else [])]
        found = None if low > high else self._desk.fill(self._question(view), form(acts, low, high), self._digest)
        if found is None:
            return Decision(Said(act="quit")) if self._free else decide(STAND_IN, view)
        price = issue.low + int(found["price_steps"]) * grain(issue)
        act = str(found["act"])
        return _free(view, act, (price,)) if self._free else bounded(view, act, (price,))

    def _question(self, view: View) -> Question:
        issue, mine = view.rules.agenda.issues[0], price_of(view.mandate, view.rules, "model")
        step = grain(issue)
        lines = _history(view, issue, step)
        system, user = self._prompt.filled(
            {"side": mine.side, "grain": show_amount(step), "unit": issue.unit},
            {
                "limit": str((mine.limit - issue.low) // step),
                "low": "0",
                "high": str((issue.high - issue.low) // step),
                "turn": str(view.turn + 1),
                "turns": str(view.rules.turns),
                "history": "\n".join(lines) or "nothing yet",
            },
        )
        return Question(system, user, MOST_TOKENS_OUT)


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
        system, user = self._prompt.filled({"persona": self._voice}, {"act": template(spoken)})
        words = self._desk.words(Question(system, user, MOST_TOKENS_OUT), self._digest)
        text = None if words is None or leaks(words, system, self._desk.endpoint) else _sent(words, spoken)
        self._heard.replaced += words is not None and text is None
        self._heard.texts[view.me].append(text or template(spoken))
        return decision


def _sent(words: str, spoken: Spoken) -> str | None:
    """The words as they may be sent; None: there is a number in them, in digits or in letters, that is not bound."""
    offer = PublicOffer(task="", skill="", price=spoken.price or "", unit=spoken.unit, eta_s=0)
    text = fit_words(words, offer)
    return None if text is None else bound(text, spoken)


def form(acts: list[str], low: int, high: int) -> Mapping[str, Any]:
    """What a model fills in: an act, and a price in steps."""
    return {
        "type": "object",
        "properties": {
            "act": {"enum": acts},
            "price_steps": {"type": "integer", "minimum": low, "maximum": high},
        },
        "required": ["act", "price_steps"],
        "additionalProperties": False,
    }


def grain(issue: Issue) -> int:
    """Micros of one step."""
    step = issue.tick
    while (issue.high - issue.low) // step > MOST_STEPS:
        step *= 10
    return step


def _range(issue: Issue, mine: PricePreferences, *, free: bool) -> tuple[int, int]:
    """The steps that the form takes: the public bounds, and in `bounded` mode none past the own limit."""
    step = grain(issue)
    low, high = 0, (issue.high - issue.low) // step
    if free:
        return low, high
    if mine.side == "buyer":
        return low, min(high, (mine.limit - issue.low) // step)
    return max(low, -(-(mine.limit - issue.low) // step)), high


def _history(view: View, issue: Issue, step: int) -> list[str]:
    """Every offer so far, in order. Faulty acts of either side left none."""
    mine, theirs = ((who, [_steps(terms[0], issue, step) for terms in said]) for who, said in _both(view))
    first, second = (mine, theirs) if view.me == 0 else (theirs, mine)
    lines: list[str] = []
    for at in range(max(len(first[1]), len(second[1]))):
        lines += [f"- {who}: {said[at]} steps" for who, said in (first, second) if at < len(said)]
    return lines


def _both(view: View) -> tuple[tuple[str, tuple[Terms, ...]], ...]:
    return ("you", view.mine), ("the other side", view.theirs)


def _steps(price: int, issue: Issue, step: int) -> str:
    """A price in steps; one between two steps as a decimal."""
    whole, rest = divmod(price - issue.low, step)
    return str(whole) if not rest else show_amount((price - issue.low) * 1_000_000 // step)


def _free(view: View, act: str, proposed: Terms) -> Decision:
    """As it was said."""
    unit = view.rules.agenda.issues[0].unit
    if act == "accept" and view.live:
        offer = view.live[-1]
        return Decision(Said(act="accept", of=offer.turn, terms=offer.terms, unit=unit))
    return Decision(Said(act="quit") if act == "quit" else Said(act="offer", terms=proposed, unit=unit))
