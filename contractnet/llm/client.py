"""The client of an endpoint: the only module that imports openai, and that only when it is used.

Rules:

1. One request, one attempt: retries are `model`'s, which knows the time left.
2. An answer is read up to MAX_REPLY_BYTES and no further, whatever its status; a compressed one is not read at all,
   and none is asked for.
3. Redirects are not followed: the key and the task go to the address that the operator wrote.
4. Errors carry nothing that an endpoint sent: it may repeat the prompt or the key. The client's own loggers, which
   write bodies at their lower levels, are set to warnings, unless somebody has set them to something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from contractnet.errors import DefinitionError, ModelTimeout, ModelUnavailable, ModelUnusable
from contractnet.llm.chat import Answer, Request
from contractnet.llm.endpoint import MAX_REPLY_BYTES, Endpoint
from contractnet.llm.headers import retry_after, room

if TYPE_CHECKING:
    import httpx2
    import openai

#: an endpoint without a key still wants a word in its place
NO_KEY: Final = "none"
_LOGGERS: Final = ("openai", "httpx2", "httpcore2")
_HEADERS: Final = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class OpenAIChat:
    """A chat endpoint over HTTP.

    Raises:
        DefinitionError: the package openai is not installed.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        require_openai()
        _hush()
        self._endpoint = endpoint
        self._client: openai.AsyncOpenAI | None = self._connect()  # a fifth of a second, of which most is TLS

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """See `Chat.send`."""
        import httpx2
        import openai

        client = self._client = self._client or self._connect()
        try:
            async with asyncio.timeout(timeout_s):
                answer = await client.post(
                    "/chat/completions",
                    cast_to=httpx2.Response,
                    content=request.body,
                    options={"timeout": timeout_s, "headers": _HEADERS},
                )
                return _answer(answer)
        except (TimeoutError, openai.APITimeoutError):
            raise ModelTimeout(f"the model did not answer within {timeout_s:.1f} s", "timeout") from None
        except openai.APIStatusError as error:
            return _answer(error.response)
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, ModelUnusable):
                raise error.__cause__ from None
            raise ModelUnavailable("the model's endpoint was not reached, or broke off", "unreachable") from None

    async def close(self) -> None:
        """See `Chat.close`."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _connect(self) -> openai.AsyncOpenAI:
        import openai

        key = self._endpoint.key
        return openai.AsyncOpenAI(
            base_url=self._endpoint.base_url,
            api_key=NO_KEY if key is None else key.reveal(),
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, event_hooks={"response": [_bound]}),
        )


def require_openai() -> None:
    """Import openai now: it takes a quarter of a second, which no running loop should spend.

    Raises:
        DefinitionError: it is not installed.
    """
    try:
        import openai as openai
    except ModuleNotFoundError:
        raise DefinitionError(
            "agents with a [model] need the package openai, which is not installed: pip install 'contractnet[llm]'; "
            "in a checkout: .venv/bin/pip install -r requirements/llm.txt"
        ) from None


def _hush() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _answer(response: httpx2.Response) -> Answer:
    return Answer(response.status_code, response.content, retry_after(response.headers), room(response.headers))


async def _bound(response: httpx2.Response) -> None:
    """No more of an answer is read than MAX_REPLY_BYTES."""
    import httpx2

    if response.headers.get("content-encoding", "identity") != "identity":
        raise ModelUnusable("the endpoint sent a compressed answer, which it was not asked for", "garbage")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _bounded_type()(response.stream)


@cache
def _bounded_type() -> Callable[[httpx2.AsyncByteStream], httpx2.AsyncByteStream]:
    """The class of a body's stream that ends in an error where it is too large."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._stream:
                size += len(part)
                if size > MAX_REPLY_BYTES:
                    raise ModelUnusable(f"the endpoint sent more than {MAX_REPLY_BYTES} bytes", "too-large")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded
