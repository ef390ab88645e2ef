"""Batched acks against a broker that knows which tags are open, and closes the channel over any other."""

from __future__ import annotations

import asyncio
from typing import cast

import aiormq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractnet.transport.amqp.acks import BATCH, Acks


class Ledgered:
    """The broker's end of a channel: a frame about a tag that is not open is an error, as it is there."""

    def __init__(self, tags: int) -> None:
        self.open = set(range(1, tags + 1))
        self.acked: set[int] = set()
        self.rejected: set[int] = set()
        self.frames = 0

    async def basic_ack(self, tag: int, multiple: bool = False) -> None:
        await asyncio.sleep(0)
        self.frames += 1
        assert tag in self.open, f"unknown delivery tag {tag}"
        done = {t for t in self.open if t <= tag} if multiple else {tag}
        self.acked |= done
        self.open -= done

    async def basic_reject(self, tag: int, *, requeue: bool) -> None:
        await asyncio.sleep(0)
        self.frames += 1
        assert not requeue
        assert tag in self.open, f"unknown delivery tag {tag}"
        self.rejected.add(tag)
        self.open.discard(tag)


def acks_of(broker: Ledgered) -> Acks:
    acks = Acks(cast(aiormq.Channel, broker))  # the two calls it uses
    for _ in range(len(broker.open)):
        acks.came()
    return acks


async def settled() -> None:
    """Let the batches that are due be sent."""
    await asyncio.sleep(1)  # virtual


@pytest.mark.looptime
async def test_a_run_is_one_frame() -> None:
    broker = Ledgered(BATCH)
    acks = acks_of(broker)
    for tag in range(1, BATCH + 1):
        acks.ack(tag)
    await settled()
    assert (broker.open, broker.frames) == (set(), 1)


@pytest.mark.looptime
async def test_one_that_is_held_does_not_hold_the_others_up() -> None:
    broker = Ledgered(5)
    acks = acks_of(broker)
    for tag in (1, 3, 4, 5):
        acks.ack(tag)
    await settled()
    assert broker.open == {2}
    acks.ack(2)
    await settled()
    assert broker.open == set()


@pytest.mark.looptime
async def test_a_reject_comes_before_the_run_that_passes_over_it() -> None:
    broker = Ledgered(3)
    acks = acks_of(broker)
    acks.ack(1)
    acks.reject(2)
    acks.ack(3)
    await settled()
    assert (broker.acked, broker.rejected) == ({1, 3}, {2})


@pytest.mark.looptime
async def test_closing_sends_what_is_due_and_nothing_after() -> None:
    broker = Ledgered(3)
    acks = acks_of(broker)
    acks.ack(1)
    await acks.close()
    acks.ack(2)
    acks.reject(3)
    await settled()
    assert (broker.acked, broker.rejected) == ({1}, set())
    assert acks.open == 2


@pytest.mark.looptime
async def test_cutting_sends_nothing() -> None:
    broker = Ledgered(1)
    acks = acks_of(broker)
    acks.ack(1)
    acks.cut()
    await settled()
    assert broker.frames == 0


@given(st.permutations(list(range(1, 41))), st.sets(st.integers(1, 40)), st.sets(st.integers(0, 39)))
def test_in_any_order_each_is_settled_once(order: list[int], rejected: set[int], pauses: set[int]) -> None:
    async def run() -> None:
        broker = Ledgered(40)
        acks = acks_of(broker)
        for step, tag in enumerate(order):
            (acks.reject if tag in rejected else acks.ack)(tag)
            if step in pauses:
                await asyncio.sleep(0)
        await acks.close()
        assert (broker.open, broker.rejected) == (set(), rejected)
        assert broker.acked == set(range(1, 41)) - rejected
        assert acks.open == 0

    with asyncio.Runner() as runner:
        runner.run(run())
