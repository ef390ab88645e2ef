"""The inbox: a delivery becomes acts, and what is no act is named.

A body is split first and each element is judged alone: one bad element spoils no other (D10). Nothing here decides or
records.
"""

from __future__ import annotations

from dataclasses import dataclass

from contractnet.errors import DecodeError
from contractnet.messages import codec
from contractnet.messages.acts import (
    AnyBeat,
    AnyProtocol,
)
from contractnet.messages.bargaining import AnyMessage
from contractnet.messages.contents import (
    FieldError,
)
from contractnet.messages.identity import bargains
from contractnet.transport.port import Delivery, Lane


@dataclass(frozen=True, slots=True)
class Letter:
    """An act that decoded, and the digest of the bytes that came."""

    act: AnyMessage
    digest: str


@dataclass(frozen=True, slots=True)
class Scrap:
    """An element that is no act: what could be told of it, and what is wrong with it."""

    digest: str
    fields: tuple[FieldError, ...]
    code: str
    sender: str | None = None
    conversation: str | None = None
    message_id: str | None = None
    performative: str | None = None
    offer: str | None = None
    reply_with: str | None = None
    round: int | None = None
    receiver: str | None = None
    protocol: AnyProtocol | None = None
    answer_to: str | None = None


def letters(delivery: Delivery) -> list[Letter | Scrap]:
    """Take a delivery apart; never raises for what came from outside."""
    if delivery.undecodable is not None:
        fields = (FieldError(path="$", text=delivery.undecodable[:200]),)
        return [Scrap(codec.digest(delivery.body), fields, "properties")]
    try:
        elements = codec.split_body(delivery.body)
    except DecodeError as error:
        return [Scrap(codec.digest(delivery.body), _fields(error), error.code)]
    return [_letter(raw) for raw in elements]


def _letter(raw: bytes) -> Letter | Scrap:
    try:
        act = codec.decode_bargain(raw) if bargains(raw) else codec.decode_act(raw)
        return Letter(act, codec.digest(raw))
    except DecodeError as error:
        who = codec.identify(raw)
        return Scrap(
            codec.digest(raw),
            _fields(error),
            error.code,
            who.sender,
            who.conversation_id,
            who.message_id,
            who.performative,
            who.offer,
            who.reply_with,
            who.round,
            who.receiver,
            who.protocol,
            who.answer_to,
        )


def beats(delivery: Delivery) -> list[AnyBeat]:
    """The beats of a delivery of the presence lane; what is none is dropped: beats may be lost."""
    if delivery.undecodable is not None or delivery.lane is not Lane.PRESENCE:
        return []
    try:
        elements = codec.split_body(delivery.body)
    except DecodeError:
        return []
    found: list[AnyBeat] = []
    for raw in elements:
        try:
            found.append(codec.decode_beat(raw))
        except DecodeError:
            continue
    return found


def _fields(error: DecodeError) -> tuple[FieldError, ...]:
    return tuple(FieldError(path=path[:200], text=text[:200]) for path, text in error.fields[:32])
