"""Who seems to speak of what, in an element that does not decode: so that a not-understood can be addressed.

Nothing here is proof. Each value is shaped as in a valid message or None; whether its sender may say it is judged from
the delivery.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal, cast

import msgspec
from msgspec import Struct

from contractnet.messages.acts import BARGAINING, AnyAct, AnyProtocol, Presence
from contractnet.messages.explain import members
from contractnet.messages.values import AgentId, ConversationId, MessageId, OfferId, Receiver, Round

_PERFORMATIVES: Final = frozenset(str(act.__struct_config__.tag) for act in members(AnyAct | Presence))


class Identity(Struct, frozen=True, kw_only=True):
    """What could be read; every field may be missing."""

    message_id: str | None = None
    conversation_id: str | None = None
    sender: str | None = None
    daemon: str | None = None
    performative: str | None = None  #: one that exists
    reply_with: str | None = None  #: what an answer names in its `in_reply_to`
    in_reply_to: str | None = None
    offer: str | None = None  #: of the content, so that a late bid is rejected by its id also when it is invalid
    round: int | None = None  #: of the content, so that a bad bid is known to be late
    receiver: str | None = None  #: whom it is for: an agent, `multi` or `skill:<skill>`
    protocol: AnyProtocol | None = None
    answer_to: str | None = None  #: of the content of a request: how who asks is reached


_NOBODY: Final = Identity()
_TOP: Final[dict[str, Any]] = {
    "message_id": MessageId,
    "conversation_id": ConversationId,
    "sender": AgentId,
    "daemon": AgentId,
    "reply_with": MessageId,
    "in_reply_to": MessageId,
    "receiver": Receiver,
    "protocol": AnyProtocol,
}
_INNER: Final[dict[str, Any]] = {"offer": OfferId, "round": Round, "answer_to": Literal["manager", "agent"]}


def identify(raw: bytes) -> Identity:
    """Read what can be read. Never raises.

    Broken UTF-8, NaN, huge numbers, surrogates, wrong fields and oversize do not hinder it; broken brackets do.
    """
    try:
        # json takes NaN, surrogates and the like; what it makes of them is never used
        tree: object = json.loads(raw.decode("utf-8", "replace"), parse_int=_integer)
    except (ValueError, RecursionError):
        return _NOBODY
    if not isinstance(tree, dict):
        return _NOBODY
    top = cast("dict[str, object]", tree)
    found: dict[str, Any] = _shaped(top, _TOP)
    if isinstance(content := top.get("content"), dict):
        found |= _shaped(cast("dict[str, object]", content), _INNER)
    performative = top.get("performative")
    if isinstance(performative, str) and performative in _PERFORMATIVES:
        found["performative"] = performative
    return Identity(**found)


def bargains(raw: bytes) -> bool:
    """Whether an element is of the bargaining protocol: `codec.decode_bargain` is for it, else `decode_act`.

    Never raises. Costs next to nothing where the name of the protocol is nowhere in the bytes.
    """
    if BARGAINING.encode() not in raw:
        return False
    try:
        tree: object = json.loads(raw.decode("utf-8", "replace"), parse_int=_integer)
    except (ValueError, RecursionError):
        return False
    return isinstance(tree, dict) and cast("dict[str, object]", tree).get("protocol") == BARGAINING


def _integer(text: str) -> int:
    """Integers of any length, without the cost and the refusal of thousands of digits."""
    return int(text) if len(text) < 20 else -1


def _shaped(values: dict[str, object], shapes: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, shape in shapes.items():
        try:
            found[name] = msgspec.convert(values.get(name), shape, strict=True)
        except msgspec.ValidationError:
            continue
    return found
