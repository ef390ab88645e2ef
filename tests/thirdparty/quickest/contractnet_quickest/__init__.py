"""A rung of a mediator's ladder, brought by another distribution: of the offers that may be chosen the quickest."""

from __future__ import annotations

from contractnet import Choice, Dispute


class Quickest:
    """Chooses by time alone; of equally quick ones the first, which the award rule ranked best."""

    name = "quickest"
    reveals = "nothing: it looks at the offers on record alone"

    async def __call__(self, dispute: Dispute) -> Choice | None:
        if not dispute.possible:
            return None
        return Choice("offer", min(dispute.possible, key=lambda one: one.eta).offer)


QUICKEST = Quickest()
