"""The port of a chat endpoint: a request goes out as bytes, an answer comes back as bytes; and how answers are read.

Rules: what an endpoint sends is read with bounds and believed in nothing. Names that we do not know are passed over;
what we do know must have its type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from contractnet.errors import ModelUnusable
from contractnet.llm.endpoint import LimitAs
from contractnet.messages.codec import canonical

#: more tokens than any request has; a larger count is not believed
MOST_TOKENS: Final = 100_000_000
#: the rule of thumb where an endpoint does not count
BYTES_PER_TOKEN: Final = 4


class Message(NamedTuple):
    """One turn of a conversation with a model."""

    role: str  #: system, user, assistant
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: canonical JSON, so that equal requests have equal hashes."""

    body: bytes
    most_tokens_out: int
    about: str = ""  #: which task it is for: never sent; tells equal requests for different tasks apart in a recording

    @property
    def digest(self) -> str:
        """SHA-256 of the body, hex."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def tokens_in(self) -> int:
        """An estimate."""
        return -(-len(self.body) // BYTES_PER_TOKEN)


def request(
    model: str,
    messages: Sequence[Message],
    most_tokens_out: int,
    more: Mapping[str, Any],
    limit_as: LimitAs = "max_completion_tokens",
) -> Request:
    """A request of chat completions.

    Args:
        more: how structure is asked for (`ladder`).
        limit_as: the name under which the endpoint knows the limit on tokens.
    """
    turns = [{"role": message.role, "content": message.content} for message in messages]
    body = {"model": model, "messages": turns, limit_as: most_tokens_out, **more}
    return Request(canonical(body), most_tokens_out)


class Left(NamedTuple):
    """What an endpoint says is left of one of its limits."""

    amount: int
    reset_s: float  #: until the limit is whole again


class Room(NamedTuple):
    """What it says of its limits; None: nothing."""

    requests: Left | None = None
    tokens: Left | None = None


class Answer(NamedTuple):
    """What an endpoint answered, whatever its status."""

    status: int
    body: bytes
    retry_after_s: float | None = None  #: what it said of when to come again
    room: Room = Room()


class Chat(Protocol):
    """Who answers requests: an endpoint, or a recording of one."""

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """Send one request, once.

        Raises:
            ModelTimeout: no whole answer within `timeout_s`.
            ModelUnavailable: the endpoint was not reached, or the connection broke.
            ModelUnusable: the answer is too large.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Nothing is sent after it."""
        ...


class Said(NamedTuple):
    """A completion, read."""

    content: str
    call: tuple[str, str] | None  #: name and arguments of the first function that the model calls
    finish: str
    refusal: str
    tokens_in: int | None
    tokens_out: int | None


class _Function(Struct):
    name: str = ""
    arguments: str = ""


class _ToolCall(Struct):
    function: _Function


class _Message(Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


_DECODER: Final = msgspec.json.Decoder(_Completion)


def read(body: bytes) -> Said:
    """Read a completion.

    Raises:
        ModelUnusable: it is none.
    """
    try:
        found = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ModelUnusable(f"the endpoint sent {len(body)} bytes that are no completion", "garbage") from None
    if not found.choices:
        raise ModelUnusable("the endpoint sent a completion without a choice", "garbage")
    choice, usage = found.choices[0], found.usage or _Usage()
    calls = choice.message.tool_calls or []
    return Said(
        content=choice.message.content or "",
        call=(calls[0].function.name, calls[0].function.arguments) if calls else None,
        finish=choice.finish_reason or "",
        refusal=choice.message.refusal or "",
        tokens_in=_count(usage.prompt_tokens),
        tokens_out=_count(usage.completion_tokens),
    )


def _count(tokens: int | None) -> int | None:
    return tokens if tokens is not None and 0 <= tokens <= MOST_TOKENS else None
