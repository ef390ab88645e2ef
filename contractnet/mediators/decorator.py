"""`@mediator`: a function that settles deadlocks becomes an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from contractnet.contractor.disputes import MEDIATE, Choice, Dispute, Settler
from contractnet.contractor.ports import Agent, Award, Call, Proposal
from contractnet.contractor.user_code import call_user
from contractnet.messages.refusal import Refusal
from contractnet.messages.values import require


class FunctionMediator:
    """A mediator made of a function; what `@mediator` returns.

    The function takes a `Dispute` and returns a `Choice` or a `Refusal`. It may be `async`; one that is not runs in a
    thread. `settle` is asked about bargainings; None: it settles calls alone.
    """

    def __init__(self, mediate: Callable[[Dispute], Any], name: str | None, settle: Settler | None = None) -> None:
        self.id = require("id", name if name is not None else getattr(mediate, "__name__", ""), "agent id")
        self._mediate = mediate
        self._settle = settle

    def agent(self) -> Agent:
        """As its daemon knows it."""

        async def mediate(dispute: Dispute) -> Choice | Refusal:
            answer: Choice | Refusal = await call_user(self._mediate, dispute)
            return answer

        return Agent(
            id=self.id,
            skills=(MEDIATE,),
            capacity=1,
            bid=_no_bid,
            perform=_no_work,
            mediate=mediate,
            settle=self._settle,
        )

    async def __call__(self, dispute: Dispute) -> Choice | Refusal:
        """Mediate: so that the decorated function can still be called and tested."""
        answer: Choice | Refusal = await call_user(self._mediate, dispute)
        return answer


@overload
def mediator(function: Callable[[Dispute], Any], *, name: str | None = None) -> FunctionMediator: ...


@overload
def mediator(*, name: str | None = None) -> Callable[[Callable[[Dispute], Any]], FunctionMediator]: ...


def mediator(
    function: Callable[[Dispute], Any] | None = None, *, name: str | None = None
) -> FunctionMediator | Callable[[Callable[[Dispute], Any]], FunctionMediator]:
    """Decorator, with brackets or without: the function becomes an agent that settles deadlocks.

    Args:
        name: the agent's id, which a tender names; the function's name where it is left out.
    Raises:
        DefinitionError: the id is not valid.
    """
    if function is not None:
        return FunctionMediator(function, name)

    def make(wrapped: Callable[[Dispute], Any]) -> FunctionMediator:
        return FunctionMediator(wrapped, name)

    return make


async def _no_bid(_: Call) -> Proposal | Refusal:
    return Refusal("unsupported", "this agent mediates")


async def _no_work(_: Award) -> dict[str, Any]:
    raise AssertionError("an agent that never bids is never awarded")
