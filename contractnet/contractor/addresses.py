"""Where a daemon's agents send what they say, and for how long.

Rules: to a manager by its lanes; to an agent by its inbox: to one that is asked, a mediator or the other side of a
bargaining that we opened, and to one that asked, where its request says so.

Source: protocols/README.md, section 7.
"""

from __future__ import annotations

from contractnet.bargaining.appeal import Appeal
from contractnet.bargaining.side import Bargain
from contractnet.contractor.mediating import Mediating
from contractnet.contractor.side import Side
from contractnet.ledger.records import Spoken
from contractnet.mail.outbox import Envelope
from contractnet.messages.acts import Failure, Inform
from contractnet.messages.bargaining import (
    AnyMessage,
    BargainFailure,
    BargainInform,
    BargainNotUnderstood,
    BargainRequest,
)
from contractnet.messages.codec import canonical
from contractnet.transport.port import Address, Lane, ToAgents, ToManager


def envelope(agent: str, conversation: str, said: Spoken, side: Side | Bargain | None, *, by_inbox: bool) -> Envelope:
    """What one of our agents says, on its way. A request to bargain is there as long as its answer is waited for: who
    is back later is not asked.

    Args:
        side, by_inbox: see `address`.
    """
    act, until = said.message, None
    if isinstance(side, Bargain) and isinstance(act, BargainRequest):
        until = side.due_at - side.timers.grace_ms
    to = address(act, side, by_inbox=by_inbox)
    return Envelope(conversation, agent, act.message_id, canonical(act), to, (act.receiver,), until)


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
