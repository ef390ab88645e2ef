"""A model under virtual time: retries within the time left, what is told of each request, money that adds up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contractnet.errors import (
    ModelError,
    ModelLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ModelUnusable,
)
from contractnet.llm.chat import Answer, Message, Said, request
from contractnet.llm.endpoint import Endpoint, Limits, Prices
from contractnet.llm.model import Asking, Model
from tests.support.chat import Notes, ScriptedChat, ok

DIGEST = "d" * 64
PRICES = Prices(in_per_1k=1_000, out_per_1k=10_000)
DOWN = ModelUnavailable("down", "unreachable")
pytestmark = pytest.mark.looptime


class Bench:
    """A model over a script, and what was told of it."""

    def __init__(self, *script: Answer | Exception | float, limits: Limits | None = None, **more: Any) -> None:
        self.chat = ScriptedChat(*script)
        endpoint = Endpoint("http://x/v1", "m", limits=limits or Limits(), prices=PRICES, **more)
        self.model = Model(endpoint, self.chat)
        self.notes = Notes()

    async def ask(self, within_s: float = 20, words: str = "hi") -> str:
        sent = request("m", [Message("user", words)], 50, {})
        return await self.model.call(sent, within_s, Asking("estimate", DIGEST, self.notes), content)


def content(said: Said) -> str:
    return said.content


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_one_request_and_what_is_told_of_it() -> None:
    bench = Bench(0.5, ok("hello"))
    assert await bench.ask() == "hello"
    (told,) = bench.notes.asked
    assert (told.outcome, told.purpose, told.attempt, told.endpoint, told.prompt) == (
        "ok",
        "estimate",
        1,
        "x/m",
        DIGEST,
    )
    assert (told.tokens_in, told.tokens_out, told.cost, told.guessed, told.status) == (100, 20, 300, False, 200)
    assert told.latency_ms == 500
    assert told.request_body is None
    assert told.reply_body is None
    assert bench.model.limiter.spent == 300


async def test_bodies_are_kept_where_that_is_asked_for() -> None:
    bench = Bench(ok("hello"), record=True)
    await bench.ask()
    (told,) = bench.notes.asked
    assert told.request_body is not None
    assert '"hi"' in told.request_body
    assert told.reply_body is not None
    assert len(told.reply_body) == told.reply_bytes


async def test_what_is_tried_again() -> None:
    for first in (DOWN, Answer(503, b""), Answer(500, b"{}"), Answer(429, b""), Answer(200, b"<html>")):
        bench = Bench(first, ok("hello"))
        before = now()
        assert await bench.ask() == "hello"
        assert 0.1 < now() - before < 0.5
        assert len(bench.notes.asked) == 2
        assert [one.attempt for one in bench.notes.asked] == [1, 2]


async def test_at_most_three_times() -> None:
    bench = Bench(DOWN)
    with pytest.raises(ModelUnavailable):
        await bench.ask()
    assert bench.notes.outcomes == ["unreachable"] * 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
async def test_what_an_operator_must_mend_is_not_tried_again(status: int) -> None:
    bench = Bench(Answer(status, b'{"error": "sk-secret"}'))
    with pytest.raises(ModelRefused, match=f"answered {status}: ") as caught:
        await bench.ask()
    assert caught.value.status == status
    assert "sk-secret" not in str(caught.value)
    assert len(bench.chat.requests) == 1
    assert bench.notes.asked[0].cost == bench.notes.asked[0].tokens_in == 0


async def test_nothing_is_waited_for_beyond_the_time_left() -> None:
    bench = Bench(100.0, ok("hello"))
    with pytest.raises(ModelTimeout):
        await bench.ask(within_s=3)
    assert now() == pytest.approx(3)
    assert bench.chat.timeouts == [pytest.approx(3)]
    bench = Bench(DOWN)
    with pytest.raises(ModelUnavailable):
        await bench.ask(within_s=0.1)  # no time to pause in
    assert len(bench.chat.requests) == 1
    with pytest.raises(ModelTimeout, match="no time is left"):
        await bench.ask(within_s=0.01)
    assert len(bench.chat.requests) == 1


async def test_a_request_has_the_endpoints_limit_too() -> None:
    bench = Bench(100.0, ok("hello"), timeout_s=2)
    with pytest.raises(ModelTimeout):
        await bench.ask(within_s=50)
    assert now() == pytest.approx(2)


async def test_retry_after_is_honoured_where_it_fits() -> None:
    bench = Bench(Answer(429, b"", 5.0), ok("hello"))
    assert await bench.ask(within_s=10) == "hello"
    assert now() == pytest.approx(5)


async def test_retry_after_that_does_not_fit_ends_at_once_and_holds_for_all() -> None:
    bench = Bench(Answer(429, b"", 30.0), ok("hello"))
    with pytest.raises(ModelLimited):
        await bench.ask(within_s=10)
    assert now() < 1
    with pytest.raises(ModelLimited):
        await bench.ask(within_s=10)
    assert len(bench.chat.requests) == 1  # the second did not bother it
    assert bench.notes.outcomes == ["overloaded", "limit", "limit"]


async def test_an_answer_that_is_not_wanted_is_told_and_paid_for() -> None:
    bench = Bench(ok("hello"))

    def judge(said: Said) -> str:
        raise ModelUnusable("no", "invalid")

    sent = request("m", [Message("user", "hi")], 50, {})
    with pytest.raises(ModelUnusable):
        await bench.model.call(sent, 5, Asking("perform", DIGEST, bench.notes), judge)
    assert [(one.outcome, one.cost) for one in bench.notes.asked] == [("invalid", 300)]


async def test_the_circuit_opens_and_closes_by_itself() -> None:
    bench = Bench(*[DOWN] * 6, ok("hello"))
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            await bench.ask()
    asked = len(bench.chat.requests)
    assert asked == 5
    with pytest.raises(ModelUnavailable, match="left alone"):
        await bench.ask()
    assert len(bench.chat.requests) == asked
    await asyncio.sleep(5)
    with pytest.raises(ModelUnavailable):
        await bench.ask(within_s=0.2)
    await asyncio.sleep(10)
    assert await bench.ask() == "hello"
    assert await bench.ask() == "hello"


async def test_a_slow_answer_to_an_impatient_call_is_no_failure_of_the_endpoint() -> None:
    bench = Bench(5.0, ok("hello"))
    bench.chat.script = [*[5.0] * 20, ok("hello")]
    for _ in range(10):
        with pytest.raises(ModelTimeout):
            await bench.ask(within_s=1)
    bench.chat.script = [ok("hello")]
    assert await bench.ask() == "hello"


async def test_a_cancelled_request_is_told_with_a_guess() -> None:
    bench = Bench(100.0, ok("hello"))
    task = asyncio.ensure_future(bench.ask())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (told,) = bench.notes.asked
    assert (told.outcome, told.guessed, told.latency_ms, told.reply) == ("cancelled", True, 1000, None)
    assert told.cost == bench.model.limiter.spent > 0


async def test_tokens_that_the_endpoint_does_not_count_are_guessed() -> None:
    bench = Bench(ok("hello", usage=None))
    await bench.ask()
    (told,) = bench.notes.asked
    assert told.guessed
    assert told.tokens_in > 10
    assert told.tokens_out > 10


async def test_the_budget_is_never_overspent() -> None:
    bench = Bench(0.1, ok("hello"), limits=Limits(budget=2_000, concurrency=50))
    bench.chat.script = [ok("hello")]
    ends = await asyncio.gather(*(bench.ask() for _ in range(40)), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, ModelError)]
    assert refused
    assert {end.outcome for end in refused} == {"budget"}
    assert bench.model.limiter.spent == sum(one.cost for one in bench.notes.asked) <= 2_000


async def test_a_budget_knows_what_was_spent_before() -> None:
    bench = Bench(ok("hello"), limits=Limits(budget=2_000))
    bench.model.remind({"x/m": 1_900, "y/m": 9})
    with pytest.raises(ModelLimited) as caught:
        await bench.ask()
    assert caught.value.outcome == "budget"
    bench.model.remind({})  # another journal takes nothing away
    assert bench.model.limiter.spent == 1_900


async def test_money_adds_up_whatever_happens() -> None:
    bench = Bench(DOWN, ok("a"), Answer(500, b""), ok("b"), Answer(200, b"?"), ok("c"), ok("d", usage=None), ok("e"))
    for _ in range(5):
        await bench.ask()
    assert bench.model.limiter.spent == sum(one.cost for one in bench.notes.asked)
    assert len(bench.notes.asked) == len(bench.chat.requests) == 8
