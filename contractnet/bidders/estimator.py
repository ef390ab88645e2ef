"""A model estimates a task in private: tokens, seconds, chance of success, as bounded integers in human sizes.

Rules:

1. It sees the facts that a program counted, and the callers' words only where the operator lets it (`reads = "task"`).
2. What it may say is bounded: tokens from those counted to LARGEST_SHARE times as many and a little more, seconds to
   those given, percent.
3. In `bounded` mode it proposes a price too, in whole steps between its agent's limits; the offer generator cuts it.
4. One conversation is estimated once: later rounds go by the same numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from contractnet.bidders.cost import CostModel, Estimate, quote
from contractnet.bidders.views import TaskFacts, TaskWords
from contractnet.llm.ask import Question, ask
from contractnet.llm.model import Asking, Model, Note
from contractnet.llm.prompts import Prompts, data
from contractnet.messages.values import MAX_ETA_S

Reads = Literal["facts", "task"]
LARGEST_SHARE: Final = 20
MORE_TOKENS: Final = 2_000
#: a price is proposed in at most so many steps
MOST_STEPS: Final = 10_000
MOST_TOKENS_OUT: Final = 300
_MOST_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which prices a model may propose: private."""

    least: int  #: micros
    most: int

    def __repr__(self) -> str:
        return "Limits(private)"

    @property
    def step(self) -> int:
        """Micros: a power of ten, so that there are at most MOST_STEPS."""
        step = 1
        while self.most // step > MOST_STEPS:
            step *= 10
        return step


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model believes of a task, and what it would ask: private."""

    estimate: Estimate
    price: int | None = None  #: micros

    def __repr__(self) -> str:
        return "Opinion(private)"


class Estimator:
    """The estimator of one agent.

    Args:
        limits: in `bounded` mode: what the model's price is kept between; None: it names no price.
    """

    def __init__(self, model: Model, prompts: Prompts, limits: CostModel | None = None) -> None:
        self._model = model
        self._prompts = prompts
        self._limits = limits
        self._known: OrderedDict[str, Opinion] = OrderedDict()

    async def __call__(
        self, conversation: str, facts: TaskFacts, words: TaskWords | None, within_s: float, note: Note, about: str = ""
    ) -> Opinion:
        """Estimate a task.

        Args:
            about: SHA-256 of the task, for the record.
        Raises:
            ModelError: there is no usable estimate in time.
        """
        if (known := self._known.get(conversation)) is not None:
            return known
        largest = facts.tokens * LARGEST_SHARE + MORE_TOKENS
        limits = None if self._limits is None else _limits(self._limits, facts.tokens, largest)
        schema = form(max(1, facts.tokens), largest, facts.seconds, limits)
        asking = Asking("estimate", self._prompts.digest, note, about)
        answer = await ask(self._model, self._question(facts, words, limits), schema, within_s, asking)
        price = answer["price_steps"] * limits.step if limits is not None else None
        estimate = Estimate(int(answer["effort_tokens"]), int(answer["seconds"]), int(answer["success_pct"]))
        opinion = Opinion(estimate, None if price is None else int(price))
        self._known[conversation] = opinion
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return opinion

    def _question(self, facts: TaskFacts, words: TaskWords | None, limits: Limits | None) -> Question:
        prompt = self._prompts.estimate
        counted = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in asdict(facts).items())
        task = "" if words is None else data("task and input", {"task": words.task, "input": dict(words.input)}) + "\n"
        bounds = "" if limits is None else "Propose a price as well, in the steps of the form.\n"
        system, user = prompt.filled(
            {"persona": self._prompts.persona.judgement}, {"facts": counted, "task": task, "limits": bounds}
        )
        return Question(system, user, MOST_TOKENS_OUT)


def form(least_tokens: int, most_tokens: int, seconds: int, limits: Limits | None) -> Mapping[str, Any]:
    """What a model fills in when it estimates: a schema of bounded integers."""
    bounds = {
        "effort_tokens": (least_tokens, most_tokens),
        "seconds": (1, min(seconds, MAX_ETA_S)),
        "success_pct": (0, 100),
    }
    if limits is not None:
        bounds["price_steps"] = (-(-limits.least // limits.step), max(1, limits.most // limits.step))
    return {
        "type": "object",
        "properties": {
            name: {"type": "integer", "minimum": low, "maximum": max(low, high)} for name, (low, high) in bounds.items()
        },
        "required": list(bounds),
        "additionalProperties": False,
    }


def _limits(cost: CostModel, least_tokens: int, most_tokens: int) -> Limits:
    """The widest that any estimate could mean: the generator cuts to what this one does."""
    return Limits(quote(cost, least_tokens).least, max(1, 2 * quote(cost, most_tokens).asked))
