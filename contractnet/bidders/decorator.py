"""`@bidder`: a function that bids, and with `.perform` one that works, become an agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contractnet.bargaining.player import AnyPlayer
from contractnet.contractor.ports import Agent, Award, Call, Hostable, Proposal, Refusal
from contractnet.contractor.user_code import call_user
from contractnet.errors import DefinitionError
from contractnet.messages.values import require

Answer = Proposal | Refusal

#: skills of one agent: what its presence can say
MOST_SKILLS = 64


class FunctionAgent:
    """An agent made of two functions; what `@bidder` returns.

    The bidding function takes a `Call` and returns a `Proposal` or a `Refusal`; the performing one takes an `Award`
    and returns the result, a JSON object. Either may be `async`; one that is not runs in a thread.
    """

    def __init__(
        self,
        bid: Callable[[Call], Any],
        skills: Sequence[str],
        capacity: int,
        name: str | None,
        bargain: AnyPlayer | None = None,
    ) -> None:
        self.id = require("id", name if name is not None else getattr(bid, "__name__", ""), "agent id")
        self.skills = tuple(require("skill", skill, f"skill of {self.id}") for skill in skills)
        if not self.skills:
            raise DefinitionError(f"agent {self.id}: name at least one skill, such as text.summarise")
        if len(set(self.skills)) < len(self.skills):
            raise DefinitionError(f"agent {self.id}: a skill is named twice; name each once")
        if len(self.skills) > MOST_SKILLS:
            raise DefinitionError(
                f"agent {self.id}: {len(self.skills)} skills are more than {MOST_SKILLS}; make several agents of it"
            )
        if isinstance(capacity, bool) or not 1 <= capacity <= 100_000:
            raise DefinitionError(f"agent {self.id}: capacity {capacity!r} is not a whole number from 1 to 100000")
        self.capacity = capacity
        self._bid = bid
        self._bargain = bargain
        self._perform: Callable[[Award], Any] | None = None

    def perform(self, function: Callable[[Award], Any]) -> Callable[[Award], Any]:
        """Decorator: this function does the work of an award."""
        self._perform = function
        return function

    def agent(self) -> Agent:
        """As its daemon knows it.

        Raises:
            DefinitionError: there is no performing function.
        """
        if self._perform is None:
            raise DefinitionError(
                f"agent {self.id} bids, and nothing does its work: decorate a function with @{self.id}.perform"
            )
        perform = self._perform

        async def bid(call: Call) -> Answer:
            answer: Answer = await call_user(self._bid, call)
            return answer

        async def work(award: Award) -> dict[str, Any]:
            result: dict[str, Any] = await call_user(perform, award, to_its_end=True)
            return result

        return Agent(
            id=self.id, skills=self.skills, capacity=self.capacity, bid=bid, perform=work, bargain=self._bargain
        )

    async def __call__(self, call: Call) -> Answer:
        """Bid: so that the decorated function can still be called and tested."""
        answer: Answer = await call_user(self._bid, call)
        return answer


def bidder(
    skill: str | Sequence[str], *, capacity: int = 1, name: str | None = None, bargain: AnyPlayer | None = None
) -> Callable[[Callable[[Call], Any]], FunctionAgent]:
    """Decorator: the function becomes an agent that bids on calls for its skill.

    Args:
        skill: one skill such as `text.summarise`, or several.
        capacity: tasks it does at once, its open offers included.
        name: the agent's id; the function's name where it is left out.
        bargain: who plays its bargainings, such as `bidders.bargainer.seller("0.02")`; without it, it declines them.
            What was agreed stands in `call.agreed` of the call that follows, and it is up to the function to ask it.
    Raises:
        DefinitionError: an id, skill or capacity is not valid; there are too many skills, one twice, or no brackets.
    """
    if callable(skill):
        raise DefinitionError('@bidder has no brackets: write it with a skill, as @bidder(skill="text.summarise")')
    skills = [skill] if isinstance(skill, str) else list(skill)

    def make(function: Callable[[Call], Any]) -> FunctionAgent:
        return FunctionAgent(function, skills, capacity, name, bargain)

    return make


def as_agent(one: object) -> Agent:
    """What was given as an agent, as its daemon knows it.

    Raises:
        DefinitionError: it is none, such as a function that is not decorated; or nothing does its work.
    """
    if isinstance(one, Hostable):
        return one.agent()
    if not isinstance(one, Agent):
        name = getattr(one, "__name__", type(one).__name__)
        raise DefinitionError(f"agents: {name} is no agent; decorate its bidding function with @bidder(skill=…)")
    return one
