"""A language model at the table: what it is asked when it proposes an act, or words one that was decided without it.

Rules:

1. A price is a whole number of steps: the tick, or a multiple by a power of ten, so that there are at most MOST_STEPS.
2. The form has no price past the own limit, and the guard is the last test of what it offers and of what it takes.
3. Who words is told the act and its bound price: nothing of limits, plans or estimates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contractnet.bargaining.words import Spoken, template
from contractnet.llm.ask import Question
from contractnet.llm.prompts import Prompt
from contractnet.mechanisms.bargaining.issues import Issue, Terms
from contractnet.mechanisms.bargaining.preferences import PricePreferences
from contractnet.mechanisms.bargaining.shape import View, price_of
from contractnet.messages.values import show_amount

MOST_STEPS: Final = 10_000
MOST_TOKENS_OUT: Final = 120


def move_question(view: View, prompt: Prompt) -> Question:
    """What a model is asked that proposes an act; private: it holds the limit."""
    issue, mine = view.rules.agenda.issues[0], price_of(view.mandate, view.rules, "model")
    step = grain(issue)
    lines = _history(view, issue, step)
    system, user = prompt.filled(
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


def move_form(view: View, *, free: bool = False) -> Mapping[str, Any] | None:
    """What a model fills in: an act, and a price in steps; None: there is no price within the own limit.

    Args:
        free: whether prices past the own limit are in it, for experiments.
    """
    issue = view.rules.agenda.issues[0]
    low, high = _range(issue, price_of(view.mandate, view.rules, "model"), free=free)
    acts = ["offer", "quit", *(["accept"] if view.live else [])]
    return None if low > high else form(acts, low, high)


def price_in(found: Mapping[str, Any], issue: Issue) -> Terms:
    """The price that a form which was filled in names."""
    return (issue.low + int(found["price_steps"]) * grain(issue),)


def wording_question(spoken: Spoken, voice: str, prompt: Prompt) -> Question:
    """What a model is asked that words an act."""
    system, user = prompt.filled({"persona": voice}, {"act": template(spoken)})
    return Question(system, user, MOST_TOKENS_OUT)


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
    """The steps that the form takes: the public bounds, and else none past the own limit."""
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
