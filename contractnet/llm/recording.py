"""Recorded answers: what an endpoint once said, found again by the hash of what it was asked. No endpoint is needed.

Rules:

1. The source is a journal whose agents kept bodies (`record = true`): its `Asked` entries, in their order.
2. An answer is found by the hashes of the request and of the task it was for, so that tasks which run at once keep
   theirs. One that was answered several times is answered in that order; after the last answer, with the last again.
3. A request that was never asked is an error that says what is different about it: nothing is made up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from contractnet.errors import DefinitionError, ModelRefused, ModelTimeout, ModelUnavailable
from contractnet.ledger.port import Entry
from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Request

_SHOWN = 60


class Recording:
    """What was asked and answered, by the hash of the request."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        self.bodies: list[str] = []  #: of requests, for telling what differs
        self._answers: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        for one in asked:
            if one.request_body is None or (one.reply is not None and one.reply_body is None):
                continue
            if one.status is None and one.outcome not in ("timeout", "unreachable"):
                continue  # it was not sent, or not waited for
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


def recorded(entries: Iterable[Entry], agent: str, what: str) -> Recording:
    """What a journal holds of one agent. Probes are the endpoint's: whichever agent came first asked for all.

    Args:
        what: names the journal in the error.
    Raises:
        DefinitionError: it holds no recorded answer of that agent.
    """
    told = [(entry, msgspec.json.decode(entry.body, type=Asked)) for entry in entries if entry.type == Asked.__name__]
    recording = Recording(asked for entry, asked in told if entry.agent == agent or asked.purpose == "probe")
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
        if found.outcome == "timeout":
            raise ModelTimeout("the model did not answer in time, when this was recorded", "timeout")
        if found.status is None:
            raise ModelUnavailable("the endpoint was not reached, when this was recorded", "unreachable")
        return Answer(found.status, (found.reply_body or "").encode())

    async def close(self) -> None:
        """See `Chat.close`."""


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
