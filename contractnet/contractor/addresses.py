"""Where a daemon's agents send what they say.

Rules: to a manager by its lanes; to an agent by its inbox: to one that is asked, a mediator or the other side of a
bargaining that we opened, and to one that asked, where its request says so.

Source: protocols/README.md, section 7.
"""

from __future__ import annotations

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.side import Bargain
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.side import Side
from contractnet.messages.acts import Failure, Inform
from contractnet.messages.bargaining import AnyMessage, BargainFailure, BargainInform, BargainNotUnderstood
from contractnet.transport.port import Address, Lane, ToAgents, ToManager


def address(act: AnyMessage, side: Side | Bargain | None, *, by_inbox: bool = False) -> Address:
    """Of what one of our agents says in a conversation.

    Args:
        side: its own.
        by_inbox: where it has none: who is told asked for an answer to an agent's inbox.
    """
    if by_inbox or _reaches_agent(act, side):
        return ToAgents((act.receiver,))
    work = isinstance(act, Inform | Failure | BargainInform | BargainFailure)
    return ToManager(act.receiver, Lane.WORK if work else Lane.BID)


def _reaches_agent(act: AnyMessage, side: Side | Bargain | None) -> bool:
    match side:
        case Appeal():
            return True
        case Bargain(request=None):  # we know nothing of it; who was asked by us is an agent
            return isinstance(act, BargainNotUnderstood) and act.content.about in ("agree", "refuse")
        case Bargain():
            return side.me == 0 or (side.request is not None and side.request.answer_to == "agent")
        case Mediating():
            return side.asks is not None and side.asks.answer_to == "agent"
        case _:
            return False
