"""Where a daemon's agents send what they say.

Rules: to a manager by its lanes; to a mediator, and to an agent that has asked one about a bargaining, by its inbox.

Source: protocols/README.md, section 7.
"""

from __future__ import annotations

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.side import Bargain
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.side import Side
from contractnet.messages.acts import Failure, Inform
from contractnet.messages.bargaining import AnyMessage, BargainFailure, BargainInform
from contractnet.transport.port import Address, Lane, ToAgents, ToManager


def address(act: AnyMessage, side: Side | Bargain | None) -> Address:
    """Of what one of our agents says in a conversation; `side`: its own."""
    if isinstance(side, Appeal):
        return ToAgents((act.receiver,))
    if isinstance(side, Mediating) and side.asks is not None and side.asks.answer_to == "agent":
        return ToAgents((act.receiver,))
    work = isinstance(act, Inform | Failure | BargainInform | BargainFailure)
    return ToManager(act.receiver, Lane.WORK if work else Lane.BID)
