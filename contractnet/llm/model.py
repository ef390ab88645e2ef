"""A model behind one endpoint, as all agents of a process share it: limits, circuit, retries, and what is told of each
request.

Rules:

1. A request gets min(time left, the endpoint's own limit); all waiting is within the time left.
2. Tried again, at most twice: what was not reached, broke off, was overloaded (429, 5xx) or is no completion. A
   Retry-After is honoured where it fits into the time left, by all agents; where it does not, the request ends at
   once. So is what it says is left of its own limits.
3. Every request is told to its `Note`, also the one that was never sent (tokens 0) and the one that was cancelled.
4. Tokens are what the endpoint counts; where it does not say, or the answer never came, they are estimates, marked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from contractnet.errors import ModelError, ModelLimited, ModelRefused, ModelTimeout, ModelUnavailable
from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Chat, Request, Said, read
from contractnet.llm.circuit import Circuit
from contractnet.llm.endpoint import Endpoint, LimitAs, Rung
from contractnet.llm.limits import Limiter, Permit
from contractnet.llm.telling import Purpose, Tale

MOST_ATTEMPTS: Final = 3
FIRST_PAUSE_S: Final = 0.25
#: less time than this is no time to ask in
LEAST_S: Final = 0.05
#: a model that does not answer in less time than this may be slow, and is not yet out of order
PATIENT_S: Final = 10.0
_OVERLOADED: Final = (408, 409, 429)

Note = Callable[[Asked], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a request is for, and whom to tell of it."""

    purpose: Purpose
    prompt: str  #: SHA-256 of prompt and persona, hex
    note: Note
    about: str = ""  #: SHA-256 of the task, hex


class Model:
    """A model that can be asked.

    Args:
        spent: micros that earlier processes spent of the budget.
        circuit: another than the usual one.
    """

    def __init__(self, endpoint: Endpoint, chat: Chat, spent: int = 0, circuit: Circuit | None = None) -> None:
        self.endpoint = endpoint
        self.rung: Rung | None = None  #: which way of asking for structure works; None: not known yet
        self.limit_as: LimitAs = endpoint.limit_as or "max_completion_tokens"
        self.probe_at: float | None = None  #: when a better rung is looked for, on the loop's clock; None: never
        self.pinned = endpoint.record  #: what was found out stays, whatever the time: a recording is asked the same way
        self.probing = asyncio.Lock()
        self.limiter = Limiter(endpoint.limits, spent)
        self._chat = chat
        self._circuit = circuit or Circuit()

    async def call(
        self, request: Request, within_s: float, asking: Asking, judge: Callable[[Said], T], rung: str = ""
    ) -> T:
        """Ask, and return what `judge` makes of the answer.

        Args:
            judge: raises ModelUnusable where the answer is not what was asked for; that is not tried again here.
        Raises:
            ModelError: what came in the place of an answer.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        request = replace(request, about=asking.about)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            tale = Tale(self.endpoint, request, asking.purpose, asking.prompt, rung, attempt)
            try:
                said = await self._once(request, end, tale)
                tale.outcome = "ok"
                return judge(said)
            except ModelError as error:
                tale.outcome = error.outcome
                pause_s = _pause(error, attempt, request.digest)
                if attempt == MOST_ATTEMPTS or pause_s is None or loop.time() + pause_s + LEAST_S >= end:
                    raise
            finally:
                asking.note(tale.told())
            await asyncio.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def remind(self, spent: Mapping[str, int]) -> None:
        """What the budget has lost before this process began: endpoint -> micros."""
        self.limiter.spent = max(self.limiter.spent, spent.get(self.endpoint.name, 0))

    async def close(self) -> None:
        """Let go of connections."""
        await self._chat.close()

    async def _once(self, request: Request, end: float, tale: Tale) -> Said:
        loop = asyncio.get_running_loop()
        prices = self.endpoint.prices
        worst = prices.cost(request.tokens_in, request.most_tokens_out)
        tokens = request.tokens_in + request.most_tokens_out
        if (left_s := end - loop.time()) < LEAST_S:
            raise ModelTimeout("no time is left to ask the model in", "timeout")
        self._circuit.enter(loop.time())
        try:
            async with self.limiter.enter(tokens, worst, left_s) as permit:
                left_s = min(end - loop.time(), self.endpoint.timeout_s)
                if left_s < LEAST_S:
                    raise ModelLimited("the limits of the model's endpoint left no time to ask in", "limit")
                return await self._send(request, left_s, tale, permit)
        except ModelUnavailable:
            self._circuit.failed(loop.time())
            raise
        except ModelTimeout:
            if left_s >= min(PATIENT_S, self.endpoint.timeout_s):
                self._circuit.failed(loop.time())
            raise
        finally:
            self._circuit.left()

    async def _send(self, request: Request, left_s: float, tale: Tale, permit: Permit) -> Said:
        tale.began()
        said: Said | None = None
        try:
            answer = await self._chat.send(request, left_s)
            tale.answered(answer)
            self.limiter.told(answer.room, asyncio.get_running_loop().time())
            self._judge_status(answer)
            said = read(answer.body)
            self._circuit.succeeded()
            return said
        finally:
            tale.ended(said)
            self.limiter.settle(permit, tale.tokens_in + tale.tokens_out, tale.cost)

    def _judge_status(self, answer: Answer) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status in _OVERLOADED:
            self._circuit.succeeded()  # it lives, and says what it wants
            if answer.retry_after_s is not None:
                self.limiter.hold_until(asyncio.get_running_loop().time() + answer.retry_after_s)
            raise ModelLimited(f"the model's endpoint answered {status}: too much is asked of it", "overloaded")
        if status >= 500:
            raise ModelUnavailable(f"the model's endpoint answered {status}: it is out of order", "out-of-order")
        self._circuit.succeeded()
        hint = _HINTS.get(status, "it does not take this request")
        raise ModelRefused(f"the model's endpoint answered {status}: {hint}", "refused", status)


_HINTS: Final = {
    301: "it has moved: write the new base_url",
    302: "it has moved: write the new base_url",
    307: "it has moved: write the new base_url",
    308: "it has moved: write the new base_url",
    401: "the API key is missing or wrong",
    402: "the account has no money left",
    403: "the API key may not use this model",
    404: "there is no such model, or base_url is not that of the API (it often ends in /v1)",
    413: "the request is too large for it",
}


def _pause(error: ModelError, attempt: int, digest: str) -> float | None:
    """How long to wait before the next attempt; None: there is none. Spread by the request's own hash."""
    again = isinstance(error, ModelUnavailable) and error.outcome != "circuit"
    again = again or error.outcome in ("overloaded", "garbage")
    if not again:
        return None
    spread = 0.75 + int(digest[:4], 16) / 0xFFFF / 2
    return FIRST_PAUSE_S * (1 << (attempt - 1)) * spread
