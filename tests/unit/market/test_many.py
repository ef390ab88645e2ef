"""Many tenders: in the order of their ends, no more at once than allowed, and none forgotten when somebody leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from contractnet.market.contract import Contract
from contractnet.market.many import as_they_end

pytestmark = pytest.mark.looptime


class Ending:
    """As a contract, as far as it is looked at: it ends after some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.over = False

    async def ended(self) -> None:
        await asyncio.sleep(self._seconds)
        self.over = True


def beginning(begun: list[Ending]) -> Callable[[float], Awaitable[Contract]]:
    async def begin(seconds: float) -> Contract:
        begun.append(Ending(seconds))
        return cast(Contract, begun[-1])

    return begin


async def test_they_come_as_they_end() -> None:
    assert [item async for item, _ in as_they_end(beginning([]), [3.0, 1.0, 2.0], ahead=9)] == [1.0, 2.0, 3.0]


async def test_no_more_than_allowed_have_begun_and_not_ended() -> None:
    begun: list[Ending] = []
    seen = []
    async for item, _ in as_they_end(beginning(begun), [4.0, 1.0, 1.0, 1.0], ahead=2):
        seen.append(item)
        assert sum(not one.over for one in begun) <= 2
    assert seen == [1.0, 1.0, 1.0, 4.0]


async def test_what_raises_is_raised_and_the_rest_is_let_go() -> None:
    async def begin(item: int) -> Contract:
        if item == 2:
            raise ValueError("two")
        return cast(Contract, Ending(1_000))

    ends = as_they_end(begin, [1, 2, 3], ahead=3)
    with pytest.raises(ValueError, match="two"):
        await anext(ends)
    others: set[asyncio.Task[Any]] = asyncio.all_tasks() - {cast("asyncio.Task[Any]", asyncio.current_task())}
    assert not others


async def test_nothing_to_do_is_over_at_once() -> None:
    nothing: list[float] = []
    assert [item async for item, _ in as_they_end(beginning([]), nothing, ahead=0)] == []
