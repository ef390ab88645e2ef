"""A model-backed bidder: the model estimates in private, the offer generator sets the price, the narrator words it.

Rules:

1. The numbers that bind are code's. `og`: the generator prices the estimate. `bounded`: the model proposes a price too,
   and the generator cuts it to least .. twice what it would ask itself. No mode goes under the reservation price.
2. Every call is answered in its time: an answer that is not usable after its repair is `invalid-proposal`; no answer in
   time, no room in the limits and an endpoint out of order are `busy`, since another time may do; what an operator must
   mend is `unfit`. The texts of refusals tell nothing of the endpoint.
3. Too small a chance of success is `unfit`.

Source: OG-Narrator (offer generator and narrator apart); the time for words is what the numbers leave.
"""

from __future__ import annotations

import asyncio
from typing import Final

from contractnet.bidders.complaints import Complain
from contractnet.bidders.cost import CostModel, answer, unsuited
from contractnet.bidders.estimator import Estimator
from contractnet.bidders.narrator import Narrator
from contractnet.bidders.views import TaskWords, facts, public_offer, task_digest
from contractnet.contractor.ports import Call, Proposal, Refusal
from contractnet.errors import ModelError, ModelRefused, ModelUnusable
from contractnet.messages.values import show_amount

#: of the time left, kept for recording and sending the answer
MARGIN_PCT: Final = 10
LEAST_MARGIN_S: Final = 0.05
MOST_MARGIN_S: Final = 0.5
#: of the time left, the most that goes into the numbers; the words get the rest
NUMBERS_PCT: Final = 80


class ModelBidder:
    """The bidder of one agent.

    Args:
        least_pct: a smaller chance of success than this is no offer.
        reads_task: whether the estimator sees the caller's words, or facts alone.
        prompt: SHA-256 of prompts and persona, recorded with each bid.
        name: of the model, told to the manager.
        complain: takes what an operator must mend.
    """

    def __init__(
        self,
        cost: CostModel,
        estimator: Estimator,
        narrator: Narrator,
        *,
        least_pct: int,
        reads_task: bool,
        prompt: str,
        name: str,
        complain: Complain,
    ) -> None:
        self._cost = cost
        self._estimator = estimator
        self._narrator = narrator
        self._least_pct = least_pct
        self._reads_task = reads_task
        self._prompt = prompt
        self._name = name
        self._complain = complain

    async def __call__(self, call: Call) -> Proposal | Refusal:
        """Bid, or say why not; in time."""
        loop = asyncio.get_running_loop()
        margin_s = min(MOST_MARGIN_S, max(LEAST_MARGIN_S, call.time_left_s * MARGIN_PCT / 100))
        end = loop.time() + call.time_left_s - margin_s
        if (refusal := unsuited(self._cost, call)) is not None:
            return refusal
        if call.agreed is not None:  # there is nothing left to estimate or to word: what was agreed binds
            return answer(self._cost, call)
        about = task_digest(call.skill, call.task, call.input)
        words = TaskWords(call.task, call.input) if self._reads_task else None
        within_s = (end - loop.time()) * NUMBERS_PCT / 100
        try:
            opinion = await self._estimator(call.conversation, facts(call), words, within_s, call.note, about)
        except ModelError as error:
            self._complain(error)
            return refused(error)
        if opinion.estimate.success_pct < self._least_pct:
            return Refusal("unfit", "too small a chance of success")
        offer = answer(self._cost, call, opinion.price, opinion.estimate)
        if isinstance(offer, Refusal):
            return offer
        public = public_offer(call, offer.price, offer.eta)
        rationale = await self._narrator(public, end - loop.time(), call.note, about)
        confidence = opinion.estimate.success_pct / 100
        price = show_amount(offer.price)
        return Proposal(price, offer.eta, confidence, rationale, model=self._name, prompt=self._prompt)


def refused(error: ModelError) -> Refusal:
    """The refusal that a model's failure comes to."""
    if isinstance(error, ModelUnusable):
        return Refusal("invalid-proposal", "the model gave no usable estimate")
    if isinstance(error, ModelRefused) or error.outcome == "budget":
        return Refusal("unfit", "the agent's model cannot be used")
    return Refusal("busy", "the model did not answer in time")
