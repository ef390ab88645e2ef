"""Bidders that another distribution brings, found by their name in the group of entry points `contractnet.bidders`.

Such a bidder is one of two: a function that takes a `Call` and returns a `Proposal` or a `Refusal`, `async` or not; or
what `@bidder` makes of one, whose `.perform` may do the work as well. Skills, capacity and id are those of the agent's
file. It is somebody's code like any other bidder: it sees what a `Call` holds, and what it raises costs the bid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contractnet.bidders.decorator import Answer, FunctionAgent
from contractnet.brought import brought
from contractnet.contractor.ports import Call, Hostable, Performer
from contractnet.contractor.user_code import call_user
from contractnet.errors import DefinitionError

#: the group of entry points
ENTRY_POINTS: Final = "contractnet.bidders"


class Brought:
    """A bidder by its name.

    Raises:
        DefinitionError: there is none of that name, or what a distribution offers under it is none.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        found = self._found = brought(ENTRY_POINTS, name, "bidder")
        if isinstance(found, type) or not callable(found):
            raise DefinitionError(
                f"bidder {name!r}: {type(found).__name__} is none; the entry point names a function that takes a Call, "
                "or what @bidder makes of one, and no class"
            )
        # a decorated one is called on the loop, as its function may be asynchronous; of others `call_user` finds out
        self._bid: Callable[[Call], Any] = found.__call__ if isinstance(found, FunctionAgent) else found

    async def bid(self, call: Call) -> Answer:
        """Ask it."""
        answer: Answer = await call_user(self._bid, call)
        return answer

    @property
    def perform(self) -> Performer:
        """What it brings to do the work.

        Raises:
            DefinitionError: nothing.
        """
        if isinstance(self._found, Hostable):
            return self._found.agent().perform
        raise DefinitionError(f"bidder {self._name!r} brings nothing that does the work; add [perform]")
