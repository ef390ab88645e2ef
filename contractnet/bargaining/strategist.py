"""Who plays by a strategy alone: it decides each act, and the words, if any, are the act and its bound values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from contractnet.bargaining.player import Asking, Owed, Refusal
from contractnet.bargaining.records import Plan
from contractnet.bargaining.words import plain
from contractnet.messages.values import RefuseReason

#: how requests are answered: the plan, or why there is none
Planner = Callable[[Asking], Plan | Refusal]


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
