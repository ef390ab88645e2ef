"""Cost-plus: what a scripted agent asks, computed from the size of the task and from what its operator wrote.

Rules, all in integers; amounts in micros, rounded up:

1. tokens = ceil(characters / 4), counted over the task's text and its input as canonical JSON; or a model's estimate.
2. cost = tokens x per_1k_tokens / 1000.
3. least = max(floor, cost): the reservation price. Below it there is no offer, and it is never told.
4. asked = max(floor, tokens x per_1k_tokens / 1000 x (100 + margin) / 100), where margin = margin_pct + pressure_pct x
   the share of the agent's places that are taken: who has little room left asks more.
5. With a fixed `price` least and asked are that price.
6. In a later round, where the offer on file would not win, the margin is cut in equal steps: of R rounds, round r asks
   for (R - r) / (R - 1) of it, the last one for none.
7. A public reserve under `least` is answered `over-reserve`; one between `least` and `asked` is what is asked.
8. A price that was bargained for and agreed (`call.agreed`) is what is asked, whatever the rules above say: it binds.
9. Another unit than the agent's own is `unsupported`; an eta over the result deadline, or a cost over the largest
   amount, is `unfit`.

Source: cost-plus pricing; the estimate of four characters a token is a rule of thumb for English text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from contractnet.contractor.ports import Call, Proposal, Refusal
from contractnet.messages.codec import canonical
from contractnet.messages.values import MAX_MICROS, show_amount

CHARACTERS_PER_TOKEN = 4
#: a price that a model proposes is cut to so many times what is asked by the rules
MOST_TIMES = 2

Answer = Proposal | Refusal


class CostModel:
    """What an offer is computed from. No codec takes it and nothing prints it: it holds the reservation price. Of a
    bargaining at cost, the amount that it gave is in the journal: the mandate there.

    Args:
        per_1k_tokens: what a thousand tokens cost, micros.
        margin_pct: added to the cost, percent.
        pressure_pct: added to the margin when all other places are taken, percent; in proportion when some are.
        floor: the least that is asked, micros.
        price: fixed for every task, micros; instead of the three before.
        unit: what these amounts are counted in.
        eta_s: promised for every task, seconds.
        confidence: stated for every task, 0 to 1.
    """

    __slots__ = ("confidence", "eta_s", "floor", "margin_pct", "per_1k_tokens", "pressure_pct", "price", "unit")

    def __init__(
        self,
        *,
        per_1k_tokens: int = 0,
        margin_pct: int = 0,
        pressure_pct: int = 0,
        floor: int = 0,
        price: int | None = None,
        unit: str = "USD",
        eta_s: int = 60,
        confidence: float = 0.9,
    ) -> None:
        self.per_1k_tokens = per_1k_tokens
        self.margin_pct = margin_pct
        self.pressure_pct = pressure_pct
        self.floor = floor
        self.price = price
        self.unit = unit
        self.eta_s = eta_s
        self.confidence = confidence

    def __repr__(self) -> str:
        return "CostModel(private)"


class Quote(NamedTuple):
    """Micros of the agent's unit."""

    least: int  #: the reservation price: private
    asked: int


class Estimate(NamedTuple):
    """What an agent believes of a task, in human sizes: private, but for what its offer says."""

    tokens: int  #: all that must be read and written
    eta_s: int
    success_pct: int  #: own chance of success


def tokens(task: str, given: Mapping[str, Any]) -> int:
    """The size of a task, in tokens."""
    characters = len(task) + (len(canonical(dict(given)).decode()) if given else 0)
    return -(-characters // CHARACTERS_PER_TOKEN)


def quote(model: CostModel, size_tokens: int, margin_pct: int | None = None) -> Quote:
    """The prices of a task of that size, with the model's margin where no other is given."""
    if model.price is not None:
        return Quote(model.price, model.price)
    cost = -(-size_tokens * model.per_1k_tokens // 1000)
    percent = 100 + (model.margin_pct if margin_pct is None else margin_pct)
    asked = -(-size_tokens * model.per_1k_tokens * percent // 100_000)
    return Quote(max(model.floor, cost), max(model.floor, asked))


def margin_pct(model: CostModel, call: Call) -> int:
    """The margin in this round, percent."""
    margin = model.margin_pct + model.pressure_pct * min(call.taken, call.capacity) // max(1, call.capacity)
    wins = call.feedback is not None and call.feedback.reason is None
    if call.round == 1 or wins:
        return margin
    left = max(0, call.max_rounds - call.round)
    return margin * left // max(1, call.max_rounds - 1)


def unsuited(model: CostModel, call: Call) -> Refusal | None:
    """Why there is no offer, whatever the work is."""
    if call.terms.unit != model.unit:
        return Refusal("unsupported", f"offers are made in {model.unit}")
    return None


def answer(model: CostModel, call: Call, wanted: int | None = None, believed: Estimate | None = None) -> Answer:
    """The offer on a call, or why there is none.

    Args:
        wanted: a price that somebody proposes instead of `asked`, micros; it is cut to least .. twice what is asked.
        believed: an estimate that stands in the place of the count and of what the operator wrote.
    """
    if (refusal := unsuited(model, call)) is not None:
        return refusal
    eta_s = model.eta_s if believed is None else believed.eta_s
    if eta_s * 1000 > call.terms.work_within_ms:
        return Refusal("unfit", f"it takes {eta_s} s, and {call.terms.work_within_ms // 1000} s are given")
    size = tokens(call.task, call.input) if believed is None else believed.tokens
    least, asked = quote(model, size, margin_pct(model, call))
    if wanted is not None:
        asked = min(max(wanted, least), MOST_TIMES * asked)
    reserve = call.terms.reserve
    if reserve is not None:
        if reserve < least and call.agreed is None:
            return Refusal("over-reserve")
        asked = min(asked, reserve)
    if call.agreed is not None:
        least = asked = call.agreed  # the guard of the bargaining kept the reservation price
    if asked > MAX_MICROS:
        return Refusal("unfit", "it is too large for this agent")
    if asked < least:  # the last word, whatever was said before it: never under the reservation price
        return Refusal("policy", "no offer is possible at this price")
    confidence = model.confidence if believed is None else believed.success_pct / 100
    return Proposal(price=show_amount(asked), eta=eta_s, confidence=confidence)


class CostPlus:
    """The bidder."""

    def __init__(self, model: CostModel) -> None:
        self._model = model

    async def __call__(self, call: Call) -> Proposal | Refusal:
        return answer(self._model, call)
