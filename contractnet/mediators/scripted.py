"""A scripted mediator, the simplest that ends every deadlock: the default ladder, standing offers and one extra round.

Source: our own; G15.
"""

from __future__ import annotations

from contractnet.contractor.ports import Choice, Dispute
from contractnet.mediators.decorator import FunctionMediator


def choose(dispute: Dispute) -> Choice:
    """The rule."""
    if dispute.possible:
        return Choice("offer", dispute.possible[0].offer)
    return Choice("round") if "round" in dispute.choices else Choice("none")


async def _choose(dispute: Dispute) -> Choice:
    return choose(dispute)


#: ready to be hosted: `contractnet worker contractnet.mediators.scripted:arbiter`
arbiter = FunctionMediator(_choose, "arbiter")
