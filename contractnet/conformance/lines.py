"""What a transcript is made of: a header, then one line for each message and each event of the side that logged it.

What is no such line is a fault of kind `format`; whatever comes after this module finds fields of the right type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, cast

from contractnet.conformance.faults import BrokenRuleError
from contractnet.conformance.tables import BARGAINING, BASIC, ITERATED, MEDIATION

Message = dict[str, Any]
PROTOCOLS: Final = (BASIC, ITERATED, MEDIATION, BARGAINING)
SIDES: Final = ("initiator", "participant")
MOST_SLOTS: Final = 1_000
#: of one slot, over all conversations about the task; epochs go on counting (D1)
MOST_AWARDS: Final = 3
#: what every message must have to be looked at: the rest is for the schema
_HEAD: Final = ("message_id", "conversation_id", "protocol", "sender", "performative", "reply_with")


@dataclass(frozen=True)
class Header:
    """The first line: whose log of which conversation this is."""

    protocol: str
    side: str  #: who logged it: `initiator` or `participant`
    initiator: str
    participants: tuple[str, ...]  #: those the first cfp is for; on a participant's side itself alone
    slots: tuple[int, ...]  #: their numbers
    awards: int  #: of one slot at most, over all conversations about the task
    outcome: str  #: how it ends
    parent: str | None  #: the conversation it follows or belongs to
    faulty: tuple[str, ...]  #: others that are known to break the protocol: what they say need not be explained

    @property
    def me(self) -> str:
        """The agent that logged it."""
        return self.initiator if self.side == "initiator" else self.participants[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The agents it spoke with."""
        return self.participants if self.side == "initiator" else (self.initiator,)


@dataclass(frozen=True)
class Line:
    """A message said or taken, or an event of the logging side's own."""

    at: int  #: milliseconds, the logging side's clock
    peers: tuple[str, ...]  #: whom it was said to, or who said it; of an own event of table I: the participant
    event: str | None = None  #: what a message taken is, or our own event; None for a message said
    message: Message | None = None
    offer: str | None = None  #: of an own event `@offer-lapse`: the offer, where it is not the last one

    @property
    def spoken(self) -> Message:
        """The message of a line that has one."""
        assert self.message is not None  # asked of lines with a message only
        return self.message


def read_header(text: str) -> Header:
    """The first line of a transcript. Raises BrokenRuleError (`format`)."""
    raw: dict[str, Any] = {"side": "initiator", "slots": 1, "awards": MOST_AWARDS, "faulty": []}
    raw |= _object(text)
    header = Header(
        protocol=_choice(raw, "protocol", PROTOCOLS),
        side=_choice(raw, "side", SIDES),
        initiator=_text(raw, "initiator"),
        participants=_texts(raw, "participants"),
        slots=_slots(raw),
        awards=_whole(raw, "awards"),
        outcome=_text(raw, "outcome"),
        parent=_text(raw, "parent") if "parent" in raw else None,
        faulty=_texts(raw, "faulty"),
    )
    alone = header.side == "participant" or header.protocol in (MEDIATION, BARGAINING)
    if not header.slots or min(header.slots) < 1 or (alone and len(header.participants) != 1):
        raise _format("there is a slot at least; a participant's log, and all but a contract net, has one participant")
    return header


def read_line(text: str) -> Line:
    """Any other line. Raises BrokenRuleError (`format`)."""
    raw = _object(text)
    if isinstance(raw.get("peer"), str):
        raw["peer"] = [raw["peer"]]
    at, peers = _whole(raw, "at"), _texts(raw, "peer") if "peer" in raw else ()
    event = _text(raw, "event") if "event" in raw else None
    if "message" not in raw:
        if event is None or len(peers) > 1:
            raise _format("neither a message nor one event")
        return Line(at, peers, event, offer=_text(raw, "offer") if "offer" in raw else None)
    message = _message(raw["message"])
    if _choice(raw, "dir", ("in", "out")) == "in":
        if event is None or len(peers) != 1:
            raise _format("a message taken has one peer, and the event that it is")
    elif event is not None or not peers:
        raise _format("a message said has its peers, and no event")
    return Line(at, peers, event, message)


def _message(raw: object) -> Message:
    message = cast("Message", raw) if isinstance(raw, dict) else {}
    if not all(isinstance(message.get(name), str) for name in _HEAD) or not isinstance(message.get("content"), dict):
        raise _format(f"a message has {', '.join(_HEAD)}, and a content that is an object")
    return message


def _object(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except ValueError:
        raise _format("not JSON") from None
    if not isinstance(raw, dict):
        raise _format("not an object")
    return cast("dict[str, Any]", raw)


def _choice(raw: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    if _text(raw, name) not in choices:
        raise _format(f"{name}: one of {', '.join(choices)}")
    return _text(raw, name)


def _text(raw: dict[str, Any], name: str) -> str:
    if not isinstance(raw.get(name), str):
        raise _format(f"{name}: a name")
    return str(raw[name])


def _texts(raw: dict[str, Any], name: str) -> tuple[str, ...]:
    values = cast("list[object]", raw.get(name)) if isinstance(raw.get(name), list) else [None]
    if not all(isinstance(value, str) for value in values):
        raise _format(f"{name}: a list of names")
    return tuple(str(value) for value in values)


def _whole(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _format(f"{name}: an integer")
    return value


def _slots(raw: dict[str, Any]) -> tuple[int, ...]:
    """How many there are, or, where conversations before have filled some, the numbers of the others."""
    if not isinstance(raw["slots"], list):
        return tuple(range(1, min(_whole(raw, "slots"), MOST_SLOTS) + 1))
    numbers = cast("list[object]", raw["slots"])
    return tuple(_whole({"slots": number}, "slots") for number in numbers)


def _format(text: str) -> BrokenRuleError:
    return BrokenRuleError("format", {"format"}, text)
