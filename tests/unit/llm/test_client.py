"""The client over real sockets: whatever an endpoint sends, an answer or one of our errors comes, and in time."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import subprocess
import sys
import time

import pytest

from contractnet.errors import ContractNetError, ModelTimeout, ModelUnavailable, ModelUnusable
from contractnet.llm.chat import Answer, Left, Message, Room, read, request
from contractnet.llm.client import OpenAIChat
from contractnet.llm.endpoint import MAX_REPLY_BYTES, Endpoint
from contractnet.llm.secret import Secret
from tests.support.chat import Body, Reply, completion, endpoint

KEY = "sk-canary-4711"


async def sent(url: str, timeout_s: float = 5.0, words: str = "hi") -> Answer:
    chat = OpenAIChat(Endpoint(url, "m", Secret(KEY)))
    try:
        return await chat.send(request("m", [Message("user", words)], 9, {}), timeout_s)
    finally:
        await chat.close()


async def test_what_is_sent_and_what_comes_back() -> None:
    with endpoint(lambda _: completion("hello")) as server:
        answer = await sent(server.url)
        assert read(answer.body).content == "hello"
        ((body, headers),) = server.seen
    assert body == {"max_completion_tokens": 9, "messages": [{"content": "hi", "role": "user"}], "model": "m"}
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500, 503])
async def test_every_status_is_an_answer(status: int) -> None:
    headers = {"Retry-After": "7", "Location": "http://127.0.0.1:9/v1"}
    with endpoint(lambda _: Reply(b"{}", status, headers)) as server:
        answer = await sent(server.url)
        assert (answer.status, answer.retry_after_s) == (status, 7)
        assert len(server.seen) == 1  # neither tried again nor followed


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After-Ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "99999999"}, None),
    ],
)
async def test_when_to_come_again(headers: dict[str, str], wait_s: float | None) -> None:
    with endpoint(lambda _: Reply(b"{}", 429, headers)) as server:
        assert (await sent(server.url)).retry_after_s == wait_s


async def test_what_is_left_of_the_endpoints_own_limits() -> None:
    headers = {"X-RateLimit-Remaining-Requests": "4", "x-ratelimit-reset-requests": "6m0.5s"}
    with endpoint(lambda _: Reply(completion("hello"), headers=headers)) as server:
        assert (await sent(server.url)).room == Room(requests=Left(4, 360.5))


@pytest.mark.parametrize("status", [200, 500])
async def test_ten_megabytes_are_not_read(status: int) -> None:
    with endpoint(lambda _: Reply(b"x" * 10_000_000, status)) as server:
        with pytest.raises(ModelUnusable, match=f"more than {MAX_REPLY_BYTES} bytes") as caught:
            await sent(server.url)
        assert caught.value.outcome == "too-large"


async def test_a_small_body_that_would_unpack_to_a_large_one_is_not_unpacked() -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    with endpoint(lambda _: Reply(bomb, headers={"Content-Encoding": "gzip"})) as server:
        with pytest.raises(ModelUnusable) as caught:
            await sent(server.url)
        assert caught.value.outcome == "garbage"


async def test_an_answer_that_breaks_off() -> None:
    with endpoint(lambda _: Reply(completion("hello"), cut=40)) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await sent(server.url)
        assert caught.value.outcome == "unreachable"


async def test_an_answer_that_does_not_come() -> None:
    with endpoint(lambda _: Reply(completion("hello"), delay_s=30)) as server:
        begun = time.monotonic()
        with pytest.raises(ModelTimeout):
            await sent(server.url, timeout_s=0.3)
        assert time.monotonic() - begun < 20  # the endpoint takes thirty


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable):
            await sent(url)


async def test_many_at_once_over_one_client() -> None:
    def answer(body: Body) -> Body:
        return completion(body["messages"][0]["content"])

    with endpoint(answer) as server:
        chat = OpenAIChat(Endpoint(server.url, "m"))

        async def one(number: int) -> str:
            answer = await chat.send(request("m", [Message("user", str(number))], 9, {}), 20)
            return read(answer.body).content

        assert await asyncio.gather(*map(one, range(60))) == [str(number) for number in range(60)]
        await chat.close()
        assert await one(7) == "7"  # closed is not over: an agent may be hosted again
        await chat.close()


async def test_the_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    told = b""
    replies = [Reply(json.dumps({"error": f"bad key {KEY}"}).encode(), status) for status in (401, 500)]
    with caplog.at_level(logging.DEBUG):
        for reply in [*replies, Reply(b"?", cut=0), Reply(b"x" * 2_000_000)]:
            with endpoint(lambda _, reply=reply: reply) as server:  # type: ignore[misc]  # the default binds it
                try:
                    told += str((await sent(server.url, words="canary-prompt")).status).encode()
                except ContractNetError as error:
                    told += repr(error).encode() + str(error.__cause__).encode()
    assert KEY not in caplog.text
    assert "canary-prompt" not in caplog.text
    assert KEY.encode() not in told


def test_openai_is_imported_by_who_asks_a_model_alone() -> None:
    modules = "contractnet.cli.main, contractnet.agent.loading, contractnet.llm.client"
    look = f"import sys, {modules}; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_openai_it_is_told_what_to_install() -> None:
    look = (
        "import sys; sys.modules['openai'] = None\n"
        "from contractnet.llm.client import OpenAIChat\n"
        "from contractnet.llm.endpoint import Endpoint\n"
        "try: OpenAIChat(Endpoint('http://x', 'm'))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("DefinitionError agents with a [model] need the package openai")
    assert "pip install 'contractnet[llm]'" in done.stdout
