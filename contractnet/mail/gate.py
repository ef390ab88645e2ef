"""What the gates of both sides make of a message that is not heard as it is. Decides nothing, records nothing.

Source: M3 and M5 in protocols/README.md.
"""

from __future__ import annotations

from contractnet.ledger.records import Misheard, Quarantined
from contractnet.mail.inbox import Letter, Scrap
from contractnet.messages.acts import AcceptProposal, Propose, RejectProposal
from contractnet.messages.contents import FieldError
from contractnet.transport.port import Lane


def misheard(scrap: Scrap, sender: str, performative: str, lane: Lane) -> Misheard:
    """An act that does not decode, of somebody who may speak here."""
    return Misheard(
        digest=scrap.digest,
        lane=lane.value,
        sender=sender,
        message_id=scrap.message_id,
        performative=performative,
        fields=scrap.fields,
        offer=scrap.offer,
        reply_with=scrap.reply_with,
        round=scrap.round,
    )


def answers_nothing(letter: Letter, lane: Lane) -> Misheard:
    """An act whose `in_reply_to` is missing, or names nothing that its sender was told in the conversation: a field of
    it is wrong, as in one that does not decode (M3).
    """
    act = letter.act
    text = f"must be the reply_with of a message that {act.sender} was told in this conversation"
    return Misheard(
        digest=letter.digest,
        lane=lane.value,
        sender=act.sender,
        message_id=act.message_id,
        performative=str(act.__struct_config__.tag),
        fields=(FieldError(path="$.in_reply_to", text=text),),
        offer=act.content.offer if isinstance(act, Propose | AcceptProposal | RejectProposal) else None,
        reply_with=act.reply_with,
        round=act.content.round if isinstance(act, Propose) else None,
    )


def other_bytes(item: Letter | Scrap, lane: Lane, sender: str, message_id: str) -> Quarantined:
    """One message id, one message (M5). The record has that id of that sender already: here it stands in the reason."""
    performative: str | None
    conversation: str | None
    if isinstance(item, Letter):
        performative, conversation = str(item.act.__struct_config__.tag), item.act.conversation_id
    else:
        performative, conversation = item.performative, item.conversation
    return Quarantined(
        digest=item.digest,
        lane=lane.value,
        why=f"its message id {message_id} came before with other bytes",
        sender=sender,
        performative=performative,
        conversation=conversation,
    )
