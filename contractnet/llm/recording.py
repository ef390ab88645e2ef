"""Recorded answers: what an endpoint once said, found again by the hash of what it was asked. No endpoint is needed.

Rules:

1. The source is a journal whose agents kept bodies (`record = true`): its `Asked` entries, in their order.
2. An answer is found by the hashes of the request and of the task it was for, so that tasks which run at once keep
   theirs. One that was answered several times is answered in that order; after the last answer, with the last again.
3. A request that was never asked is an error that says what is different about it: nothing is made up.
4. What came in the place of an answer comes again: a timeout, a limit without room, an endpoint left alone. So who
   answers from a recording has no limits and no circuit of its own, which would depend on the time (`recorded_model`).
5. Probes are the endpoint's: what one agent found out the others knew. But a probe that failed was one agent's trouble;
   which of its tasks met with it is not kept, so a recording whose first probe failed may differ there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import msgspec

from contractnet.errors import (
    DefinitionError,
    ModelError,
    ModelLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ModelUnusable,
)
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Request
from contractnet.llm.circuit import Circuit
from contractnet.llm.endpoint import Endpoint, Limits
from contractnet.llm.model import Model

_SHOWN = 60
_NO_LIMIT = 1_000_000
#: how a probe ends that says nothing of what the endpoint can do
_PASSING = frozenset(
    ("timeout", "unreachable", "out-of-order", "overloaded", "limit", "budget", "circuit", "garbage", "too-large")
)


class Recording:
    """What was asked and answered, by the hash of the request."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        self.bodies: list[str] = []  #: of requests, for telling what differs
        self._answers: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        for one in asked:
            if one.request_body is None or one.outcome == "cancelled" or _lost(one):
                continue
            self._answers[one.request, one.about].append(one)
            self.bodies.append(one.request_body)

    def __len__(self) -> int:
        return sum(map(len, self._answers.values()))

    def next(self, request: Request) -> Asked | None:
        """The next recorded answer to that request, or None."""
        found = self._answers.get((request.digest, request.about))
        if not found:
            return None
        return found.pop(0) if len(found) > 1 else found[0]


def _lost(asked: Asked) -> bool:
    """Whether an answer came that was not written down, though it was one."""
    body_matters = asked.status is not None and asked.status < 300 and asked.outcome != "garbage"
    return body_matters and asked.reply_body is None


def recorded(entries: Iterable[Entry], agent: str, what: str) -> Recording:
    """What a journal holds of one agent, and of the probes of all.

    Args:
        what: names the journal in the error.
    Raises:
        DefinitionError: it holds no recorded answer of that agent.
    """
    told = [(entry, msgspec.json.decode(entry.body, type=Asked)) for entry in entries if entry.type == Asked.__name__]
    recording = Recording(
        asked
        for entry, asked in told
        if entry.agent == agent or (asked.purpose == "probe" and asked.outcome not in _PASSING)
    )
    if not any(entry.agent == agent for entry, _ in told) or not len(recording):
        raise DefinitionError(
            f"{what} holds no recorded answers of a model for {agent}: let it run once with record = true under [model]"
        )
    return recording


class RecordedChat:
    """Answers from a recording; a request that it does not hold is an error."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """See `Chat.send`.

        Raises:
            ModelRefused: it is not in the recording; says what differs from the most similar that is.
        """
        found = self._recording.next(request)
        if found is None:
            text = f"this request is not in the recording: {difference(request.body.decode(), self._recording.bodies)}"
            raise ModelRefused(text, "not-recorded", status=0)
        if found.status is None:
            raise _came(found.outcome)
        return Answer(found.status, (found.reply_body or "").encode())

    async def close(self) -> None:
        """See `Chat.close`."""


def recorded_model(endpoint: Endpoint, recording: Recording) -> Model:
    """A model that answers from a recording: what was limited, or left alone, is so by the recording."""
    free = replace(endpoint, limits=Limits(concurrency=_NO_LIMIT))
    model = Model(free, RecordedChat(recording), circuit=Circuit(failures=_NO_LIMIT))
    model.pinned = True
    return model


def _came(outcome: str) -> ModelError:
    """What came in the place of an answer."""
    match outcome:
        case "timeout":
            return ModelTimeout("the model did not answer in time, when this was recorded", outcome)
        case "limit" | "budget":
            return ModelLimited("a limit of the model's endpoint left no room, when this was recorded", outcome)
        case "too-large" | "garbage":
            return ModelUnusable("the endpoint sent nothing usable, when this was recorded", outcome)
        case _:
            return ModelUnavailable("the endpoint was not reached, when this was recorded", outcome)


def difference(body: str, others: Iterable[str]) -> str:
    """Where a request first differs from the one of the recording that has most in common with it."""
    best, at = None, -1
    for other in others:
        pairs = enumerate(zip(body, other, strict=False))
        same = next((place for place, (mine, its) in pairs if mine != its), min(len(body), len(other)))
        if same > at:
            best, at = other, same
    if best is None:
        return "nothing is recorded"
    here, there = (repr(one[at : at + _SHOWN]) for one in (body, best))
    return f"in {_fields(body, best)} it goes on with {here}, and the most similar one with {there}"


def _fields(body: str, other: str) -> str:
    """The names at the top of the request whose values differ."""
    mine, its = (cast("dict[str, Any]", msgspec.json.decode(one)) for one in (body, other))
    return ", ".join(sorted(name for name in mine.keys() | its.keys() if mine.get(name) != its.get(name))) or "no field"
