"""What is told of one request to a model: an `Asked` record, put together while the request runs."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Literal

from contractnet.ledger.records import Asked
from contractnet.llm.chat import Answer, Request, Said
from contractnet.llm.endpoint import Endpoint

Purpose = Literal["probe", "estimate", "narrate", "perform", "split", "mediate"]
#: of a body that is written down, at most so many characters
MOST_RECORDED: int = 262_144


class Tale:
    """One attempt. Its outcome is `cancelled` until somebody says otherwise."""

    def __init__(
        self, endpoint: Endpoint, request: Request, purpose: Purpose, prompt: str, rung: str, attempt: int
    ) -> None:
        self.outcome = "cancelled"
        self.tokens_in = 0
        self.tokens_out = 0
        self.cost = 0  #: micros
        self._endpoint = endpoint
        self._request = request
        self._purpose: Purpose = purpose
        self._prompt = prompt
        self._rung = rung
        self._attempt = attempt
        self._answer: Answer | None = None
        self._guessed = False
        self._began: float | None = None
        self._latency_ms = 0

    def began(self) -> None:
        """It is being sent."""
        self._began = asyncio.get_running_loop().time()

    def answered(self, answer: Answer) -> None:
        """Something came, whatever it is."""
        self._answer = answer

    def ended(self, said: Said | None) -> None:
        """What it came to. Without a completion: an endpoint that refused charges nothing, one whose answer did not
        come may have read the prompt.
        """
        assert self._began is not None  # `began` comes first
        self._latency_ms = round((asyncio.get_running_loop().time() - self._began) * 1000)
        if said is None:
            refused = self._answer is not None and self._answer.status >= 300
            self.tokens_in = 0 if refused else self._request.tokens_in
            self._guessed = not refused
        else:
            told = said.tokens_in is not None and said.tokens_out is not None
            self._guessed = not told
            self.tokens_in = said.tokens_in if said.tokens_in is not None else self._request.tokens_in
            guess = -(-len(self._answer.body) // 4) if self._answer is not None else 0
            self.tokens_out = said.tokens_out if said.tokens_out is not None else guess
        self.cost = self._endpoint.prices.cost(self.tokens_in, self.tokens_out)

    def told(self) -> Asked:
        """The record."""
        body = self._answer.body if self._answer is not None else None
        keep = self._endpoint.record
        return Asked(
            purpose=self._purpose,
            endpoint=self._endpoint.name,
            prompt=self._prompt,
            request=self._request.digest,
            request_bytes=len(self._request.body),
            outcome=self.outcome,
            about=self._request.about,
            attempt=self._attempt,
            rung=self._rung,
            reply=hashlib.sha256(body).hexdigest() if body is not None else None,
            reply_bytes=len(body or b""),
            status=self._answer.status if self._answer is not None else None,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            guessed=self._guessed,
            cost=self.cost,
            unit=self._endpoint.prices.unit,
            latency_ms=self._latency_ms,
            request_body=_kept(self._request.body) if keep else None,
            reply_body=_kept(body) if keep and body is not None else None,
        )


def _kept(body: bytes) -> str | None:
    """What is written down of a body: all of it, or nothing of one that is too large or no text."""
    if len(body) > MOST_RECORDED:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
