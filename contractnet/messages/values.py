"""The values that messages are made of: identifiers, amounts, instants, closed lists of reasons, and their bounds.

Everything is an integer or a bounded string. Prices are millionths of the tender's unit, eta is seconds, confidence is
parts per million, instants are milliseconds since the Unix epoch (UTC), durations are milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta

from contractnet.errors import DefinitionError

#: the largest amount of money, micros (a thousand million units)
MAX_MICROS: Final = 1_000_000_000_000_000
MICROS_PER_UNIT: Final = 1_000_000
PPM: Final = 1_000_000
#: the latest instant, milliseconds (the year 9999)
MAX_INSTANT_MS: Final = 253_402_300_799_999
#: the longest duration, milliseconds (one year)
MAX_DURATION_MS: Final = 366 * 24 * 3_600 * 1_000
MAX_ETA_S: Final = 604_800
MAX_TEXT: Final = 500
MAX_TASK: Final = 20_000
#: parts of a divisible task
MOST_PARTS: Final = 1_000
#: items of a task that is bought in bundles, and bundles of one offer
MOST_ITEMS: Final = 12
MOST_BUNDLES: Final = 20

# `$(?!\n)`: Python's `$` also matches before a trailing line feed; JSON Schema's does not. This form is the same in
# both.
# `multi` is what an act to several says in the place of a receiver, so nobody is called that
_ID = r"^(?!multi$)[a-z0-9][a-z0-9_]{0,47}$(?!\n)"
_KEY = r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,95}$(?!\n)"
_SKILL = r"^[a-z0-9_]{1,32}(\.[a-z0-9_]{1,32}){1,3}$(?!\n)"
_UNIT = r"^[A-Z][A-Z0-9_]{0,15}$(?!\n)"
_RUNG = r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"
_DIGEST = r"^[0-9a-f]{64}$(?!\n)"
_RECEIVER = r"^([a-z0-9][a-z0-9_]{0,47}|multi|skill:[a-z0-9_]{1,32}(\.[a-z0-9_]{1,32}){1,3})$(?!\n)"

AgentId = Annotated[str, Meta(pattern=_ID, max_length=48, description="an agent, a manager or a daemon")]
#: one agent; `multi` for a whole-conversation reject or cancel; `skill:<skill>` for an open call
Receiver = Annotated[str, Meta(pattern=_RECEIVER, max_length=160)]
ConversationId = Annotated[str, Meta(pattern=_KEY, max_length=96, description="made by the initiator, globally unique")]
MessageId = Annotated[str, Meta(pattern=_KEY, max_length=96, description="the same when the message is sent again")]
OfferId = Annotated[
    str, Meta(pattern=_KEY, max_length=96, description="made by the participant, unique in the conversation")
]
Skill = Annotated[str, Meta(pattern=_SKILL, max_length=140, description="two to four words joined by dots")]
Unit = Annotated[str, Meta(pattern=_UNIT, max_length=16, description="what prices are counted in, such as USD")]
RungName = Annotated[str, Meta(pattern=_RUNG, max_length=64, description="a way in which a mediator settles")]
#: tried in this order
Rungs = Annotated[tuple[RungName, ...], Meta(max_length=16)]
Digest = Annotated[str, Meta(pattern=_DIGEST, max_length=64, description="SHA-256, hex")]
Text = Annotated[str, Meta(max_length=MAX_TEXT, description="for people; no rule ever reads it")]
ModelName = Annotated[str, Meta(max_length=64, description="what is behind an offer, as its contractor says")]
TaskText = Annotated[str, Meta(min_length=1, max_length=MAX_TASK)]
Path = Annotated[str, Meta(max_length=200)]

Micros = Annotated[int, Meta(ge=0, le=MAX_MICROS, description="millionths of the tender's unit")]
Seconds = Annotated[int, Meta(ge=1, le=MAX_ETA_S, description="seconds")]
Ppm = Annotated[int, Meta(ge=0, le=PPM, description="parts per million")]
Instant = Annotated[
    int, Meta(ge=0, le=MAX_INSTANT_MS, description="milliseconds since the Unix epoch, UTC, sender's clock")
]
DurationMs = Annotated[int, Meta(ge=1, le=MAX_DURATION_MS, description="milliseconds")]
LateMs = Annotated[int, Meta(ge=0, le=MAX_INSTANT_MS, description="milliseconds")]
Round = Annotated[int, Meta(ge=1, le=1_000, description="1 is the first call of the conversation")]
Slot = Annotated[int, Meta(ge=1, le=1_000, description="which of the winners sought, from 1")]
Parts = Annotated[int, Meta(ge=1, le=MOST_PARTS, description="equal parts of a divisible task")]
Item = Annotated[str, Meta(pattern=_KEY, max_length=96, description="one of several things that are bought in bundles")]
Items = Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MOST_ITEMS)]
Epoch = Annotated[int, Meta(ge=1, le=1_000_000, description="goes up with each award of the slot")]
Turn = Annotated[int, Meta(ge=0, le=999, description="0 is the first turn, the initiator's; they alternate")]
Turns = Annotated[int, Meta(ge=1, le=1_000, description="of both sides together; who has the last one is decisive")]
IssueValue = Annotated[int, Meta(ge=-MAX_MICROS, le=MAX_MICROS, description="in the issue's unit; micros for money")]
Starts = Annotated[int, Meta(ge=1, le=1_000_000)]
Capacity = Annotated[int, Meta(ge=0, le=100_000)]
Score = Annotated[int, Meta(ge=-(10**18), le=10**18, description="integer score of the stated rule, micros")]


class RefuseReason(StrEnum):
    """Why a participant does not bid; the right reaction differs (G11)."""

    BUSY = "busy"
    UNFIT = "unfit"
    OVER_RESERVE = "over-reserve"
    UNSUPPORTED = "unsupported"
    INVALID_PROPOSAL = "invalid-proposal"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    POLICY = "policy"


#: the refusals after which asking again is pointless (D1)
FINAL_REFUSALS: Final = frozenset(
    {
        RefuseReason.UNFIT,
        RefuseReason.OVER_RESERVE,
        RefuseReason.UNSUPPORTED,
        RefuseReason.POLICY,
        RefuseReason.INVALID_PROPOSAL,
    }
)


class RejectReason(StrEnum):
    """Why an offer is not taken. The first five speak of the whole conversation, the rest of one offer."""

    OUTBID = "outbid"
    OVER_RESERVE = "over-reserve"
    NOT_SHORTLISTED = "not-shortlisted"
    NO_AWARD = "no-award"
    OFFER_LAPSED = "offer-lapsed"
    LATE = "late"
    INVALID = "invalid"
    DUPLICATE_BID = "duplicate-bid"
    CANCELLED = "cancelled"


class EndReason(StrEnum):
    """Why one side of a bargaining ends it, or rejects what came too late."""

    WALKED_AWAY = "walked-away"
    TURN_LIMIT = "turn-limit"
    WRONG_TWICE = "wrong-twice"
    LATE = "late"
    CLOSED = "closed"


class TaskFailure(StrEnum):
    """Why an accepted task did not happen (failure of kind task)."""

    OFFER_EXPIRED = "offer-expired"
    WITHDRAWN = "withdrawn"
    UNKNOWN_OFFER = "unknown-offer"
    CLOSED = "closed"
    SPEC_CHANGED = "spec-changed"
    SPEC_MISMATCH = "spec-mismatch"
    OVERDUE = "overdue"
    LEASE_LOST = "lease-lost"
    RESTART = "restart"
    HANDED_BACK = "handed-back"
    ERROR = "error"


class CancelFailure(StrEnum):
    """Why a cancel did not undo the work (failure of kind cancel)."""

    ALREADY_DONE = "already-done"
    CANNOT_STOP = "cannot-stop"
    ALREADY_ANSWERED = "already-answered"


class CancelReason(StrEnum):
    """Why the initiator no longer wants the action."""

    USER = "user"
    LEASE_EXPIRED = "lease-expired"
    RESULT_OVERDUE = "result-overdue"
    SHUTDOWN = "shutdown"


class NotUnderstoodReason(StrEnum):
    """What was wrong with a message; only `schema` moves a state of its receiver."""

    SCHEMA = "schema"
    OUT_OF_SEQUENCE = "out-of-sequence"
    UNKNOWN_CONVERSATION = "unknown-conversation"
    ILLEGAL_ACT = "illegal-act"


_SEEN: Final = frozenset("\n\t\r\u200c\u200d\u00ad")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_AMOUNT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?", re.ASCII)
#: what is written in one form -> its pattern, and what that means in words
SHAPES: Final = {
    "id": (re.compile(_ID), "1 to 48 of a-z, 0-9 and _, not beginning with _, and not `multi`, the name of a group"),
    "skill": (re.compile(_SKILL), "two to four words of a-z, 0-9 and _ joined by dots, such as text.summarise"),
    "unit": (re.compile(_UNIT), "1 to 16 of A-Z, 0-9 and _, such as USD"),
    "key": (re.compile(_KEY), "1 to 96 of A-Z, a-z, 0-9, _ . : -"),
    "rung": (re.compile(_RUNG), "lower-case words joined by hyphens, such as standing-offers"),
    "receiver": (re.compile(_RECEIVER), "an agent's id, `multi`, or `skill:` and a skill"),
    "digest": (re.compile(_DIGEST), "a SHA-256 of 64 digits 0-9 and a-f"),
}


def parse_amount(text: str, what: str) -> int:
    """Read a decimal such as `0.05` exactly, as micros (millionths of the unit).

    Raises:
        DefinitionError: not a plain decimal of at most six places, or over MAX_MICROS; `what` names the place.
    """
    if not _AMOUNT.fullmatch(text):
        raise DefinitionError(
            f"{what}: {text[:40]!r} is not an amount; write a decimal from 0 to 1000000000 with at most six places, "
            "such as 0.05"
        )
    whole, _, part = text.partition(".")
    micros = int(whole) * MICROS_PER_UNIT + int(part.ljust(6, "0"))
    if micros > MAX_MICROS:
        raise DefinitionError(f"{what}: {text[:40]!r} is over the largest amount, {MAX_MICROS // MICROS_PER_UNIT}")
    return micros


def plain_text(text: str, most: int = MAX_TEXT) -> str:
    """Words that came from a user's code, fit to be recorded and sent: at most `most` characters, all of them UTF-8.

    A lone surrogate, as `os.fsdecode` makes, becomes `?`; a control character becomes a space.
    """
    return _CONTROL.sub(" ", text[:most]).encode("utf-8", "replace").decode("utf-8")


def seen_text(text: str) -> str:
    """The same without characters that are not seen, such as tags and marks of direction: a reader would not know of
    them. Spaces stay, and so do the joiners and the soft hyphen, which some languages write with.
    """
    return "".join(one for one in text if one in _SEEN or unicodedata.category(one) not in ("Cf", "Cc"))


def show_amount(micros: int) -> str:
    """Write micros as a decimal, without superfluous zeros: 50000 is `0.05`."""
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    whole, part = divmod(micros, MICROS_PER_UNIT)
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".")


def require(shape: str, value: str, what: str) -> str:
    """Return `value` if it has the shape (`id`, `skill`, `unit`, `key`).

    Raises:
        DefinitionError: it has not; `what` names the place.
    """
    pattern, meaning = SHAPES[shape]
    if not isinstance(value, str) or not pattern.search(value):  # programs and files write what they like
        raise DefinitionError(f"{what}: {str(value)[:60]!r} is not a valid {shape}; it must be {meaning}")
    return value
