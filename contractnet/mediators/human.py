"""A person chooses among what is possible, by a pending decision that `contractnet decide JOURNAL` shows and answers.

Rules: what is shown stands under letters, as for a model; a letter is the recorded offer under it. `pass` tries the
next rung, and so does no answer in time. Where there is no journal nobody can be asked.

Source: our own; G15.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any, Final

from contractnet.contractor.disputes import Choice, Climb, Dispute, Impasse, Settlement
from contractnet.contractor.persons import NEXT_RUNG, listed
from contractnet.ledger.questions import Answered
from contractnet.mechanisms.bargaining.mediation.disclosure import Rung
from contractnet.mechanisms.bargaining.mediation.joint import candidates
from contractnet.mediators.closed_choice import shuffled
from contractnet.mediators.rung import MARGIN_S, BuiltIn

#: of a person's time, kept to record that it is over
_SLACK_S: Final = 0.05


class Human(BuiltIn):
    """The rung `human`.

    Args:
        within_s: how long an answer is waited for; no longer than the request's time.
    """

    def __init__(self, within_s: float) -> None:
        super().__init__(Rung.HUMAN)
        self.within_s = within_s

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """A call."""
        under = zip(ascii_uppercase, shuffled(dispute), strict=False)
        offers = [
            {"choice": letter, "offer": one.offer, "price": one.price, "eta": one.eta, "confidence": one.confidence}
            for letter, one in under
        ]
        others = [one for one in dispute.choices if one != "offer"]
        told = {"of": "call", "call": dispute.conversation, "unit": dispute.terms.unit, "offers": offers}
        answered = await self._ask(dispute.climb, others, told, dispute.time_left_s)
        if answered is None:
            return None
        offer = listed(told, answered.choice)
        if offer is not None:
            return Choice("offer", offer, decision=answered.id)
        return Choice("round" if answered.choice == "round" else "none", decision=answered.id)

    async def between(self, impasse: Impasse) -> Settlement | None:
        """A bargaining: nothing of what a side told in confidence is shown."""
        issues = impasse.case.rules.agenda.issues
        offers = [
            {"choice": letter, "offer": one.id, "by": one.by, "terms": list(one.terms)}
            for letter, one in zip(ascii_uppercase, candidates(impasse.case), strict=False)
        ]
        if not offers:
            return None
        told = {
            "of": "bargaining",
            "bargaining": impasse.conversation,
            "subject": impasse.subject,
            "issues": [{"name": one.name, "unit": one.unit, "options": list(one.options)} for one in issues],
            "offers": offers,
        }
        answered = await self._ask(impasse.climb, ["none"], told, impasse.time_left_s)
        return None if answered is None else Settlement(self.name, listed(told, answered.choice), answered.id)

    async def _ask(self, climb: Climb, others: list[str], told: dict[str, Any], time_left_s: float) -> Answered | None:
        """None: it is passed on."""
        choices = [*(one["choice"] for one in told["offers"]), *others, NEXT_RUNG]
        answered = await climb.consult(choices, told, self.within_s - _SLACK_S, time_left_s - MARGIN_S - _SLACK_S)
        return None if answered is None or answered.choice == NEXT_RUNG else answered
