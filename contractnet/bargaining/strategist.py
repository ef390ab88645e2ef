"""Who plays by a strategy alone: it decides each act. The words, if any, are the act and its bound values, or made by a
caller's function.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from contractnet.bargaining.player import Asking, Owed, Refusal
from contractnet.bargaining.records import Plan
from contractnet.bargaining.words import plain
from contractnet.messages.values import RefuseReason

#: how requests are answered: the plan, or why there is none
Planner = Callable[[Asking], Plan | Refusal]
#: a caller's own wording of a turn that is decided
Words = Callable[[Owed], str | Awaitable[str]]


def unsupported(asked: Asking) -> Refusal:
    """Where nobody has said how to play."""
    return Refusal(RefuseReason.UNSUPPORTED, "this agent does not bargain")


class Strategist:
    """A player without a model.

    Args:
        planner: answers requests; who opens its bargainings itself has no need of one.
    """

    def __init__(self, planner: Planner = unsupported, words: Literal["none", "template"] = "none") -> None:
        self._planner = planner
        self._words = words

    async def consider(self, asked: Asking) -> Plan | Refusal:
        return self._planner(asked)

    async def word(self, owed: Owed) -> str:
        return plain(owed) if self._words == "template" else ""


class Wording:
    """A caller's function words the own turns.

    Args:
        words: takes what both know of a turn that is decided, and gives text; may be async.
    """

    def __init__(self, words: Words) -> None:
        self._words = words

    async def consider(self, asked: Asking) -> Any:
        return unsupported(asked)

    async def word(self, owed: Owed) -> str:
        given = (
            self._words(owed)
            if inspect.iscoroutinefunction(self._words)
            else await asyncio.to_thread(self._words, owed)
        )
        return str(await given if inspect.isawaitable(given) else given)
