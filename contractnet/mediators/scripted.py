"""A scripted mediator, the simplest that ends every deadlock: the default ladder.

Source: our own; G15.
"""

from __future__ import annotations

import logging
from typing import Final

from contractnet.contractor.disputes import Choice, Dispute
from contractnet.mediators.decorator import FunctionMediator
from contractnet.mediators.ladder import COMPUTED, DEFAULT, Ladder

_LOGGER: Final = logging.getLogger("contractnet.mediators")
_LADDER: Final = Ladder([COMPUTED[name]() for name in DEFAULT], 5.0, _LOGGER.info)


def choose(dispute: Dispute) -> Choice:
    """What the default ladder comes to in a call."""
    if dispute.possible:
        return Choice("offer", dispute.possible[0].offer)
    return Choice("round") if "round" in dispute.choices else Choice("none")


#: ready to be hosted: `contractnet worker contractnet.mediators.scripted:arbiter`
arbiter = FunctionMediator(_LADDER.settle, "arbiter", _LADDER.between)
