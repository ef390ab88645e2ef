"""The rungs of a mediation ladder: each looks at a deadlock, and settles it or passes it on.

A rung that another distribution brings is an entry point of the group `contractnet.mediators`, by the rung's name: an
object of the shape of `Rung`; where it has something to say about a bargaining too, of that of `JointRung`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, runtime_checkable

from contractnet.brought import brought
from contractnet.contractor.disputes import Choice, Dispute, Impasse, Settlement
from contractnet.errors import DefinitionError
from contractnet.mechanisms.bargaining.mediation import disclosure
from contractnet.mechanisms.bargaining.mediation.joint import outcome

#: the group of entry points
ENTRY_POINTS: Final = "contractnet.mediators"
#: of the request's time, kept for the answer
MARGIN_S: Final = 0.25


@runtime_checkable
class Rung(Protocol):
    """One way to settle a deadlock."""

    @property
    def name(self) -> str:
        """As a ladder names it: lower-case words joined by hyphens."""
        ...

    @property
    def reveals(self) -> str:
        """What it lets whom see that they did not see before; who must be trusted with what."""
        ...

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """Settle a call; None: pass it on. An offer is named by its recorded id, and nothing of it is written again."""
        ...


@runtime_checkable
class JointRung(Rung, Protocol):
    """One that has something to say about a bargaining, too."""

    async def between(self, impasse: Impasse) -> Settlement | None:
        """Settle a bargaining; None: pass it on. What is chosen is one of `joint.candidates`, by its recorded id."""
        ...


class BuiltIn:
    """A rung that comes with the package; where it is not told otherwise it has nothing to say.

    Args:
        rung: which of the closed list.
    """

    def __init__(self, rung: disclosure.Rung) -> None:
        self.name = rung.value
        self.reveals = disclosure.revealed(rung)

    async def __call__(self, dispute: Dispute) -> Choice | None:
        """Settle a call."""
        return None

    async def between(self, impasse: Impasse) -> Settlement | None:
        """Settle a bargaining: computed from what both said and told, where that gives anything."""
        return Settlement(rung=self.name) if possible(impasse, Settlement(rung=self.name)) else None


def find_rung(name: str, own: Mapping[str, Callable[[], Rung]]) -> Rung:
    """The rung of that name.

    Args:
        own: those that come with the package, by name.
    Raises:
        DefinitionError: there is none, or what a distribution offers under its name is none; says which there are.
    """
    if name in own:
        return own[name]()
    rung = brought(ENTRY_POINTS, name, "rung", own)
    if isinstance(rung, type) or not isinstance(rung, Rung):
        raise DefinitionError(f"rung {name!r}: {type(rung).__name__} is no Rung; see mediators.rung")
    if rung.name != name:
        raise DefinitionError(f"rung {name!r}: it calls itself {str(rung.name)[:64]!r}; both are the same")
    return rung


def legal(dispute: Dispute, choice: Choice) -> bool:
    """Whether the manager would take the choice."""
    if choice.choice == "offer":
        return any(one.offer == choice.offer for one in dispute.possible)
    return choice.choice in dispute.choices


def possible(impasse: Impasse, settlement: Settlement) -> bool:
    """Whether a bargaining can be settled by it: what it gives, both sides have said or told that they would take."""
    return not settlement.rung or outcome(impasse.case, settlement.rung, settlement.offer) is not None
