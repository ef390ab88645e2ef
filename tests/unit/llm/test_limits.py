"""Limits of an endpoint under virtual time: nobody waits in vain, nothing is taken that is not used."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.errors import ModelLimited
from contractnet.llm.chat import Left, Room
from contractnet.llm.endpoint import Limits
from contractnet.llm.limits import Bucket, Limiter


@given(
    st.integers(1, 600),
    st.lists(st.tuples(st.floats(0, 30, allow_nan=False), st.integers(0, 400)), min_size=1, max_size=40),
)
def test_never_more_than_a_burst_and_the_rate(per_min: int, wishes: list[tuple[float, int]]) -> None:
    bucket, now, given_at = Bucket(per_min), 0.0, list[tuple[float, int]]()
    for pause, amount in wishes:
        now += pause
        at = now + bucket.wait_s(amount, now)
        bucket.take(amount, now)
        given_at.append((at, amount))
    for start, _ in given_at:
        for end in (at for at, _ in given_at if at >= start):
            within = [amount for at, amount in given_at if start <= at <= end]
            largest = max(within)  # what is larger than a minute's worth waits, and is then let through whole
            assert sum(within) - largest <= per_min * (1 + (end - start) / 60) + 1e-6


@pytest.mark.looptime
async def test_a_wait_that_fits_is_waited_and_one_that_does_not_ends_at_once() -> None:
    loop = asyncio.get_running_loop()
    limiter = Limiter(Limits(requests_per_min=2))
    for _ in range(2):
        async with limiter.enter(1, 0, 1):
            pass
    assert loop.time() == pytest.approx(0)
    with pytest.raises(ModelLimited, match=r"no room for 30\.0 s") as caught:
        async with limiter.enter(1, 0, 29):
            pass
    assert caught.value.outcome == "limit"
    assert loop.time() == pytest.approx(0)
    async with limiter.enter(1, 0, 31):
        assert loop.time() == pytest.approx(30)


@pytest.mark.looptime
async def test_tokens_that_were_not_used_are_given_back() -> None:
    limiter = Limiter(Limits(tokens_per_min=1000))
    for _ in range(10):
        async with limiter.enter(800, 0, 0.1) as permit:
            limiter.settle(permit, 20, 0)
    with pytest.raises(ModelLimited):
        async with limiter.enter(900, 0, 0.1):
            pass


@pytest.mark.looptime
async def test_a_request_that_was_never_sent_gives_all_back() -> None:
    limiter = Limiter(Limits(tokens_per_min=1000, budget=100, concurrency=1))
    async with limiter.enter(10, 10, 1):
        with pytest.raises(ModelLimited, match="too many requests at once"):
            async with limiter.enter(900, 90, 1):
                pass
    async with limiter.enter(1000, 100, 1):
        pass
    assert limiter.spent == 0


@pytest.mark.looptime
async def test_the_budget_counts_what_is_spent_and_what_may_be() -> None:
    limiter = Limiter(Limits(budget=100), spent=30)
    async with limiter.enter(1, 40, 1) as first:
        with pytest.raises(ModelLimited) as caught:
            async with limiter.enter(1, 31, 1):
                pass
        assert caught.value.outcome == "budget"
        async with limiter.enter(1, 30, 1) as second:
            limiter.settle(second, 1, 5)
        limiter.settle(first, 1, 40)
        limiter.settle(first, 1, 40)  # once is enough
    assert limiter.spent == 75
    async with limiter.enter(1, 25, 1):
        pass


@pytest.mark.looptime
async def test_places_at_once() -> None:
    limiter = Limiter(Limits(concurrency=2))
    at_once = most = 0

    async def one() -> None:
        nonlocal at_once, most
        async with limiter.enter(1, 0, 100):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(1)
            at_once -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(7):
            group.create_task(one())
    assert most == 2
    assert asyncio.get_running_loop().time() == pytest.approx(4)


@pytest.mark.looptime
async def test_not_before_holds_for_all() -> None:
    limiter = Limiter(Limits())
    limiter.hold_until(asyncio.get_running_loop().time() + 7)
    limiter.hold_until(asyncio.get_running_loop().time() + 3)
    with pytest.raises(ModelLimited):
        async with limiter.enter(1, 0, 6.9):
            pass
    async with limiter.enter(1, 0, 8):
        assert asyncio.get_running_loop().time() == pytest.approx(7)


@pytest.mark.looptime
async def test_a_cancelled_wait_takes_nothing() -> None:
    limiter = Limiter(Limits(tokens_per_min=60, concurrency=1, budget=10))
    async with limiter.enter(1, 1, 1):
        task = asyncio.ensure_future(limiter.enter(59, 9, 100).__aenter__())
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with limiter.enter(60, 10, 0.1):
        pass


@pytest.mark.looptime
async def test_what_the_endpoint_says_is_left_counts_until_it_is_whole_again() -> None:
    loop = asyncio.get_running_loop()
    limiter = Limiter(Limits())
    limiter.told(Room(requests=Left(2, 10), tokens=Left(1_000, 20)), loop.time())
    for _ in range(2):
        async with limiter.enter(100, 0, 1):
            pass
    assert loop.time() == pytest.approx(0)
    with pytest.raises(ModelLimited, match=r"no room for 10\.0 s"):
        async with limiter.enter(100, 0, 9):
            pass
    with pytest.raises(ModelLimited, match=r"no room for 20\.0 s"):
        async with limiter.enter(900, 0, 19):
            pass
    async with limiter.enter(100, 0, 11):
        assert loop.time() == pytest.approx(10)
    limiter.told(Room(), loop.time())  # says nothing: what was said before stands
    async with limiter.enter(5_000, 0, 11):
        assert loop.time() == pytest.approx(20)
